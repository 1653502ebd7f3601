/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to a resolver over a made tree, and what is expected of them. */
#ifndef TESTS_UNIT_PKG_QUERY_H
#define TESTS_UNIT_PKG_QUERY_H

#include "pkg_fixture.h"

#include "pkg/solve.h"

UNUSED static const char *const i586[] = { "i586", "i486", "i386", NULL };
UNUSED static const char *const x86_64[] = { "x86_64", "i686", "i586", NULL };

/* A record of a packages file; lists are lines. */
#define PACKAGE(nevra, file, more) "=Pkg: " nevra "\n" more "=Loc: 1 " file "\n=Siz: 10 20\n"
#define REQ(lines)		   "+Req:\n" lines "\n-Req:\n"
#define PRV(lines)		   "+Prv:\n" lines "\n-Prv:\n"
#define CON(lines)		   "+Con:\n" lines "\n-Con:\n"
#define OBS(lines)		   "+Obs:\n" lines "\n-Obs:\n"
#define REC(lines)		   "+Rec:\n" lines "\n-Rec:\n"
#define A(more)			   PACKAGE("a 1 1 i586", "a.rpm", more)
#define B(more)			   PACKAGE("b 1 1 i586", "b.rpm", more)
#define C(more)			   PACKAGE("c 1 1 i586", "c.rpm", more)

static struct resolver *open_tree(const char *packages, const char *const *arches)
{
	struct error err = ERROR_INIT;
	char *path = fixture_path("m");
	struct resolver *r;

	fixture_tree("m", packages);
	assert_int_equal(resolver_new(&r, arches, &err), 0);
	if (resolver_add_media(r, path, &err))
		fail_msg("%s", err.what);
	free(path);
	return r;
}

static void add_words(struct strlist *l, const char *words)
{
	char *copy = strdup(words), *save = NULL;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		assert_int_equal(strlist_add(l, w), 0);
	free(copy);
}

static char *join_words(const struct strlist *l)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(strbuf_addf(&text, "%s%s", i ? " " : "", l->items[i]), 0);
	return strbuf_take(&text);
}

struct query {
	const char *names, *required, *excluded;
	bool nodeps, recommends;
	/* What is expected: NEVRAs ('*' marks the requested); or the code and parts of its text. */
	const char *packages, *unknown, *foreign;
	int code;
	const char *text[4];
};

static void check_result(const struct query *q, const struct solve_result *result)
{
	struct strlist found = STRLIST_INIT;
	char *text;

	for (size_t i = 0; i < result->packages.count; i++)
		assert_int_equal(strlist_addf(&found, "%s%s",
					      result->packages.items[i]->requested ? "*" : "",
					      result->packages.items[i]->nevra),
				 0);
	text = join_words(&found);
	assert_string_equal(text, q->packages ? q->packages : "");
	free(text);
	strlist_release(&found);
	text = join_words(&result->unknown);
	assert_string_equal(text, q->unknown ? q->unknown : "");
	free(text);
	text = join_words(&result->foreign);
	assert_string_equal(text, q->foreign ? q->foreign : "");
	free(text);
}

UNUSED static void check(struct resolver *r, const struct query *q)
{
	struct strlist names = STRLIST_INIT, required = STRLIST_INIT, excluded = STRLIST_INIT;
	struct solve_request request = { .names = &names,
					 .required = &required,
					 .excluded = &excluded,
					 .nodeps = q->nodeps,
					 .recommends = q->recommends };
	struct solve_result result;
	struct error err = ERROR_INIT;
	int code;

	add_words(&names, q->names ? q->names : "");
	add_words(&required, q->required ? q->required : "");
	add_words(&excluded, q->excluded ? q->excluded : "");
	code = resolver_run(r, &request, &result, &err);
	if (code != q->code)
		fail_msg("code %d, not %d: %s", code, q->code, err.what ? err.what : "");
	check_result(q, &result);
	if (code)
		for (int i = 0; i < 4 && q->text[i]; i++)
			assert_contains(err.what, q->text[i]);
	error_release(&err);
	solve_result_release(&result);
	strlist_release(&names);
	strlist_release(&required);
	strlist_release(&excluded);
}

UNUSED static void check_tree(const char *packages, const char *const *arches,
			      const struct query *q)
{
	struct resolver *r = open_tree(packages, arches);

	check(r, q);
	resolver_free(r);
}

#endif
