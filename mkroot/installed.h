/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packages that an image says it has: its rpm database, read from the
 * image file without mounting it and without a copy on the host.
 *
 * Life: installed_read() -> packages -> package_list_release(). Each package
 * has a name, an NEVRA and its header with what rpm added on installation.
 */
#ifndef MKROOT_INSTALLED_H
#define MKROOT_INSTALLED_H

#include "common/error.h"
#include "image/edit.h"
#include "pkg/package.h"

/*
 * *database is the path at which one was found, static; NULL when the image has none,
 * which is no error: the list is empty then. They come in the order of installation.
 * -ERR_UNSUPPORTED for a format that is neither sqlite nor Berkeley DB, -ERR_DATABASE
 * or -ERR_FORMAT for one that cannot be read.
 */
int installed_read(struct image *image, struct package_list *packages, const char **database,
		   struct error *err) MUST_USE;

#endif
