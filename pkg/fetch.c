/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The batch: who is next, who tries again and when, who is done. */
#include "pkg/fetch.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "pkg/fetch_internal.h"


double fetch_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static CURLcode global_rc;

static void global_begin(void)
{
	global_rc = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void set_default(unsigned int *value, unsigned int standard)
{
	if (!*value)
		*value = standard;
}

int fetch_new(struct fetch **out, const struct fetch_settings *s, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct fetch *f;

	*out = NULL;
	pthread_once(&once, global_begin);
	if (global_rc)
		return error_set(err, -EIO, NULL, "libcurl cannot be set up: %s",
				 curl_easy_strerror(global_rc));
	f = calloc(1, sizeof(*f));
	if (!f)
		return error_nomem(err);
	f->settings = *s;
	set_default(&f->settings.parallel, 8);
	set_default(&f->settings.per_host, 8);
	set_default(&f->settings.connect_seconds, 20);
	set_default(&f->settings.stall_seconds, 30);
	set_default(&f->settings.tries, 4);
	set_default(&f->settings.backoff_ms, 500);
	set_default(&f->settings.wait_seconds, 60);
	f->multi = curl_multi_init();
	if (!f->multi ||
	    curl_multi_setopt(f->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)f->settings.per_host) ||
	    curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)f->settings.parallel)) {
		fetch_free(f);
		return error_nomem(err);
	}
	f->hash = fetch_hash_new();
	*out = f;
	return 0;
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	fetch_hash_free(f->hash);
	curl_multi_cleanup(f->multi);
	fetch_hosts_release(f);
	error_release(&f->fatal);
	free(f);
}

void fetch_job_release(struct fetch_job *job)
{
	error_release(&job->err);
	free(job->new_etag);
	free(job->new_last_modified);
	free(job->source);
	job->new_etag = job->new_last_modified = job->source = NULL;
	job->received = 0;
	job->not_modified = false;
	job->rc = 0;
}

static void transfer_release(struct transfer *t)
{
	if (t->easy) {
		curl_multi_remove_handle(t->fetch->multi, t->easy);
		curl_easy_cleanup(t->easy);
		t->easy = NULL;
	}
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	fetch_response_release(&t->response);
	fetch_hash_wait(t->fetch->hash, t->ticket);
	fetch_digest_release(&t->digest);
	free(t->piece);
	t->piece = NULL;
	t->piece_size = 0;
	free(t->etag);
	free(t->last_modified);
	free(t->url);
	free(t->tried);
	strbuf_release(&t->failures);
	t->etag = t->last_modified = t->url = NULL;
	t->tried = NULL;
}

/*
 * The next mirror that was not given up: the first whose host is alive, else
 * the first. -1 when there is none.
 */
static long next_mirror(const struct transfer *t)
{
	long any = -1;

	for (size_t i = 0; i < t->job->url_count; i++) {
		if (t->tried[i])
			continue;
		if (!fetch_host_dead(t->fetch, t->job->urls[i]))
			return (long)i;
		if (any < 0)
			any = (long)i;
	}
	return any;
}

static int go_to_mirror(struct transfer *t, size_t mirror)
{
	free(t->url);
	t->mirror = mirror;
	t->redirects = t->tries = 0;
	t->not_before = 0;
	/* What another mirror sent is not continued: its bytes may be of another day. */
	t->have = 0;
	t->url = strdup(t->job->urls[mirror]);
	return t->url ? 0 : -ENOMEM;
}

static int transfer_init(struct fetch *f, struct transfer *t, struct fetch_job *job,
			 struct error *err)
{
	*t = (struct transfer){ .job = job, .fetch = f };
	fetch_job_release(job);
	for (size_t i = 0; i < job->url_count; i++)
		if (!fetch_is_url(job->urls[i]))
			return error_set(err, -ERR_UNSUPPORTED, job->urls[i],
					 "not a URL of http, https, ftp or file");
	t->tried = calloc(job->url_count + 1, sizeof(*t->tried));
	if (!t->tried)
		return error_nomem(err);
	if (!job->url_count)
		return error_set(err, -EINVAL, job->name, "no URL to fetch it from");
	if (go_to_mirror(t, (size_t)next_mirror(t)))
		return error_nomem(err);
	return job->begin ? job->begin(job, err) : 0;
}

/* Our side failed: nothing of the batch goes on. */
static void stop(struct fetch *f, const struct error *why)
{
	if (f->fatal.code)
		return;
	error_set(&f->fatal, why->code, why->subject, "%s",
		  why->what ? why->what : error_name(why->code));
	if (why->hint)
		error_hint(&f->fatal, "%s", why->hint);
}

static void finish(struct transfer *t, int rc)
{
	struct fetch *f = t->fetch;
	struct fetch_job *job = t->job;

	t->state = FETCH_FINISHED;
	f->finished++;
	job->rc = rc;
	if (rc)
		job->err.code = rc;
	if (rc && t->failures.len && job->err.what)
		error_hint(&job->err, "%s%sbefore that: %s", job->err.hint ? job->err.hint : "",
			   job->err.hint ? "; " : "", t->failures.data);
	if (!rc) {
		job->new_etag = t->etag;
		job->new_last_modified = t->last_modified;
		job->source = t->url;
		t->etag = t->last_modified = t->url = NULL;
		error_release(&job->err);
		if (job->done)
			job->rc = job->done(job, &job->err);
		if (job->rc)
			stop(f, &job->err);
	}
	transfer_release(t);
}

/*
 * Every mirror that answers says that there is no such file; one that is down says nothing, or
 * else it would take all the others with it.
 */
static bool is_missing(const struct transfer *t)
{
	return t->missing && !t->unclear;
}

/* Give the mirror up. What it failed with is told when the last one fails, too. */
static void leave_mirror(struct transfer *t, bool host)
{
	struct fetch_job *job = t->job;
	int rc = job->err.code;
	long mirror;

	t->missing |= rc == -ERR_NOT_FOUND;
	t->unclear |= !host && rc != -ERR_NOT_FOUND;
	if (host && fetch_host_bury(t->fetch, t->url, job->err.what ? job->err.what : "no answer"))
		rc = error_nomem(&t->fetch->fatal);
	t->tried[t->mirror] = true;
	mirror = next_mirror(t);
	if (mirror < 0) {
		if (is_missing(t))
			rc = -ERR_NOT_FOUND;
		else if (rc == -ERR_NOT_FOUND)
			rc = -EIO;
		finish(t, rc);
		return;
	}
	if (strbuf_addf(&t->failures, "%s'%s': %s", t->failures.len ? "; " : "",
			job->err.subject ? job->err.subject : "",
			job->err.what ? job->err.what : "") ||
	    go_to_mirror(t, (size_t)mirror)) {
		finish(t, error_nomem(&job->err));
		return;
	}
	t->state = FETCH_WAITING;
}

static void try_again(struct transfer *t, double pause)
{
	const struct fetch_settings *s = &t->fetch->settings;
	double backoff = s->backoff_ms / 1000.0;

	if (t->have >= t->have_at_start + FETCH_PROGRESS_BYTES)
		t->tries = 0;
	if (++t->tries >= s->tries) {
		leave_mirror(t, false);
		return;
	}
	for (unsigned int i = 1; i < t->tries; i++)
		backoff *= 2;
	t->not_before = fetch_clock() + (pause > backoff ? pause : backoff);
	t->state = FETCH_WAITING;
}

static void settle(struct transfer *t)
{
	double pause;
	enum fetch_verdict verdict = fetch_judge(t, t->code, &pause);

	curl_multi_remove_handle(t->fetch->multi, t->easy);
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
	t->fetch->ended--;
	switch (verdict) {
	case FETCH_DONE:
		finish(t, 0);
		break;
	case FETCH_REDIRECT:
		t->state = FETCH_WAITING;
		break;
	case FETCH_ANEW:
		t->have = 0;
		try_again(t, 0);
		break;
	case FETCH_AGAIN:
		try_again(t, pause);
		break;
	case FETCH_NEXT:
	case FETCH_HOST:
		leave_mirror(t, verdict == FETCH_HOST);
		break;
	case FETCH_STOP:
		stop(t->fetch, &t->job->err);
		finish(t, t->job->err.code);
		break;
	}
}

/* The request is over, and its connection free for the next one. */
static void end(struct transfer *t, CURLcode code)
{
	t->code = fetch_flush(t) ? code : CURLE_WRITE_ERROR;
	t->state = FETCH_ENDED;
	t->fetch->active--;
	t->fetch->ended++;
}

/*
 * Judge those that ended, when their bytes are digested: waiting for that would keep the network
 * waiting, too. False when there was none.
 */
static bool settle_ended(struct fetch *f)
{
	bool any = false;

	for (size_t i = 0; i < f->begun && f->ended; i++) {
		struct transfer *t = &f->transfers[i];

		if (t->state != FETCH_ENDED)
			continue;
		if (t->code == CURLE_OK && f->active && !fetch_hash_is_done(f->hash, t->ticket))
			continue;
		settle(t);
		any = true;
	}
	return any;
}

/* A host that is known not to answer is not asked again, when nothing else is left. */
static bool skip_dead(struct transfer *t)
{
	const struct dead_host *dead = fetch_host_dead(t->fetch, t->url);
	char *subject;

	if (!dead)
		return false;
	subject = fetch_subject(t);
	error_set(&t->job->err, -EIO, subject, "%s", dead->what);
	free(subject);
	leave_mirror(t, true);
	return true;
}

static void start_one(struct transfer *t)
{
	struct error err = ERROR_INIT;

	if (skip_dead(t))
		return;
	if (fetch_transfer_start(t, &err)) {
		stop(t->fetch, &err);
		error_release(&t->job->err);
		t->job->err = err;
		finish(t, err.code);
		return;
	}
	t->fetch->active++;
	t->fetch->name = t->job->name;
}

/* Start whatever may start; seconds until the next one may. */
static double start_more(struct fetch *f, struct fetch_job *jobs)
{
	double now = fetch_clock(), soonest = 1;

	for (size_t i = 0; i < f->count && f->active < f->settings.parallel && !f->fatal.code; i++) {
		struct transfer *t = &f->transfers[i];

		if (i == f->begun) {
			f->begun++;
			if (transfer_init(f, t, &jobs[i], &jobs[i].err)) {
				if (jobs[i].err.code != -ERR_UNSUPPORTED)
					stop(f, &jobs[i].err);
				finish(t, jobs[i].err.code);
				continue;
			}
		}
		if (t->state != FETCH_WAITING)
			continue;
		if (t->not_before > now)
			soonest = t->not_before - now < soonest ? t->not_before - now : soonest;
		else
			start_one(t);
	}
	return soonest;
}

static int turn(struct fetch *f, double idle, struct error *err)
{
	CURLMcode rc;
	CURLMsg *m;
	int left;

	rc = curl_multi_perform(f->multi, &left);
	while ((m = curl_multi_info_read(f->multi, &left))) {
		struct transfer *t = NULL;

		if (m->msg == CURLMSG_DONE &&
		    !curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t)) {
			end(t, m->data.result);
			idle = 0;
		}
	}
	if (settle_ended(f))
		idle = 0;
	else if (f->ended && idle > 0.001)
		idle = 0.001;
	if (!rc && idle > 0)
		rc = curl_multi_poll(f->multi, NULL, 0, idle > 0.1 ? 100 : (int)(idle * 1000) + 1,
				     NULL);
	return rc ? error_set(err, -EIO, NULL, "libcurl: %s", curl_multi_strerror(rc)) : 0;
}

static void batch_begin(struct fetch *f, const struct fetch_job *jobs, size_t count)
{
	f->count = count;
	f->begun = f->active = f->ended = f->finished = 0;
	f->arrived = f->total = f->rate_bytes = f->rate_now = 0;
	f->started = f->rate_time = fetch_clock();
	f->last_report = 0;
	f->name = NULL;
	error_release(&f->fatal);
	f->fatal = (struct error)ERROR_INIT;
	for (size_t i = 0; i < count; i++) {
		if (!jobs[i].size) {
			f->total = 0;
			break;
		}
		f->total += jobs[i].size;
	}
}

int fetch_run(struct fetch *f, struct fetch_job *jobs, size_t count, struct error *err)
{
	int rc = 0;

	batch_begin(f, jobs, count);
	f->transfers = calloc(count + 1, sizeof(*f->transfers));
	if (!f->transfers)
		return error_nomem(err);
	while (!rc && f->finished < count && !f->fatal.code) {
		double idle = start_more(f, jobs);

		if (f->finished < count)
			rc = turn(f, idle, err);
		fetch_report(f, false);
	}
	if (!rc && !f->fatal.code)
		fetch_report(f, true);
	for (size_t i = 0; i < count; i++) {
		if (i < f->begun && f->transfers[i].state == FETCH_FINISHED)
			continue;
		jobs[i].rc = rc ? rc : f->fatal.code;
		if (i < f->begun)
			transfer_release(&f->transfers[i]);
	}
	free(f->transfers);
	f->transfers = NULL;
	return rc ? rc : fetch_sum_up(f, jobs, err);
}
