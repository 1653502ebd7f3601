/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a scriptlet went, and what that means: as rpm has it, a failed %pre is the end, a failed %post a warning. */
#include <errno.h>
#include <inttypes.h>

#include "guest/run.h"
#include "mkroot/build.h"

#define LAST_LINES 3
#define LAST_BYTES 300

/* How many of these bytes are one character in UTF-8; 0: they are none. */
static size_t character(const unsigned char *c, size_t left)
{
	size_t n = *c < 0x80 ? 1 : *c < 0xc2 ? 0 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : *c < 0xf5 ? 4 : 0;

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than it need be, half of a pair, or beyond the last one. */
	if ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) || (*c == 0xf0 && c[1] < 0x90) ||
	    (*c == 0xf4 && c[1] > 0x8f))
		return 0;
	return n;
}

static bool is_utf8(const unsigned char *text, size_t len)
{
	size_t n;

	for (; len; text += n, len -= n) {
		n = character(text, len);
		if (!n)
			return false;
	}
	return true;
}

/* As text: controls become '?', and all but ASCII when it is no UTF-8. */
static char *printable(const struct strbuf *s)
{
	unsigned char *text = s->len ? malloc(s->len + 1) : NULL;
	bool ascii;

	if (!text)
		return NULL;
	memcpy(text, s->data, s->len);
	text[s->len] = '\0';
	ascii = !is_utf8(text, s->len);
	for (size_t i = 0; i < s->len; i++) {
		if (text[i] == '\r')
			text[i] = '\n';
		else if ((text[i] < ' ' && text[i] != '\n' && text[i] != '\t') || text[i] == 0x7f ||
			 (ascii && text[i] > 0x7f))
			text[i] = '?';
	}
	return (char *)text;
}

/* The last lines in one, " | " between them; in a new string, NULL when there are none. */
static char *last_lines(const char *output)
{
	const char *start, *end;
	size_t n = output ? strlen(output) : 0;
	char *text, *to;

	while (n && (output[n - 1] == '\n' || output[n - 1] == ' '))
		n--;
	if (!n)
		return NULL;
	start = end = output + n;
	for (int lines = 0; start > output && end - start < LAST_BYTES; start--) {
		lines += start[-1] == '\n';
		if (lines == LAST_LINES)
			break;
	}
	/* Not in the middle of a character. */
	while (start < end && (*start & 0xc0) == 0x80)
		start++;
	text = to = malloc(3 * (size_t)(end - start) + 1);
	for (; text && start < end; start++) {
		if (*start == '\n') {
			memcpy(to, " | ", 3);
			to += 3;
		} else {
			*to++ = *start;
		}
	}
	if (text)
		*to = '\0';
	return text;
}

/* What it did, for a sentence; the exit code or signal in it. */
static void describe(const struct script_result *r, unsigned int timeout, char *text, size_t size)
{
	switch (r->end) {
	case GUEST_SIGNALLED:
		snprintf(text, size, "was ended by signal %d", r->value);
		return;
	case GUEST_TIMEOUT:
		snprintf(text, size, "took longer than %u seconds and was stopped", timeout);
		return;
	case GUEST_FLOOD:
		snprintf(text, size, "wrote more than %u MiB of output and was stopped",
			 GUEST_OUTPUT_MAX >> 20);
		return;
	case GUEST_FORKS:
		snprintf(text, size, "started more than %d processes and was stopped", GUEST_PROCESSES);
		return;
	case GUEST_FULL:
		snprintf(text, size, "filled the disk");
		return;
	case GUEST_EMPTIED:
		snprintf(text, size, "removed most of the system");
		return;
	case GUEST_KILLS_INIT:
		snprintf(text, size, "tried to kill init and was stopped");
		return;
	case GUEST_HALTS:
		snprintf(text, size, "tried to halt or restart the machine and was stopped");
		return;
	case GUEST_SKIPPED:
		snprintf(text, size, "was not run: the image has no rpm for it");
		return;
	case GUEST_EXITED:
	case GUEST_NOT_RUN:
		break;
	}
	snprintf(text, size, "failed with exit code %d", r->value);
}

static bool is_fatal(const struct build *b, size_t index, const struct script_result *r)
{
	const char *kind;

	if (r->end == GUEST_SKIPPED)
		return b->options->scripts_strict;
	if ((r->end != GUEST_EXITED && r->end != GUEST_SIGNALLED) || b->options->scripts_strict ||
	    index >= b->scriptlets.count)
		return true;
	kind = b->scriptlets.items[index].kind;
	return !strcmp(kind, "pretrans") || !strcmp(kind, "pre") || !strcmp(kind, "triggerprein");
}

static int hint(struct error *err, const struct script_result *r, const char *said)
{
	if (r->end == GUEST_TIMEOUT)
		return error_hint(err, "--scripts-timeout gives it more%s%s", said ? "; it said: " : "",
				  said ? said : "");
	if (r->end == GUEST_FULL)
		return error_hint(err, "--free leaves more room%s%s", said ? "; it said: " : "",
				  said ? said : "");
	return said ? error_hint(err, "it said: %s", said) : err->code;
}

static int tell(struct build *b, size_t index, struct script_result *r, struct error *err)
{
	char *label = scripts_label(b, index), *said = last_lines(r->output), what[200];
	int rc = label ? 0 : error_nomem(err), n = 0;

	/* 'three-1-1.noarch': %post failed with exit code 1 */
	if (!rc && index < b->scriptlets.count) {
		n = snprintf(what, sizeof(what), "%%%s ", b->scriptlets.items[index].kind);
		*strstr(label, ": ") = '\0';
	}
	describe(r, b->options->scripts_timeout, what + n, sizeof(what) - (size_t)n);
	if (!rc && is_fatal(b, index, r)) {
		rc = error_set(err, -ERR_SCRIPTLET, label, "%s", what);
		hint(err, r, said);
	} else if (!rc && strlist_addf(&b->warnings, "'%s': %s%s%s%s", label, what,
				       said ? " (it said: " : "", said ? said : "", said ? ")" : "")) {
		rc = error_nomem(err);
	}
	free(label);
	free(said);
	return rc;
}

int scripts_judge(struct build *b, size_t index, struct guest_result *r, struct error *err)
{
	struct script_result *mine = &b->scripts.results[index];

	*mine = (struct script_result){
		.end = r->end,
		.value = r->value,
		.seconds = r->seconds,
		.output = printable(&r->output),
		.dropped = r->dropped,
		.failed = r->end != GUEST_EXITED || r->value != 0,
	};
	b->scripts.failed += mine->failed && mine->end != GUEST_SKIPPED;
	return mine->failed ? tell(b, index, mine, err) : 0;
}
