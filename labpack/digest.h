/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-256 of bytes as they come.
 *
 * Life: digest_new() -> digest_add() ... -> digest_hex() -> digest_free(). What fails
 * in between is told by digest_hex(): -ENOMEM or -ERR_UNSUPPORTED.
 */
#ifndef LABPACK_DIGEST_H
#define LABPACK_DIGEST_H

#include <stddef.h>

#include "common/error.h"

#define DIGEST_HEX_SIZE 65 /* with the NUL */

struct digest;

/* NULL without memory; everything below accepts it. */
struct digest *digest_new(void);
void digest_add(struct digest *d, const void *bytes, size_t n);
int digest_hex(struct digest *d, char hex[DIGEST_HEX_SIZE], struct error *err) MUST_USE;
void digest_free(struct digest *d);

#endif
