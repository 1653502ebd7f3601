/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /etc/inittab. */
#ifndef FIXUPS_INITTAB_H
#define FIXUPS_INITTAB_H

#include "fixups/tools.h"

#define INITTAB "/etc/inittab"

struct inittab_entry {
	char *copy; /* owns the fields */
	char *id, *levels, *action, *process;
};

/* False for a comment, a blank line and one that is no entry. Release it when true. */
bool inittab_parse(struct inittab_entry *e, const char *line);
void inittab_release(struct inittab_entry *e);
/* Basename of the program that the entry starts is name. */
bool inittab_starts(const struct inittab_entry *e, const char *name);

#endif
