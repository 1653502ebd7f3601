/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/bdb_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_SIZE = 4,
	OVERFLOW_BYTES = BDB_PAGE - PAGE_HEADER,
	LONG_VALUE = BDB_PAGE / 4, /* longer ones lie on pages of their own, as db itself has it */
	FILL = OVERFLOW_BYTES / 2, /* bytes of a bucket's first page that are used, about */
};

/* What db's own hash function gives for a number's bytes (Fowler, Noll, Vo). */
static uint32_t hash(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint32_t h = 0;

	for (size_t i = 0; i < n; i++)
		h = h * 16777619u ^ p[i];
	return h;
}

static uint32_t bucket_of(const struct bdb_writer *w, uint32_t key)
{
	uint8_t bytes[KEY_SIZE];

	bdb_set(bytes, KEY_SIZE, w->big_endian, key);
	return hash(bytes, KEY_SIZE) & (w->buckets - 1);
}

/* Bytes of a bucket's page that a pair takes, with its two offsets. */
static uint32_t pair_size(uint32_t value_size)
{
	uint32_t value = value_size > LONG_VALUE ? ELSEWHERE_SIZE : 1 + value_size;

	return 2 + 1 + KEY_SIZE + 2 + value;
}

static uint32_t overflow_pages(uint32_t value_size)
{
	return value_size > LONG_VALUE ? (value_size - 1) / OVERFLOW_BYTES + 1 : 0;
}

static void find_buckets(struct bdb_writer *w)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < w->count; i++)
		bytes += pair_size(w->sizes[i]);
	w->buckets = 2;
	while (w->buckets < 1u << 24 && (uint64_t)w->buckets * FILL < bytes)
		w->buckets *= 2;
}

/* Pages of the whole file. room: left on the last page of each bucket. */
static uint64_t count_pages(const struct bdb_writer *w, uint32_t *room)
{
	uint64_t pages = 1 + (uint64_t)w->buckets;

	for (uint32_t b = 0; b < w->buckets; b++)
		room[b] = OVERFLOW_BYTES;
	for (uint32_t i = 0; i < w->count; i++) {
		uint32_t *left = &room[bucket_of(w, i)], size = pair_size(w->sizes[i]);

		if (*left < size) {
			pages++;
			*left = OVERFLOW_BYTES;
		}
		*left -= size;
		pages += overflow_pages(w->sizes[i]);
	}
	return pages;
}

static uint8_t *page_at(const struct bdb_writer *w, uint32_t number)
{
	return w->data + (size_t)number * BDB_PAGE;
}

static uint32_t field(const struct bdb_writer *w, const uint8_t *page, size_t at, size_t bytes)
{
	return bdb_get(page + at, bytes, w->big_endian);
}

static void set_field(const struct bdb_writer *w, uint8_t *page, size_t at, size_t bytes,
		      uint32_t value)
{
	bdb_set(page + at, bytes, w->big_endian, value);
}

static uint8_t *begin_page(const struct bdb_writer *w, uint32_t number, enum page_type type)
{
	uint8_t *page = page_at(w, number);

	set_field(w, page, PAGE_NUMBER, 4, number);
	page[PAGE_TYPE] = (uint8_t)type;
	if (type == PAGE_IS_HASH_UNSORTED)
		set_field(w, page, PAGE_HIGH_FREE, 2, BDB_PAGE);
	return page;
}

int bdb_begin(struct bdb_writer *w, const uint32_t *sizes, uint32_t count, bool big_endian,
	      struct error *err)
{
	uint64_t pages;

	*w = (struct bdb_writer){ .sizes = sizes, .count = count, .big_endian = big_endian };
	find_buckets(w);
	w->tails = calloc(w->buckets, sizeof(*w->tails));
	if (!w->tails)
		return error_nomem(err);
	pages = count_pages(w, w->tails);
	if (pages > UINT32_MAX || pages > SIZE_MAX / BDB_PAGE)
		return error_set(err, -ERR_LIMIT, NULL, "more than a Berkeley DB file can hold");
	w->data = calloc((size_t)pages, BDB_PAGE);
	if (!w->data)
		return error_nomem(err);
	w->pages = (uint32_t)pages;
	for (uint32_t b = 0; b < w->buckets; b++) {
		w->tails[b] = 1 + b;
		begin_page(w, 1 + b, PAGE_IS_HASH_UNSORTED);
	}
	w->used = 1 + w->buckets;
	return 0;
}

/* A long value's pages lie in a row; its first one. */
static uint32_t put_pages(struct bdb_writer *w, const uint8_t *value, uint32_t size)
{
	uint32_t first = w->used, count = overflow_pages(size);

	for (uint32_t i = 0; i < count; i++) {
		uint8_t *page = begin_page(w, first + i, PAGE_IS_OVERFLOW);
		uint32_t part = i + 1 < count ? OVERFLOW_BYTES : size - i * OVERFLOW_BYTES;

		set_field(w, page, PAGE_PREVIOUS, 4, i ? first + i - 1 : 0);
		set_field(w, page, PAGE_NEXT, 4, i + 1 < count ? first + i + 1 : 0);
		set_field(w, page, PAGE_ENTRIES, 2, 1);
		set_field(w, page, PAGE_HIGH_FREE, 2, part);
		memcpy(page + PAGE_HEADER, value + (size_t)i * OVERFLOW_BYTES, part);
	}
	w->used += count;
	return first;
}

/* Room for an item of n bytes at the low end of the page's items; there is enough. */
static uint8_t *add_item(const struct bdb_writer *w, uint8_t *page, uint32_t n)
{
	uint32_t entries = field(w, page, PAGE_ENTRIES, 2);
	uint32_t at = field(w, page, PAGE_HIGH_FREE, 2) - n;

	set_field(w, page, PAGE_HEADER + 2 * (size_t)entries, 2, at);
	set_field(w, page, PAGE_ENTRIES, 2, entries + 1);
	set_field(w, page, PAGE_HIGH_FREE, 2, at);
	return page + at;
}

/* The bucket's last page, or one behind it when that is too full. */
static uint8_t *page_for(struct bdb_writer *w, uint32_t bucket, uint32_t size)
{
	uint32_t last = w->tails[bucket];
	uint8_t *page = page_at(w, last), *next;
	uint32_t low = PAGE_HEADER + 2 * field(w, page, PAGE_ENTRIES, 2);

	if (field(w, page, PAGE_HIGH_FREE, 2) - low >= size)
		return page;
	w->tails[bucket] = w->used++;
	next = begin_page(w, w->tails[bucket], PAGE_IS_HASH_UNSORTED);
	set_field(w, page, PAGE_NEXT, 4, w->tails[bucket]);
	set_field(w, next, PAGE_PREVIOUS, 4, last);
	return next;
}

void bdb_put(struct bdb_writer *w, uint32_t key, const void *value)
{
	uint32_t size = w->sizes[key];
	uint8_t *page = page_for(w, bucket_of(w, key), pair_size(size)), *item;

	item = add_item(w, page, 1 + KEY_SIZE);
	item[0] = ITEM_HERE;
	bdb_set(item + 1, KEY_SIZE, w->big_endian, key);
	if (size > LONG_VALUE) {
		item = add_item(w, page, ELSEWHERE_SIZE);
		item[0] = ITEM_ELSEWHERE;
		bdb_set(item + ELSEWHERE_PAGE, 4, w->big_endian, put_pages(w, value, size));
		bdb_set(item + ELSEWHERE_LENGTH, 4, w->big_endian, size);
		return;
	}
	item = add_item(w, page, 1 + size);
	item[0] = ITEM_HERE;
	if (size)
		memcpy(item + 1, value, size);
}

void bdb_finish(struct bdb_writer *w, const uint8_t uid[BDB_UID], uint8_t **data, size_t *size)
{
	/* db hashes these bytes to see that a file and a program have the same function. */
	static const char charkey[] = "%$sniglet^&";
	uint8_t *page = begin_page(w, 0, PAGE_IS_HASH_META);

	set_field(w, page, META_MAGIC, 4, BDB_HASH_MAGIC);
	set_field(w, page, META_VERSION, 4, 8);
	set_field(w, page, META_PAGE_SIZE, 4, BDB_PAGE);
	set_field(w, page, META_LAST_PAGE, 4, w->pages - 1);
	memcpy(page + META_UID, uid, BDB_UID);
	set_field(w, page, META_MAX_BUCKET, 4, w->buckets - 1);
	set_field(w, page, META_HIGH_MASK, 4, w->buckets - 1);
	set_field(w, page, META_LOW_MASK, 4, w->buckets / 2 - 1);
	set_field(w, page, META_ELEMENTS, 4, w->count);
	set_field(w, page, META_CHARKEY, 4, hash(charkey, sizeof(charkey)));
	/* What to add to a bucket's number for its page, by powers of two: they lie in one row. */
	for (uint32_t i = 0; i < META_SPARE_COUNT && 1ull << i <= w->buckets; i++)
		set_field(w, page, META_SPARES + 4 * (size_t)i, 4, 1);
	*data = w->data;
	*size = (size_t)w->pages * BDB_PAGE;
	w->data = NULL;
}

void bdb_release(struct bdb_writer *w)
{
	free(w->data);
	free(w->tails);
	*w = (struct bdb_writer)BDB_WRITER_INIT;
}
