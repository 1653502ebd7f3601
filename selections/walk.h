/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The selections that belong together. Private to selections/.
 *
 * Life: a struct walk with query, missing and err -> walk_add() for each that was asked for ->
 * walk_run() takes in what they require and recommend -> members, in the order in which they
 * came -> walk_release().
 */
#ifndef SELECTIONS_WALK_H
#define SELECTIONS_WALK_H

#include "selections/reader.h"

struct member {
	const struct selection *s;
	struct selection *owned; /* s, when it was loaded here */
	bool requirements_done, recommendations_done;
};

struct walk {
	const struct selection_query *query;
	struct member *members;
	size_t count, capacity;
	struct selection **files; /* loaded here; some of their parts are members */
	size_t file_count, file_capacity;
	struct strlist asked; /* names that were loaded or are missing */
	struct strlist *missing;
	struct error *err;
};

/* Its name for messages. */
const char *selection_label(const struct selection *s);

/* A selection, or those that a file with several means. */
int walk_add(struct walk *w, const struct selection *s) MUST_USE;
int walk_run(struct walk *w) MUST_USE;
void walk_release(struct walk *w);

#endif
