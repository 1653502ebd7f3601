/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two files of two images: in what they differ, in words. */
#ifndef IMAGE_COMPARE_H
#define IMAGE_COMPARE_H

#include "common/error.h"
#include "common/strbuf.h"
#include "image/walk.h"

/*
 * *what becomes "mode 0644 -> 0755, contents"; empty when the files are equal.
 * Directories are compared without their size, links by their target.
 */
int compare_files(struct image *a, const struct listing_item *x, struct image *b,
		  const struct listing_item *y, struct strbuf *what, struct error *err) MUST_USE;

#endif
