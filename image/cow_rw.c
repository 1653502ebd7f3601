/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing bytes of a COW disk. */
#include "image/cow_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CHUNK 65536u /* a multiple of COW_UNIT */

static int check_range(const struct cow *cow, uint64_t offset, uint64_t n, struct error *err)
{
	if (offset <= cow->info.size && n <= cow->info.size - offset)
		return 0;
	return error_set(err, -ERR_LIMIT, cow->path,
			 "bytes beyond the end of the disk were asked for");
}

static int read_held(struct cow *cow, uint64_t offset, void *buf, size_t n, struct error *err)
{
	long long got = cow_read_fully(cow->fd, buf, n, cow->info.data_offset + offset);

	if (got < 0)
		return error_errno(err, (int)-got, cow->path, "cannot be read");
	if ((size_t)got < n)
		return error_set(err, -ERR_FORMAT, cow->path,
				 "it is cut short: the sector at %llu is not there",
				 (unsigned long long)offset + (unsigned long long)got);
	return 0;
}

static int read_base(struct cow *cow, uint64_t offset, void *buf, size_t n, struct error *err)
{
	long long got;

	if (cow->base_fd < 0)
		return error_set(err, -ERR_NOT_FOUND, cow->path, "its backing file is not open");
	got = cow_read_fully(cow->base_fd, buf, n, offset);
	if (got < 0)
		return error_errno(err, (int)-got, cow->base_path, "cannot be read");
	if ((size_t)got < n)
		return error_set(err, -ERR_CONFLICT, cow->base_path,
				 "the backing file has become shorter");
	return 0;
}

int cow_pread(struct cow *cow, uint64_t offset, void *buf, size_t n, struct error *err)
{
	char *to = buf;
	int rc = check_range(cow, offset, n, err);

	while (!rc && n) {
		uint64_t last = (offset + n + COW_SECTOR - 1) / COW_SECTOR, end;
		size_t part = n;
		bool held;

		rc = cow_map_run(cow, offset / COW_SECTOR, last, &held, &end, err);
		if (rc)
			break;
		if (end * COW_SECTOR - offset < part)
			part = (size_t)(end * COW_SECTOR - offset);
		rc = held ? read_held(cow, offset, to, part, err) :
			    read_base(cow, offset, to, part, err);
		to += part;
		offset += part;
		n -= part;
	}
	return rc;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Bytes into the file, then their bits. Zeros are a hole where the host can make one. */
static int hold(struct cow *cow, uint64_t offset, const unsigned char *data, size_t n,
		struct error *err)
{
	uint64_t at = cow->info.data_offset + offset;
	int rc = 0;

	if (!all_zero(data, n) ||
	    fallocate(cow->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)n))
		rc = write_fully(cow->fd, data, n, (long long)at);
	if (rc)
		return error_errno(err, -rc, cow->path, "cannot be written");
	return cow_map_set(cow, offset / COW_SECTOR, (offset + n + COW_SECTOR - 1) / COW_SECTOR,
			   err);
}

static size_t unit_at(size_t at, size_t n)
{
	return n - at < COW_UNIT ? n - at : COW_UNIT;
}

static size_t next_unit(size_t at, size_t n)
{
	return at + unit_at(at, n);
}

/* Of the n bytes from start on, hold the units that are other than before. */
static int hold_changed(struct cow *cow, uint64_t start, const unsigned char *before,
			const unsigned char *now, size_t n, struct error *err)
{
	int rc = 0;

	for (size_t at = 0, end; !rc && at < n; at = end) {
		bool zero = all_zero(now + at, unit_at(at, n));

		end = next_unit(at, n);
		if (memcmp(before + at, now + at, end - at) == 0)
			continue;
		while (end < n && memcmp(before + end, now + end, unit_at(end, n)) != 0 &&
		       all_zero(now + end, unit_at(end, n)) == zero)
			end = next_unit(end, n);
		rc = hold(cow, start + at, now + at, end - at, err);
	}
	return rc;
}

int cow_pwrite(struct cow *cow, uint64_t offset, const void *buf, size_t n, struct error *err)
{
	unsigned char before[CHUNK], now[CHUNK];
	const char *from = buf;
	int rc = check_range(cow, offset, n, err);

	if (!rc && !cow->writable)
		rc = error_set(err, -EROFS, cow->path, "it is open for reading only");
	while (!rc && n) {
		uint64_t start = offset / COW_UNIT * COW_UNIT;
		size_t skip = (size_t)(offset - start);
		size_t part = n < CHUNK - skip ? n : CHUNK - skip;
		uint64_t end = (offset + part + COW_UNIT - 1) / COW_UNIT * COW_UNIT;

		if (end > cow->info.size)
			end = cow->info.size;
		rc = cow_pread(cow, start, before, (size_t)(end - start), err);
		if (rc)
			break;
		memcpy(now, before, (size_t)(end - start));
		memcpy(now + skip, from, part);
		rc = hold_changed(cow, start, before, now, (size_t)(end - start), err);
		from += part;
		offset += part;
		n -= part;
	}
	return rc;
}

int cow_zero(struct cow *cow, uint64_t offset, uint64_t n, struct error *err)
{
	static const unsigned char zeros[CHUNK];
	int rc = check_range(cow, offset, n, err);

	while (!rc && n) {
		size_t part = n < CHUNK ? (size_t)n : CHUNK;

		rc = cow_pwrite(cow, offset, zeros, part, err);
		offset += part;
		n -= part;
	}
	return rc;
}

int cow_next_run(struct cow *cow, uint64_t from, uint64_t *start, uint64_t *end,
		 struct error *err)
{
	uint64_t sector = from < cow->info.size ? from / COW_SECTOR : cow->sectors, stop;
	bool held = false;
	int rc = 0;

	*start = *end = cow->info.size;
	while (!rc && !held) {
		rc = cow_map_skip(cow, &sector, err);
		if (rc || sector >= cow->sectors)
			return rc;
		/* Zeros that are written out end with their page, holes are skipped again. */
		stop = (sector / COW_PAGE_SECTORS + 1) * COW_PAGE_SECTORS;
		if (stop > cow->sectors)
			stop = cow->sectors;
		rc = cow_map_run(cow, sector, stop, &held, &stop, err);
		if (!rc && !held)
			sector = stop;
	}
	if (!rc)
		rc = cow_map_run(cow, sector, cow->sectors, &held, &stop, err);
	if (rc)
		return rc;
	*start = sector * COW_SECTOR > from ? sector * COW_SECTOR : from;
	*end = stop * COW_SECTOR < cow->info.size ? stop * COW_SECTOR : cow->info.size;
	return 0;
}
