/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same extended attribute with few values on many files, as security labels are.
 * Where it does not fit into the inode, files that have no other attribute share
 * a block for each value, as the kernel has them do.
 *
 * Life: labeller_init() -> labeller_put() for every path -> labeller_finish()
 * (the blocks' reference counts are wrong before it) -> labeller_release().
 */
#ifndef IMAGE_LABEL_H
#define IMAGE_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "image/edit.h"

struct label_block;

struct labeller {
	struct image *image; /* borrowed, open for writing */
	const char *name;    /* of the attribute, "security.selinux"; borrowed */
	struct label_block *blocks;
	size_t count, capacity;
	uint8_t *done;       /* a bit for each inode */
};

/* -ERR_UNSUPPORTED when the filesystem has no feature ext_attr. */
int labeller_init(struct labeller *l, struct image *image, const char *name,
		  struct error *err) MUST_USE;
/*
 * Set the attribute of what is at path; a link at its end is labelled itself. Times stay.
 * An inode that was given a label under another name keeps the first: *fresh tells.
 */
int labeller_put(struct labeller *l, const char *path, const void *value, size_t size,
		 bool *fresh, struct error *err) MUST_USE;
int labeller_finish(struct labeller *l, struct error *err) MUST_USE;
void labeller_release(struct labeller *l);

/* Blocks that so many files with at most so many values take, beyond those of other attributes. */
uint64_t label_blocks(uint64_t files, uint64_t values);

#endif
