/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files from http, https, ftp and file URLs, many at once, by libcurl.
 *
 * Life: fetch_new() -> fetch_run() for a batch, as often as needed (connections
 * stay open between batches) -> fetch_free(). One thread at a time. With the cache
 * around it, it is a fetcher (pkg/fetcher.h).
 *
 * What may pass (a cut, a stall, 429, 5xx) is tried again after a pause that
 * doubles and honours Retry-After; what arrived is kept, and the rest asked for
 * with If-Range, so that halves of different files never join. What does not
 * pass (404, a wrong checksum, a certificate that does not verify) leads to the
 * next mirror. Redirections are followed, but never from https to http and
 * never to another kind of URL. Proxies and netrc come from the environment;
 * SSL_CERT_FILE and SSL_CERT_DIR name other authorities.
 */
#ifndef PKG_FETCH_H
#define PKG_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct fetch_progress {
	uint64_t done, total; /* bytes of the batch; total 0 when a size is not known */
	uint64_t rate;        /* bytes a second, lately */
	size_t files_done, files;
	const char *name;     /* of the file that was begun last; or NULL */
};

/* Zero is the default everywhere. */
struct fetch_settings {
	unsigned int parallel;        /* transfers at once: 8 */
	unsigned int per_host;        /* connections to one host: 8 */
	uint64_t rate;                /* bytes a second, all together: no limit */
	unsigned int connect_seconds; /* until a connection stands: 20 */
	unsigned int stall_seconds;   /* with next to no bytes: 30 */
	unsigned int tries;           /* of one mirror without progress: 4 */
	unsigned int backoff_ms;      /* before the second try: 500 */
	unsigned int wait_seconds;    /* the longest Retry-After that is waited for: 60 */
	/* Called about ten times a second, from fetch_run()'s thread. */
	void (*progress)(void *arg, const struct fetch_progress *p);
	void *arg;
};

/* One file. The caller sets the first part, fetch_run() the second. */
struct fetch_job {
	const char *name;        /* for messages; NULL: the URL */
	const char *const *urls; /* of the same bytes, the best mirror first */
	size_t url_count;
	/*
	 * Called when its first transfer is about to begin (sets fd), and when all bytes are there and right
	 * (or not modified). A negative code ends the
	 * batch. Each may be NULL.
	 */
	int (*begin)(struct fetch_job *job, struct error *err);
	int (*done)(struct fetch_job *job, struct error *err);
	void *arg;
	int fd;                  /* empty, written from offset 0; it may be a nameless file */
	uint64_t size;           /* promised; 0: not known */
	bool optional;           /* that no mirror has it is no failure of the batch */
	uint64_t max;            /* the most that is taken when size is not known; 0: 4 GiB */
	const char *checksum_algo, *checksum; /* promised, hex; or NULL */
	const char *etag, *last_modified;     /* of what the caller has; or NULL */

	int rc;            /* 0, or what went wrong with this one */
	struct error err;  /* its text; start with ERROR_INIT */
	bool not_modified; /* what the caller has is still right; nothing was written */
	uint64_t received; /* bytes of the file */
	char sha256[65];
	char *new_etag, *new_last_modified; /* or NULL */
	char *source;                       /* the URL that delivered, after redirections */
};

struct fetch;

int fetch_new(struct fetch **f, const struct fetch_settings *s, struct error *err) MUST_USE;
void fetch_free(struct fetch *f);

/*
 * Returns when every job is done or has failed; then the first failure by
 * position, with the number of others in the hint. A job's rc: -ERR_NOT_FOUND (no mirror has it),
 * -ERR_DIGEST, -ERR_LIMIT (longer than promised), -EIO (the network), -errno of a
 * write (that one ends the whole batch), -ERR_UNSUPPORTED (a kind of URL or checksum).
 */
int fetch_run(struct fetch *f, struct fetch_job *jobs, size_t count, struct error *err) MUST_USE;

/* Forget a job's results, not what the caller set. */
void fetch_job_release(struct fetch_job *job);

/* "http://", "https://", "ftp://", "ftps://" or "file://", in any case. */
bool fetch_is_url(const char *text);

/* url without "user:password@", in a new string the caller frees; for messages. NULL without memory. */
char *fetch_public_url(const char *url);

#endif
