/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest wrote on its console, and waiting for text in it.
 *
 * Life: console_init() on a started guest -> console_wait(), console_send() ->
 * console_release(). Carriage returns are dropped. A text is looked for behind
 * the place where the last one was found. Everything goes to the log as it
 * comes and, made readable (no escape sequences), to `show`.
 */
#ifndef TESTS_BOOT_CONSOLE_H
#define TESTS_BOOT_CONSOLE_H

#include <stdio.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "guest/guest.h"

struct console {
	struct guest *guest;	/* borrowed */
	struct strbuf text;	/* all output, at most CONSOLE_MAX bytes */
	size_t seen;		/* behind the last match */
	struct strlist refused; /* texts that must not occur */
	size_t checked;		/* refused texts were looked for up to here */
	FILE *log, *show;	/* NULL: none; the caller's */
	int escape;		/* where in an escape sequence `show` is */
	long long deadline;	/* console_now() at which everything ends */
	volatile int *stop;	/* a signal asked us to end when not 0 */
};

#define CONSOLE_MAX (64u << 20) /* a guest that writes more is out of order */

void console_init(struct console *c, struct guest *g);
void console_release(struct console *c);
long long console_now(void); /* monotonic milliseconds */

/*
 * Read until text occurs (NULL: until the guest ends). Errors: -ETIMEDOUT,
 * -EPIPE (the guest ended first), -ERR_CONFLICT (a refused text came),
 * -EINTR (stop), -ERR_LIMIT.
 */
int console_wait(struct console *c, const char *text, long long timeout_ms,
		 struct error *err) MUST_USE;
int console_send(struct console *c, const char *text, size_t n, struct error *err) MUST_USE;
/* The last lines, for a failure's report. */
void console_print_tail(const struct console *c, FILE *f, int lines);

#endif
