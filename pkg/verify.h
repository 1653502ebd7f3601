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
/* ASCII-armoured public keys (one or more in the file). */
int verifier_add_keyring(struct verifier *v, const char *path, struct error *err) MUST_USE;
/* Accept packages without a signature (a bad signature is always refused). */
void verifier_allow_unsigned(struct verifier *v, bool allow);
bool verifier_has_keys(const struct verifier *v);

/*
 * Read the whole file once; check lead, header and payload digests, the
 * metadata's checksum when p has one, and, when v has keys, the signature.
 * On success p->header, p->is_signed, p->signature, p->payload_bytes, p->size, and (when
 * they were not known) nevra, name, arch are set. Errors name the file:
 * -ERR_FORMAT (not an rpm, truncated, absurd sizes), -ERR_DIGEST,
 * -ERR_SIGNATURE (bad, unsigned, key not known: says the key ID), -errno.
 */
int package_verify(struct verifier *v, struct package *p, struct error *err) MUST_USE;

/*
 * librpm's global state for this process: no user or system configuration is
 * read beyond rpm's own macros, no default database path, log messages are
 * caught instead of printed. now becomes SOURCE_DATE_EPOCH for librpm when not 0.
 */
int pkg_init(struct error *err) MUST_USE;

#endif
