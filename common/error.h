/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one error pattern of the tree.
 *
 * A function that can fail returns 0 or a negative code and fills one
 * `struct error` at the point of failure. Codes are -errno for what the
 * system refused, or one of enum error_code below (from 1024, negated).
 * Only main prints what error_text() makes of it:
 *
 *     mkroot: 'devs-9.0-4.i586.rpm': payload digest does not match (the file
 *     is damaged; delete it and fetch again)
 *
 * A struct error owns its strings: start it with ERROR_INIT, end with
 * error_release(). Callers may pass NULL where the text is of no interest.
 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum error_code {
	ERR_FORMAT = 1024, /* input is malformed */
	ERR_DIGEST,        /* a digest does not match */
	ERR_SIGNATURE,     /* bad, missing or unknown signature */
	ERR_UNSUPPORTED,   /* well-formed, but nothing here can read it */
	ERR_NOT_FOUND,     /* a name that nothing provides */
	ERR_CONFLICT,      /* two inputs want different things */
	ERR_SOLVE,         /* dependencies cannot be satisfied */
	ERR_NO_SPACE,      /* the image is too small for its contents */
	ERR_ESCAPE,        /* a path tries to leave its root */
	ERR_LIMIT,         /* a number is out of the range we accept */
	ERR_FS,            /* libext2fs refused */
	ERR_RPM,           /* librpm refused */
	ERR_DATABASE,      /* the guest's rpm database could not be written */
	ERR_USAGE,         /* the command line is wrong: exit 2 */
	ERR_INTERRUPTED,   /* a signal asked us to stop */
	ERR_SCRIPTLET,     /* a package's scriptlet failed */
	ERR_GUEST,         /* the machine that runs scriptlets failed */
};

struct error {
	int code;      /* negative, 0 while nothing failed */
	char *subject; /* the file, package or path; NULL when there is none */
	char *what;    /* the cause, no capital, no full stop */
	char *hint;    /* what to do, NULL when there is nothing to add */
};

#define ERROR_INIT { 0, NULL, NULL, NULL }

/*
 * Fill err (may be NULL) and return code, so that failing is one line:
 *     return error_set(err, -ERR_FORMAT, path, "line %d: no '=Ver:'", line);
 * code must be negative; subject is copied and may be NULL. A later error
 * replaces an earlier one.
 */
int error_set(struct error *err, int code, const char *subject, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* The same for a failed system call: code is -saved_errno, its text is added. */
int error_errno(struct error *err, int saved_errno, const char *subject, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Add the hint to what error_set() filled; returns err's code. err is not NULL. */
int error_hint(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* -ENOMEM with its message. */
int error_nomem(struct error *err);

/* "'subject': what (hint)" in a new string the caller frees; NULL without memory. */
char *error_text(const struct error *err);

/* The text of a code alone, static; never NULL. */
const char *error_name(int code);

void error_release(struct error *err);

#endif
