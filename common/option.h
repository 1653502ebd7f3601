/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command lines from tables. A table says which options there are; parsing,
 * --help, completion and the tests that read the man pages all walk it, so a
 * new option is one line in a table, a field in the struct that it is stored
 * in, and a paragraph in the man page.
 *
 *     static const struct option_entry mine[] = {
 *             { "fresh", 0, NULL, "begin anew", OPTION(struct my, fresh, option_store_flag) },
 *             { "level", 0, "N", "how hard to try",
 *               OPTION(struct my, level, option_store_number), .min = 1, .max = 19 },
 *             { .name = NULL },
 *     };
 *     static const struct option_group groups[] = { { "Options", mine }, { NULL, NULL } };
 *     rc = option_read(groups, &my, argc, argv, add_operand, err);
 *
 * Strings that are stored point into argv; lists are the caller's to release,
 * also after a failure. Errors: -ERR_USAGE with the text for the user, -ENOMEM.
 */
#ifndef COMMON_OPTION_H
#define COMMON_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"

enum option_complete {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_DIR,
	COMPLETE_WORDS, /* the blank separated `words` */
	COMPLETE_LIST,  /* what `list` prints */
};

struct option_entry {
	const char *name;     /* without "--" */
	char short_name;      /* or '\0' */
	const char *argument; /* "SIZE"; NULL when it takes none */
	const char *help;
	/* Store argument (may be NULL) in field; -ERR_USAGE with the text for the user. */
	int (*store)(const struct option_entry *e, void *field, const char *argument,
		     struct error *err);
	size_t field;      /* offset in the struct that is filled */
	uint64_t min, max; /* of a number or a size; also the value of a flag's enum (min) */
	const char *words; /* what is accepted, blank separated; or NULL */
	enum option_complete complete;
	/* Words for the shell, blank separated; or a "$(command)" that prints them. */
	void (*list)(FILE *f);
};

/* Where an option goes: a member of a struct, and what puts it there. */
#define OPTION(type, member, function) .store = function, .field = offsetof(type, member)

/* A heading of --help; its options follow until the next. */
struct option_group {
	const char *title;
	const struct option_entry *options; /* ends with a NULL name */
};

/*
 * Read the words of argv (without the program's name) into fields. groups ends with a
 * NULL title and has at most 64 options. operand gets what is no option, in its place; NULL:
 * an operand is a usage error. argv is not changed.
 */
int option_read(const struct option_group *groups, void *fields, int argc, char **argv,
		int (*operand)(void *fields, const char *text, struct error *err),
		struct error *err) MUST_USE;

/* -ERR_USAGE; what happened to the option, which is the subject. */
int option_error(const struct option_entry *e, struct error *err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Is word one of the blank separated words? */
bool option_has_word(const char *words, const char *word);

/* For option_entry.store; the type of the field is behind each. Numbers keep to min and max. */
int option_store_flag(const struct option_entry *e, void *field /* bool */, const char *argument,
		      struct error *err);
int option_store_text(const struct option_entry *e, void *field /* const char *; not "" */,
		      const char *argument, struct error *err);
int option_store_list(const struct option_entry *e, void *field /* struct strlist; not "" */,
		      const char *argument, struct error *err);
int option_store_word(const struct option_entry *e, void *field /* const char *; of `words` */,
		      const char *argument, struct error *err);
int option_store_size(const struct option_entry *e, void *field /* uint64_t; K, M, G, T */,
		      const char *argument, struct error *err);
/* A size, or 0 for none. */
int option_store_size_or_none(const struct option_entry *e, void *field /* uint64_t */,
			      const char *argument, struct error *err);
int option_store_number(const struct option_entry *e, void *field /* uint64_t */,
			const char *argument, struct error *err);
int option_store_int(const struct option_entry *e, void *field /* unsigned int */,
		     const char *argument, struct error *err);

/* Processors that this process may use, 1 to max: what --jobs is by default. */
unsigned int option_processors(unsigned int max);

/* The part of --help that the groups are; a heading for each. The caller checks the stream. */
void option_print_help(FILE *f, const struct option_group *groups);
/* text in lines of at most 80 columns beside or below what was printed; column is where the
 * cursor stands. */
void option_print_wrapped(FILE *f, const char *text, size_t column);

/*
 * Parts of completion files; program is "mkroot" and names the shell functions
 * that they call: _mkroot_reply (see option_bash_functions()).
 */
void option_bash_functions(FILE *f, const char *program);
/* Lines of a case over $prev: what an option's argument may be. */
void option_bash_cases(FILE *f, const char *program, const struct option_group *groups);
/* "--media --offline ... ": all options, each with a blank behind it. */
void option_bash_words(FILE *f, const struct option_group *groups);
/* "|-m|--media...": patterns of the options that take an argument. */
void option_bash_arguments(FILE *f, const struct option_group *groups);
/* Lines for _arguments, each with a backslash at the end. */
void option_zsh_arguments(FILE *f, const struct option_group *groups);

#endif
