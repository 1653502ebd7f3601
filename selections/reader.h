/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the readers of the single formats share. Private to selections/.
 *
 * A format is one file with two functions and one line in the table of
 * selections/format.c. detect() sees the first line that is neither blank nor
 * a comment; read() gets the whole text, without a byte order mark and known
 * to hold no NUL byte.
 */
#ifndef SELECTIONS_READER_H
#define SELECTIONS_READER_H

#include <stdbool.h>

#include "selections/selection.h"

#define SELECTION_MAX_BYTES (16u << 20)
#define SELECTION_MAX_NAME 1024 /* bytes of an entry */

/* A piece of the file, not NUL-terminated. */
struct span {
	const char *data;
	size_t len;
};

/* Line by line; line numbers count from 1. */
struct reader {
	const char *path; /* for messages, may be NULL */
	const char *data;
	size_t size, pos;
	size_t line; /* of what reader_next() gave last */
};

struct selection_format {
	const char *name;
	bool (*detect)(struct span first_line);
	int (*read)(struct reader *r, struct selection *s, struct error *err);
};

/* The next line without its end (LF or CR LF); false at the end of the text. */
bool reader_next(struct reader *r, struct span *line);
/* "'path': line N: what"; returns code. */
int reader_error(const struct reader *r, struct error *err, int code, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

struct span span_trim(struct span s); /* blanks and tabs on both sides */
bool span_is(struct span s, const char *text);        /* equal bytes */
bool span_is_word(struct span s, const char *text);   /* equal but for the case of ASCII letters */
bool span_starts(struct span s, const char *text);    /* the same for a beginning */
char *span_string(struct span s);                     /* a new string, NULL without memory */

/*
 * A name of a package, as an entry says it: "name", or with alternatives
 * "name (alt, alt2)". entry_next() takes the names one by one: start with
 * *rest = the entry. reader_check_entry() refuses blanks elsewhere, control
 * bytes, empty names and overlong ones.
 */
bool entry_next(struct span *rest, struct span *name);
int reader_check_entry(const struct reader *r, struct span entry, struct error *err) MUST_USE;
/* A name of a selection: blanks may stand inside. */
int reader_check_name(const struct reader *r, struct span name, struct error *err) MUST_USE;

/* The list of that locale ("" for none), added when there is none; NULL without memory. */
struct selection_list *selection_list_for(struct selection_list **lists, size_t *count,
					  struct span locale);

/* "kernel >= 2.6": the version is left out. */
struct span span_without_version(struct span entry);
/* A new part of the file s, owned by it. */
int reader_add_part(const struct reader *r, struct selection *s, enum selection_kind kind,
		    struct selection **out, struct error *err) MUST_USE;

/* The readers. A file with one part becomes that part. */
bool sel2_detect(struct span first_line);
int sel2_read(struct reader *r, struct selection *s, struct error *err) MUST_USE;
bool xml_detect(struct span first_line);
int xml_read(struct reader *r, struct selection *s, struct error *err) MUST_USE;
bool sel_detect(struct span first_line);
int sel_read(struct reader *r, struct selection *s, struct error *err) MUST_USE;
/* What is below the root elements <patterns> or <pattern>, and <comps>. */
extern const struct xml_format xml_patterns, xml_comps;
bool list_detect(struct span first_line);
int list_read(struct reader *r, struct selection *s, struct error *err) MUST_USE;

#endif
