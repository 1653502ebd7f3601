/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of pkg/cache*.c; nobody else includes it. */
#ifndef PKG_CACHE_INTERNAL_H
#define PKG_CACHE_INTERNAL_H

#include "pkg/cache.h"

#define CACHE_INDEX_MAX 16384 /* bytes of a file in index/ */

struct cache {
	char *folder;
	int dir;  /* of the folder */
	int lock; /* holds the shared lock */
	size_t damaged;
	unsigned int serial; /* of temporary names */
};

/* What a file of index/ says. */
struct cache_record {
	char *key;
	struct cache_entry entry; /* without path */
};

/* 1, 0 (not there, or not readable as one) or negative. name: in index/. */
int cache_record_read(struct cache *c, const char *name, struct cache_record *r) MUST_USE;
int cache_record_write(struct cache *c, const struct cache_record *r, struct error *err) MUST_USE;
void cache_record_release(struct cache_record *r);

/* "objects/ab/abcd..." in buf of CACHE_OBJECT_NAME bytes. */
#define CACHE_OBJECT_NAME (8 + 3 + FETCH_SHA256_HEX + 1)
void cache_object_name(const char *sha256, char *buf);

/* A failed write: with the hint what to do when the disk is full. */
int cache_write_error(const struct cache *c, int saved_errno, const char *what, struct error *err);

#endif
