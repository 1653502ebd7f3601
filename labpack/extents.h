/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges of bytes of a file, ascending and apart from each other: what holds
 * data, what is in use.
 *
 * Life: EXTENTS_INIT -> extents_add() -> extents_release(). Functions return 0,
 * -ENOMEM or what they say.
 */
#ifndef LABPACK_EXTENTS_H
#define LABPACK_EXTENTS_H

#include <stdint.h>

#include "common/error.h"

struct extent {
	uint64_t start, end; /* [start, end), never empty */
};

struct extents {
	struct extent *items;
	size_t count, capacity;
};

#define EXTENTS_INIT { NULL, 0, 0 }

/* At or behind the last one; one that touches it becomes part of it. Empty ones are not kept. */
int extents_add(struct extents *e, uint64_t start, uint64_t end) MUST_USE;
/* Sum of their lengths. */
uint64_t extents_bytes(const struct extents *e);
/* Index of the first one that ends behind offset; count when there is none. */
size_t extents_find(const struct extents *e, uint64_t offset);
/* What is in both, into out (emptied first). */
int extents_intersect(const struct extents *a, const struct extents *b,
		      struct extents *out) MUST_USE;
/* Close the smallest gaps until no more than max are left. */
void extents_coarsen(struct extents *e, size_t max);
/* Where a file of that size holds data, by what its filesystem says. */
int extents_of_file(struct extents *e, int fd, uint64_t size, const char *name,
		    struct error *err) MUST_USE;
void extents_release(struct extents *e);

#endif
