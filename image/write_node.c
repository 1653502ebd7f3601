/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of regular files, from any thread. Nothing here is of libext2fs. */
#include "image/layout_internal.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/output.h"

static bool all_zero(const char *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* Write [data, data + n) at a physical place, but for blocks of zeros. */
static int write_part(const struct layout *l, int fd, uint64_t place, const char *data, size_t n)
{
	size_t from = 0, to = 0, step;
	int rc = 0;

	/* [from, to) is what waits to be written. */
	while (to < n && !rc) {
		step = n - to < l->block_size ? n - to : l->block_size;
		if (!all_zero(data + to, step)) {
			to += step;
			continue;
		}
		if (to > from)
			rc = write_fully(fd, data + from, to - from, (long long)place + (long long)from);
		to += step;
		from = to;
	}
	if (!rc && to > from)
		rc = write_fully(fd, data + from, to - from, (long long)place + (long long)from);
	return rc;
}

int node_write(const struct layout *l, int fd, const struct tree_node *node, uint64_t offset,
	       const void *data, size_t n)
{
	uint64_t end, skip, room;
	const char *from = data;
	size_t part;
	int rc = 0;

	if (!S_ISREG(node->mode) || offset % l->block_size ||
	    __builtin_add_overflow(offset, n, &end) || end > node->size ||
	    (n % l->block_size && end != node->size))
		return -EINVAL;
	for (size_t i = 0; i < node->run_count && n && !rc; i++) {
		room = node->runs[i].count * l->block_size;
		if (offset >= room) {
			offset -= room;
			continue;
		}
		skip = offset;
		part = n < room - skip ? n : (size_t)(room - skip);
		rc = write_part(l, fd, node->runs[i].start * l->block_size + skip, from, part);
		from += part;
		n -= part;
		offset = 0;
	}
	return rc;
}
