/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/source.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int look(struct source *s, struct error *err)
{
	if (fstat(s->fd, &s->st) != 0)
		return error_errno(err, errno, s->name, "cannot be read");
	if (!S_ISREG(s->st.st_mode))
		return error_set(err, -EINVAL, s->name, "is not a regular file");
	s->size = (uint64_t)s->st.st_size;
	return extents_of_file(&s->parts, s->fd, s->size, s->name, err);
}

int source_open_fd(struct source *s, int fd, const char *name, struct error *err)
{
	int rc;

	*s = (struct source)SOURCE_INIT;
	s->name = strdup(name);
	if (!s->name)
		return error_nomem(err);
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	rc = s->fd < 0 ? error_errno(err, errno, name, "cannot be read") : look(s, err);
	if (rc)
		source_close(s);
	return rc;
}

int source_open(struct source *s, int at, const char *path, struct error *err)
{
	int rc;

	*s = (struct source)SOURCE_INIT;
	s->name = strdup(path);
	if (!s->name)
		return error_nomem(err);
	/* Not a fifo that would block, nor a link to elsewhere. */
	s->fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	rc = s->fd < 0 ? error_errno(err, errno, path, "cannot be read") : look(s, err);
	if (rc)
		source_close(s);
	return rc;
}

int source_limit(struct source *s, const struct extents *used, struct error *err)
{
	struct extents both = EXTENTS_INIT;

	if (extents_intersect(&s->parts, used, &both)) {
		extents_release(&both);
		return error_nomem(err);
	}
	extents_release(&s->parts);
	s->parts = both;
	return 0;
}

static int read_range(const struct source *s, unsigned char *to, uint64_t start, uint64_t end,
		      struct error *err)
{
	while (start < end) {
		ssize_t n = pread(s->fd, to, (size_t)(end - start), (off_t)start);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno, s->name, "cannot be read at byte %llu",
					   (unsigned long long)start);
		if (n == 0)
			return error_set(err, -EIO, s->name, "became shorter while it was read");
		to += n;
		start += (uint64_t)n;
	}
	return 0;
}

int source_read(const struct source *s, struct window *w, struct error *err)
{
	uint64_t end = w->offset + w->length, at = w->offset;

	for (size_t i = extents_find(&s->parts, at); i < s->parts.count; i++) {
		uint64_t from = s->parts.items[i].start, to = s->parts.items[i].end;
		int rc;

		if (from >= end)
			break;
		if (from < at)
			from = at;
		if (to > end)
			to = end;
		memset(w->data + (at - w->offset), 0, (size_t)(from - at));
		rc = read_range(s, w->data + (from - w->offset), from, to, err);
		if (rc)
			return rc;
		at = to;
	}
	memset(w->data + (at - w->offset), 0, (size_t)(end - at));
	window_scan(w);
	return 0;
}

/* Of blocks that are not zeros, some bytes on both sides of their border say so in most cases. */
#define PROBE_BYTES 32u
/* Where they do not, there are more such blocks: so many bytes are read at once. */
#define PROBE_AHEAD 65536u

static bool is_zero(const unsigned char *p, size_t n)
{
	return !p[0] && memcmp(p, p + 1, n - 1) == 0;
}

/* Read [at, end) of the file and mark the blocks of it that are not zeros. */
static int mark_used(const struct source *s, struct window *w, uint64_t at, uint64_t end,
		     struct error *err)
{
	int rc = read_range(s, w->data + (at - w->offset), at, end, err);

	while (!rc && at < end) {
		size_t from = (size_t)(at - w->offset), block = from / WINDOW_BLOCK;
		size_t n = (block + 1) * WINDOW_BLOCK - from;

		if (n > end - at)
			n = (size_t)(end - at);
		if (!is_zero(w->data + from, n)) {
			w->used[block / 8] |= (unsigned char)(1u << block % 8);
			w->empty = false;
		}
		at += n;
	}
	return rc;
}

static bool is_used(const struct window *w, size_t block)
{
	return w->used[block / 8] >> block % 8 & 1;
}

/* A pair of blocks, or the piece of it that is in the range, by one look. */
static int probe_pair(const struct source *s, struct window *w, uint64_t at, uint64_t end,
		      bool *used, struct error *err)
{
	size_t block = (size_t)(at - w->offset) / WINDOW_BLOCK;
	uint64_t border = w->offset + (block + 1) * WINDOW_BLOCK;
	int rc;

	*used = false;
	if (block % 2 || border >= end || border - at < PROBE_BYTES || end - border < PROBE_BYTES)
		return 0;
	rc = mark_used(s, w, border - PROBE_BYTES, border + PROBE_BYTES, err);
	*used = is_used(w, block) && is_used(w, block + 1);
	return rc;
}

static int probe_range(const struct source *s, struct window *w, uint64_t at, uint64_t end,
		       struct error *err)
{
	int rc = 0;

	while (!rc && at < end) {
		uint64_t next = (at / (2 * WINDOW_BLOCK) + 1) * (2 * WINDOW_BLOCK);
		bool used;

		rc = probe_pair(s, w, at, end, &used, err);
		if (!used)
			next = (at / PROBE_AHEAD + 1) * PROBE_AHEAD;
		next = next < end ? next : end;
		if (!rc && !used)
			rc = mark_used(s, w, at, next, err);
		at = next;
	}
	return rc;
}

int source_probe(const struct source *s, struct window *w, struct error *err)
{
	uint64_t end = w->offset + w->length;

	memset(w->used, 0, sizeof(w->used));
	w->empty = true;
	for (size_t i = extents_find(&s->parts, w->offset); i < s->parts.count; i++) {
		uint64_t from = s->parts.items[i].start, to = s->parts.items[i].end;
		int rc;

		if (from >= end)
			break;
		rc = probe_range(s, w, from < w->offset ? w->offset : from, to > end ? end : to,
				 err);
		if (rc)
			return rc;
	}
	return 0;
}

static int submit(struct source *s, struct pipeline *p, uint64_t offset, struct error *err)
{
	uint64_t left = s->size - offset;
	struct window *w;
	int rc = pipeline_get(p, &w, err);

	if (rc)
		return rc;
	w->offset = offset;
	w->length = left < WINDOW_SIZE ? (size_t)left : WINDOW_SIZE;
	pipeline_submit(p);
	return 0;
}

int source_windows(struct source *s, const struct extents *where, struct pipeline *p,
		   int (*pending)(struct error *err), struct error *err)
{
	uint64_t next = 0; /* the first window that was not handed in */
	int rc = 0;

	for (size_t i = 0; !rc && i < where->count; i++) {
		uint64_t at = where->items[i].start / WINDOW_SIZE * WINDOW_SIZE;

		if (at < next)
			at = next;
		for (; !rc && at < where->items[i].end; at += WINDOW_SIZE) {
			rc = pending ? pending(err) : 0;
			if (!rc)
				rc = submit(s, p, at, err);
			next = at + WINDOW_SIZE;
		}
	}
	if (rc)
		pipeline_cancel(p);
	return rc ? rc : pipeline_drain(p, err);
}

struct scan {
	int (*work)(void *arg, struct window *w, struct error *err);
	void *arg;
	struct extents *found;
	size_t max;
};

static int scan_work(void *arg, struct window *w, struct error *err)
{
	struct scan *scan = arg;

	return scan->work(scan->arg, w, err);
}

static int scan_retire(void *arg, struct window *w, struct error *err)
{
	struct scan *scan = arg;
	size_t start, end = 0;

	while (window_run(w, end, &start, &end))
		if (extents_add(scan->found, w->offset + start, w->offset + end))
			return error_nomem(err);
	/* Now and then, or a disk of many small pieces would fill the memory. */
	if (scan->found->count > 2 * scan->max)
		extents_coarsen(scan->found, scan->max);
	return 0;
}

int source_scan(struct source *s, struct pipeline *p,
		int (*work)(void *arg, struct window *w, struct error *err), void *arg, size_t max,
		int (*pending)(struct error *err), struct error *err)
{
	struct scan scan = { .work = work, .arg = arg, .found = &s->data, .max = max };
	int rc;

	extents_release(&s->data);
	pipeline_begin(p, &(struct pipeline_ops){ scan_work, scan_retire, &scan });
	rc = source_windows(s, &s->parts, p, pending, err);
	if (rc)
		return rc;
	extents_coarsen(&s->data, max);
	return 0;
}

struct whole {
	struct source *source;
	struct file_digest *digest;
};

static int digest_work(void *arg, struct window *w, struct error *err)
{
	struct whole *whole = arg;
	int rc = source_read(whole->source, w, err);

	return rc ? rc : window_digest(w, err);
}

static int digest_retire(void *arg, struct window *w, struct error *err)
{
	struct whole *whole = arg;

	file_digest_add(whole->digest, w);
	return 0;
}

int source_digest(struct source *s, unsigned int threads, unsigned char digest[DIGEST_SIZE],
		  struct error *err)
{
	struct whole whole = { s, NULL };
	struct pipeline *p = NULL;
	int rc = file_digest_new(&whole.digest, err);

	if (!rc)
		rc = pipeline_new(&p, threads, err);
	if (!rc) {
		file_digest_begin(whole.digest, s->size);
		pipeline_begin(p, &(struct pipeline_ops){ digest_work, digest_retire, &whole });
		rc = source_windows(s, &s->parts, p, NULL, err);
	}
	if (!rc)
		file_digest_end(whole.digest, digest);
	pipeline_free(p);
	file_digest_free(whole.digest);
	return rc;
}

int source_unchanged(const struct source *s, struct error *err)
{
	struct stat st;

	if (fstat(s->fd, &st) != 0)
		return error_errno(err, errno, s->name, "cannot be read");
	if (st.st_size != s->st.st_size || st.st_mtim.tv_sec != s->st.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != s->st.st_mtim.tv_nsec)
		return error_set(err, -EIO, s->name, "was changed while it was read");
	return 0;
}

void source_close(struct source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->name);
	extents_release(&s->parts);
	extents_release(&s->data);
	*s = (struct source)SOURCE_INIT;
}
