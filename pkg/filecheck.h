/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of pkg/ only. */
#ifndef PKG_FILECHECK_H
#define PKG_FILECHECK_H

#include <rpm/header.h>
#include <stdint.h>

#include "common/error.h"

/*
 * Do the file lists of a header agree with each other? librpm trusts much of
 * what is checked here, so it comes before librpm sees the lists. *bytes is
 * what the payload will deliver: hard links once, ghosts not at all.
 * -ERR_FORMAT, -ERR_LIMIT, -ERR_ESCAPE (a path with ".."), -ERR_UNSUPPORTED.
 */
int header_check_files(Header h, const char *subject, uint64_t *bytes, struct error *err) MUST_USE;

#endif
