/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/error.h"

#include <errno.h>
#include <stdarg.h>

static const struct {
	int code;
	const char *text;
} names[] = {
	{ ERR_FORMAT, "malformed input" },
	{ ERR_DIGEST, "digest mismatch" },
	{ ERR_SIGNATURE, "signature not accepted" },
	{ ERR_UNSUPPORTED, "not supported" },
	{ ERR_NOT_FOUND, "not found" },
	{ ERR_CONFLICT, "conflict" },
	{ ERR_SOLVE, "dependencies cannot be satisfied" },
	{ ERR_NO_SPACE, "no space in the image" },
	{ ERR_ESCAPE, "path leaves the root" },
	{ ERR_LIMIT, "out of range" },
	{ ERR_FS, "filesystem error" },
	{ ERR_RPM, "rpm error" },
	{ ERR_DATABASE, "rpm database error" },
	{ ERR_USAGE, "usage error" },
	{ ERR_INTERRUPTED, "interrupted" },
	{ ERR_SCRIPTLET, "a scriptlet failed" },
	{ ERR_GUEST, "the guest failed" },
};

const char *error_name(int code)
{
	if (code < 0)
		code = -code;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].text;
	return code < ERR_FORMAT ? strerror(code) : "unknown error";
}

void error_release(struct error *err)
{
	if (!err)
		return;
	free(err->subject);
	free(err->what);
	free(err->hint);
	*err = (struct error)ERROR_INIT;
}

/* Takes ownership of what; what may be NULL (no memory for the text). */
static int fill(struct error *err, int code, const char *subject, char *what)
{
	/* The subject may live in the error that is being replaced. */
	char *copy = subject ? strdup(subject) : NULL;

	error_release(err);
	err->code = code;
	err->subject = copy;
	err->what = what;
	return code;
}

int error_set(struct error *err, int code, const char *subject, const char *fmt, ...)
{
	va_list ap;
	char *what = NULL;

	if (!err)
		return code;
	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	return fill(err, code, subject, what);
}

int error_errno(struct error *err, int saved_errno, const char *subject, const char *fmt, ...)
{
	va_list ap;
	char *what = NULL, *whole = NULL;

	if (!err)
		return -saved_errno;
	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	if (!what || asprintf(&whole, "%s: %s", what, strerror(saved_errno)) < 0)
		whole = NULL;
	free(what);
	return fill(err, -saved_errno, subject, whole);
}

int error_hint(struct error *err, const char *fmt, ...)
{
	char *before;
	va_list ap;

	if (!err)
		return -ERR_FORMAT;
	before = err->hint; /* it may be among the arguments */
	va_start(ap, fmt);
	if (vasprintf(&err->hint, fmt, ap) < 0)
		err->hint = NULL;
	va_end(ap);
	free(before);
	return err->code;
}

int error_nomem(struct error *err)
{
	return error_set(err, -ENOMEM, NULL, "out of memory");
}

char *error_text(const struct error *err)
{
	const char *what = err->what ? err->what : error_name(err->code);
	const char *q1 = err->subject ? "'" : "", *q2 = err->subject ? "': " : "";
	const char *h1 = err->hint ? " (" : "", *h2 = err->hint ? ")" : "";
	char *text = NULL;

	if (asprintf(&text, "%s%s%s%s%s%s%s", q1, err->subject ? err->subject : "", q2, what, h1,
		     err->hint ? err->hint : "", h2) < 0)
		return NULL;
	return text;
}
