/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetching from a server that misbehaves in every way we know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pkg/fetch.h"
#include "pkg/fetch_digest.h"
#include "tests/http/server.h"

static struct http_server *server;

/* One file from up to three URLs: "BEHAVIOUR/SIZE" of our server, or whole URLs. */
struct want {
	const char *paths[3];
	uint64_t size, max;
	const char *algo, *sum;
	struct fetch_settings settings;
};

struct got {
	struct fetch_job job;
	struct error err;
	int rc;
	char *data;
};

static void fetch_one(const struct want *w, struct got *g)
{
	struct fetch_settings s = w->settings;
	char *urls[3] = { NULL };
	struct fetch *f;
	off_t n;

	memset(g, 0, sizeof(*g));
	if (!s.backoff_ms)
		s.backoff_ms = 10;
	g->job = (struct fetch_job){ .name = "the.rpm", .size = w->size, .max = w->max,
				     .checksum_algo = w->algo, .checksum = w->sum };
	for (size_t i = 0; i < 3 && w->paths[i]; i++) {
		if (strstr(w->paths[i], "://"))
			urls[i] = strdup(w->paths[i]);
		else
			assert_true(asprintf(&urls[i], "http://127.0.0.1:%d/%s", server->port,
					     w->paths[i]) > 0);
		g->job.url_count++;
	}
	g->job.urls = (const char *const *)urls;
	g->job.fd = memfd_create("fetched", MFD_CLOEXEC);
	assert_true(g->job.fd >= 0);
	assert_int_equal(fetch_new(&f, &s, &g->err), 0);
	g->rc = fetch_run(f, &g->job, 1, &g->err);
	fetch_free(f);
	assert_int_equal(g->rc, g->job.rc);
	n = lseek(g->job.fd, 0, SEEK_END);
	g->data = calloc(1, (size_t)n + 1);
	assert_int_equal(pread(g->job.fd, g->data, (size_t)n, 0), n);
	if (!g->rc && !g->job.not_modified)
		assert_int_equal(n, g->job.received);
	close(g->job.fd);
	for (size_t i = 0; i < 3; i++)
		free(urls[i]);
}

static void got_release(struct got *g)
{
	fetch_job_release(&g->job);
	error_release(&g->err);
	free(g->data);
}

/* The digest of a made up file of n bytes, each byte of it xored. */
static const char *sum_of(const char *algo, size_t n, unsigned char with)
{
	static char sum[129];
	struct fetch_digest d = FETCH_DIGEST_INIT;
	char sha256[65], *promised;

	assert_int_equal(fetch_digest_begin(&d, algo, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = http_byte(i) ^ with;

		fetch_digest_update(&d, &byte, 1);
	}
	assert_int_equal(fetch_digest_finish(&d, sha256, &promised), 0);
	snprintf(sum, sizeof(sum), "%s", promised);
	free(promised);
	return sum;
}

static void good(const struct want *w, size_t size, unsigned char with)
{
	struct got g;

	fetch_one(w, &g);
	if (g.rc)
		fail_msg("%s: %s", g.err.subject, g.err.what);
	assert_int_equal(g.job.received, size);
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)g.data[i] != (http_byte(i) ^ with))
			fail_msg("byte %zu is wrong", i);
	got_release(&g);
}

static void bad(const struct want *w, int code, const char *subject, const char *what)
{
	struct got g;
	char *text;

	fetch_one(w, &g);
	text = error_text(&g.err);
	if (g.rc != code)
		fail_msg("%d instead of %d: %s", g.rc, code, text);
	if (!strstr(g.err.subject ? g.err.subject : "", subject) || !strstr(text, what))
		fail_msg("'%s' and '%s' expected: %s", subject, what, text);
	free(text);
	got_release(&g);
}

static void test_good(void **state)
{
	struct got g;

	good(&(struct want){ .paths = { "ok/100000" } }, 100000, 0);
	good(&(struct want){ .paths = { "ok/0" } }, 0, 0);
	good(&(struct want){ .paths = { "ok/5" }, .size = 5, .algo = "md5",
			     .sum = sum_of("md5", 5, 0) }, 5, 0);
	good(&(struct want){ .paths = { "ok/5000" }, .size = 5000, .algo = "sha1",
			     .sum = sum_of("sha1", 5000, 0) }, 5000, 0);
	fetch_one(&(struct want){ .paths = { "moved/77" } }, &g);
	assert_int_equal(g.rc, 0);
	assert_non_null(strstr(g.job.source, "/ok/77"));
	assert_string_equal(g.job.new_etag, "\"4d-0\"");
	assert_string_equal(g.job.sha256, sum_of("sha256", 77, 0));
	got_release(&g);
}

static void test_resume(void **state)
{
	unsigned int ranges = server->ranges;
	const char *sum;

	/* The rest alone is asked for. */
	good(&(struct want){ .paths = { "cut=70000/200001" } }, 200001, 0);
	assert_int_equal(server->ranges, ranges + 1);
	/* As often as it is cut, when every time something came. */
	good(&(struct want){ .paths = { "cuts=70000/600001" }, .settings.tries = 2 }, 600001, 0);
	assert_int_equal(server->ranges, ranges + 9);
	/* Another file by now: from its first byte, and no half of the old one. */
	good(&(struct want){ .paths = { "change/200002" } }, 200002, 0xff);
	/* The server joins what does not belong together: the ETag tells. */
	good(&(struct want){ .paths = { "mixed/200003" } }, 200003, 0xff);
	/* A weak ETag is no base for joining: no range was asked for. */
	ranges = server->ranges;
	good(&(struct want){ .paths = { "weak/200004" } }, 200004, 0);
	assert_int_equal(server->ranges, ranges);
	sum = sum_of("sha256", 200005, 0xff);
	good(&(struct want){ .paths = { "mixed/200005" }, .size = 200005, .algo = "sha256",
			     .sum = sum }, 200005, 0xff);
}

static void test_may_pass(void **state)
{
	double start = (double)time(NULL);

	good(&(struct want){ .paths = { "busy=2/300" } }, 300, 0);
	assert_true((double)time(NULL) - start >= 1); /* Retry-After, not 10 ms */
	bad(&(struct want){ .paths = { "error/1" }, .settings.tries = 3 }, -EIO, "/error/1",
	    "HTTP 500 (internal server error)");
	bad(&(struct want){ .paths = { "busy=9/301" }, .settings = { .tries = 2 } }, -EIO,
	    "the.rpm from http", "HTTP 503 (service unavailable)");
	bad(&(struct want){ .paths = { "later/1" } }, -EIO, "/later/1",
	    "come back in 86400 seconds");
	bad(&(struct want){ .paths = { "cuts=100/999" }, .settings.tries = 3 }, -EIO, "/cuts=100/999",
	    "cut off after");
	bad(&(struct want){ .paths = { "stall=10/1000" },
			    .settings = { .tries = 1, .stall_seconds = 1 } }, -EIO, "/stall=10/1000",
	    "stalled: (next to) nothing came for 1 seconds");
	bad(&(struct want){ .paths = { "drip=5/10000" },
			    .settings = { .tries = 1, .stall_seconds = 1 } }, -EIO, "/drip=5/10000",
	    "stalled");
	good(&(struct want){ .paths = { "drip=1000/3000" }, .settings.stall_seconds = 1 }, 3000, 0);
}

static void test_will_not_pass(void **state)
{
	unsigned int requests = server->requests;

	bad(&(struct want){ .paths = { "gone/1" } }, -ERR_NOT_FOUND, "the.rpm from http://127.0.0.1:",
	    "HTTP 404 (not found)");
	assert_int_equal(server->requests, requests + 1);
	bad(&(struct want){ .paths = { "loop/1" } }, -EIO, "/loop/1", "more than 10 redirections");
	bad(&(struct want){ .paths = { "tofile/1" } }, -EIO, "/tofile/1",
	    "redirected to 'file:///etc/hostname', which is not followed");
	bad(&(struct want){ .paths = { "short/1000" }, .size = 1000, .settings.tries = 1 }, -EIO,
	    "/short/1000", "cut off after 990 bytes");
	bad(&(struct want){ .paths = { "lies/1000" }, .size = 1000 }, -ERR_DIGEST, "/lies/1000",
	    "has 1010 bytes where 1000 were promised");
	bad(&(struct want){ .paths = { "longer/1000" }, .size = 1000 }, -ERR_LIMIT, "/longer/1000",
	    "sends more than the 1000 bytes that were promised");
	bad(&(struct want){ .paths = { "longer/1000" }, .max = 999 }, -ERR_LIMIT, "/longer/1000",
	    "longer than 999 bytes");
	bad(&(struct want){ .paths = { "ok/1000" }, .max = 999 }, -ERR_LIMIT, "/ok/1000",
	    "longer than 999 bytes");
	bad(&(struct want){ .paths = { "ok/900" }, .size = 1000 }, -ERR_DIGEST, "/ok/900",
	    "has 900 bytes where 1000 were promised");
	bad(&(struct want){ .paths = { "flip/100" }, .algo = "sha256",
			    .sum = sum_of("sha256", 100, 0) }, -ERR_DIGEST,
	    "the.rpm from http", "wrong sha256 checksum: expected ");
	bad(&(struct want){ .paths = { "ok/100" }, .algo = "crc32", .sum = "12345678" },
	    -ERR_UNSUPPORTED, "", "crc32");
	bad(&(struct want){ .paths = { "gopher://127.0.0.1/x" } }, -ERR_UNSUPPORTED, "gopher",
	    "not a URL of http");
	bad(&(struct want){ .paths = { "http://no-such-host.invalid/x" } }, -EIO, "no-such-host",
	    "Could not resolve host");
	bad(&(struct want){ .paths = { "http://127.0.0.1:1/x" } }, -EIO, "127.0.0.1:1", "connect");
	bad(&(struct want){ .paths = { "file:///no/such/file" } }, -ERR_NOT_FOUND, "file:///no",
	    "not found");
}

static void test_mirrors(void **state)
{
	struct got g;

	good(&(struct want){ .paths = { "gone/400", "http://127.0.0.1:1/", "ok/400" } }, 400, 0);
	good(&(struct want){ .paths = { "flip/401", "ok/401" }, .algo = "sha1",
			     .sum = sum_of("sha1", 401, 0) }, 401, 0);
	good(&(struct want){ .paths = { "longer/402", "lies/402", "ok/402" }, .size = 402 }, 402, 0);
	good(&(struct want){ .paths = { "cuts=0/403", "ok/403" }, .settings.tries = 2 }, 403, 0);
	/* All are named, and "not found" is said only when all said so. */
	bad(&(struct want){ .paths = { "error/1", "gone/404" }, .settings.tries = 1 }, -EIO,
	    "/gone/404", "before that: 'the.rpm from http://127.0.0.1");
	bad(&(struct want){ .paths = { "gone/1", "gone/2" } }, -ERR_NOT_FOUND, "/gone/2", "404");
	/* A mirror that is down has no say in that, if another one answered. */
	bad(&(struct want){ .paths = { "gone/1", "http://127.0.0.1:1/" } }, -ERR_NOT_FOUND, ":1/",
	    "404");
	bad(&(struct want){ .paths = { "http://127.0.0.1:1/", "gone/1" } }, -ERR_NOT_FOUND,
	    "/gone/1", "404");
	bad(&(struct want){ .paths = { "http://127.0.0.1:1/" } }, -EIO, ":1/", "connect");
	/* What the first mirror sent half of is not continued by the second. */
	fetch_one(&(struct want){ .paths = { "cuts=500/90000", "flip/90000", "ok/90000" },
				  .settings.tries = 1, .algo = "sha256",
				  .sum = sum_of("sha256", 90000, 0) }, &g);
	assert_int_equal(g.rc, 0);
	got_release(&g);
}

static void test_revalidate(void **state)
{
	struct fetch_job job = { .fd = memfd_create("x", MFD_CLOEXEC), .etag = "\"64-0\"" };
	struct fetch_settings s = { .parallel = 1 };
	struct error err = ERROR_INIT;
	const char *url;
	struct fetch *f;
	char *text;

	assert_true(asprintf(&text, "http://127.0.0.1:%d/ok/100", server->port) > 0);
	url = text;
	job.urls = &url;
	job.url_count = 1;
	assert_int_equal(fetch_new(&f, &s, &err), 0);
	assert_int_equal(fetch_run(f, &job, 1, &err), 0);
	assert_true(job.not_modified);
	assert_int_equal(lseek(job.fd, 0, SEEK_END), 0);
	job.etag = "\"64-9\"";
	assert_int_equal(fetch_run(f, &job, 1, &err), 0);
	assert_false(job.not_modified);
	assert_int_equal(job.received, 100);
	fetch_job_release(&job);
	close(job.fd);
	fetch_free(f);
	free(text);
}

#define MANY 300

struct many {
	char *urls[MANY];
	struct fetch_job jobs[MANY];
	unsigned int reports, done;
	uint64_t last;
};

static void count_report(void *arg, const struct fetch_progress *p)
{
	struct many *m = arg;

	m->reports++;
	m->last = p->done;
	assert_int_equal(p->files, MANY);
	assert_true(p->done <= p->total);
}

static int many_begin(struct fetch_job *job, struct error *err)
{
	job->fd = memfd_create("many", MFD_CLOEXEC);
	return job->fd < 0 ? error_errno(err, errno, NULL, "memfd") : 0;
}

static int many_done(struct fetch_job *job, struct error *err)
{
	((struct many *)job->arg)->done++;
	return 0;
}

/* Many at once, some of them on bad days, over few connections. */
static void test_many(void **state)
{
	struct many m = { .reports = 0 };
	struct fetch_settings s = { .progress = count_report, .arg = &m, .backoff_ms = 10 };
	unsigned int connections = server->connections;
	struct error err = ERROR_INIT;
	struct fetch *f;

	for (int i = 0; i < MANY; i++) {
		assert_true(asprintf(&m.urls[i], "http://127.0.0.1:%d/%s/%d", server->port,
				     i % 50 ? "ok" : "cut=1", 1000 + i) > 0);
		m.jobs[i] = (struct fetch_job){ .urls = (const char *const *)&m.urls[i], .url_count = 1,
						.size = (uint64_t)(1000 + i), .begin = many_begin,
						.done = many_done, .arg = &m };
	}
	assert_int_equal(fetch_new(&f, &s, &err), 0);
	assert_int_equal(fetch_run(f, m.jobs, MANY, &err), 0);
	assert_int_equal(m.done, MANY);
	assert_true(m.reports >= 1);
	assert_int_equal(m.last, 1000 * MANY + MANY * (MANY - 1) / 2);
	assert_true(server->connections - connections <= 8 + 6 * 2);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(lseek(m.jobs[i].fd, 0, SEEK_END), 1000 + i);
		close(m.jobs[i].fd);
		fetch_job_release(&m.jobs[i]);
		free(m.urls[i]);
	}
	fetch_free(f);
}

static void test_rate(void **state)
{
	struct timespec a, b;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &a);
	good(&(struct want){ .paths = { "ok/400000" }, .settings.rate = 400000 }, 400000, 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	if (seconds < 0.5 || seconds > 10)
		fail_msg("%.2f seconds for what should take about one", seconds);
}

static void test_full(void **state)
{
	struct fetch_job job = { .fd = open("/dev/full", O_RDWR | O_CLOEXEC), .name = "x" };
	struct fetch_settings s = { .tries = 1 };
	struct error err = ERROR_INIT;
	const char *url;
	struct fetch *f;
	char *text;

	assert_true(asprintf(&text, "http://127.0.0.1:%d/ok/100", server->port) > 0);
	url = text;
	job.urls = &url;
	job.url_count = 1;
	assert_int_equal(fetch_new(&f, &s, &err), 0);
	/* It cannot even be cut to length. */
	assert_true(fetch_run(f, &job, 1, &err) < 0);
	assert_non_null(err.what);
	fetch_job_release(&job);
	error_release(&err);
	close(job.fd);
	fetch_free(f);
	free(text);
}

/* A port where connections are never taken; the first few stand all the same, in the kernel's queue. */
struct deaf {
	int listener, waiting[8];
	int port;
	size_t count;
};

static void deaf_start(struct deaf *d, bool is_full)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	d->count = 0;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	d->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(d->listener, is_full ? 0 : 8), 0);
	assert_int_equal(getsockname(d->listener, (struct sockaddr *)&a, &n), 0);
	d->port = ntohs(a.sin_port);
	while (is_full && d->count < 8) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		d->waiting[d->count++] = fd;
		assert_true(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ||
			    errno == EINPROGRESS);
	}
}

static void deaf_stop(struct deaf *d)
{
	for (size_t i = 0; i < d->count; i++)
		close(d->waiting[i]);
	close(d->listener);
}

static void test_no_connection(void **state)
{
	const struct fetch_settings settings = { .connect_seconds = 1, .stall_seconds = 3 };
	struct deaf full, silent;
	char *full_url, *tls_url, *plain_url;

	deaf_start(&full, true);
	deaf_start(&silent, false);
	assert_true(asprintf(&full_url, "http://127.0.0.1:%d/a", full.port) > 0);
	assert_true(asprintf(&tls_url, "https://127.0.0.1:%d/a", silent.port) > 0);
	assert_true(asprintf(&plain_url, "http://127.0.0.1:%d/a", silent.port) > 0);
	bad(&(struct want){ .paths = { full_url }, .settings = settings }, -EIO, full_url,
	    "no connection within 1 seconds");
	/* TCP stands, TLS does not. */
	bad(&(struct want){ .paths = { tls_url }, .settings = settings }, -EIO, tls_url,
	    "no connection within 1 seconds");
	/* It stands, and nothing is said. */
	bad(&(struct want){ .paths = { plain_url },
			    .settings = { .connect_seconds = 1, .stall_seconds = 1, .tries = 1 } },
	    -EIO, plain_url, "stalled: (next to) nothing came for 1 seconds, after 0 bytes");
	good(&(struct want){ .paths = { full_url, "ok/1000" }, .settings = settings }, 1000, 0);
	deaf_stop(&full);
	deaf_stop(&silent);
	free(full_url);
	free(tls_url);
	free(plain_url);
}

static void test_public_url(void **state)
{
	static const char *const pairs[][2] = {
		{ "http://u:p@h/x", "http://h/x" }, { "http://h/a@b", "http://h/a@b" },
		{ "ftp://u@h", "ftp://h" },	    { "text", "text" },
		{ "http://a@b@h/?x", "http://h/?x" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *text = fetch_public_url(pairs[i][0]);

		assert_string_equal(text, pairs[i][1]);
		free(text);
	}
	assert_true(fetch_is_url("HTTPS://x"));
	assert_false(fetch_is_url("/http://x"));
	assert_false(fetch_is_url("gopher://x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	 cmocka_unit_test(test_resume),
		cmocka_unit_test(test_may_pass), cmocka_unit_test(test_will_not_pass),
		cmocka_unit_test(test_mirrors),	 cmocka_unit_test(test_revalidate),
		cmocka_unit_test(test_many),	 cmocka_unit_test(test_rate),
		cmocka_unit_test(test_full),	 cmocka_unit_test(test_public_url),
		cmocka_unit_test(test_no_connection),
	};

	unsetenv("http_proxy");
	unsetenv("all_proxy");
	server = http_start(NULL);
	if (!server)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
