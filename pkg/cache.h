/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was fetched before: ${XDG_CACHE_HOME:-~/.cache}/mkroot.
 *
 *     objects/ab/abcd...   contents, named by their SHA-256
 *     index/...            one small file per key: which object, ETag, date;
 *                          its time is that of the last use
 *     lock                 shared by those who use, exclusive for those who clean
 *
 * A key is "url URL" or "sha1 HEX" (what metadata promised). Files get their
 * names when they are whole (linkat, rename), so that any number of mkroots may
 * work at once and a kill leaves nothing half. Every object is read and compared
 * with its name before it is handed out; a damaged one is thrown away and is
 * then simply not there.
 *
 * Life: cache_open() -> cache_find(); cache_temp(), write, cache_add() ->
 * cache_close(), after the last use of any path.
 */
#ifndef PKG_CACHE_H
#define PKG_CACHE_H

#include <stdint.h>
#include <time.h>

#include "common/error.h"
#include "pkg/fetch_digest.h"

struct cache;

struct cache_entry {
	char *path; /* of the object */
	uint64_t size;
	char sha256[FETCH_SHA256_HEX + 1];
	char *etag, *last_modified; /* or NULL */
	char *origin;               /* the URL, for people; or NULL: the key tells */
};

/* folder NULL: the user's. Creates what is missing. */
int cache_open(struct cache **c, const char *folder, struct error *err) MUST_USE;
void cache_close(struct cache *c);

/* 1: found, and its bytes are right. 0: not there (any more). Negative: an error. */
int cache_find(struct cache *c, const char *key, struct cache_entry *e, struct error *err) MUST_USE;
void cache_entry_release(struct cache_entry *e);
/* Objects that cache_find() threw away because their bytes were wrong. */
size_t cache_damaged(const struct cache *c);

/* A file descriptor to write a new object to; without a name where the filesystem can. */
struct cache_temp {
	int fd;
	char *path; /* NULL: nameless */
};
int cache_temp(struct cache *c, struct cache_temp *t, struct error *err) MUST_USE;
void cache_temp_abort(struct cache_temp *t);
/*
 * Make it the object e->sha256 and let each key point to it; fills e->path. t is closed
 * in any case. keys may have NULL members, which are passed over.
 */
int cache_add(struct cache *c, struct cache_temp *t, const char *const *keys, size_t key_count,
	      struct cache_entry *e, struct error *err) MUST_USE;
/* One more key for an object that is there. */
int cache_point(struct cache *c, const char *key, const struct cache_entry *e,
		struct error *err) MUST_USE;

/* One line of `mkroot cache list`. */
struct cache_item {
	const char *key, *sha256, *origin; /* origin: or NULL */
	uint64_t size;
	time_t used;
};
typedef int cache_visit(void *arg, const struct cache_item *item);
/* Every key, sorted by origin, or by the key where there is none. */
int cache_list(struct cache *c, cache_visit *visit, void *arg, struct error *err) MUST_USE;

struct cache_cleaned {
	size_t objects;
	uint64_t bytes;
};
/*
 * Remove keys that nobody used for so many seconds (0: all), then objects without a
 * key and what a kill left behind. -ERR_CONFLICT when another mkroot uses the cache.
 */
int cache_clean(struct cache *c, uint64_t older_than, struct cache_cleaned *done,
		struct error *err) MUST_USE;

const char *cache_folder(const struct cache *c);

#endif
