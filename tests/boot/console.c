/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/boot/console.h"

#include <ctype.h>
#include <errno.h>

void console_init(struct console *c, struct guest *g)
{
	*c = (struct console){ .guest = g, .text = STRBUF_INIT, .refused = STRLIST_INIT };
}

void console_release(struct console *c)
{
	strbuf_release(&c->text);
	strlist_release(&c->refused);
}

long long console_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Printable text only: "ESC [ ... letter" and other escapes are dropped. */
static void show(struct console *c, const char *bytes, size_t n)
{
	if (!c->show)
		return;
	for (size_t i = 0; i < n; i++) {
		unsigned char b = (unsigned char)bytes[i];

		if (b == 27)
			c->escape = 1;
		else if (c->escape == 1)
			c->escape = b == '[' ? 2 : 0;
		else if (c->escape == 2)
			c->escape = isalpha(b) ? 0 : 2;
		else if (b == '\n' || b == '\t' || b >= 32)
			putc(b, c->show);
	}
	fflush(c->show);
}

/* Take in what the guest wrote; 0 at the end of its output. */
static ssize_t take(struct console *c, int timeout_ms, struct error *err)
{
	char buf[4096];
	ssize_t n = guest_read(c->guest, buf, sizeof(buf), timeout_ms);
	size_t kept = 0;

	if (n <= 0)
		return n;
	for (ssize_t i = 0; i < n; i++)
		if (buf[i] && buf[i] != '\r')
			buf[kept++] = buf[i];
	if (c->log) {
		fwrite(buf, 1, kept, c->log);
		fflush(c->log);
	}
	show(c, buf, kept);
	if (c->text.len + kept > CONSOLE_MAX)
		return error_set(err, -ERR_LIMIT, NULL, "the guest wrote more than %u MiB",
				 CONSOLE_MAX >> 20);
	return strbuf_add(&c->text, buf, kept) ? error_nomem(err) : n;
}

static int check_refused(struct console *c, struct error *err)
{
	size_t longest = 0;

	for (size_t i = 0; i < c->refused.count; i++) {
		const char *text = c->refused.items[i];

		if (strlen(text) > longest)
			longest = strlen(text);
		if (c->text.data && strstr(c->text.data + c->checked, text))
			return error_set(err, -ERR_CONFLICT, text,
					 "the guest wrote what it must not");
	}
	/* The beginning of a refused text may stand at the end. */
	c->checked = c->text.len > longest ? c->text.len - longest : 0;
	return 0;
}

static bool find(struct console *c, const char *text)
{
	const char *at = c->text.data ? strstr(c->text.data + c->seen, text) : NULL;

	if (at)
		c->seen = (size_t)(at - c->text.data) + strlen(text);
	return at;
}

int console_wait(struct console *c, const char *text, long long timeout_ms, struct error *err)
{
	long long until = console_now() + timeout_ms;
	ssize_t n;
	int rc;

	if (until > c->deadline)
		until = c->deadline;
	for (;;) {
		long long left = until - console_now();

		rc = check_refused(c, err);
		if (rc)
			return rc;
		if (text && find(c, text))
			return 0;
		if (*c->stop)
			return error_set(err, -EINTR, text, "interrupted");
		/* A guest may end while a stray process holds its console: look at both. */
		n = left <= 0 ? -ETIMEDOUT : take(c, left > 100 ? 100 : (int)left, err);
		if (n == 0 || (n == -ETIMEDOUT && guest_poll(c->guest)))
			break;
		if (n == -ETIMEDOUT && left <= 0)
			return error_set(err, -ETIMEDOUT, text, "not seen in time");
		if (n < 0 && n != -ETIMEDOUT && n != -EINTR)
			return (int)n;
	}
	if (!text)
		return 0;
	return error_set(err, -EPIPE, text, "the guest ended first");
}

int console_send(struct console *c, const char *text, size_t n, struct error *err)
{
	int rc = guest_send(c->guest, text, n);

	return rc ? error_errno(err, -rc, NULL, "cannot write to the console") : 0;
}

void console_print_tail(const struct console *c, FILE *f, int lines)
{
	size_t at = c->text.len;

	if (at && c->text.data[at - 1] == '\n')
		at--;
	while (at && (c->text.data[at - 1] != '\n' || --lines > 0))
		at--;
	for (; at < c->text.len; at++) {
		unsigned char b = (unsigned char)c->text.data[at];

		putc(b == '\n' || b == '\t' || b >= 32 ? b : '?', f);
	}
	putc('\n', f);
}
