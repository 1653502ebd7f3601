/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of disks that stay sparse. */
#include "image/cow_internal.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 131072u
#define SLICE (16u << 20) /* between two questions whether to stop */
#define BLOCK 4096u

bool cow_reflink(int from, int to)
{
	return ioctl(to, FICLONE, from) == 0;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* The blocks of data that are not zeros. */
static int write_blocks(int to, const unsigned char *data, size_t n, uint64_t offset)
{
	int rc = 0;

	for (size_t at = 0, end; !rc && at < n; at = end) {
		size_t block = n - at < BLOCK ? n - at : BLOCK;
		uint64_t where = offset + at;

		end = at + block;
		if (all_zero(data + at, block))
			continue;
		while (end < n && !all_zero(data + end, n - end < BLOCK ? n - end : BLOCK))
			end += n - end < BLOCK ? n - end : BLOCK;
		rc = write_fully(to, data + at, end - at, (long long)where);
	}
	return rc;
}

/* The next stretch of data in [*start, end); *stop is where it ends. False: only holes. */
static bool next_data(int fd, uint64_t *start, uint64_t end, uint64_t *stop)
{
	off_t data = lseek(fd, (off_t)*start, SEEK_DATA), hole;

	*stop = end;
	if (data < 0 && errno == ENXIO)
		return false;
	if (data < 0)
		return *start < end; /* a host without holes */
	if ((uint64_t)data > *start)
		*start = (uint64_t)data;
	hole = lseek(fd, data, SEEK_HOLE);
	if (hole > data && (uint64_t)hole < end)
		*stop = (uint64_t)hole;
	return *start < end;
}

int cow_copy_range(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t n)
{
	uint64_t at = from_offset, end = from_offset + n, stop;
	unsigned char *buf = malloc(CHUNK);
	int rc = buf ? 0 : -ENOMEM;

	while (!rc && at < end && next_data(from, &at, end, &stop)) {
		while (!rc && at < stop) {
			size_t part = stop - at < CHUNK ? (size_t)(stop - at) : CHUNK;
			long long got = cow_read_fully(from, buf, part, at);

			if (got <= 0)
				rc = got < 0 ? (int)got : -EIO;
			else
				rc = write_blocks(to, buf, (size_t)got,
						  at - from_offset + to_offset);
			at += got > 0 ? (uint64_t)got : 0;
		}
	}
	free(buf);
	return rc;
}

int disk_copy(int from, const char *from_path, int to, const char *to_path,
	      int (*pending)(struct error *err), struct error *err)
{
	struct stat st;
	int rc;

	if (cow_reflink(from, to))
		return 0;
	if (fstat(from, &st) < 0)
		return error_errno(err, errno, from_path, "cannot look at it");
	rc = ftruncate(to, st.st_size) != 0 ? -errno : 0;
	for (uint64_t at = 0, size = (uint64_t)st.st_size; !rc && at < size; at += SLICE) {
		if (pending && (rc = pending(err)) != 0)
			return rc;
		rc = cow_copy_range(from, at, to, at, size - at < SLICE ? size - at : SLICE);
	}
	if (rc) {
		error_errno(err, -rc, to_path, "cannot be written");
		error_hint(err, "a copy of '%s'", from_path);
	}
	return rc;
}
