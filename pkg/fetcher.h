/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files by URL, from the cache where it has them, else from the network and then
 * into the cache. What URL sources (pkg/source_url.c) stand on.
 *
 * A file that metadata promises a checksum of is taken from the cache wherever it
 * once came from. Another one is asked for again, once in a run, with its ETag and
 * date; the cache's copy is taken when the server says that it is still right.
 *
 * Life: fetcher_new() -> fetcher_get() as often as needed -> fetcher_free(), after
 * the last use of any local path. One thread at a time.
 */
#ifndef PKG_FETCHER_H
#define PKG_FETCHER_H

#include "pkg/fetch.h"
#include "pkg/source.h"

struct fetcher_settings {
	bool offline;       /* the cache alone */
	bool no_cache;      /* nameless temporary files; nothing is looked up or kept */
	const char *folder; /* of the cache; NULL: the user's */
	struct fetch_settings fetch; /* its progress and arg are not used */
};

struct fetcher_file {
	const char *id;   /* what the cache remembers it by: a URL, or list and path */
	const char *name; /* for messages; NULL: the URL */
	const char *const *urls;
	size_t url_count;
	const char *checksum_algo, *checksum; /* promised, or NULL */
	uint64_t size, max; /* as in struct source_file */
	bool optional;
	char *local; /* out: a path that open() takes; freed by the caller */
};

int fetcher_new(struct fetcher **f, const struct fetcher_settings *s, struct error *err) MUST_USE;
void fetcher_free(struct fetcher *f);

/* All of them, or an error; offline it lists everything that is missing (-ERR_NOT_FOUND). */
int fetcher_get(struct fetcher *f, struct fetcher_file *files, size_t count,
		const struct source_progress *progress, struct error *err) MUST_USE;

bool fetcher_is_offline(const struct fetcher *f);
/* Has the cache anything whose id begins so? 1, 0 or negative. */
int fetcher_knows(struct fetcher *f, const char *prefix, struct error *err) MUST_USE;
/* Damaged files of the cache that were thrown away and fetched again. */
size_t fetcher_repaired(const struct fetcher *f);

#endif
