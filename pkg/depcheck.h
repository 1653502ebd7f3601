/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of pkg/ only. */
#ifndef PKG_DEPCHECK_H
#define PKG_DEPCHECK_H

#include <rpm/header.h>

#include "common/error.h"

/*
 * Do the dependency lists of a header agree with each other and with its
 * files? librpm asserts, leaks or reads past the end where they do not.
 * -ERR_FORMAT.
 */
int header_check_dependencies(Header h, const char *subject, struct error *err) MUST_USE;

#endif
