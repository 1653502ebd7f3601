/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scriptlets of packages, in the order in which rpm would run them. */
#ifndef PKG_SCRIPTLET_H
#define PKG_SCRIPTLET_H

#include "common/error.h"
#include "pkg/package.h"

struct scriptlet {
	char *package;     /* NEVRA of the package that carries it */
	const char *kind;  /* "pretrans", "pre", "triggerprein", "triggerin", "post",
			      "filetriggerin", "transfiletriggerin", "posttrans": static */
	char *interpreter; /* program and arguments, blank separated; "<lua>" is rpm's own */
	char *body;        /* NULL when there is none */
	int arg1, arg2;    /* -1: not given */
	char *trigger;     /* what it waits for, NULL when it is no trigger */
	char *input;       /* file triggers: paths that fired it, one a line: its standard input */
};

struct scriptlet_list {
	struct scriptlet *items;
	size_t count, capacity;
};

#define SCRIPTLET_LIST_INIT { NULL, 0, 0 }

/*
 * All scriptlets that a first installation of the ordered packages runs, in
 * the order of rpm 4.18: every %pretrans; then package by package %triggerprein,
 * %pre, file triggers of high priority, %post, %triggerin (others' on it, then its own
 * on packages before it), file triggers of low priority; then every %posttrans
 * and the transaction file triggers.
 *
 * Runtime expansion (%post -e and -q): queryformats as rpm does them, macros
 * from a fixed set of folder names. Others stay as they are, as macros that
 * rpm does not know do: %(...) and %{lua:...} would run programs on this machine.
 */
int scriptlet_list_collect(struct scriptlet_list *l, const struct package_list *ordered,
			   struct error *err) MUST_USE;
void scriptlet_list_release(struct scriptlet_list *l);

#endif
