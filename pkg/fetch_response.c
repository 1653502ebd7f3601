/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server sends: its head is judged before one byte of its body counts. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/number.h"
#include "common/output.h"
#include "pkg/fetch_internal.h"

#define HEADER_VALUE_MAX 512 /* bytes of an ETag or a date */

void fetch_response_release(struct fetch_response *r)
{
	free(r->etag);
	free(r->last_modified);
	*r = (struct fetch_response){ 0 };
}

int fetch_transfer_restart(struct transfer *t, struct error *err)
{
	t->have = t->have_at_start = 0;
	t->piece_size = 0;
	t->joined = false;
	free(t->etag);
	free(t->last_modified);
	t->etag = t->last_modified = NULL;
	if (ftruncate(t->job->fd, 0) != 0)
		return error_errno(err, errno, t->job->name, "cannot begin the file anew");
	fetch_hash_wait(t->fetch->hash, t->ticket);
	return fetch_digest_begin(&t->digest, t->job->checksum ? t->job->checksum_algo : NULL, err);
}

/* The value of a header when the line is one of that name; a new string without control bytes. */
static char *header_value(const char *line, size_t n, const char *name)
{
	size_t skip = strlen(name);

	if (n <= skip || strncasecmp(line, name, skip) || line[skip] != ':')
		return NULL;
	line += skip + 1;
	n -= skip + 1;
	while (n && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	while (n && (unsigned char)line[n - 1] <= ' ')
		n--;
	if (!n || n > HEADER_VALUE_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			return NULL;
	return strndup(line, n);
}

/* "bytes 100-199/200"; the total may be '*'. */
static void read_range(struct fetch_response *r, char *value)
{
	char *dash = strchr(value, '-'), *slash = strchr(value, '/');

	if (strncasecmp(value, "bytes ", 6) || !dash || !slash || slash < dash)
		return;
	*dash = '\0';
	if (number_parse(value + 6, 0, INT64_MAX, &r->range_start))
		return;
	r->has_range = strcmp(slash + 1, "*") == 0 ||
		       number_parse(slash + 1, 0, INT64_MAX, &r->range_total) == 0;
}

size_t fetch_on_header(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct fetch_response *r = &t->response;
	char *value;

	if (n > 5 && !strncmp(data, "HTTP/", 5)) { /* 100 Continue, a proxy's, or the real one */
		fetch_response_release(r);
	} else if ((value = header_value(data, n, "ETag"))) {
		free(r->etag);
		r->etag = value;
	} else if ((value = header_value(data, n, "Last-Modified"))) {
		free(r->last_modified);
		r->last_modified = value;
	} else if ((value = header_value(data, n, "Content-Range"))) {
		read_range(r, value);
		free(value);
	}
	return n;
}

static int refuse(struct transfer *t, enum fetch_verdict why)
{
	t->response.refused = true;
	t->response.why = why;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/*
 * A part came: is it the part that follows what we have, of the same file? A
 * server that says nothing of the file's version may have sent any.
 */
static bool continues(const struct transfer *t)
{
	const struct fetch_response *r = &t->response;

	if (!r->has_range || r->range_start != t->have)
		return false;
	if (t->job->size && r->range_total && r->range_total != t->job->size)
		return false;
	return t->etag ? same(t->etag, r->etag) : same(t->last_modified, r->last_modified);
}

static void check_length(struct transfer *t)
{
	uint64_t limit = t->job->size ? t->job->size :
			 t->job->max  ? t->job->max :
					FETCH_BYTES_MAX;
	curl_off_t length = -1;
	char *subject;
	uint64_t whole;

	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	/* An FTP server may tell the length of the rest, or of the whole. */
	if (length < 0 || (!t->response.status && t->have))
		return;
	whole = t->have + (uint64_t)length;
	if (t->job->size ? whole == limit : whole <= limit)
		return;
	subject = fetch_subject(t);
	if (t->job->size)
		error_set(&t->job->err, -ERR_DIGEST, subject,
			  "has %" PRIu64 " bytes where %" PRIu64
			  " were promised (the media changed, or it is another file)",
			  whole, limit);
	else
		error_set(&t->job->err, -ERR_LIMIT, subject, "longer than %" PRIu64 " bytes", limit);
	free(subject);
	refuse(t, FETCH_NEXT);
}

static int remember(char **to, const char *value)
{
	free(*to);
	*to = value ? strdup(value) : NULL;
	return value && !*to ? -ENOMEM : 0;
}

void fetch_response_begin(struct transfer *t)
{
	struct fetch_response *r = &t->response;
	bool http = false;
	char *scheme = NULL;

	if (r->begun)
		return;
	r->begun = true;
	curl_easy_getinfo(t->easy, CURLINFO_SCHEME, &scheme);
	http = scheme && !strncasecmp(scheme, "http", 4);
	r->status = 0;
	if (http)
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &r->status);
	if (http && r->status != 200 && r->status != 206) {
		refuse(t, FETCH_NEXT); /* the judge looks at the status itself */
		return;
	}
	if (r->status == 206 && !continues(t)) {
		refuse(t, FETCH_ANEW);
		return;
	}
	if (r->status == 200 && t->have && fetch_transfer_restart(t, &t->job->err)) {
		refuse(t, FETCH_STOP);
		return;
	}
	if (t->have)
		t->joined = true;
	else if (remember(&t->etag, r->etag) || remember(&t->last_modified, r->last_modified)) {
		error_nomem(&t->job->err);
		refuse(t, FETCH_STOP);
		return;
	}
	check_length(t);
}

/* More than was promised, or than is bearable. */
static void too_long(struct transfer *t, uint64_t limit)
{
	char *subject = fetch_subject(t);

	if (t->job->size)
		error_set(&t->job->err, -ERR_LIMIT, subject,
			  "sends more than the %" PRIu64 " bytes that were promised", limit);
	else
		error_set(&t->job->err, -ERR_LIMIT, subject, "longer than %" PRIu64 " bytes", limit);
	free(subject);
	refuse(t, FETCH_NEXT);
}

/* With a limit: wait until the clock has caught up with the bytes of all transfers. */
static void pace(const struct fetch *f)
{
	double ahead = (double)f->arrived / (double)f->settings.rate - (fetch_clock() - f->started);

	if (ahead > 0)
		usleep((useconds_t)(ahead * 1e6));
}

bool fetch_flush(struct transfer *t)
{
	struct fetch_job *job = t->job;
	int rc;

	if (!t->piece_size)
		return true;
	rc = write_fully(job->fd, t->piece, t->piece_size, (long long)(t->have - t->piece_size));
	if (rc) {
		error_errno(&job->err, -rc, job->name ? job->name : t->url, "cannot write");
		refuse(t, FETCH_STOP);
		return false;
	}
	t->ticket = fetch_hash_push(t->fetch->hash, &t->digest, t->piece, t->piece_size);
	t->piece = NULL;
	t->piece_size = 0;
	return true;
}

/* libcurl gives 16 KiB at most: each alone would cost a write and a thread that wakes up. */
static bool keep(struct transfer *t, const char *data, size_t n)
{
	while (n) {
		size_t part = FETCH_PIECE - t->piece_size;

		if (!t->piece)
			t->piece = fetch_hash_buffer(t->fetch->hash);
		if (!t->piece) {
			error_nomem(&t->job->err);
			refuse(t, FETCH_STOP);
			return false;
		}
		if (part > n)
			part = n;
		memcpy(t->piece + t->piece_size, data, part);
		t->piece_size += part;
		t->have += part;
		data += part;
		n -= part;
		if (t->piece_size == FETCH_PIECE && !fetch_flush(t))
			return false;
	}
	return true;
}

size_t fetch_on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct fetch_job *job = t->job;
	uint64_t limit = job->size ? job->size : job->max ? job->max : FETCH_BYTES_MAX;

	t->fetch->arrived += n;
	if (t->fetch->settings.rate)
		pace(t->fetch);
	fetch_response_begin(t);
	if (t->response.refused)
		/* The text of an error page is read, so that the connection stays of use. */
		return t->response.status >= 300 ? n : 0;
	if (n > limit - t->have) {
		too_long(t, limit);
		return 0;
	}
	return keep(t, data, n) ? n : 0;
}
