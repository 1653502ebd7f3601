/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every name of an image with its inode, sorted bytewise by path. For the files of image/ only. */
#ifndef IMAGE_SCAN_H
#define IMAGE_SCAN_H

#include "image/internal.h"

struct scan_item {
	char *path; /* absolute; "/" is the first */
	ext2_ino_t ino;
	struct ext2_inode inode;
};

struct scan {
	struct scan_item *items;
	size_t count, capacity;
};

/* -ERR_FS for names that no kernel makes, and for folders that are in several places. */
int scan_read(struct scan *s, struct image *image, struct error *err) MUST_USE;
void scan_release(struct scan *s);

#endif
