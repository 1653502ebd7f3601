/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of pkg/ only: what a verifier is made of. */
#ifndef PKG_KEYRING_H
#define PKG_KEYRING_H

#include <rpm/rpmkeyring.h>

#include "pkg/verify.h"

struct verifier {
	rpmKeyring keyring; /* counts its users under its own lock: shared by all threads */
	size_t key_count;
	bool allow_unsigned;
};

/*
 * The signatures that a header carries, in words: "RSA/SHA256, key ID ...".
 * 1 when there is one, 0 when there is none (*text is NULL), negative without memory.
 */
int signature_describe(Header h, char **text) MUST_USE;

#endif
