/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a scriptlet wrote may be any bytes: the report and messages get text of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include "guest/run.h"
#include "mkroot/build.h"

/* A %post that wrote n bytes and ended with this exit code. */
static void judge(struct build *b, const char *bytes, size_t n, int value)
{
	static struct scriptlet post;
	static struct options options;
	struct guest_result r = { .end = GUEST_EXITED, .value = value };
	struct error err = ERROR_INIT;

	post = (struct scriptlet){ .package = (char *)"a-1-1.noarch", .kind = "post" };
	options = (struct options){ .scripts_timeout = 1 };
	*b = (struct build){ .options = &options };
	b->scriptlets.items = &post;
	b->scriptlets.count = 1;
	b->scripts.count = 1;
	b->scripts.results = calloc(1, sizeof(*b->scripts.results));
	assert_non_null(b->scripts.results);
	/* No byte more than there is: who reads on is caught by the sanitizer. */
	r.output = (struct strbuf){ .data = malloc(n + 1), .len = n, .capacity = n + 1 };
	assert_non_null(r.output.data);
	memcpy(r.output.data, bytes, n);
	r.output.data[n] = '\0';
	assert_int_equal(scripts_judge(b, 0, &r, &err), 0);
	strbuf_release(&r.output);
}

static void release(struct build *b)
{
	scripts_release(&b->scripts);
	strlist_release(&b->warnings);
}

static void test_output(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
	} cases[] = {
		{ "plain\n\ttext\n", 12, "plain\n\ttext\n" },
		{ "\33[1mx\r\n", 7, "?[1mx\n\n" },
		{ "before\0behind\n", 14, "before?behind\n" },
		{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7", 15,
		  "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7" },
		{ "cut \xe2\x82", 6, "cut ??" },
		{ "cut \xe2", 5, "cut ?" },
		{ "cut \xf0\x9f\x90", 7, "cut ???" },
		{ "long \xc0\xaf \xe0\x80\x80 \xf0\x80\x80\x80", 16, "long ?? ??? ????" },
		{ "half \xed\xa0\x80 \xf4\x90\x80\x80", 13, "half ??? ????" },
		{ "\xe2\0\x82\xac", 4, "????" },
		{ "", 0, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build b;

		judge(&b, cases[i].bytes, cases[i].n, 0);
		if (!cases[i].text)
			assert_null(b.scripts.results[0].output);
		else
			assert_string_equal(b.scripts.results[0].output, cases[i].text);
		assert_int_equal(b.warnings.count, 0);
		release(&b);
	}
}

/* However many bytes a character has, a message is cut between two of them. */
static void test_message(void **state)
{
	for (size_t more = 0; more < 4; more++) {
		char text[2048] = "";
		struct build b;
		json_t *json;

		for (size_t at = 0; at < 999; at += 3)
			memcpy(text + at, "\xe2\x82\xac", 4);
		memset(text + 999, 'x', more);
		judge(&b, text, strlen(text), 1);
		assert_int_equal(b.warnings.count, 1);
		assert_non_null(strstr(b.warnings.items[0], "failed with exit code 1"));
		json = json_string(b.warnings.items[0]);
		assert_non_null(json);
		json_decref(json);
		release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
