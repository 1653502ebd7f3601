/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bitmap of a COW: one bit a sector, the lowest first. It is read by pages
 * as they are needed: that of a disk of 1 TB has 256 MB.
 */
#include "image/cow_internal.h"

#include <errno.h>
#include <unistd.h>

static size_t page_bytes(const struct cow *cow, uint64_t number)
{
	uint64_t start = number * COW_MAP_PAGE;

	if (start >= cow->info.bitmap_size)
		return 0;
	return cow->info.bitmap_size - start < COW_MAP_PAGE ?
		       (size_t)(cow->info.bitmap_size - start) :
		       COW_MAP_PAGE;
}

static int write_page(struct cow *cow, struct cow_map_page *page, struct error *err)
{
	uint64_t at = cow->info.bitmap_offset + page->number * COW_MAP_PAGE;
	int rc = write_fully(cow->fd, page->bits, page_bytes(cow, page->number), (long long)at);

	if (rc)
		return error_errno(err, -rc, cow->path, "its bitmap cannot be written");
	page->dirty = false;
	return 0;
}

int cow_map_flush(struct cow *cow, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < COW_MAP_SLOTS; i++)
		if (cow->map[i].dirty)
			rc = write_page(cow, &cow->map[i], err);
	return rc;
}

static int get_page(struct cow *cow, uint64_t number, struct cow_map_page **page,
		    struct error *err)
{
	struct cow_map_page *p = &cow->map[number % COW_MAP_SLOTS];
	size_t want = page_bytes(cow, number);
	long long got;
	int rc = 0;

	*page = p;
	if (p->loaded && p->number == number)
		return 0;
	if (p->dirty)
		rc = write_page(cow, p, err);
	if (rc)
		return rc;
	p->loaded = false;
	/* Bits that an old version forgot to store are not set. */
	memset(p->bits, 0, sizeof(p->bits));
	got = cow_read_fully(cow->fd, p->bits, want,
			     cow->info.bitmap_offset + number * COW_MAP_PAGE);
	if (got < 0)
		return error_errno(err, (int)-got, cow->path, "its bitmap cannot be read");
	if ((size_t)got != want)
		return error_set(err, -ERR_FORMAT, cow->path, "its bitmap is cut short");
	p->number = number;
	p->loaded = true;
	return 0;
}

static bool bit(const unsigned char *bits, size_t n)
{
	return bits[n / 8] >> n % 8 & 1;
}

/* The first bit in [from, to) that is not `value`, or to. */
static size_t run_of(const unsigned char *bits, size_t from, size_t to, bool value)
{
	unsigned char whole = value ? 0xff : 0;

	while (from < to) {
		if (from % 8 == 0 && to - from >= 8 && bits[from / 8] == whole) {
			from += 8;
			continue;
		}
		if (bit(bits, from) != value)
			break;
		from++;
	}
	return from;
}

int cow_map_run(struct cow *cow, uint64_t sector, uint64_t end, bool *held, uint64_t *run_end,
		struct error *err)
{
	bool first = true;

	*held = false;
	*run_end = sector;
	while (*run_end < end) {
		uint64_t number = *run_end / COW_PAGE_SECTORS, base = number * COW_PAGE_SECTORS;
		size_t from = (size_t)(*run_end - base), to = COW_PAGE_SECTORS, stop;
		struct cow_map_page *page;
		int rc = get_page(cow, number, &page, err);

		if (rc)
			return rc;
		if (end - base < to)
			to = (size_t)(end - base);
		if (first)
			*held = bit(page->bits, from);
		first = false;
		stop = run_of(page->bits, from, to, *held);
		*run_end = base + stop;
		if (stop < to)
			break;
	}
	return 0;
}

int cow_map_set(struct cow *cow, uint64_t sector, uint64_t end, struct error *err)
{
	while (sector < end) {
		uint64_t number = sector / COW_PAGE_SECTORS;
		struct cow_map_page *page;
		int rc = get_page(cow, number, &page, err);

		if (rc)
			return rc;
		for (; sector < end && sector / COW_PAGE_SECTORS == number; sector++) {
			size_t n = (size_t)(sector % COW_PAGE_SECTORS);

			page->bits[n / 8] |= (unsigned char)(1 << n % 8);
		}
		page->dirty = true;
	}
	return 0;
}

int cow_map_skip(struct cow *cow, uint64_t *sector, struct error *err)
{
	uint64_t at = cow->info.bitmap_offset + *sector / 8, found;
	int rc = cow_map_flush(cow, err);
	off_t data;

	if (rc)
		return rc;
	if (*sector / 8 >= cow->info.bitmap_size) {
		*sector = cow->sectors;
		return 0;
	}
	data = lseek(cow->fd, (off_t)at, SEEK_DATA);
	if (data < 0 && errno == ENXIO) {
		*sector = cow->sectors;
		return 0;
	}
	/* A host without holes: look at every bit. */
	if (data < 0 || (uint64_t)data <= at)
		return 0;
	found = ((uint64_t)data - cow->info.bitmap_offset) * 8;
	*sector = found < cow->sectors ? found : cow->sectors;
	return 0;
}
