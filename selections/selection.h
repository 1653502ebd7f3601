/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers of selection lists: from a file to names of packages.
 *
 * Life: selection_read() finds the format by the contents (a table of formats
 * in selections/format.c, one file each) -> selection_resolve() with the
 * locales and a way to ask the media -> release. Text is UTF-8 or bytes; the
 * file is at most 16 MiB. Errors: -ERR_FORMAT with "line N", -ERR_UNSUPPORTED
 * (a version not known), -ERR_LIMIT, -errno.
 */
#ifndef SELECTIONS_SELECTION_H
#define SELECTIONS_SELECTION_H

#include <stdbool.h>

#include "common/error.h"
#include "common/strbuf.h"

/* A list that may depend on a locale: "+Ins.de:". */
struct selection_list {
	char *locale; /* "" for the unqualified one, "default", "de", "de_AT" */
	struct strlist names;
};

struct selection {
	char *name, *summary, *category, *version; /* NULL when the file does not say */
	bool visible;
	/* names of selections */
	struct strlist requires, recommends, provides, conflicts, obsoletes, suggests;
	struct selection_list *install, *remove; /* packages; entries as written: "a (b, c)" */
	size_t install_count, remove_count;
	struct strlist references; /* "@name" of a plain list: selections to take in */
};

/* *out is a new selection. path is only for messages in selection_parse(). */
int selection_read(const char *path, struct selection **out, struct error *err) MUST_USE;
int selection_parse(const char *data, size_t size, const char *path, struct selection **out,
		    struct error *err) MUST_USE;
void selection_free(struct selection *s);

struct selection_query {
	const struct strlist *locales; /* requested, may be empty */
	/* Is there such a package? Decides alternatives. */
	bool (*has_package)(void *arg, const char *name);
	/* Find and read another selection by name (case ignored); else -ERR_NOT_FOUND. */
	int (*load)(void *arg, const char *name, struct selection **out, struct error *err);
	void *arg;
	bool recommends; /* selections named by Rec come along (the default of the format) */
};

struct selection_result {
	struct strlist packages; /* each name once, in order of appearance */
	struct strlist unknown;  /* "name (selection)": no alternative of it is on the media */
	struct strlist removed;  /* what Del or "-name" took out, for the solver's exclusions */
	struct strlist missing_selections;
};

/* Everything the selection and those it requires install. Loops are fine. */
int selection_resolve(const struct selection *s, const struct selection_query *query,
		      struct selection_result *result, struct error *err) MUST_USE;
void selection_result_release(struct selection_result *r);

/*
 * The same for several at once, as one command line names them: "Del" of one
 * holds for all, and two different base selections exclude each other.
 */
int selection_resolve_all(const struct selection *const *selections, size_t count,
			  const struct selection_query *query, struct selection_result *result,
			  struct error *err) MUST_USE;

/*
 * Find a selection by its name among files (full paths: the media's from
 * solver_selections(), then the project's own). Case does not matter, nor does
 * ".sel", nor the "-version-release.arch" that files have from 4.0 on; among
 * several the most literal match wins, then the first. *path is a new string;
 * -ERR_NOT_FOUND names what comes close.
 */
int selection_find(const char *name, const struct strlist *files, char **path,
		   struct error *err) MUST_USE;

/*
 * As the command line means it: a path (it has a '/', or is a file in the
 * working folder), else a name.
 */
int selection_locate(const char *argument, const struct strlist *files, char **path,
		     struct error *err) MUST_USE;

/* For selection_query.load: finds by name and reads. arg is the const struct strlist * of files. */
int selection_load(void *arg, const char *name, struct selection **out, struct error *err) MUST_USE;

#endif
