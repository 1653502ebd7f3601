/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table of options. Parsing, --help, completion and the test that
 * reads the man page all walk it; a new option is one line in
 * option_table.c, a field in struct options, and a paragraph in the man page.
 */
#ifndef MKROOT_OPTION_TABLE_H
#define MKROOT_OPTION_TABLE_H

#include "mkroot/options.h"

enum option_complete {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_DIR,
	COMPLETE_WORDS,  /* the blank separated `words` */
	COMPLETE_FIXUPS, /* names of fixups */
};

struct option_entry {
	const char *name;     /* without "--" */
	char short_name;      /* or '\0' */
	const char *argument; /* "SIZE"; NULL when it takes none */
	const char *help;
	/* Store argument (may be NULL) in field; -ERR_USAGE with the text for the user. */
	int (*store)(const struct option_entry *e, void *field, const char *argument,
		     struct error *err);
	size_t field;       /* offset in struct options */
	uint64_t min, max;  /* of a number or a size; also the value of a flag's enum (min) */
	const char *words;  /* what is accepted, blank separated; or NULL */
	enum option_complete complete;
};

/* A heading of --help; its options follow until the next. */
struct option_group {
	const char *title;
	const struct option_entry *options; /* ends with a NULL name */
};

/* Ends with a NULL title. */
extern const struct option_group option_groups[];

/* How an option is called in messages: "--size" . */
int option_error(const struct option_entry *e, struct error *err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* What can be checked only when all of the command line was read. */
int options_check(struct options *o, struct error *err) MUST_USE;

/* Is word one of the blank separated words? */
bool option_has_word(const char *words, const char *word);

/* A host name as hostname(7) wants it: letters, digits, '-' and '.', at most 64 bytes. */
bool hostname_is_valid(const char *name);

#endif
