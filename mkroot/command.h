/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `mkroot COMMAND ...` beside the build itself: diff, verify, ... One file
 * command_NAME.c each and one line in the table of command.c. A profile of
 * such a name is reached by its path.
 *
 * run gets the words behind the command's name. It prints its results on
 * stdout; an error it returns is printed by main. *differs is set when the
 * command worked and the answer is "no" (two images differ): exit code 1, no message.
 */
#ifndef MKROOT_COMMAND_H
#define MKROOT_COMMAND_H

#include <stdbool.h>

#include "common/error.h"

struct command {
	const char *name;
	const char *synopsis; /* "A.img B.img" */
	const char *summary;  /* one line for --help */
	int (*run)(int argc, char **argv, bool *differs, struct error *err);
};

/* Ends with a NULL name. */
extern const struct command command_table[];
/* NULL when name is no command. */
const struct command *command_find(const char *name);

/* -ERR_USAGE with the synopsis of the command. */
int command_usage(const char *name, struct error *err);

int command_cache(int argc, char **argv, bool *differs, struct error *err);
int command_diff(int argc, char **argv, bool *differs, struct error *err);
int command_list(int argc, char **argv, bool *differs, struct error *err);
int command_verify(int argc, char **argv, bool *differs, struct error *err);

#endif
