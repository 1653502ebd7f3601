/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trust: nothing of a package is used before its file passed here.
 *
 * Life: verifier_new() -> verifier_add_keyring() for each key file ->
 * package_verify() for each package, from any number of threads (each thread
 * makes its own rpmts) -> verifier_free().
 */
#ifndef PKG_VERIFY_H
#define PKG_VERIFY_H

#include <stdbool.h>

#include "common/error.h"
#include "pkg/package.h"

struct verifier;

/* Call pkg_init() once before anything else of pkg/. */
int verifier_new(struct verifier **v, struct error *err) MUST_USE;
void verifier_free(struct verifier *v);
/*
 * ASCII-armoured public keys (one or more in the file). Those that librpm cannot use are passed
 * over, and what they signed is refused by that name; -ERR_UNSUPPORTED when it can use none,
 * -ERR_FORMAT when there is none, or a damaged one.
 */
int verifier_add_keyring(struct verifier *v, const char *path, struct error *err) MUST_USE;
/* Accept packages without a signature (a bad signature is always refused). */
void verifier_allow_unsigned(struct verifier *v, bool allow);
bool verifier_has_keys(const struct verifier *v);

/*
 * Old crypto, refused unless it is named here, and then told in p->legacy.
 * A digest ("md5", "sha1"): packages that nothing better covers.
 * A key (its ID, 16 hex digits, or its fingerprint): what it signed with DSA, SHA-1 or MD5, or
 * before it expired. -ERR_USAGE when it is none; a revoked key is never let through.
 */
int verifier_allow_digest(struct verifier *v, const char *name, struct error *err) MUST_USE;
int verifier_allow_key(struct verifier *v, const char *id, struct error *err) MUST_USE;

/*
 * Read the whole file once; check lead, header and payload digests, the
 * metadata's checksum when p has one, and, when v has keys, the signature.
 * An unsigned package passes when p->vouch does and its checksum is right.
 * On success p->header, p->is_signed, p->is_vouched, p->signature, p->legacy, p->payload_bytes,
 * p->size, and (when they were not known) nevra, name, arch are set. Errors name the file:
 * -ERR_FORMAT (not an rpm, truncated, absurd sizes), -ERR_DIGEST (wrong, or too old),
 * -ERR_SIGNATURE (bad, unsigned, key not known, expired or revoked, too old: says the key ID),
 * -ERR_UNSUPPORTED (librpm here does not check what is allowed), -errno.
 */
int package_verify(struct verifier *v, struct package *p, struct error *err) MUST_USE;

/*
 * librpm's global state for this process: no user or system configuration is
 * read beyond rpm's own macros, no default database path, log messages are
 * caught instead of printed. now becomes SOURCE_DATE_EPOCH for librpm when not 0.
 */
int pkg_init(struct error *err) MUST_USE;

#endif
