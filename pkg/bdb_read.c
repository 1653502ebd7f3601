/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pkg/bdb_format.h"

enum { PAGE_LEAST = 512, PAGE_MOST = 65536 };

struct reader {
	const uint8_t *data;
	uint32_t page_size, pages;
	bool big_endian;
	uint64_t allowed;  /* bytes of long values that are still to come: no page belongs to two */
	uint8_t *value;    /* room for a long one */
	size_t capacity;
	const char *subject;
	int (*each)(void *arg, uint32_t key, const void *value, size_t size, struct error *err);
	void *arg;
	struct error *err;
};

static int damaged(const struct reader *r, uint32_t page, const char *what)
{
	return error_set(r->err, -ERR_FORMAT, r->subject,
			 "is a damaged Berkeley DB file: page %u %s", page, what);
}

static uint32_t field(const struct reader *r, const uint8_t *p, size_t bytes)
{
	return bdb_get(p, bytes, r->big_endian);
}

static int read_meta(struct reader *r, size_t size)
{
	uint32_t version;

	if (size < PAGE_LEAST || (bdb_get(r->data + META_MAGIC, 4, false) != BDB_HASH_MAGIC &&
				  bdb_get(r->data + META_MAGIC, 4, true) != BDB_HASH_MAGIC))
		return error_set(r->err, -ERR_UNSUPPORTED, r->subject,
				 "is no Berkeley DB hash file");
	r->big_endian = bdb_get(r->data + META_MAGIC, 4, true) == BDB_HASH_MAGIC;
	version = field(r, r->data + META_VERSION, 4);
	if (version < 8 || version > 10)
		return error_set(r->err, -ERR_UNSUPPORTED, r->subject,
				 "is a Berkeley DB hash file of version %u, which cannot be read here",
				 version);
	r->page_size = field(r, r->data + META_PAGE_SIZE, 4);
	if (r->page_size < PAGE_LEAST || r->page_size > PAGE_MOST ||
	    (r->page_size & (r->page_size - 1)))
		return damaged(r, 0, "says a size of pages that cannot be");
	if (size / r->page_size > UINT32_MAX)
		return error_set(r->err, -ERR_LIMIT, r->subject, "is too large");
	r->pages = (uint32_t)(size / r->page_size);
	r->allowed = size;
	return 0;
}

static int reserve(struct reader *r, size_t size)
{
	uint8_t *more;

	if (size <= r->capacity)
		return 0;
	more = realloc(r->value, size);
	if (!more)
		return error_nomem(r->err);
	r->value = more;
	r->capacity = size;
	return 0;
}

/* The long value that an item of page `from` tells of, into r->value. */
static int read_long(struct reader *r, uint32_t from, const uint8_t *item, size_t *size)
{
	uint32_t number = field(r, item + ELSEWHERE_PAGE, 4);
	uint32_t left = field(r, item + ELSEWHERE_LENGTH, 4), part;
	const uint8_t *page;
	int rc;

	if (left > r->allowed)
		return damaged(r, from, "has a value longer than the file");
	r->allowed -= left;
	*size = left;
	rc = reserve(r, left);
	for (; left && !rc; left -= part) {
		if (!number || number >= r->pages)
			return damaged(r, from, "has a value on a page that does not exist");
		page = r->data + (size_t)number * r->page_size;
		part = field(r, page + PAGE_HIGH_FREE, 2);
		if (page[PAGE_TYPE] != PAGE_IS_OVERFLOW || !part || part > left ||
		    part > r->page_size - PAGE_HEADER)
			return damaged(r, number, "does not go on with a long value");
		memcpy(r->value + (*size - left), page + PAGE_HEADER, part);
		number = field(r, page + PAGE_NEXT, 4);
	}
	return rc;
}

static int read_value(struct reader *r, uint32_t number, const uint8_t *item, size_t n,
		      const uint8_t **value, size_t *size)
{
	int rc;

	*value = NULL;
	*size = 0;
	if (item[0] == ITEM_HERE) {
		*value = item + 1;
		*size = n - 1;
		return 0;
	}
	if (item[0] != ITEM_ELSEWHERE || n != ELSEWHERE_SIZE)
		return damaged(r, number, "has a value of a kind that rpm does not write");
	rc = read_long(r, number, item, size);
	*value = r->value;
	return rc;
}

static int read_page(struct reader *r, uint32_t number)
{
	const uint8_t *page = r->data + (size_t)number * r->page_size, *value;
	uint32_t entries = field(r, page + PAGE_ENTRIES, 2), end = r->page_size, key, at;
	size_t size;

	if (PAGE_HEADER + 2 * entries > r->page_size || entries % 2)
		return damaged(r, number, "has more entries than room");
	for (uint32_t i = 0; i < entries; i += 2) {
		int rc;

		key = field(r, page + PAGE_HEADER + 2 * i, 2);
		at = field(r, page + PAGE_HEADER + 2 * i + 2, 2);
		if (key >= end || at >= key || at < PAGE_HEADER + 2 * entries)
			return damaged(r, number, "has entries that overlap");
		if (page[key] == ITEM_HERE && end - key == 1 + 4) {
			rc = read_value(r, number, page + at, key - at, &value, &size);
			if (!rc)
				rc = r->each(r->arg, field(r, page + key + 1, 4), value, size,
					     r->err);
			if (rc)
				return rc;
		}
		end = at;
	}
	return 0;
}

int bdb_each(const void *data, size_t size, const char *subject,
	     int (*each)(void *arg, uint32_t key, const void *value, size_t value_size,
			 struct error *err),
	     void *arg, struct error *err)
{
	struct reader r = { .data = data, .subject = subject, .each = each, .arg = arg, .err = err };
	int rc = read_meta(&r, size);

	for (uint32_t i = 1; !rc && i < r.pages; i++) {
		uint8_t type = r.data[(size_t)i * r.page_size + PAGE_TYPE];

		if (type == PAGE_IS_HASH || type == PAGE_IS_HASH_UNSORTED)
			rc = read_page(&r, i);
	}
	free(r.value);
	return rc;
}
