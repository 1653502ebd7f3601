/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From names to exact packages, by libsolv.
 *
 * Life: resolver_new() with the acceptable architectures -> resolver_add_media()
 * for each source -> resolver_has_name()/resolver_selections() as needed ->
 * resolver_run() -> resolver_fetch() -> resolver_free(). Where files come from is a table
 * in pkg/source.c, what they mean one in pkg/media.c; a new kind is one file and one line.
 *
 * The name is not "solver", because libsolv exports solver_free() and others,
 * and ours would take their place in the library's own calls.
 *
 * Errors: -ERR_NOT_FOUND (no such folder, nothing recognised in it: the reason
 * is given for each kind), -ERR_FORMAT (susetags, content: with line number
 * where the reader knows it), -ERR_SOLVE (err's text is the explanation, one
 * problem a line with what could be done), -EACCES, ... When memory runs out
 * inside libsolv, libsolv calls abort().
 */
#ifndef PKG_SOLVE_H
#define PKG_SOLVE_H

#include "common/error.h"
#include "common/strbuf.h"
#include "pkg/package.h"
#include "pkg/source.h"

struct resolver;

/*
 * arches: acceptable ones, best first ("x86_64", "i686", ...); noarch is always
 * one, named or not. NULL-terminated, copied.
 */
int resolver_new(struct resolver **s, const char *const *arches, struct error *err) MUST_USE;
void resolver_free(struct resolver *s);

/*
 * Folders, ISO images or URLs with RPMs, SuSE media trees or rpm-md repositories; which it is is
 * found out. All at once, because a set of media may lie on several of them. settings may be
 * NULL, and is borrowed until resolver_free().
 */
int resolver_add_all(struct resolver *s, const struct strlist *locations,
		     const struct source_settings *settings, struct error *err) MUST_USE;
/* The same for one. */
int resolver_add_media(struct resolver *s, const char *location, struct error *err) MUST_USE;
size_t resolver_package_count(const struct resolver *s);

/*
 * Selection files that the media has ("LOCATION/path", in the order of media; from
 * <DESCRDIR>/selections, else every *.sel there). Of folders these are paths
 * that can be opened; of others, and as well of these, resolver_read_selection() has the text.
 */
const struct strlist *resolver_selections(const struct resolver *s);
/* text->data is NULL when path is none of these. */
int resolver_read_selection(struct resolver *s, const char *path, struct strbuf *text,
			    struct error *err) MUST_USE;
/* Does any package of an acceptable architecture have this name? */
bool resolver_has_name(const struct resolver *s, const char *name);

struct solve_request {
	/* Package names; also exact ones "name-ver-rel[.arch]", capabilities and paths. */
	const struct strlist *names;
	const struct strlist *required; /* also asked for, an error when absent; may be NULL */
	const struct strlist *excluded; /* names that must not be installed; may be NULL */
	bool nodeps;                    /* just what is named */
	bool recommends;                /* weak dependencies too */
};

struct solve_result {
	struct package_list packages; /* sorted by NEVRA */
	struct strlist unknown;       /* names that the media does not have */
	struct strlist foreign;       /* "name (arch ppc only)": for a foreign architecture alone */
};

/*
 * result is emptied first, and empty after a failure. The outcome does not
 * depend on the order of names. -ERR_NOT_FOUND when a required name or all
 * names are missing; -ERR_SOLVE; -ERR_UNSUPPORTED when a package needs an
 * "rpmlib(...)" feature that librpm here does not have.
 */
int resolver_run(struct resolver *s, const struct solve_request *request,
		 struct solve_result *result, struct error *err) MUST_USE;
void solve_result_release(struct solve_result *r);

/*
 * Bring the chosen packages here: afterwards every one has a path, good until
 * resolver_free(). What lies in folders is there already. All packages of a source are asked for
 * at once. progress may be NULL.
 */
int resolver_fetch(struct resolver *s, struct package_list *packages,
		   const struct source_progress *progress, struct error *err) MUST_USE;

#endif
