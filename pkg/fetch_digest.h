/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Digests of bytes that arrive one after the other: always the SHA-256 that
 * names an object of the cache, and the one that metadata promised. librpm
 * does the work.
 *
 * Life: fetch_digest_begin() (again to start over) -> fetch_digest_update() ->
 * fetch_digest_finish() or fetch_digest_release().
 */
#ifndef PKG_FETCH_DIGEST_H
#define PKG_FETCH_DIGEST_H

#include <rpm/rpmcrypto.h>
#include <stdbool.h>

#include "common/error.h"

#define FETCH_SHA256_HEX 64

struct fetch_digest {
	DIGEST_CTX sha256, other; /* other: NULL when what is promised is a SHA-256, or nothing */
	bool promised;
};

#define FETCH_DIGEST_INIT { NULL, NULL, false }

/* Of "md5", "sha1", "sha224", "sha256", ...; -1 for what librpm cannot do. */
int fetch_digest_algorithm(const char *name);

/* promised may be NULL. -ERR_UNSUPPORTED for an algorithm that librpm does not know. */
int fetch_digest_begin(struct fetch_digest *d, const char *promised, struct error *err) MUST_USE;
void fetch_digest_update(struct fetch_digest *d, const void *data, size_t n);
/*
 * Hex digits: sha256 and, when it was begun with a promise, the promised one
 * (the caller frees it). d is released.
 */
int fetch_digest_finish(struct fetch_digest *d, char sha256[FETCH_SHA256_HEX + 1],
			char **promised) MUST_USE;
void fetch_digest_release(struct fetch_digest *d);

/* The SHA-256 of all that a file holds, from its start; -errno. */
int fetch_digest_fd(int fd, char sha256[FETCH_SHA256_HEX + 1]) MUST_USE;
/* The SHA-256 of a text. */
int fetch_digest_text(const char *text, char sha256[FETCH_SHA256_HEX + 1]) MUST_USE;

#endif
