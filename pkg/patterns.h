/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packages that stand for a pattern: they provide "pattern() = NAME", and what belongs to it they
 * require and recommend. Ask the solver for such a capability to install one.
 */
#ifndef PKG_PATTERNS_H
#define PKG_PATTERNS_H

#include <stdbool.h>

#include "pkg/solve.h"

/* What it returns, when it is not 0, ends the listing. */
typedef int pattern_visit(void *arg, const char *name, const char *summary, bool visible);

/* Each name once, sorted. -ENOMEM or what visit returned. */
int resolver_each_pattern(const struct resolver *r, pattern_visit *visit, void *arg) MUST_USE;

#endif
