/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scriptlets of packages, in the order in which rpm would run them. */
#ifndef PKG_SCRIPTLET_H
#define PKG_SCRIPTLET_H

#include "common/error.h"
#include "pkg/package.h"

struct scriptlet {
	char *package;     /* NEVRA of the package that carries it */
	const char *kind;  /* "pretrans", "pre", "triggerin", "post", "filetriggerin", "transfiletriggerin", "posttrans": static */
	char *interpreter; /* program and arguments, blank separated; "<lua>" is rpm's own */
	char *body;        /* NULL when there is none */
	int arg1, arg2;    /* -1: not given */
	char *trigger;     /* what it waits for, NULL when it is no trigger */
};

struct scriptlet_list {
	struct scriptlet *items;
	size_t count, capacity;
};

#define SCRIPTLET_LIST_INIT { NULL, 0, 0 }

/*
 * All scriptlets that a first installation of the ordered packages runs:
 * every %pretrans; then package by package %pre, %post, triggers that its
 * installation fires (its own on packages before it, and others' on it), file triggers; then
 * transaction file triggers and every %posttrans. Macros and queryformat
 * expansion flags of a body are applied as rpm applies them on installation.
 */
int scriptlet_list_collect(struct scriptlet_list *l, const struct package_list *ordered,
			   struct error *err) MUST_USE;
void scriptlet_list_release(struct scriptlet_list *l);

#endif
