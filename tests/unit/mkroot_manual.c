/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages and the tables of keys and fixups tell the same. (Options: mkroot_options.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixups/fixup.h"
#include "mkroot/profile_keys.h"

static char *read_page(const char *path)
{
	struct strbuf b = STRBUF_INIT;
	char chunk[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		assert_int_equal(strbuf_add(&b, chunk, n), 0);
	fclose(f);
	return strbuf_take(&b);
}

/* "# [system]" ... "*arch*" or "*arches* (list)": paragraphs by section. */
static void test_keys(void **state)
{
	char *text = read_page("man/mkroot.conf.5.scd"), *save, section[64] = "";
	size_t found = 0, count = 0;

	if (!text) {
		print_message("skipped: man/mkroot.conf.5.scd is not in the working folder\n");
		skip();
	}
	for (const struct profile_key *k = profile_keys; k->section; k++)
		count++;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const struct profile_key *k = profile_keys;
		char name[64];

		if (line[0] == '#')
			snprintf(section, sizeof(section), "%.*s",
				 (int)(line[2] == '[' ? strcspn(line + 3, "]") : 0), line + 3);
		if (line[0] != '*' || !*section)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + 1, "*"), line + 1);
		while (k->section &&
		       (strcmp(k->section, section) != 0 || strcmp(k->name, name) != 0))
			k++;
		if (!k->section)
			fail_msg("the page tells of '%s' in [%s], which is no key", name, section);
		if (k->is_list != (strstr(line, " (list)") != NULL))
			fail_msg("whether '%s' is a list, page and table disagree", name);
		found++;
	}
	free(text);
	assert_int_equal(found, count);
}

/* Section FIXUPS: one paragraph "*name*" each, in the order in which they run. */
static void test_fixups(void **state)
{
	char *text = read_page("man/mkroot.1.scd"), *section, *end, *save;
	const struct fixup *f = fixup_table;

	if (!text) {
		print_message("skipped: man/mkroot.1.scd is not in the working folder\n");
		skip();
	}
	section = strstr(text, "\n# FIXUPS\n");
	assert_non_null(section);
	section += 2;
	end = strstr(section, "\n# ");
	assert_non_null(end);
	*end = '\0';
	for (char *line = strtok_r(section, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char name[64];

		if (line[0] != '*')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + 1, "*"), line + 1);
		assert_non_null(f->name);
		assert_string_equal(name, f->name);
		f++;
	}
	assert_null(f->name);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_fixups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
