/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selections before 8.1 (2.1), and patterns (5.0), of which a file may have several. */
#include "selections_support.h"

static const char old[] = "# made by hand\n"
			  "Version: 2.1\n"
			  "\n"
			  "Name: Small\n"
			  "Label.de: Klein\n"
			  "Label: A small one\n"
			  "Label.cs: Mal\xc3\xbd\n"
			  "Category: baseconf\n"
			  "Visible: FALSE\n"
			  "Suggests: Games  Office\n"
			  "Conflicts: Large\n"
			  "Requires: Kernel\tShells\n"
			  "Colour:\n"
			  "no tag of ours\n"
			  "Info.de:\nName: this is text\nOfni.de:\n"
			  "Toinstall:\n"
			  "bash \n"
			  "# not a name\n"
			  "mta (postfix, sendmail)\n"
			  "Llatsniot:\n"
			  "Toinstall.de:\n"
			  "man-de\n"
			  "Llatsniot.de:\n"
			  "toinstall.default:\n"
			  "man-en\n"
			  "llatsniot:\n";

static void test_version_2(void **state)
{
	struct selection *s = parse(old);

	assert_int_equal(s->kind, SELECTION_SEL);
	assert_int_equal(s->part_count, 0);
	assert_string_equal(s->version, "2.1");
	assert_string_equal(s->name, "Small");
	assert_string_equal(s->summary, "A small one");
	assert_string_equal(s->category, "baseconf");
	assert_false(s->visible);
	assert_names(&s->suggests, "Games|Office");
	assert_names(&s->conflicts, "Large");
	assert_names(&s->requires, "Kernel|Shells");
	assert_int_equal(s->install_count, 3);
	assert_names(&s->install[0].names, "bash|mta (postfix, sendmail)");
	assert_string_equal(s->install[1].locale, "de");
	assert_names(&s->install[1].names, "man-de");
	assert_names(&s->install[2].names, "man-en");
	selection_free(s);
}

static void test_version_2_errors(void **state)
{
	refuse("Version: 2.1\nbash\n", -ERR_FORMAT, "line 2: neither 'Tag: value' nor in a list");
	refuse("Version: 2.1\nName: a\nName: b\n", -ERR_FORMAT, "line 3: 'Name' is repeated");
	refuse("Version: 2.1\nVersion: 2.1\n", -ERR_FORMAT, "line 2: 'Version' is repeated");
	refuse("Version: 2.1\nName:\n", -ERR_FORMAT, "line 2: empty name");
	refuse("Version: 2.1\n\nToinstall:\nbash\nLlatsniot.de:\n", -ERR_FORMAT,
	       "line 3: 'Toinstall:' has no end 'Llatsniot:'");
	refuse("Version: 2.1\nInfo.de:\ntext\n", -ERR_FORMAT, "line 2: 'Info:' has no end 'Ofni:'");
	refuse("Version: 2.1\nLlatsniot:\n", -ERR_FORMAT, "line 2: 'Llatsniot:' ends nothing");
	refuse("Version: 2.1\nToinstall: bash\n", -ERR_FORMAT, "line 2: text behind 'Toinstall:'");
	refuse("Version: 2.1\nToinstall:\nLlatsniot:\nToinstall:\nLlatsniot:\n", -ERR_FORMAT,
	       "line 4: 'Toinstall' is repeated");
	refuse("Version: 2.1\nToinstall:\na b\nLlatsniot:\n", -ERR_FORMAT,
	       "line 3: blank in the name 'a b'");
}

static const char patterns[] = "# two of them\n"
			       "=Ver: 5.0\n"
			       "=Pat: base 10.1 25 i586\n"
			       "=Cat.en: Base Technologies\n"
			       "=Sum.de: Grundsystem\n"
			       "=Sum: Base system\n"
			       "=Vis: true\n"
			       "+Des:\n=Pat: this is text\n-Des:\n"
			       "+Prv:\nbasesystem\n-Prv:\n"
			       "+Prq:\nbash >= 2.0\nglibc\n-Prq:\n"
			       "+Prc:\nvim\n-Prc:\n"
			       "+Psg:\nemacs\n-Psg:\n"
			       "\n"
			       "=Ver: 5.0\n"
			       "=Pat: server 10.1 25 i586\n"
			       "=Sum: Server\n"
			       "=Vis: false\n"
			       "+Req:\nbasesystem\n-Req:\n"
			       "+Rec:\nmail = 1\n-Rec:\n"
			       "+Prq:\nsshd\n-Prq:\n"
			       "=Pat: mail\n"
			       "+Prq:\npostfix\n-Prq:\n";

static void test_patterns(void **state)
{
	struct selection *s = parse(patterns), *base, *server;

	assert_int_equal(s->part_count, 3);
	base = selection_part(s, "BASE");
	server = selection_part(s, "server");
	assert_ptr_equal(base, s->parts[0]);
	assert_ptr_equal(selection_part(s, "basesystem"), base);
	assert_ptr_equal(server, s->parts[1]);
	assert_null(selection_part(s, "^server"));
	assert_null(selection_part(s, "none"));
	assert_int_equal(base->kind, SELECTION_PATTERN);
	assert_string_equal(base->name, "base");
	assert_string_equal(base->summary, "Base system");
	assert_true(base->visible);
	assert_names(&base->install[0].names, "bash|glibc");
	assert_names(&base->weak_install, "vim");
	assert_false(server->visible);
	assert_names(&server->requires, "basesystem");
	assert_names(&server->recommends, "");
	assert_names(&server->weak_requires, "mail");
	selection_free(s);
}

static void test_one_pattern_is_the_file(void **state)
{
	struct selection *s = parse("=Ver: 5.0\n=Pat: a\n+Prq:\nx\n-Prq:\n");

	assert_int_equal(s->part_count, 0);
	assert_null(s->whole);
	assert_string_equal(s->name, "a");
	assert_string_equal(s->version, "5.0");
	assert_string_equal(s->path, "test");
	assert_ptr_equal(selection_part(s, "a"), s);
	assert_null(selection_part(s, "x"));
	selection_free(s);
}

static void test_pattern_errors(void **state)
{
	refuse("=Ver: 5.0\n", -ERR_FORMAT, "no pattern in it");
	refuse("=Ver: 5.0\n=Sum: x\n=Pat: a\n", -ERR_FORMAT,
	       "line 2: 'Sum' before the first '=Pat:'");
	refuse("=Ver: 5.0\n=Pat: a b c d e\n", -ERR_FORMAT, "line 2: '=Pat:' has 5 words");
	refuse("=Ver: 5.0\n=Pat:\n", -ERR_FORMAT, "line 2: empty name");
	refuse("=Ver: 5.0\n=Pat: a\n=Ver: 4.0\n", -ERR_FORMAT,
	       "line 3: '=Ver: 4.0' in a file of patterns");
	refuse("=Ver: 5.0\n=Pat: a\n+Prq:\nx\n-Prq:\n+Prq:\n-Prq:\n", -ERR_FORMAT,
	       "line 6: 'Prq' is repeated (first in line 3)");
	refuse("=Ver: 5.0\n=Pat: a\n+Prq:\nx y\n-Prq:\n", -ERR_FORMAT,
	       "line 4: blank in the name 'x y'");
	refuse("=Ver: 5.0\n=Pat: a\n+Prq:\nx\n=Pat:b\n", -ERR_FORMAT, "line 3: '+Prq:' has no end");
	refuse("=Ver: 5.0\n=Pat: a\n+Pat:\n-Pat:\n", -ERR_FORMAT, "line 3: one value is written");
	refuse("=Ver: 5.0\n=Pat: a\n=Prq: x\n", -ERR_FORMAT, "line 3: a list is written '+Prq:'");
}

/* Tags are counted for each pattern, patterns for the file. */
static void test_pattern_limits(void **state)
{
	struct strbuf b = STRBUF_INIT;

	assert_int_equal(strbuf_adds(&b, "=Ver: 5.0\n"), 0);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(strbuf_addf(&b, "=Pat: p%d\n=Sum: s\n", i), 0);
	selection_free(parse(b.data));
	assert_int_equal(strbuf_adds(&b, "=Pat: more\n"), 0);
	refuse(b.data, -ERR_LIMIT, "line 20002: more than 10000 selections");
	strbuf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_version_2_errors),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_one_pattern_is_the_file),
		cmocka_unit_test(test_pattern_errors),
		cmocka_unit_test(test_pattern_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
