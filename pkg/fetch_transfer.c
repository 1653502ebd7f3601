/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request: what libcurl is told. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "pkg/fetch_internal.h"

#define SCHEMES "http,https,ftp,ftps,file"

/* libcurl's own environment covers proxies; the authorities are the tool's business, thus ours. */
static CURLcode set_authorities(CURL *c)
{
	const char *file = getenv("SSL_CERT_FILE"), *folder = getenv("SSL_CERT_DIR");
	CURLcode rc = CURLE_OK;

	if (file && *file)
		rc = curl_easy_setopt(c, CURLOPT_CAINFO, file);
	if (!rc && folder && *folder)
		rc = curl_easy_setopt(c, CURLOPT_CAPATH, folder);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	return rc ? rc : curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
}

static CURLcode set_protocols(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, SCHEMES);
#else
	return curl_easy_setopt(c, CURLOPT_PROTOCOLS,
				(long)(CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FTP |
				       CURLPROTO_FTPS | CURLPROTO_FILE));
#endif
}

static CURLcode set_times(CURL *c, const struct fetch_settings *s)
{
	/* With a limit of ours a transfer may be slow for no fault of the server. */
	CURLcode rc = curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, s->rate ? 1L : 128L);

	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)s->stall_seconds);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)s->connect_seconds);
	/* fetch_on_body() waits after each piece: no piece is worth more than a tenth of a second. */
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_BUFFERSIZE,
				      !s->rate || s->rate > 1310720 ? 131072L :
				      s->rate < 10240		    ? 1024L :
								      (long)(s->rate / 10));
	return rc;
}

static CURLcode set_callbacks(struct transfer *t)
{
	CURL *c = t->easy;
	CURLcode rc = curl_easy_setopt(c, CURLOPT_PRIVATE, t);

	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->curl_text);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, fetch_on_header);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, fetch_on_body);
	return rc ? rc : curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
}

static int add_header(struct transfer *t, const char *name, const char *value)
{
	struct curl_slist *more;
	char *line;

	if (asprintf(&line, "%s: %s", name, value) < 0)
		return -ENOMEM;
	more = curl_slist_append(t->headers, line);
	free(line);
	if (!more)
		return -ENOMEM;
	t->headers = more;
	return 0;
}

/* A weak ETag is good enough to ask whether a file changed, but not to join halves. */
static bool is_strong(const char *etag)
{
	return etag && strncmp(etag, "W/", 2) != 0;
}

/*
 * May we ask for the rest alone? Over http only with what tells one version of the
 * file from another; elsewhere a promised checksum must say so in the end.
 */
static bool can_continue(const struct transfer *t)
{
	if (!t->have)
		return false;
	if (!strncasecmp(t->url, "http", 4))
		return is_strong(t->etag) || (!t->etag && t->last_modified);
	return t->job->checksum && !t->restarted;
}

static CURLcode set_conditions(struct transfer *t)
{
	const struct fetch_job *job = t->job;
	bool http = !strncasecmp(t->url, "http", 4);
	char range[32];
	int rc = 0;

	if (t->have && http) {
		snprintf(range, sizeof(range), "%" PRIu64 "-", t->have);
		if (add_header(t, "If-Range", t->etag ? t->etag : t->last_modified))
			return CURLE_OUT_OF_MEMORY;
		return curl_easy_setopt(t->easy, CURLOPT_RANGE, range);
	}
	if (t->have)
		return curl_easy_setopt(t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->have);
	if (http && job->etag)
		rc = add_header(t, "If-None-Match", job->etag);
	if (!rc && http && job->last_modified)
		rc = add_header(t, "If-Modified-Since", job->last_modified);
	return rc ? CURLE_OUT_OF_MEMORY : CURLE_OK;
}

static CURLcode set_all(struct transfer *t)
{
	CURL *c = t->easy;
	CURLcode rc = set_protocols(c);

	if (!rc)
		rc = set_callbacks(t);
	if (!rc)
		rc = set_authorities(c);
	if (!rc)
		rc = set_times(c, &t->fetch->settings);
	if (!rc)
		rc = set_conditions(t);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_URL, t->url);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L); /* fetch_judge() does it */
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_USERAGENT, "mkroot/" MKROOT_VERSION);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
	/* One that libcurl was built without is no reason to fail. */
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(c, CURLOPT_PIPEWAIT, strncasecmp(t->url, "https", 5) ? 0L : 1L);
	return rc;
}

int fetch_transfer_start(struct transfer *t, struct error *err)
{
	CURLcode rc;
	CURLMcode mrc;

	fetch_response_release(&t->response);
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	t->curl_text[0] = '\0';
	if (!can_continue(t)) {
		int restart = fetch_transfer_restart(t, err);

		if (restart)
			return restart;
	}
	t->have_at_start = t->have;
	t->easy = curl_easy_init();
	if (!t->easy)
		return error_nomem(err);
	rc = set_all(t);
	if (rc)
		return error_set(err, rc == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EIO, t->url,
				 "libcurl refuses: %s", curl_easy_strerror(rc));
	mrc = curl_multi_add_handle(t->fetch->multi, t->easy);
	if (mrc)
		return error_set(err, -EIO, t->url, "libcurl refuses: %s", curl_multi_strerror(mrc));
	t->state = FETCH_ACTIVE;
	return 0;
}
