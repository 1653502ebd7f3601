/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of commands against --help, completion and man/labpack.1.scd; how commands are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "labpack/command.h"

/* It is main's, which is not in the archive. */
static const struct option_entry none[] = { { .name = NULL } };
const struct option_group program_options[] = { { "Options", none }, { NULL, NULL } };

static char *slurp(FILE *f)
{
	struct strbuf b = STRBUF_INIT;
	char chunk[4096];
	size_t n;

	rewind(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		assert_int_equal(strbuf_add(&b, chunk, n), 0);
	fclose(f);
	return strbuf_take(&b);
}

/* The section of a command: from its heading to the next one; the caller frees. */
static char *section_of(const char *page, const struct command *c)
{
	char heading[256];
	const char *begin, *end;

	snprintf(heading, sizeof(heading), "\n## %s%s%s\n", c->name, *c->synopsis ? " " : "",
		 c->synopsis);
	begin = strstr(page, heading);
	if (!begin) {
		fail_msg("man/labpack.1.scd has no section '%s'", heading + 1);
		return NULL;
	}
	begin += strlen(heading) - 1;
	end = strstr(begin, "\n#");
	return strndup(begin, end ? (size_t)(end - begin) + 1 : strlen(begin));
}

/* How a paragraph about the option begins. */
static void paragraph_of(const struct option_entry *e, char text[128])
{
	char brief[8] = "";

	if (e->short_name)
		snprintf(brief, sizeof(brief), "*-%c*, ", e->short_name);
	snprintf(text, 128, "\n%s*--%s*%s%s%s\n", brief, e->name, e->argument ? " _" : "",
		 e->argument ? e->argument : "", e->argument ? "_" : "");
}

/* Every option has its paragraph, and there is none besides. */
static void check_section(const struct command *c, const char *section)
{
	size_t options = 0, paragraphs = 0;
	char text[128];

	for (const struct option_group *g = c->options; g && g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++, options++) {
			paragraph_of(e, text);
			if (!strstr(section, text))
				fail_msg("man/labpack.1.scd, %s: no paragraph %s", c->name, text);
		}
	for (const char *p = section; (p = strstr(p, "\n*-")); p++)
		paragraphs++;
	if (options != paragraphs)
		fail_msg("man/labpack.1.scd, %s: %zu paragraphs for %zu options", c->name, paragraphs,
			 options);
}

static void test_the_page_agrees(void **state)
{
	FILE *f = fopen("man/labpack.1.scd", "r");
	size_t headings = 0, commands = 0;
	char *page, *from, *to;

	assert_non_null(f);
	page = slurp(f);
	for (size_t i = 0; command_table[i]; i++, commands++) {
		char *section = section_of(page, command_table[i]);

		check_section(command_table[i], section);
		free(section);
	}
	from = strstr(page, "\n# COMMANDS\n");
	assert_non_null(from);
	to = strstr(from + 1, "\n# ");
	for (; (from = strstr(from, "\n## ")) && from < to; from++)
		headings++;
	assert_int_equal(headings, commands);
	free(page);
}

static void test_help_and_completion(void **state)
{
	static const char *const shells[] = { "bash", "zsh" };
	FILE *f = tmpfile();
	char *help, *text, name[64];

	assert_non_null(f);
	command_print_help(f);
	help = slurp(f);
	for (size_t i = 0; command_table[i]; i++) {
		snprintf(name, sizeof(name), "\n  %s", command_table[i]->name);
		assert_non_null(strstr(help, name));
	}
	free(help);
	for (size_t s = 0; s < 2; s++) {
		f = tmpfile();
		assert_non_null(f);
		assert_int_equal(command_print_completion(f, shells[s], NULL), 0);
		text = slurp(f);
		for (size_t i = 0; command_table[i]; i++) {
			snprintf(name, sizeof(name), "'%s')", command_table[i]->name);
			if (!strstr(text, name))
				fail_msg("completion for %s lacks %s", shells[s], name);
		}
		free(text);
	}
	assert_int_equal(command_print_completion(stderr, "fish", NULL), -ERR_UNSUPPORTED);
}

static void find(char *first, char *second, const char *name, int words, const char *message)
{
	char *argv[] = { first, second, NULL };
	struct error err = ERROR_INIT;
	const struct command *c;
	char *text;
	int n;

	c = command_find(first ? second ? 2 : 1 : 0, argv, &n, &err);
	if (name) {
		assert_non_null(c);
		assert_string_equal(c->name, name);
		assert_int_equal(n, words);
	} else {
		assert_null(c);
		assert_int_equal(err.code, -ERR_USAGE);
		text = error_text(&err);
		assert_string_equal(text, message);
		free(text);
	}
	error_release(&err);
}

static void test_finding(void **state)
{
	char build[] = "build", cow[] = "cow", info[] = "info", buidl[] = "buidl", inf[] = "inf";
	char nothing[] = "xyzzy";

	find(build, NULL, "build", 1, NULL);
	find(build, info, "build", 1, NULL);
	find(cow, info, "cow info", 2, NULL);
	find(info, cow, "info", 1, NULL);
	find(NULL, NULL, NULL, 0, "no COMMAND given");
	find(buidl, NULL, NULL, 0, "unknown command 'buidl' (did you mean 'build'?)");
	find(nothing, NULL, NULL, 0, "unknown command 'xyzzy'");
	find(cow, inf, NULL, 0, "unknown command 'cow inf' (did you mean 'cow info'?)");
	find(cow, NULL, NULL, 0,
	     "'cow' is a family of commands (create, fsck, info, merge, rebase)");
}

/* Sorted, so that two people who add commands seldom meet, and --help is easy to read. */
static void test_the_table_is_sorted(void **state)
{
	for (size_t i = 1; command_table[i]; i++)
		assert_true(strcmp(command_table[i - 1]->name, command_table[i]->name) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_page_agrees),
		cmocka_unit_test(test_help_and_completion),
		cmocka_unit_test(test_finding),
		cmocka_unit_test(test_the_table_is_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
