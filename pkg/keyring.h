/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of pkg/ only: what a verifier is made of. */
#ifndef PKG_KEYRING_H
#define PKG_KEYRING_H

#include <rpm/rpmkeyring.h>

#include "common/strbuf.h"
#include "pkg/openpgp.h"
#include "pkg/verify.h"

struct verifier {
	rpmKeyring keyring; /* counts its users under its own lock: shared by all threads */
	size_t key_count;
	bool allow_unsigned;

	/* What librpm 4.18 has no eye for: how long keys live, and whether they were revoked. */
	struct openpgp_key *keys;
	size_t known, capacity;

	/* Old crypto that is let through. */
	unsigned int legacy_digests;  /* a bit for each rpmHashAlgo */
	struct strlist legacy_keys;   /* IDs, as many lower-case hex digits as they have */
};

/*
 * The signatures that a header carries, in words: "RSA/SHA256, key ID ...".
 * 1 when there is one, 0 when there is none (*text is NULL), negative without memory.
 */
int signature_describe(Header h, char **text) MUST_USE;

#endif
