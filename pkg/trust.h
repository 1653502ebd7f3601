/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which keys and algorithms are good enough, and signed metadata.
 *
 * librpm says whether a signature fits; here it is judged whether that means
 * anything: the key may have expired or been revoked (rpm 4.18 looks at neither), the
 * algorithms may be ones that can be forged. What is let through because the profile says so is
 * named in a list of strings, "legacy", for report and warnings.
 */
#ifndef PKG_TRUST_H
#define PKG_TRUST_H

#include <rpm/rpmpgp.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "pkg/package.h"
#include "pkg/verify.h"

struct source;

/* What signed metadata says of packages. */
struct vouch {
	bool is_signed;        /* by a key that is good enough; checksums up to here, too */
	struct strlist legacy; /* old crypto that this relies on */
};

#define VOUCH_INIT { false, STRLIST_INIT }

void vouch_release(struct vouch *v);

/* Data and the signature that lies beside it, in armour or not. */
struct detached {
	const void *data;
	size_t size;
	const char *signature; /* NUL-terminated */
	size_t signature_size;
	const char *name; /* for messages: the data's */
};

/*
 * Does a key of the verifier's fit, and is it good enough? legacy gets what that relies on.
 * -ERR_SIGNATURE: bad, or the key is revoked, expired, too old; -ERR_NOT_FOUND: all signatures
 * are by unknown keys; -ERR_FORMAT: no signature in it.
 */
int signature_check_detached(const struct verifier *v, const struct detached *d,
			     struct strlist *legacy, struct error *err) MUST_USE;

/*
 * Look for path.asc beside path, of which text has the bytes, and set vouch->is_signed. The keys
 * are those of the source's settings. Without keys, without a signature, and with one of an
 * unknown key it stays false, and that is no error.
 */
int vouch_check(struct vouch *vouch, struct source *s, const char *path, const struct strbuf *text,
		struct error *err) MUST_USE;
/*
 * The next link: a checksum in what is vouched for so far. NULL, or a kind that is old and not
 * allowed, ends the chain. -ENOMEM.
 */
int vouch_link(struct vouch *vouch, const struct source *s, const char *checksum_algo,
	       struct error *err) MUST_USE;

/* --- for the files of pkg/ that judge packages --- */

/* SHA-256 or better. algorithm: rpm's number. */
bool digest_is_strong(unsigned int algorithm);
/* vouch_link() for who has no source. */
int vouch_add_checksum(struct vouch *vouch, const struct verifier *v, const char *checksum_algo,
		       struct error *err) MUST_USE;
/* Judge a signature that fits: the same errors; -ERR_NOT_FOUND when the key is not known. */
int signature_judge(const struct verifier *v, pgpDigParams sig, const char *name,
		    struct strlist *legacy, struct error *err) MUST_USE;
/* "DSA/SHA1, key ID 1234..."; allocated. */
char *signature_words(pgpDigParams sig);
/* legacy gets "MD5 digest" or the like, once; false when the digest is not allowed. -ENOMEM. */
int digest_allow(const struct verifier *v, unsigned int algorithm, struct strlist *legacy,
		 bool *allowed);
/* librpm's number of a digest by its name, any case; -1. */
int digest_number(const char *name);

/* Does the librpm that runs now check a good DSA/SHA1 signature? Asked once. */
bool backend_checks_dsa_sha1(void);
/* -ERR_UNSUPPORTED when that is why the signature was refused, and it is weak; else 0. */
int backend_explain(pgpDigParams sig, const char *name, struct error *err) MUST_USE;

/*
 * After librpm found every digest and signature of a package right: are they good enough?
 * is_signed: signatures were looked at, and it has one. fd: the file.
 */
int package_judge(const struct verifier *v, struct package *p, Header h, int fd, bool *is_signed,
		  struct error *err) MUST_USE;
/* librpm refused a signature: an error when that is the key's or the algorithm's fault, else 0. */
int package_explain(const struct verifier *v, const struct package *p, int fd,
		    struct error *err) MUST_USE;

#endif
