/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --verify-rebuild: is an image what this build makes now? */
#ifndef MKROOT_REBUILD_H
#define MKROOT_REBUILD_H

#include "common/error.h"

/*
 * Compare the image file at path with the freshly built one in fd, byte by
 * byte. -ERR_CONFLICT when they differ: the message names the first file that
 * does, or says that only the filesystem's own blocks do.
 */
int rebuild_compare(const char *path, int fd, struct error *err) MUST_USE;

#endif
