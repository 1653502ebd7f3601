/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a request: done, elsewhere, again, or not from here. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "pkg/fetch_internal.h"

char *fetch_subject(const struct transfer *t)
{
	char *url = fetch_public_url(t->url), *text;

	if (!url || !t->job->name || strstr(url, t->job->name))
		return url;
	if (asprintf(&text, "%s from %s", t->job->name, url) < 0)
		text = NULL;
	free(url);
	return text;
}

/* Fill the job's error and pass the verdict on. */
static PRINTF_LIKE(4, 5) enum fetch_verdict say(struct transfer *t, enum fetch_verdict verdict,
						int code, const char *fmt, ...)
{
	char *subject = fetch_subject(t), *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	if (subject && what)
		error_set(&t->job->err, code, subject, "%s", what);
	else
		error_nomem(&t->job->err);
	free(subject);
	free(what);
	return verdict;
}

static enum fetch_verdict redirected(struct transfer *t)
{
	char *to = NULL, *copy;

	curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to);
	if (!to)
		return say(t, FETCH_NEXT, -EIO, "HTTP %ld without a place to go to",
			   t->response.status);
	if (++t->redirects > FETCH_REDIRECTS_MAX)
		return say(t, FETCH_NEXT, -EIO, "more than %d redirections", FETCH_REDIRECTS_MAX);
	if (strncasecmp(to, "https://", 8) != 0 &&
	    (strncasecmp(to, "http://", 7) != 0 || !strncasecmp(t->url, "https://", 8)))
		return say(t, FETCH_NEXT, -EIO, "redirected to '%s', which is not followed", to);
	copy = strdup(to);
	if (!copy)
		return say(t, FETCH_STOP, -ENOMEM, "out of memory");
	free(t->url);
	t->url = copy;
	return FETCH_REDIRECT;
}

static const char *status_text(long status)
{
	switch (status) {
	case 400: return "bad request";
	case 401: return "a password is needed";
	case 403: return "forbidden";
	case 404: return "not found";
	case 407: return "the proxy wants a password";
	case 410: return "gone";
	case 416: return "no such range";
	case 429: return "too many requests";
	case 500: return "internal server error";
	case 502: return "bad gateway";
	case 503: return "service unavailable";
	case 504: return "gateway timeout";
	default: return status >= 500 ? "server error" : "refused";
	}
}

static enum fetch_verdict judge_status(struct transfer *t, double *pause)
{
	long status = t->response.status;
	curl_off_t wait = 0;

	if (status == 304 && (t->job->etag || t->job->last_modified)) {
		t->job->not_modified = true;
		return FETCH_DONE;
	}
	if (status >= 300 && status < 400)
		return redirected(t);
	if (status == 416 && t->have)
		return FETCH_ANEW;
	if (status == 404 || status == 410)
		return say(t, FETCH_NEXT, -ERR_NOT_FOUND, "HTTP %ld (%s)", status,
			   status_text(status));
	say(t, FETCH_NEXT, -EIO, "HTTP %ld (%s)", status, status_text(status));
	if (status == 401)
		error_hint(&t->job->err, "user and password may stand in ~/.netrc");
	if (status < 500 && status != 408 && status != 425 && status != 429)
		return FETCH_NEXT;
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &wait);
	if (wait > (curl_off_t)t->fetch->settings.wait_seconds) {
		error_hint(&t->job->err, "the server asks to come back in %lld seconds",
			   (long long)wait);
		return FETCH_NEXT;
	}
	*pause = (double)wait;
	return FETCH_AGAIN;
}

/* All bytes are here: are they the right ones? */
static enum fetch_verdict judge_contents(struct transfer *t)
{
	struct fetch_job *job = t->job;
	char *got = NULL;

	if (job->size && t->have != job->size)
		return say(t, FETCH_NEXT, -ERR_DIGEST,
			   "ends after %" PRIu64 " of the %" PRIu64 " bytes that were promised",
			   t->have, job->size);
	fetch_hash_wait(t->fetch->hash, t->ticket);
	if (fetch_digest_finish(&t->digest, job->sha256, &got))
		return say(t, FETCH_STOP, -ENOMEM, "out of memory");
	if (job->checksum && (!got || strcasecmp(got, job->checksum))) {
		bool again = t->joined && !t->restarted;

		say(t, FETCH_NEXT, -ERR_DIGEST, "wrong %s checksum: expected %s, got %s",
		    job->checksum_algo, job->checksum, got ? got : "none");
		free(got);
		t->restarted = true;
		return again ? FETCH_ANEW : FETCH_NEXT;
	}
	free(got);
	job->received = t->have;
	return FETCH_DONE;
}

/* libcurl's word for what happened; its buffer says more than the code, when there is something. */
static const char *curl_words(const struct transfer *t, CURLcode code)
{
	return t->curl_text[0] ? t->curl_text : curl_easy_strerror(code);
}

/* A transfer that was timed out before it was connected, TLS included, tells of the host. */
static enum fetch_verdict judge_timeout(struct transfer *t)
{
	curl_off_t connected = 0;
	unsigned int seconds = t->fetch->settings.stall_seconds;

	curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	if (!connected && !t->have)
		return say(t, FETCH_HOST, -EIO, "no connection within %u seconds",
			   t->fetch->settings.connect_seconds);
	return say(t, FETCH_AGAIN, -EIO,
		   "stalled: (next to) nothing came for %u seconds, after %" PRIu64 " bytes",
		   seconds, t->have);
}

static enum fetch_verdict judge_failure(struct transfer *t, CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return judge_timeout(t);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_LOGIN_DENIED:
		return say(t, FETCH_HOST, -EIO, "%s", curl_words(t, code));
	case CURLE_SSL_CACERT_BADFILE:
		say(t, FETCH_HOST, -EIO, "%s", curl_words(t, code));
		error_hint(&t->job->err, "SSL_CERT_FILE names the authorities to trust");
		return FETCH_HOST;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_FTP_ACCEPT_TIMEOUT:
		return say(t, FETCH_AGAIN, -EIO, "cut off after %" PRIu64 " bytes (%s)", t->have,
			   curl_words(t, code));
	case CURLE_REMOTE_FILE_NOT_FOUND:
	case CURLE_FTP_COULDNT_RETR_FILE:
	case CURLE_REMOTE_ACCESS_DENIED:
	case CURLE_FILE_COULDNT_READ_FILE:
		return say(t, FETCH_NEXT, -ERR_NOT_FOUND, "not found (%s)", curl_words(t, code));
	case CURLE_UNSUPPORTED_PROTOCOL:
		return say(t, FETCH_NEXT, -ERR_UNSUPPORTED, "%s", curl_words(t, code));
	case CURLE_OUT_OF_MEMORY:
		return say(t, FETCH_STOP, -ENOMEM, "out of memory");
	case CURLE_RANGE_ERROR:
	case CURLE_BAD_DOWNLOAD_RESUME:
	case CURLE_FTP_COULDNT_USE_REST:
		t->restarted = true; /* never continue with this server */
		return t->have ? FETCH_ANEW : say(t, FETCH_NEXT, -EIO, "%s", curl_words(t, code));
	default:
		return say(t, FETCH_NEXT, -EIO, "%s", curl_words(t, code));
	}
}

enum fetch_verdict fetch_judge(struct transfer *t, CURLcode code, double *pause)
{
	long status;

	*pause = 0;
	if (code == CURLE_OK)
		fetch_response_begin(t); /* of an empty file, no body ever came */
	status = t->response.status;
	if (status && status != 200 && status != 206)
		return judge_status(t, pause); /* also when its error page was cut off */
	if (t->response.refused)
		return t->response.why;
	return code == CURLE_OK ? judge_contents(t) : judge_failure(t, code);
}
