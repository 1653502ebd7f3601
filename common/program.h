/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What main() of every program here does first and last, and lines of text for people. */
#ifndef COMMON_PROGRAM_H
#define COMMON_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"

/* What messages begin with: "mkroot". */
extern const char *program_name;

/* Standard streams that the caller closed are occupied; hidden files go on signals. */
void program_begin(const char *name);

/*
 * The exit status: 0 done, 1 failed (or, when nothing failed, differs), 2 usage. Prints the error,
 * also that stdout could not be written, and releases err.
 */
int program_end(int rc, bool differs, struct error *err);

/*
 * A line of text, with names from input in it. Bytes that a terminal would take for
 * a command become '?'; ends of lines stay.
 */
void report_line(FILE *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
