/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --overlay: a folder or a tar archive laid over the packages' files.
 *
 * A folder's files belong to root:root and keep their modes; an archive's keep the
 * numbers that stand in it. What is there already is replaced; a folder stays
 * a folder. Paths are followed inside the image only; ".." in an archive is
 * refused. Life: overlay_measure() for the size of the image (and the account
 * files, which decide about owners) -> overlay_apply() on the finished image.
 */
#ifndef IMAGE_OVERLAY_H
#define IMAGE_OVERLAY_H

#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "image/edit.h"

struct overlay_need {
	uint64_t bytes;  /* of file data, rounded up to 4096 per file */
	uint64_t inodes;
	struct strbuf passwd, group; /* of the last overlay that has one */
};

int overlay_measure(const char *location, struct overlay_need *need, struct error *err) MUST_USE;
void overlay_need_release(struct overlay_need *need);

int overlay_apply(const char *location, struct image *image, struct error *err) MUST_USE;

#endif
