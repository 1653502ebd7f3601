/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers of selection lists: from a file to names of packages.
 *
 * Life: selection_read() finds the format by the contents (a table of formats
 * in selections/format.c, one file each) -> selection_resolve() with the
 * locales and a way to ask the media -> release. Text is UTF-8 or bytes; the
 * file is at most 16 MiB. Errors: -ERR_FORMAT with "line N", -ERR_UNSUPPORTED
 * (a version not known), -ERR_LIMIT, -errno.
 *
 * A file may hold several selections: patterns, or groups and environments. What is read is then
 * the file, and its parts are the selections. One of them is meant after selection_choose();
 * without it the file means what it marks as default, and when it marks nothing, all that
 * is visible (environments, which only name groups, when there is nothing else).
 *
 * What is recommended: a .sel file recommends selections, and these come along, as they did with
 * YaST. What a pattern recommends (Rec, Prc), what is optional in a group, and the
 * optional groups of an environment come with query.weak only. What is suggested never comes.
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

enum selection_kind {
	SELECTION_LIST,    /* a plain list */
	SELECTION_SEL,     /* .sel 2.1, 3.0, 4.0 */
	SELECTION_PATTERN, /* .pat 5.0, patterns.xml */
	SELECTION_GROUP,   /* comps.xml */
	SELECTION_ENVIRONMENT,
};

enum selection_mark { SELECTION_UNMARKED, SELECTION_IS_DEFAULT, SELECTION_NO_DEFAULT };

struct selection {
	enum selection_kind kind;
	char *name, *summary, *category, *version; /* NULL when the file does not say */
	bool visible;
	enum selection_mark mark;
	/* names of selections */
	struct strlist requires, recommends, provides, conflicts, obsoletes, suggests;
	struct selection_list *install, *remove; /* packages; entries as written: "a (b, c)" */
	size_t install_count, remove_count;
	struct strlist references; /* "@name" of a plain list: selections to take in */
	struct strlist weak_requires, weak_install; /* selections and packages of query.weak */
	/* conditional.items[i] is installed when a package conditions.items[i] is. */
	struct strlist conditional, conditions;

	/* A file with several selections; all of the above then is empty. */
	struct selection **parts;
	size_t part_count, part_capacity;
	char *path;      /* for messages, may be NULL */
	bool has_choice; /* parts that are chosen are meant */
	/* Of a part: */
	bool chosen;
	const struct selection *whole; /* the file */
};

/* *out is a new selection. path is only for messages in selection_parse(). */
int selection_read(const char *path, struct selection **out, struct error *err) MUST_USE;
int selection_parse(const char *data, size_t size, const char *path, struct selection **out,
		    struct error *err) MUST_USE;
void selection_free(struct selection *s);

/*
 * The part of that name: by its name, by what it provides, or by the summary; case does not
 * matter. "^name" is an environment. NULL when there is none. A file of one selection is its part.
 */
struct selection *selection_part(struct selection *s, const char *name);
/* Let s mean only this part; -ERR_NOT_FOUND names what comes close. */
int selection_choose(struct selection *s, const char *name, struct error *err) MUST_USE;
/* Is this part one of those that the file means? */
bool selection_is_meant(const struct selection *part);

struct selection_query {
	const struct strlist *locales; /* requested, may be empty */
	/* Is there such a package? Decides alternatives. */
	bool (*has_package)(void *arg, const char *name);
	/* Find and read another selection by name (case ignored); else -ERR_NOT_FOUND. */
	int (*load)(void *arg, const char *name, struct selection **out, struct error *err);
	void *arg;
	bool recommends; /* selections named by Rec of a .sel come along (the default of the format) */
	bool weak;       /* everything else that is recommended or optional, too */
};

struct selection_result {
	struct strlist packages; /* each name once, in order of appearance */
	struct strlist unknown;  /* "name (selection)": no alternative of it is on the media */
	struct strlist removed;  /* what Del or "-name" took out, for the solver's exclusions */
	struct strlist missing_selections;
	/* conditional.items[i] is wanted when the solver chose a package conditions.items[i]. */
	struct strlist conditional, conditions;
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
 * resolver_selections(), then the project's own). Case does not matter, nor does
 * ".sel" or ".pat", nor the "-version-release.arch" that files have from 4.0 on; among
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

/* The selections that can be had by name: files, and what is in them. */
struct selection_library {
	const struct strlist *files; /* as for selection_find(); borrowed */
	/* Reads one of them; NULL: selection_read(). */
	int (*read)(void *arg, const char *path, struct selection **out, struct error *err);
	void *arg;
};

/*
 * As the command line means it: what selection_locate() finds, whole; a pattern, group or
 * environment by its name in any of the files; "FILE#NAME", one in this file; "pattern:NAME",
 * whatever package provides "pattern() = NAME".
 */
int selection_open(const struct selection_library *l, const char *argument,
		   struct selection **out, struct error *err) MUST_USE;

/* For selection_query.load: the same for names alone. arg is a const struct selection_library *. */
int selection_load(void *arg, const char *name, struct selection **out, struct error *err) MUST_USE;

/* Is it one that selection_resolve() understands as a capability? "pattern:NAME". */
bool selection_is_capability(const char *name);
/* "pattern:NAME" -> "pattern() = NAME", other names stay. A new string, NULL without memory. */
char *selection_capability(const char *name);

/* How a person would name it: "Mobile" for "/m/Mobile-10.0-109.i586.sel". A new string or NULL. */
char *selection_file_name(const char *path);

#endif
