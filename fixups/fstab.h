/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FIXUPS_FSTAB_H
#define FIXUPS_FSTAB_H

#include "fixups/tools.h"

#define FSTAB	  "/etc/fstab"
#define SWAPFILE  "/swapfile"
#define SWAP_LINE SWAPFILE " swap swap defaults 0 0"

/* Index of the entry with this text in field `field` (0: what, 1: where); -1: none. */
long fstab_find(const struct text *t, size_t field, const char *value);

#endif
