/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Berkeley DB hash files as db 4.1 writes them (hash version 8), in memory:
 * values under the keys 0, 1, 2, ... of 32 bits, which is all that an rpm
 * database's Packages has.
 *
 * Writing: bdb_begin() with the size of every value -> bdb_put() once for
 * each key, in order -> bdb_finish() hands the bytes over; bdb_release() in
 * any case. What is reserved at the beginning is the file's exact size.
 *
 * Reading: bdb_each(), of any order of bytes and of the later versions 9 and
 * 10, too.
 *
 * The file is one metadata page, the buckets' first pages, and behind them
 * whatever a bucket or a long value continues on. All numbers are in the byte
 * order of the machine that uses the database.
 */
#ifndef PKG_BDB_H
#define PKG_BDB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum {
	BDB_PAGE = 4096,        /* bytes, of the files that are written */
	BDB_UID = 20,           /* bytes of a file's identity */
};

struct bdb_writer {
	uint8_t *data;
	const uint32_t *sizes;  /* of the values, by key; borrowed */
	uint32_t count;         /* of keys */
	uint32_t buckets;       /* a power of two */
	uint32_t pages, used;   /* of the file; handed out already */
	uint32_t *tails;        /* last page of each bucket */
	bool big_endian;
};

#define BDB_WRITER_INIT { NULL, NULL, 0, 0, 0, 0, NULL, false }

/* sizes are borrowed until bdb_finish(). -ERR_LIMIT for more than 2^32 pages. */
int bdb_begin(struct bdb_writer *w, const uint32_t *sizes, uint32_t count, bool big_endian,
	      struct error *err) MUST_USE;
/* `value` has the size that was said for this key. */
void bdb_put(struct bdb_writer *w, uint32_t key, const void *value);
/* *data is to be freed by the caller. uid: what tells this file from others. */
void bdb_finish(struct bdb_writer *w, const uint8_t uid[BDB_UID], uint8_t **data, size_t *size);
void bdb_release(struct bdb_writer *w);

/*
 * Every pair of the file, page by page; the value is good until each() returns. Keys of
 * another size than four bytes are passed over. A negative code of each() ends it.
 * -ERR_UNSUPPORTED for what is no hash, -ERR_FORMAT for a damaged one. subject is for messages.
 */
int bdb_each(const void *data, size_t size, const char *subject,
	     int (*each)(void *arg, uint32_t key, const void *value, size_t value_size,
			 struct error *err),
	     void *arg, struct error *err) MUST_USE;

#endif
