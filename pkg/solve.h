/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From names to exact packages, by libsolv.
 *
 * Life: solver_new() with the acceptable architectures -> solver_add_media()
 * for each source -> solver_find()/solver_list_selections() as needed ->
 * solver_run() -> solver_free(). Media kinds are a table in pkg/media.c; a new
 * kind (ISO, URL) is one file and one line.
 *
 * Errors: -ERR_NOT_FOUND (no such folder, nothing recognised in it: the reason
 * is given for each kind), -ERR_FORMAT (susetags, content: with line number
 * where the reader knows it), -ERR_SOLVE (err's text is the explanation, one
 * problem a line with what could be done), -EACCES, ...
 */
#ifndef PKG_SOLVE_H
#define PKG_SOLVE_H

#include "common/error.h"
#include "common/strbuf.h"
#include "pkg/package.h"

struct solver;

/* arches: acceptable ones, best first, without noarch ("x86_64", "i686", ...); NULL-terminated, copied. */
int solver_new(struct solver **s, const char *const *arches, struct error *err) MUST_USE;
void solver_free(struct solver *s);

/* A folder of RPMs at any depth, or a SuSE media tree; which one is found out. */
int solver_add_media(struct solver *s, const char *location, struct error *err) MUST_USE;
size_t solver_package_count(const struct solver *s);

/*
 * Selection files that the media has (full paths of readable files, in the
 * order of media; from <DESCRDIR>/selections, else every *.sel there).
 */
const struct strlist *solver_selections(const struct solver *s);
/* Does any package of an acceptable architecture have this name? */
bool solver_has_name(const struct solver *s, const char *name);

struct solve_request {
	const struct strlist *names;    /* package names; also exact ones "name-ver-rel[.arch]" and capabilities */
	const struct strlist *required; /* the subset whose absence is an error (--add) ; may be NULL */
	const struct strlist *excluded; /* names that must not be installed; may be NULL */
	bool nodeps;                    /* just what is named */
	bool recommends;                /* weak dependencies too */
};

struct solve_result {
	struct package_list packages; /* sorted by NEVRA */
	struct strlist unknown;       /* names that the media does not have */
	struct strlist foreign;       /* "name (arch i386 only)": present for a foreign architecture alone */
};

int solver_run(struct solver *s, const struct solve_request *request, struct solve_result *result,
	       struct error *err) MUST_USE;
void solve_result_release(struct solve_result *r);

#endif
