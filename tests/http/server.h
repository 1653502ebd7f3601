/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small HTTP server that misbehaves as told by the first part of the path,
 * on a loopback port of its own; a thread for each connection. For unit tests
 * and for tests/tools/badhttp.c. The program dies with what it serves: nothing is
 * cleaned up but the listening socket.
 *
 *     http://127.0.0.1:PORT/BEHAVIOUR[=NUMBER][:SUFFIX]/path
 *
 * applies to paths that end in SUFFIX; the others are served as by "ok":
 *   ok          ETag, Last-Modified, Range and If-Range, 304
 *   cut=N       the first answer to a path ends after N bytes, later ones are whole
 *   cuts=N      every answer ends after N bytes
 *   stall=N     says nothing more after N bytes
 *   drip=N      N bytes every tenth of a second
 *   short       promises what is there, sends ten bytes less, and closes
 *   longer      sends a hundred bytes more than there are, without a length
 *   lies        Content-Length says ten bytes more than there are
 *   flip        one byte is wrong
 *   change      the first answer is cut in the middle; then it is another file (inverted)
 *   mixed       the same, and the server ignores If-Range: the new file's rest
 *   weak        cut in the middle once, with a weak ETag and no date
 *   busy=N      503 with "Retry-After: 1", N times for each path
 *   gone        404
 *   error       500, always
 *   later       503 with "Retry-After: 86400"
 *   moved       302 to /ok/path
 *   loop        302 to itself
 *   tofile      302 to file:///etc/hostname
 *   tohttp=PORT 302 to http://127.0.0.1:PORT/ok/path
 *
 * Contents come from a folder, or, without one, "NUMBER" is a file of so many bytes.
 */
#ifndef TESTS_HTTP_SERVER_H
#define TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"

#define HTTP_PATHS 4096

struct http_server {
	const char *root; /* NULL: made up contents */
	int listener, port;
	pthread_mutex_t lock;
	struct {
		char path[256];
		unsigned int count;
	} seen[HTTP_PATHS];
	unsigned int requests, connections, ranges;
};

struct http_client {
	struct http_server *server;
	int fd;
};

struct http_request {
	char path[1024], range_if[256], none_match[256];
	bool has_range, is_head;
	unsigned long long from;
	char behaviour[32];
	unsigned long long number;
	const char *file; /* in path */
	unsigned int before; /* requests for this path before this one */
};

/* The byte of made up contents at a place. */
static unsigned char http_byte(unsigned long long at)
{
	return (unsigned char)((at * 2654435761ULL) >> 13);
}

static unsigned int http_count(struct http_server *s, const char *path)
{
	unsigned int before = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < HTTP_PATHS; i++) {
		if (!s->seen[i].path[0])
			snprintf(s->seen[i].path, sizeof(s->seen[i].path), "%.255s", path);
		if (!strncmp(s->seen[i].path, path, sizeof(s->seen[i].path) - 1)) {
			before = s->seen[i].count++;
			break;
		}
	}
	s->requests++;
	pthread_mutex_unlock(&s->lock);
	return before;
}

static bool http_send(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static bool PRINTF_LIKE(2, 3) http_say(int fd, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return n > 0 && (size_t)n < sizeof(text) && http_send(fd, text, (size_t)n);
}

/* One request's head; false at the end of the connection. */
static bool http_read(int fd, struct http_request *q)
{
	char head[8192], *line, *save, *space;
	size_t n = 0;

	memset(q, 0, sizeof(*q));
	do {
		ssize_t got = n < sizeof(head) - 1 ? recv(fd, head + n, 1, 0) : 0;

		if (got <= 0)
			return false;
		n++;
		head[n] = '\0';
	} while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0);
	line = strtok_r(head, "\r\n", &save);
	q->is_head = !strncmp(line, "HEAD ", 5);
	space = strchr(line, ' ');
	if (!space)
		return false;
	snprintf(q->path, sizeof(q->path), "%.*s", (int)strcspn(space + 1, " ?"), space + 1);
	while ((line = strtok_r(NULL, "\r\n", &save))) {
		if (!strncasecmp(line, "Range: bytes=", 13)) {
			q->has_range = true;
			q->from = strtoull(line + 13, NULL, 10);
		} else if (!strncasecmp(line, "If-Range: ", 10)) {
			snprintf(q->range_if, sizeof(q->range_if), "%s", line + 10);
		} else if (!strncasecmp(line, "If-None-Match: ", 15)) {
			snprintf(q->none_match, sizeof(q->none_match), "%s", line + 15);
		}
	}
	return true;
}

static void http_behaviour(struct http_request *q)
{
	char *slash = strchr(q->path + 1, '/'), *equals, *colon, word[128];
	const char *suffix = "";
	size_t n, m;

	snprintf(word, sizeof(word), "%.*s", slash ? (int)(slash - q->path - 1) : 0, q->path + 1);
	q->file = slash ? slash + 1 : q->path + 1;
	colon = strchr(word, ':');
	if (colon) {
		*colon = '\0';
		suffix = colon + 1;
	}
	equals = strchr(word, '=');
	if (equals) {
		*equals = '\0';
		q->number = strtoull(equals + 1, NULL, 10);
	}
	n = strlen(q->file);
	m = strlen(suffix);
	snprintf(q->behaviour, sizeof(q->behaviour), "%.31s",
		 m > n || strcmp(q->file + n - m, suffix) != 0 ? "ok" : word);
}

/* What is at the path; NULL when nothing is. */
static unsigned char *http_load(const struct http_server *s, const char *file, size_t *size)
{
	unsigned char *data;
	char path[2048];
	struct stat st;
	int fd;

	if (!s->root) {
		*size = strtoull(file, NULL, 10);
		data = malloc(*size + 1);
		for (size_t i = 0; data && i < *size; i++)
			data[i] = http_byte(i);
		return data;
	}
	snprintf(path, sizeof(path), "%s/%s", s->root, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	*size = (size_t)st.st_size;
	data = malloc(*size + 1);
	if (data && pread(fd, data, *size, 0) != (ssize_t)*size) {
		free(data);
		data = NULL;
	}
	close(fd);
	return data;
}

static bool http_is(const struct http_request *q, const char *behaviour)
{
	return !strcmp(q->behaviour, behaviour);
}

/* Answers without a body from a file. 1: done; 0: not one of them; -1: done, and close. */
static int http_plain(const struct http_client *c, const struct http_request *q)
{
	static const char empty[] = "Content-Length: 0\r\n\r\n";
	char to[1200] = "";

	if (http_is(q, "busy") && q->before < q->number)
		return http_say(c->fd, "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n%s", empty) ? 1 : -1;
	if (http_is(q, "later"))
		return http_say(c->fd, "HTTP/1.1 503 Later\r\nRetry-After: 86400\r\n%s", empty) ? 1 : -1;
	if (http_is(q, "gone"))
		return http_say(c->fd, "HTTP/1.1 404 Gone\r\nContent-Length: 5\r\n\r\ngone\n") ? 1 : -1;
	if (http_is(q, "error"))
		return http_say(c->fd, "HTTP/1.1 500 Broken\r\n%s", empty) ? 1 : -1;
	if (http_is(q, "moved"))
		snprintf(to, sizeof(to), "/ok/%s", q->file);
	else if (http_is(q, "loop"))
		snprintf(to, sizeof(to), "%s", q->path);
	else if (http_is(q, "tofile"))
		snprintf(to, sizeof(to), "file:///etc/hostname");
	else if (http_is(q, "tohttp"))
		snprintf(to, sizeof(to), "http://127.0.0.1:%llu/ok/%s", q->number, q->file);
	if (!*to)
		return 0;
	return http_say(c->fd, "HTTP/1.1 302 Over there\r\nLocation: %s\r\n%s", to, empty) ? 1 : -1;
}

/* The body from `from`; false when the connection is not to be used any more. */
static bool http_body(const struct http_client *c, const struct http_request *q,
		      const unsigned char *data, size_t from, size_t size)
{
	size_t end = size, n;
	bool first_half = !q->before && (http_is(q, "change") || http_is(q, "mixed") ||
					 http_is(q, "weak"));

	if ((http_is(q, "cut") && !q->before) || http_is(q, "cuts") || http_is(q, "stall"))
		end = from + q->number < size ? from + (size_t)q->number : size;
	if (first_half)
		end = size / 2;
	if (http_is(q, "short"))
		end = size > 10 ? size - 10 : 0;
	if (http_is(q, "drip")) {
		for (; from < size; from += n) {
			n = size - from < q->number ? size - from : (size_t)q->number;
			if (!http_send(c->fd, data + from, n))
				return false;
			usleep(100000);
		}
		return true;
	}
	if (from < end && !http_send(c->fd, data + from, end - from))
		return false;
	if (http_is(q, "stall") && end < size) {
		char byte;

		return recv(c->fd, &byte, 1, 0) > 0 && false; /* until the client goes away */
	}
	if (http_is(q, "longer"))
		return http_send(c->fd, "more bytes than anybody promised; more bytes than anybody "
				 "promised; more bytes than anybody promised", 100) && false;
	return end == size && !http_is(q, "lies");
}

static bool http_file(struct http_client *c, struct http_request *q)
{
	size_t size = 0, from = 0;
	unsigned char *data = http_load(c->server, q->file, &size);
	bool other = (http_is(q, "change") || http_is(q, "mixed")) && q->before, ok;
	char etag[64], length[64] = "", range[128] = "";

	if (!data)
		return http_say(c->fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	snprintf(etag, sizeof(etag), "%s\"%zx-%d\"", http_is(q, "weak") ? "W/" : "", size, other);
	for (size_t i = 0; other && i < size; i++)
		data[i] = (unsigned char)~data[i];
	if (http_is(q, "flip") && size)
		data[size / 2] ^= 1;
	if (q->none_match[0] && !strcmp(q->none_match, etag)) {
		free(data);
		return http_say(c->fd, "HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n", etag);
	}
	if (q->has_range && q->from < size &&
	    (!q->range_if[0] || !strcmp(q->range_if, etag) || http_is(q, "mixed"))) {
		from = (size_t)q->from;
		snprintf(range, sizeof(range), "Content-Range: bytes %zu-%zu/%zu\r\n", from, size - 1,
			 size);
		pthread_mutex_lock(&c->server->lock);
		c->server->ranges++;
		pthread_mutex_unlock(&c->server->lock);
	}
	if (!http_is(q, "longer"))
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n",
			 size - from + (http_is(q, "lies") ? 10 : 0));
	ok = http_say(c->fd, "HTTP/1.1 %s\r\nETag: %s\r\n%s%s\r\n", from ? "206 Part" : "200 OK", etag,
		      length, range);
	if (ok && !q->is_head)
		ok = http_body(c, q, data, from, size);
	free(data);
	return ok;
}

static void *http_talk(void *arg)
{
	struct http_client c = *(struct http_client *)arg;
	struct http_request q;
	int plain;

	free(arg);
	while (http_read(c.fd, &q)) {
		q.before = http_count(c.server, q.path);
		http_behaviour(&q);
		plain = strstr(q.path, "/../") ? -1 : http_plain(&c, &q);
		if (plain < 0 || (!plain && !http_file(&c, &q)))
			break;
	}
	close(c.fd);
	return NULL;
}

static void *http_accept(void *arg)
{
	struct http_server *s = arg;
	struct http_client *c;
	pthread_t thread;
	int fd;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		c = malloc(sizeof(*c));
		if (c)
			*c = (struct http_client){ s, fd };
		if (!c || pthread_create(&thread, NULL, http_talk, c)) {
			free(c);
			close(fd);
			continue;
		}
		pthread_detach(thread);
		pthread_mutex_lock(&s->lock);
		s->connections++;
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

/* Listen on a port of the kernel's choice; NULL and errno when that fails. */
static struct http_server *http_start(const char *root)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct http_server *s = calloc(1, sizeof(*s));
	socklen_t n = sizeof(address);
	pthread_t thread;

	if (!s)
		return NULL;
	s->root = root;
	pthread_mutex_init(&s->lock, NULL);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(s->listener, 64) || getsockname(s->listener, (struct sockaddr *)&address, &n) ||
	    pthread_create(&thread, NULL, http_accept, s)) {
		free(s);
		return NULL;
	}
	pthread_detach(thread);
	s->port = ntohs(address.sin_port);
	return s;
}

#endif
