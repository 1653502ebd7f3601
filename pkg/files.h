/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of pkg/ only: what package_files.private_data points to. */
#ifndef PKG_FILES_H
#define PKG_FILES_H

#include <rpm/rpmfiles.h>

#include "pkg/payload.h"

struct files_private {
	rpmfiles rpm; /* strings and digests of the items lie in here */
	char *paths;  /* all paths, one behind the other */
};

static inline rpmfiles files_rpm(const struct package_files *files)
{
	return ((const struct files_private *)files->private_data)->rpm;
}

#endif
