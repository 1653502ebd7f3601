/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the profiles and selections that ship with mkroot lie. The first of:
 *
 *   1. $MKROOT_DATADIR/{profiles,selections}
 *   2. a source tree above the running program (build/bin/mkroot finds
 *      mkroot/profiles and selections), told by mkroot/profiles/generic.conf
 *   3. ../share/mkroot beside the folder of the program
 *   4. the folder that was compiled in ($(datadir)/mkroot)
 */
#ifndef MKROOT_DATADIR_H
#define MKROOT_DATADIR_H

#include "common/error.h"
#include "common/strbuf.h"

struct datadir {
	char *profiles, *selections; /* folders; may not exist */
};

int datadir_find(struct datadir *d, struct error *err) MUST_USE;
void datadir_release(struct datadir *d);

/* Append the full names of the files that end in suffix, sorted; a missing folder has none. */
int datadir_list(const char *folder, const char *suffix, struct strlist *out,
		 struct error *err) MUST_USE;

#endif
