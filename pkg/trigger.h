/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of pkg/ only. */
#ifndef PKG_TRIGGER_H
#define PKG_TRIGGER_H

#include <rpm/header.h>

#include "common/error.h"

/* Do the trigger lists of a header agree with each other? librpm does not ask. -ERR_FORMAT. */
int header_check_triggers(Header h, const char *subject, struct error *err) MUST_USE;

#endif
