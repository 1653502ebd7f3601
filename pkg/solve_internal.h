/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the resolver share. */
#ifndef PKG_SOLVE_INTERNAL_H
#define PKG_SOLVE_INTERNAL_H

#include <solv/pool.h>
#include <solv/queue.h>
#include <solv/solver.h>
#include <stdbool.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "pkg/media.h"

struct resolver {
	Pool *pool;
	struct media **media;
	size_t media_count, media_capacity;
	struct source_list sources;     /* of all media, and further ones of their sets */
	struct strlist selections;      /* labels: "LOCATION/path" */
	Map considered; /* without the excluded packages; in use while pool->considered is set */
};

enum name_match {
	NAME_UNKNOWN,  /* nothing on the media */
	NAME_FOREIGN,  /* of a foreign architecture only */
	NAME_EXCLUDED, /* all that would do are excluded */
	NAME_FOUND,
};

/* A binary package of the media, whatever its architecture. */
bool solvable_is_package(const struct resolver *r, Id p);
bool solvable_arch_is_known(const struct resolver *r, Id p);
/* Not taken out by the running request. */
bool solvable_is_considered(const struct resolver *r, Id p);

/*
 * The packages of every architecture, also excluded ones, with this name; else
 * those that the text gives exactly (name-version[-release][.arch], name.arch,
 * also with ".rpm"; then has_arch tells whether the architecture is given).
 * packages is cleared first.
 */
void name_find_packages(const struct resolver *r, const char *text, Queue *packages,
			bool *has_arch);

/*
 * What can be installed for a text: such packages; else those that have it as a
 * capability or a path. For NAME_FOREIGN, packages holds the foreign ones.
 * Needs pool_createwhatprovides().
 */
enum name_match resolver_find_name(const struct resolver *r, const char *text, Queue *packages,
			  bool *has_arch);

/* -ERR_SOLVE with a line for each problem; names[i] is the text of the job pair i. */
int solve_explain(const struct resolver *r, Solver *solver, const struct strlist *names,
		  struct error *err) MUST_USE;

/*
 * Does librpm here have what the packages require of it, "rpmlib(...)"?
 * libsolv takes that for granted. -ERR_UNSUPPORTED with a line for each that is missing.
 */
int solve_check_features(const struct resolver *r, const Queue *packages,
			 struct error *err) MUST_USE;

/*
 * Have every medium load all its files when a package or a name wants one that the metadata
 * read so far may lack. Before pool_addfileprovides().
 */
int solve_complete_files(struct resolver *r, const struct strlist *names,
			 struct error *err) MUST_USE;

#endif
