/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack clone: what its two files share. */
#ifndef LABPACK_CLONE_H
#define LABPACK_CLONE_H

#include "common/strbuf.h"
#include "labpack/lab.h"

/*
 * lab.conf with the lines of machine m a second time for `name`, behind the last
 * of them. What two machines cannot both have is left out (a MAC address, a
 * cable, a tap device) and told in `notes`; a disk of m alone becomes the clone's
 * own. *changed: there was a line to copy.
 */
int clone_conf(struct strbuf *out, const char *text, size_t n, const struct lab_machine *m,
	       const char *name, bool *changed, struct strlist *notes, struct error *err) MUST_USE;

/* Where the clone's own disk ubdN is, for a disk that belongs to m alone; NULL for others. */
const struct lab_machine_disk *clone_private_disk(const struct lab_machine *m, unsigned int index);

#endif
