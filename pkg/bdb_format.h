/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things lie in a Berkeley DB hash file. For pkg/bdb_*.c only. */
#ifndef PKG_BDB_FORMAT_H
#define PKG_BDB_FORMAT_H

#include "pkg/bdb.h"

#define BDB_HASH_MAGIC 0x061561u

/* Of every page: log sequence number (unused here), then these. */
enum {
	PAGE_NUMBER = 8,
	PAGE_PREVIOUS = 12,
	PAGE_NEXT = 16,
	PAGE_ENTRIES = 20,      /* of a long value's page: references to it */
	PAGE_HIGH_FREE = 22,    /* where the lowest item begins; of a long value's: bytes in use */
	PAGE_TYPE = 25,
	PAGE_HEADER = 26,       /* what follows: offsets of items, or the bytes of a long value */
};

enum page_type {
	PAGE_IS_HASH_UNSORTED = 2,
	PAGE_IS_OVERFLOW = 7,
	PAGE_IS_HASH_META = 8,
	PAGE_IS_HASH = 13,      /* since version 9 */
};

/* Of the metadata page, besides number and type. */
enum {
	META_MAGIC = 12,
	META_VERSION = 16,
	META_PAGE_SIZE = 20,
	META_LAST_PAGE = 32,
	META_UID = 52,
	META_MAX_BUCKET = 72,
	META_HIGH_MASK = 76,
	META_LOW_MASK = 80,
	META_ELEMENTS = 88,
	META_CHARKEY = 92,
	META_SPARES = 96,
	META_SPARE_COUNT = 32,
};

/* Items begin with their type. A long one: 3 bytes unused, first page, length. */
enum { ITEM_HERE = 1, ITEM_ELSEWHERE = 3 };
enum { ELSEWHERE_PAGE = 4, ELSEWHERE_LENGTH = 8, ELSEWHERE_SIZE = 12 };

static inline uint32_t bdb_get(const uint8_t *p, size_t bytes, bool big_endian)
{
	uint32_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint32_t)p[i] << 8 * (big_endian ? bytes - 1 - i : i);
	return value;
}

static inline void bdb_set(uint8_t *p, size_t bytes, bool big_endian, uint32_t value)
{
	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)(value >> 8 * (big_endian ? bytes - 1 - i : i));
}

#endif
