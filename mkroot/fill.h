/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fill: the bytes of every file from the payloads straight into their planned
 * blocks, by several threads. Every file's digest is checked on the way.
 */
#ifndef MKROOT_FILL_H
#define MKROOT_FILL_H

#include "common/error.h"
#include "image/layout.h"
#include "mkroot/plan.h"
#include "common/progress.h"

struct fill_options {
	const struct layout *layout;
	int fd;            /* of the image */
	unsigned int jobs; /* threads */
	struct progress *progress;
};

/* Errors name the package and the file. */
int fill_image(const struct plan *plan, const struct fill_options *options, struct error *err) MUST_USE;

#endif
