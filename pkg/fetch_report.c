/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a batch tells of itself: progress while it runs, and what failed when it is over. */
#include "pkg/fetch_internal.h"

#define PROGRESS_SECONDS 0.1

void fetch_report(struct fetch *f, bool at_end)
{
	struct fetch_progress p = { .files = f->count, .files_done = f->finished };
	double now = fetch_clock();

	if (!f->settings.progress || (!at_end && now - f->last_report < PROGRESS_SECONDS))
		return;
	f->last_report = now;
	if (now - f->rate_time >= 1) {
		f->rate_now = (uint64_t)((double)(f->arrived - f->rate_bytes) / (now - f->rate_time));
		f->rate_time = now;
		f->rate_bytes = f->arrived;
	} else if (!f->rate_now && now > f->started) {
		p.rate = (uint64_t)((double)f->arrived / (now - f->started));
	}
	if (f->rate_now)
		p.rate = f->rate_now;
	p.total = f->total;
	p.name = f->name;
	for (size_t i = 0; i < f->begun; i++)
		p.done += f->transfers[i].have;
	f->settings.progress(f->settings.arg, &p);
}

/* The caller's copy of a failure; more: files that failed, too. */
static int pass_on(const struct error *from, size_t more, struct error *err)
{
	error_set(err, from->code, from->subject, "%s",
		  from->what ? from->what : error_name(from->code));
	if (err && from->hint && more)
		error_hint(err, "%s; and %zu more files failed", from->hint, more);
	else if (err && from->hint)
		error_hint(err, "%s", from->hint);
	else if (err && more)
		error_hint(err, "and %zu more files failed", more);
	return from->code;
}

int fetch_sum_up(const struct fetch *f, const struct fetch_job *jobs, struct error *err)
{
	const struct fetch_job *first = NULL;
	size_t more = 0;

	if (f->fatal.code)
		return pass_on(&f->fatal, 0, err);
	for (size_t i = 0; i < f->count; i++) {
		if (!jobs[i].rc || (jobs[i].optional && jobs[i].rc == -ERR_NOT_FOUND))
			continue;
		more += first != NULL;
		if (!first)
			first = &jobs[i];
	}
	if (!first)
		return 0;
	return pass_on(&first->err, more, err);
}
