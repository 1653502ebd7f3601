/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of pkg/fetch*.c; nobody else includes it. */
#ifndef PKG_FETCH_INTERNAL_H
#define PKG_FETCH_INTERNAL_H

#include <curl/curl.h>

#include "common/strbuf.h"
#include "pkg/fetch.h"
#include "pkg/fetch_digest.h"

#define FETCH_REDIRECTS_MAX 10
#define FETCH_BYTES_MAX ((uint64_t)4 << 30)   /* of a file whose size nobody promised */
#define FETCH_PIECE ((size_t)64 << 10) /* bytes that are written and digested together */
#define FETCH_PROGRESS_BYTES ((uint64_t)1 << 16) /* so many new bytes make the tries begin anew */

enum fetch_state {
	FETCH_WAITING,
	FETCH_ACTIVE,
	FETCH_ENDED, /* the request is; its bytes may not be digested yet */
	FETCH_FINISHED,
};

enum fetch_verdict {
	FETCH_DONE,
	FETCH_REDIRECT, /* to t->url */
	FETCH_AGAIN,    /* may pass */
	FETCH_ANEW,     /* from the first byte, at once: what arrived cannot be continued */
	FETCH_NEXT,     /* not from this mirror */
	FETCH_HOST,     /* not from this host: no name, no connection, a wrong certificate */
	FETCH_STOP,     /* our side failed: nothing of the batch can go on */
};

/* What one response says of itself. */
struct fetch_response {
	long status;              /* HTTP; 0 for other kinds */
	char *etag, *last_modified;
	bool has_range;
	uint64_t range_start, range_total; /* total 0: not said */
	bool begun;               /* its head was looked at, body bytes may be written */
	bool refused;             /* its bytes are not for the file */
	enum fetch_verdict why;   /* of refused */
};

struct transfer {
	struct fetch_job *job;
	struct fetch *fetch;
	enum fetch_state state;
	CURL *easy;
	struct curl_slist *headers;
	char curl_text[CURL_ERROR_SIZE];

	size_t mirror;
	bool *tried;      /* by mirror: given up */
	bool missing;     /* a mirror said "not found" */
	bool unclear;     /* one that answered failed in another way */
	char *url;        /* where it is now; after redirections not the mirror's */
	unsigned int redirects, tries;
	bool restarted;   /* once because a joined file had a wrong checksum */
	double not_before;

	uint64_t have, have_at_start; /* bytes in job->fd and piece */
	char *piece;                  /* the last of them, to be written together; or NULL */
	size_t piece_size;
	CURLcode code;                /* of FETCH_ENDED */
	bool joined;                  /* of more than one response */
	char *etag, *last_modified;   /* of the file that these bytes belong to */
	struct fetch_digest digest;
	uint64_t ticket; /* of the last bytes that went to it */
	struct fetch_response response;
	struct strbuf failures; /* of earlier mirrors, for the message */
};

struct dead_host {
	char *host, *what;
};

struct fetch {
	struct fetch_settings settings;
	CURLM *multi;
	struct fetch_hash *hash; /* NULL: digests are computed at once */
	struct dead_host *dead;
	size_t dead_count, dead_capacity;
	/* Of the batch. */
	struct transfer *transfers;
	size_t count, begun, active, ended, finished;
	uint64_t total, arrived; /* arrived: all bytes, also of responses that were thrown away */
	double started, last_report, rate_time;
	uint64_t rate_bytes, rate_now;
	struct error fatal;
	const char *name; /* of the job that was begun last; borrowed */
};

/* Seconds of a clock that only goes forward. */
double fetch_clock(void);

/* fetch_transfer.c: one request. */
int fetch_transfer_start(struct transfer *t, struct error *err) MUST_USE;
/* fetch_response.c: libcurl's callbacks. */
size_t fetch_on_header(char *data, size_t size, size_t n, void *arg);
size_t fetch_on_body(char *data, size_t size, size_t n, void *arg);
/* Look at the head of the response: is it what was asked for? Fills job->err when it is not. */
void fetch_response_begin(struct transfer *t);
void fetch_response_release(struct fetch_response *r);
/* Write what is kept back, and have it digested; fills job->err and the response when it fails. */
bool fetch_flush(struct transfer *t);
/* Forget what arrived. */
int fetch_transfer_restart(struct transfer *t, struct error *err) MUST_USE;
/* fetch_judge.c: what became of a request that ended. Fills job->err unless all is well. */
enum fetch_verdict fetch_judge(struct transfer *t, CURLcode code, double *pause);
/* The name of a job for messages: "NAME from URL", or the URL. NULL without memory. */
char *fetch_subject(const struct transfer *t);

/* fetch_hash.c: digests beside the transfers. All accept NULL; new may give NULL. */
struct fetch_hash *fetch_hash_new(void);
void fetch_hash_free(struct fetch_hash *h);
/* For FETCH_PIECE bytes, from malloc() or used before; NULL without memory. */
char *fetch_hash_buffer(struct fetch_hash *h);
/*
 * Takes ownership of data, a buffer of fetch_hash_buffer(), always. The ticket tells
 * fetch_hash_wait() what to wait for before d is touched.
 */
uint64_t fetch_hash_push(struct fetch_hash *h, struct fetch_digest *d, char *data, size_t n);
bool fetch_hash_is_done(struct fetch_hash *h, uint64_t ticket);
void fetch_hash_wait(struct fetch_hash *h, uint64_t ticket);

/* fetch_report.c */
void fetch_report(struct fetch *f, bool at_end);
/* The first failure, and how many more there are. */
int fetch_sum_up(const struct fetch *f, const struct fetch_job *jobs, struct error *err) MUST_USE;

/* fetch_hosts.c */
const struct dead_host *fetch_host_dead(const struct fetch *f, const char *url);
int fetch_host_bury(struct fetch *f, const char *url, const char *what) MUST_USE;
void fetch_hosts_release(struct fetch *f);

#endif
