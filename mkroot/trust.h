/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the steps of prepare.c that are about trust. */
#ifndef MKROOT_TRUST_H
#define MKROOT_TRUST_H

#include "common/error.h"

struct build;

/* The profile's keys and exceptions, before media whose metadata may be signed. */
int build_trust(struct build *b, struct error *err) MUST_USE;
/* Which verified packages needed an exception: for the warnings. */
int build_trust_warnings(struct build *b, struct error *err) MUST_USE;

#endif
