/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest's init says, and what is to be said when it says no more. */
#include <errno.h>
#include <inttypes.h>

#include "guest/run_internal.h"

#define LINE_BYTES 1024	 /* the longest that init writes is half of it */
#define PAUSE	   90	 /* seconds for the guest between two of its lines, however busy the host */

static int garbled(struct error *err)
{
	return error_set(err, -ERR_GUEST, NULL, "the guest's init says what it should not");
}

static int begin_job(struct session *s, const char *line, struct error *err)
{
	size_t index;

	if (s->running || s->state != SESSION_READY || sscanf(line, "begin %zu", &index) != 1 ||
	    index != s->next || index >= s->plan->labels.count)
		return garbled(err);
	s->running = true;
	s->next++;
	if (s->machine->begun)
		s->machine->begun(s->machine->arg, index);
	session_expect(s, s->plan->settings.timeout + PAUSE);
	return 0;
}

static int end_job(struct session *s, const char *line, struct error *err)
{
	struct guest_result *r = &s->result;
	unsigned long index, milliseconds;
	int end, strays, rc;

	if (!s->running ||
	    sscanf(line, "end %lu %d %d %lu %" SCNu64 " %d", &index, &end, &r->value, &milliseconds,
		   &r->dropped, &strays) != 6 ||
	    index + 1 != s->next || end < 0 || end >= GUEST_NOT_RUN)
		return garbled(err);
	r->end = (enum guest_end)end;
	r->seconds = (double)milliseconds / 1000;
	r->strays = strays;
	s->running = false;
	session_expect(s, PAUSE);
	rc = s->machine->ended(s->machine->arg, index, r, err);
	strbuf_release(&r->output);
	*r = (struct guest_result){ 0 };
	return rc;
}

static int hear_line(struct session *s, const char *line, struct error *err)
{
	if (!strcmp(line, GUEST_GREETING)) {
		/* A second time: the machine was started anew. */
		if (s->state != SESSION_BOOTING)
			return session_broken(s, err);
		s->state = SESSION_STARTED;
	} else if (!strncmp(line, "error ", 6)) {
		return error_set(err, -ERR_GUEST, s->running ? s->plan->labels.items[s->next - 1] : NULL,
				 "%s", line + 6);
	} else if (!strcmp(line, "ready") && s->state == SESSION_STARTED) {
		s->state = SESSION_READY;
	} else if (!strncmp(line, "begin ", 6)) {
		return begin_job(s, line, err);
	} else if (!strncmp(line, "end ", 4)) {
		return end_job(s, line, err);
	} else if (!strcmp(line, "done") && s->next == s->plan->labels.count && !s->running) {
		s->state = SESSION_DONE;
	} else if (s->running && sscanf(line, "out %zu", &s->awaited) == 1 &&
		   s->awaited <= GUEST_OUTPUT_KEPT - s->result.output.len) {
		return 0;
	} else {
		return garbled(err);
	}
	session_expect(s, PAUSE);
	return 0;
}

int session_hear(struct session *s, struct error *err)
{
	size_t at = 0;
	int rc = 0;

	while (!rc && at < s->heard.len) {
		char *text = s->heard.data + at;
		size_t left = s->heard.len - at, n;
		char *newline;

		if (s->awaited) {
			n = left < s->awaited ? left : s->awaited;
			rc = strbuf_add(&s->result.output, text, n) ? error_nomem(err) : 0;
			s->awaited -= n;
			at += n;
			continue;
		}
		newline = memchr(text, '\n', left);
		if (!newline && left > LINE_BYTES)
			return garbled(err);
		if (!newline)
			break;
		*newline = '\0';
		at += (size_t)(newline - text) + 1;
		rc = hear_line(s, text, err);
	}
	if (at)
		memmove(s->heard.data, s->heard.data + at, s->heard.len - at);
	s->heard.len -= at;
	return rc;
}

/* The kernel's own words: of its panic, else the last line. In a new string, or NULL. */
static char *last_words(const struct session *s)
{
	static const char panic[] = "Kernel panic";
	char *text = s->console.len ? strndup(s->console.data, s->console.len) : NULL, *line, *save = NULL;
	char *found = NULL, *copy;

	for (line = text ? strtok_r(text, "\r\n", &save) : NULL; line; line = strtok_r(NULL, "\r\n", &save)) {
		char *at = strstr(line, panic);

		if (at || line[strspn(line, " \t")])
			found = at ? at : line;
		if (at)
			break;
	}
	copy = found ? strdup(found) : NULL;
	free(text);
	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return copy;
}

static const char *where(const struct session *s)
{
	return s->running ? s->plan->labels.items[s->next - 1] : s->machine->kernel;
}

int session_broken(const struct session *s, struct error *err)
{
	char *words = last_words(s);
	const char *said = words ? words : "nothing";
	int status = s->guest.status;
	bool panicked = words && !strncmp(words, "Kernel panic", 12);

	if (panicked)
		error_set(err, -ERR_GUEST, where(s), "the guest's kernel panicked (it said: %s)", said);
	else if (s->running)
		error_set(err, -ERR_GUEST, where(s),
			  "the guest ended or was started anew while this ran");
	else if (s->state == SESSION_BOOTING && s->guest.ended && status > 128)
		error_set(err, -ERR_GUEST, where(s),
			  "the kernel did not start: it ended with signal %d (it said: %s)",
			  status - 128, said);
	else if (s->state == SESSION_BOOTING)
		error_set(err, -ERR_GUEST, where(s),
			  "the kernel did not start: it ended with exit code %d (it said: %s)", status,
			  said);
	else
		error_set(err, -ERR_GUEST, where(s), "the guest ended too early (it said: %s)", said);
	free(words);
	return -ERR_GUEST;
}

int session_late(const struct session *s, struct error *err)
{
	char *words = last_words(s);

	if (s->state == SESSION_BOOTING)
		error_set(err, -ERR_GUEST, where(s), "the kernel hangs: it did not get to init (it said: %s)",
			  words ? words : "nothing");
	else if (session_now() > s->end)
		error_set(err, -ERR_GUEST, where(s), "the time for all scriptlets, %u seconds, is over",
			  s->plan->settings.total);
	else
		error_set(err, -ERR_GUEST, where(s), "the guest hangs (it said: %s)",
			  words ? words : "nothing");
	free(words);
	return -ERR_GUEST;
}
