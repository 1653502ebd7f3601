/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_HOSTNAME_H
#define COMMON_HOSTNAME_H

#include <stdbool.h>

/* A host name as hostname(7) wants it: letters, digits, '-' and '.', at most 64 bytes. */
bool hostname_is_valid(const char *name);

#endif
