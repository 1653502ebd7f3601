/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `labpack COMMAND ...`: one file or more for each command, which defines its
 * struct command, a declaration here and a line in the table of command.c.
 * The table gives --help, `labpack COMMAND --help` and completion; a test
 * holds it against man/labpack.1.scd.
 *
 * run gets the words behind the command's name, reads them with
 * option_read(its own options) and prints its results on stdout; an error it
 * returns is printed by main. *differs is set when the command worked and the
 * answer is "no" (two archives differ): exit code 1, no message.
 */
#ifndef LABPACK_COMMAND_H
#define LABPACK_COMMAND_H

#include "common/error.h"
#include "common/option.h"
#include "common/strbuf.h"

enum command_operands { /* for completion */
	OPERANDS_NONE,
	OPERANDS_FILES,
	OPERANDS_MACHINES,  /* of the lab in the working folder */
	OPERANDS_SNAPSHOTS,
};

struct command {
	const char *name;     /* "build"; a command of a family has two words: "cow info" */
	const char *synopsis; /* its operands: "[MACHINE...]"; "" when there are none */
	const char *summary;  /* one line for --help */
	const struct option_group *options; /* ends with a NULL title; NULL: none */
	enum command_operands operands;
	int (*run)(int argc, char **argv, bool *differs, struct error *err);
};

/* Ends with NULL. */
extern const struct command *const command_table[];

/*
 * The command that the words begin with, and how many of them are its name; NULL and
 * -ERR_USAGE with a suggestion when there is none.
 */
const struct command *command_find(int argc, char **argv, int *words, struct error *err);

/* Do commands of two words begin with it, as "cow create" does? */
bool command_is_family(const char *word);

/* -ERR_USAGE with the synopsis of the command: operands are missing or too many. */
int command_usage(const struct command *c, struct error *err);

/*
 * For option_read(): operands go into a struct strlist that is the first
 * member of the struct of fields.
 */
int command_operand(void *fields, const char *text, struct error *err);

void command_print_help(FILE *f);
void command_print_help_of(FILE *f, const struct command *c);
/* The completion file of a shell ("bash", "zsh"). */
int command_print_completion(FILE *f, const char *shell, struct error *err) MUST_USE;

extern const struct option_group program_options[]; /* those before the command */

extern const struct command command_build;
extern const struct command command_clone;
extern const struct command command_cow_create;
extern const struct command command_cow_fsck;
extern const struct command command_cow_info;
extern const struct command command_cow_merge;
extern const struct command command_cow_rebase;
extern const struct command command_create;
extern const struct command command_drop;
extern const struct command command_diff;
extern const struct command command_extract;
extern const struct command command_info;
extern const struct command command_list;
extern const struct command command_plot;
extern const struct command command_rollback;
extern const struct command command_snapshot;
extern const struct command command_snapshots;
extern const struct command command_sniff;
extern const struct command command_verify;

#endif
