/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every path of an image, sorted bytewise by path.
 *
 * Life: listing_read() on an open image -> items -> listing_release().
 * Errors are those of image/edit.h.
 */
#ifndef IMAGE_WALK_H
#define IMAGE_WALK_H

#include "common/error.h"
#include "image/edit.h"

struct listing_item {
	char *path; /* absolute; "/" is the first */
	struct image_stat st;
};

struct listing {
	struct listing_item *items;
	size_t count, capacity;
};

#define LISTING_INIT { NULL, 0, 0 }

/* Links are listed, not followed. A listing that is not empty is emptied first. */
int listing_read(struct listing *l, struct image *image, struct error *err) MUST_USE;
void listing_release(struct listing *l);

/*
 * Open an image file read-only. *fd is closed by image_file_close(), after
 * which image is no longer valid.
 */
int image_file_open(const char *path, struct image **image, int *fd, struct error *err) MUST_USE;
void image_file_close(struct image *image, int fd);

/*
 * Do two regular files hold the same bytes? *same tells; sizes are compared first.
 * The two images may be the same.
 */
int image_same_bytes(struct image *a, const char *path_a, struct image *b, const char *path_b,
		     bool *same, struct error *err) MUST_USE;

#endif
