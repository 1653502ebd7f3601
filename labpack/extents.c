/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/extents.h"

#include <errno.h>
#include <unistd.h>

#include "common/strbuf.h"

int extents_add(struct extents *e, uint64_t start, uint64_t end)
{
	if (start >= end)
		return 0;
	if (e->count && start < e->items[e->count - 1].end)
		return -EINVAL;
	if (e->count && start == e->items[e->count - 1].end) {
		e->items[e->count - 1].end = end;
		return 0;
	}
	if (array_grow((void **)&e->items, e->count, &e->capacity, sizeof(*e->items)))
		return -ENOMEM;
	e->items[e->count++] = (struct extent){ start, end };
	return 0;
}

uint64_t extents_bytes(const struct extents *e)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < e->count; i++)
		sum += e->items[i].end - e->items[i].start;
	return sum;
}

size_t extents_find(const struct extents *e, uint64_t offset)
{
	size_t low = 0, high = e->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (e->items[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int extents_intersect(const struct extents *a, const struct extents *b, struct extents *out)
{
	size_t i = 0, j = 0;

	extents_release(out);
	while (i < a->count && j < b->count) {
		const struct extent *x = &a->items[i], *y = &b->items[j];
		uint64_t start = x->start > y->start ? x->start : y->start;
		uint64_t end = x->end < y->end ? x->end : y->end;
		int rc = extents_add(out, start, end);

		if (rc)
			return rc;
		i += x->end == end;
		j += y->end == end;
	}
	return 0;
}

static void close_gaps(struct extents *e, uint64_t below)
{
	size_t kept = 0;

	for (size_t i = 1; i < e->count; i++) {
		if (e->items[i].start - e->items[kept].end < below)
			e->items[kept].end = e->items[i].end;
		else
			e->items[++kept] = e->items[i];
	}
	if (e->count)
		e->count = kept + 1;
}

void extents_coarsen(struct extents *e, size_t max)
{
	for (uint64_t gap = 8192; max && e->count > max; gap = gap > UINT64_MAX / 2 ? gap : gap * 2)
		close_gaps(e, gap);
}

/* A filesystem that cannot tell has data everywhere. */
int extents_of_file(struct extents *e, int fd, uint64_t size, const char *name, struct error *err)
{
	uint64_t at = 0;

	extents_release(e);
	while (at < size) {
		off_t start = lseek(fd, (off_t)at, SEEK_DATA), end;

		if (start < 0 && errno == ENXIO)
			return 0;
		if (start < 0 && errno == EINVAL && !at)
			return extents_add(e, 0, size) ? error_nomem(err) : 0;
		end = start < 0 ? -1 : lseek(fd, start, SEEK_HOLE);
		if (end < 0)
			return error_errno(err, errno, name, "cannot find its holes");
		if (end <= start || (uint64_t)start < at)
			return error_set(err, -EIO, name, "changes while it is read");
		/* It may have grown: what was there in the beginning counts. */
		if ((uint64_t)end > size)
			end = (off_t)size;
		if (extents_add(e, (uint64_t)start, (uint64_t)end))
			return error_nomem(err);
		at = (uint64_t)end;
	}
	return 0;
}

void extents_release(struct extents *e)
{
	free(e->items);
	*e = (struct extents)EXTENTS_INIT;
}
