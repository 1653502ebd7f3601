/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/source.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int source_open(struct source *s, int at, const char *path, struct error *err)
{
	int rc = 0;

	*s = (struct source)SOURCE_INIT;
	s->name = strdup(path);
	if (!s->name)
		return error_nomem(err);
	/* Not a fifo that would block, nor a link to elsewhere. */
	s->fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (s->fd < 0 || fstat(s->fd, &s->st) != 0)
		rc = error_errno(err, errno, path, "cannot be read");
	else if (!S_ISREG(s->st.st_mode))
		rc = error_set(err, -EINVAL, path, "is not a regular file any more");
	if (!rc) {
		s->size = (uint64_t)s->st.st_size;
		rc = extents_of_file(&s->parts, s->fd, s->size, path, err);
	}
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

int source_windows(struct source *s, struct pipeline *p, int (*pending)(struct error *err),
		   struct error *err)
{
	uint64_t next = 0; /* the first window that was not handed in */
	int rc = 0;

	for (size_t i = 0; !rc && i < s->parts.count; i++) {
		uint64_t at = s->parts.items[i].start / WINDOW_SIZE * WINDOW_SIZE;

		if (at < next)
			at = next;
		for (; !rc && at < s->parts.items[i].end; at += WINDOW_SIZE) {
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
	const struct pipeline_ops *ops;
	struct extents *found;
	size_t max;
};

static int scan_work(void *arg, struct window *w, struct error *err)
{
	struct scan *scan = arg;

	return scan->ops->work(scan->ops->arg, w, err);
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
	return scan->ops->retire ? scan->ops->retire(scan->ops->arg, w, err) : 0;
}

int source_scan(struct source *s, struct pipeline *p, const struct pipeline_ops *ops, size_t max,
		int (*pending)(struct error *err), struct error *err)
{
	struct scan scan = { .ops = ops, .found = &s->data, .max = max };
	int rc;

	extents_release(&s->data);
	pipeline_begin(p, &(struct pipeline_ops){ scan_work, scan_retire, &scan });
	rc = source_windows(s, p, pending, err);
	if (rc)
		return rc;
	extents_coarsen(&s->data, max);
	return 0;
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
