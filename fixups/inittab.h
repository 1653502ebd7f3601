/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /etc/inittab. */
#ifndef FIXUPS_INITTAB_H
#define FIXUPS_INITTAB_H

#include "fixups/tools.h"

#define INITTAB "/etc/inittab"

/* Points into the line that was parsed. */
struct inittab_entry {
	struct field id, levels, action;
	const char *process; /* to the end of the line */
};

/* False for a comment, a blank line and one that is no entry. */
bool inittab_parse(struct inittab_entry *e, const char *line);
/* Basename of the program that the entry starts is name. */
bool inittab_starts(const struct inittab_entry *e, const char *name);
/* The first argument that names a terminal; len is 0 when there is none. */
struct field inittab_terminal(const struct inittab_entry *e);

#endif
