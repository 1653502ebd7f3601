/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of index/: "NAME VALUE" lines, one record each. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/number.h"
#include "common/output.h"
#include "common/strbuf.h"
#include "pkg/cache_internal.h"

void cache_record_release(struct cache_record *r)
{
	free(r->key);
	cache_entry_release(&r->entry);
	r->key = NULL;
}

static bool is_sha256(const char *text)
{
	return strspn(text, "0123456789abcdef") == FETCH_SHA256_HEX &&
	       text[FETCH_SHA256_HEX] == '\0';
}

/* 0, -ERR_FORMAT or -ENOMEM. */
static int read_line(struct cache_record *r, char *line)
{
	char *value = strchr(line, ' '), **text = NULL;

	if (!value)
		return -ERR_FORMAT;
	*value++ = '\0';
	if (!strcmp(line, "size"))
		return number_parse(value, 0, INT64_MAX, &r->entry.size);
	if (!strcmp(line, "sha256")) {
		if (!is_sha256(value))
			return -ERR_FORMAT;
		memcpy(r->entry.sha256, value, FETCH_SHA256_HEX + 1);
		return 0;
	}
	if (!strcmp(line, "key"))
		text = &r->key;
	else if (!strcmp(line, "etag"))
		text = &r->entry.etag;
	else if (!strcmp(line, "last-modified"))
		text = &r->entry.last_modified;
	else if (!strcmp(line, "origin"))
		text = &r->entry.origin;
	if (!text)
		return 0; /* of a later version */
	free(*text);
	*text = strdup(value);
	return *text ? 0 : -ENOMEM;
}

int cache_record_read(struct cache *c, const char *name, struct cache_record *r)
{
	char path[6 + FETCH_SHA256_HEX + 1], *buf, *save;
	int fd, rc = 0;
	ssize_t n;

	*r = (struct cache_record){ 0 };
	snprintf(path, sizeof(path), "index/%.64s", name);
	fd = openat(c->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return 0;
	buf = malloc(CACHE_INDEX_MAX + 1);
	n = buf ? read(fd, buf, CACHE_INDEX_MAX) : -1;
	close(fd);
	if (n > 0 && n < CACHE_INDEX_MAX) {
		buf[n] = '\0';
		for (char *line = strtok_r(buf, "\n", &save); line && !rc;
		     line = strtok_r(NULL, "\n", &save))
			rc = read_line(r, line);
	} else {
		rc = buf ? -ERR_FORMAT : -ENOMEM;
	}
	free(buf);
	if (!rc && r->key && r->entry.sha256[0])
		return 1;
	cache_record_release(r);
	return rc == -ENOMEM ? rc : 0;
}

static int print_record(const struct cache_record *r, struct strbuf *out)
{
	int rc = strbuf_addf(out, "key %s\nsha256 %s\nsize %" PRIu64 "\n", r->key, r->entry.sha256,
			     r->entry.size);

	if (!rc && r->entry.etag)
		rc = strbuf_addf(out, "etag %s\n", r->entry.etag);
	if (!rc && r->entry.last_modified)
		rc = strbuf_addf(out, "last-modified %s\n", r->entry.last_modified);
	if (!rc && r->entry.origin)
		rc = strbuf_addf(out, "origin %s\n", r->entry.origin);
	return rc;
}

int cache_record_write(struct cache *c, const struct cache_record *r, struct error *err)
{
	char temp[64], name[6 + FETCH_SHA256_HEX + 1] = "index/";
	struct strbuf text = STRBUF_INIT;
	int fd, rc = 0;

	if (fetch_digest_text(r->key, name + 6) || print_record(r, &text)) {
		strbuf_release(&text);
		return error_nomem(err);
	}
	if (text.len >= CACHE_INDEX_MAX || strchr(r->key, '\n') ||
	    (r->entry.origin && strchr(r->entry.origin, '\n'))) {
		strbuf_release(&text);
		return 0; /* too long a URL to remember */
	}
	snprintf(temp, sizeof(temp), "index/.tmp.%d.%u", (int)getpid(), c->serial++);
	fd = openat(c->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST && !unlinkat(c->dir, temp, 0)) /* of a dead process */
		fd = openat(c->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		rc = -errno;
	} else {
		rc = write_fully(fd, text.data, text.len, 0);
		if (close(fd) && !rc)
			rc = -errno;
		if (!rc && renameat(c->dir, temp, c->dir, name))
			rc = -errno;
		if (rc)
			unlinkat(c->dir, temp, 0);
	}
	strbuf_release(&text);
	return rc ? cache_write_error(c, -rc, "cannot write the cache's index", err) : 0;
}
