/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Media that are opened, or refused. */
#ifndef TESTS_UNIT_PKG_OPEN_H
#define TESTS_UNIT_PKG_OPEN_H

#include "pkg_fixture.h"

#include "pkg/solve.h"

static const char *const i586[] = { "i586", "i486", "i386", NULL };

#define PACKAGE(name) "=Pkg: " name " 1 1 i586\n=Loc: 1 " name "-1-1.i586.rpm\n=Siz: 7 9\n"

/* Open the fixture's folder below name; the resolver when rc is 0. */
UNUSED static struct resolver *open_media(const char *name, int expected, struct error *err)
{
	char *path = fixture_path(name);
	struct resolver *r;

	assert_int_equal(resolver_new(&r, i586, err), 0);
	assert_int_equal(resolver_add_media(r, path, err), expected);
	free(path);
	if (!expected)
		return r;
	assert_int_equal(resolver_package_count(r), 0);
	resolver_free(r);
	return NULL;
}

/* The media is refused; the message has all of these parts. */
UNUSED static void assert_refused(const char *name, int code, const char *part, const char *part2)
{
	struct error err = ERROR_INIT;
	char *text;

	open_media(name, code, &err);
	assert_int_equal(err.code, code);
	text = error_text(&err);
	assert_contains(text, part);
	assert_contains(text, part2);
	free(text);
	error_release(&err);
}

/* All names of the media in the order of the result, with blanks between. */
static char *all_packages(struct resolver *r, const char *names)
{
	struct strlist list = STRLIST_INIT;
	struct solve_request request = { .names = &list, .nodeps = true };
	struct solve_result result;
	struct strbuf text = STRBUF_INIT;
	char *copy = strdup(names), *save = NULL;

	for (char *n = strtok_r(copy, " ", &save); n; n = strtok_r(NULL, " ", &save))
		assert_int_equal(strlist_add(&list, n), 0);
	assert_int_equal(resolver_run(r, &request, &result, NULL), 0);
	for (size_t i = 0; i < result.packages.count; i++)
		assert_int_equal(
			strbuf_addf(&text, "%s%s", i ? " " : "",
				    result.packages.items[i]->path + strlen(fixture_dir) + 1),
			0);
	solve_result_release(&result);
	strlist_release(&list);
	free(copy);
	return strbuf_take(&text);
}

UNUSED static void assert_packages(const char *name, const char *names, const char *paths)
{
	struct error err = ERROR_INIT;
	struct resolver *r = open_media(name, 0, &err);
	char *found = all_packages(r, names);

	assert_string_equal(found, paths);
	free(found);
	resolver_free(r);
	error_release(&err);
}

#endif
