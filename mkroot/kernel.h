/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kernel runs the image's own programs: --kernel, $MKROOT_KERNEL, or `linux` from PATH. */
#ifndef MKROOT_KERNEL_H
#define MKROOT_KERNEL_H

#include <stdbool.h>

#include "common/error.h"

/*
 * *path (the caller frees it) is NULL when none is named and none is in PATH
 * that could run such an image. One that is named and cannot be is an error:
 * -ERR_GUEST with the reason. wide: the image's programs are ELF64.
 */
int kernel_find(const char *named, bool wide, char **path, struct error *err) MUST_USE;

#endif
