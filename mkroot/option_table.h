/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table of options. Parsing, --help, completion and the test that
 * reads the man page all walk it (common/option.h); a new option is one line in
 * option_table.c, a field in struct options, and a paragraph in the man page.
 */
#ifndef MKROOT_OPTION_TABLE_H
#define MKROOT_OPTION_TABLE_H

#include "common/hostname.h"
#include "common/option.h"
#include "mkroot/options.h"

/* Ends with a NULL title. */
extern const struct option_group option_groups[];

/* What can be checked only when all of the command line was read. */
int options_check(struct options *o, struct error *err) MUST_USE;

#endif
