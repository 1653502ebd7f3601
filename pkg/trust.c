/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/trust.h"

#include <ctype.h>
#include <errno.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmlib.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "pkg/keyring.h"

static const struct {
	const char *name;
	int algorithm;
} digests[] = {
	{ "md5", RPM_HASH_MD5 },       { "sha1", RPM_HASH_SHA1 },     { "sha", RPM_HASH_SHA1 },
	{ "sha224", RPM_HASH_SHA224 }, { "sha256", RPM_HASH_SHA256 }, { "sha384", RPM_HASH_SHA384 },
	{ "sha512", RPM_HASH_SHA512 },
};

int digest_number(const char *name)
{
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
		if (!strcasecmp(name, digests[i].name))
			return digests[i].algorithm;
	return -1;
}

/* SHA-3 has the numbers 12 and 14; librpm 4.18 has no names for them. */
bool digest_is_strong(unsigned int algorithm)
{
	return (algorithm >= RPM_HASH_SHA256 && algorithm <= RPM_HASH_SHA512) ||
	       algorithm == 12 || algorithm == 14;
}

static bool key_algorithm_is_strong(unsigned int algorithm)
{
	/* 27 and 28: Ed25519 and Ed448 in RFC 9580. */
	return algorithm == PGPPUBKEYALGO_RSA || algorithm == PGPPUBKEYALGO_RSA_SIGN ||
	       algorithm == PGPPUBKEYALGO_ECDSA || algorithm == PGPPUBKEYALGO_EDDSA ||
	       algorithm == 27 || algorithm == 28;
}

int verifier_allow_digest(struct verifier *v, const char *name, struct error *err)
{
	int algorithm = digest_number(name);

	if (algorithm != RPM_HASH_MD5 && algorithm != RPM_HASH_SHA1)
		return error_set(err, -ERR_USAGE, name, "no old digest: there are md5 and sha1");
	v->legacy_digests |= 1u << algorithm;
	return 0;
}

int verifier_allow_key(struct verifier *v, const char *id, struct error *err)
{
	char hex[2 * OPENPGP_ID_SIZE + 1];
	size_t n = strlen(id);

	if (!strncasecmp(id, "0x", 2))
		n -= 2, id += 2;
	/* Keys with a given short ID (8 digits) can be made by anybody. */
	if ((n != 16 && n != 40) || strspn(id, "0123456789abcdefABCDEF") != n)
		return error_set(err, -ERR_USAGE, id,
				 "no key ID of 16 hex digits, and no fingerprint of 40");
	for (size_t i = 0; i < 16; i++)
		hex[i] = (char)tolower((unsigned char)id[n - 16 + i]);
	hex[16] = '\0';
	return strlist_add(&v->legacy_keys, hex) ? error_nomem(err) : 0;
}

static void id_to_hex(const uint8_t *id, char hex[2 * OPENPGP_ID_SIZE + 1])
{
	for (size_t i = 0; i < OPENPGP_ID_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
}

static bool key_is_legacy(const struct verifier *v, const struct openpgp_key *key)
{
	char own[2 * OPENPGP_ID_SIZE + 1], primary[2 * OPENPGP_ID_SIZE + 1];

	id_to_hex(key->id, own);
	id_to_hex(key->primary, primary);
	return strlist_find(&v->legacy_keys, own) >= 0 ||
	       strlist_find(&v->legacy_keys, primary) >= 0;
}

static const struct openpgp_key *find_key(const struct verifier *v, const uint8_t *id)
{
	for (size_t i = 0; i < v->known; i++)
		if (!memcmp(v->keys[i].id, id, OPENPGP_ID_SIZE))
			return &v->keys[i];
	return NULL;
}

char *signature_words(pgpDigParams sig)
{
	char hex[2 * OPENPGP_ID_SIZE + 1], *text;

	id_to_hex(pgpDigParamsSignID(sig), hex);
	if (asprintf(&text, "%s/%s, key ID %s",
		     pgpValString(PGPVAL_PUBKEYALGO,
				  (uint8_t)pgpDigParamsAlgo(sig, PGPVAL_PUBKEYALGO)),
		     pgpValString(PGPVAL_HASHALGO,
				  (uint8_t)pgpDigParamsAlgo(sig, PGPVAL_HASHALGO)),
		     hex) < 0)
		return NULL;
	return text;
}

static void date_words(uint32_t when, char out[16])
{
	time_t t = when;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 16, "%Y-%m-%d", &tm);
}

static int add_once(struct strlist *l, const char *text)
{
	return strlist_find(l, text) >= 0 ? 0 : strlist_add(l, text);
}

int digest_allow(const struct verifier *v, unsigned int algorithm, struct strlist *legacy,
		 bool *allowed)
{
	*allowed = digest_is_strong(algorithm);
	if (*allowed || algorithm > 31 || !(v->legacy_digests & 1u << algorithm))
		return 0;
	*allowed = true;
	return add_once(legacy, algorithm == RPM_HASH_MD5 ? "MD5 digest" : "SHA1 digest");
}

/* A signature while it is judged. */
struct judgement {
	const struct openpgp_key *key;
	bool allowed; /* the key is one of the old ones that may */
	const char *name, *words;
	struct strlist *legacy;
	struct error *err;
};

static int judge_age(const struct judgement *j, uint32_t made)
{
	char expired[16], text[128];
	const char *id = strrchr(j->words, ' ') + 1;

	/* The clock decides what is accepted, never what an image holds. */
	if (!j->key->expires || (time_t)j->key->expires > time(NULL))
		return 0;
	date_words(j->key->expires, expired);
	if (!j->allowed) {
		error_set(j->err, -ERR_SIGNATURE, j->name,
			  "signed with a key that expired on %s (%s)", expired, j->words);
		return error_hint(j->err, "get the key anew if it was prolonged; 'legacy-keys = %s' "
				  "in the profile's [trust] accepts what it signed before", id);
	}
	if (made >= j->key->expires)
		return error_set(j->err, -ERR_SIGNATURE, j->name,
				 "signed after the key had expired on %s (%s)", expired, j->words);
	snprintf(text, sizeof(text), "key ID %s expired on %s", id, expired);
	return add_once(j->legacy, text) ? error_nomem(j->err) : 0;
}

static int judge_algorithms(const struct judgement *j, unsigned int key, unsigned int hash)
{
	char text[128];

	if (key_algorithm_is_strong(key) && digest_is_strong(hash))
		return 0;
	if (!j->allowed) {
		error_set(j->err, -ERR_SIGNATURE, j->name,
			  "signed in an old way that can be forged (%s)", j->words);
		return error_hint(j->err, "'legacy-keys = %s' in the profile's [trust] accepts it",
				  strrchr(j->words, ' ') + 1);
	}
	snprintf(text, sizeof(text), "signature %s", j->words);
	return add_once(j->legacy, text) ? error_nomem(j->err) : 0;
}

int signature_judge(const struct verifier *v, pgpDigParams sig, const char *name,
		    struct strlist *legacy, struct error *err)
{
	const struct openpgp_key *key = find_key(v, pgpDigParamsSignID(sig));
	char *words = signature_words(sig);
	struct judgement j = { key, key && key_is_legacy(v, key), name, words, legacy, err };
	int rc;

	if (!words) {
		rc = error_nomem(err);
	} else if (!key) {
		rc = error_set(err, -ERR_NOT_FOUND, name, "signed with an unknown key (%s)", words);
	} else if (key->unusable) {
		error_set(err, -ERR_UNSUPPORTED, name,
			  "signed with a key of the keyring that rpm %s on this machine cannot use "
			  "(%s)", RPMVERSION, words);
		rc = error_hint(err, "get the key anew, in the form that its owner uses today");
	} else if (key->revoked) {
		rc = error_set(err, -ERR_SIGNATURE, name,
			       "signed with a key that its owner has revoked (%s)", words);
	} else {
		rc = judge_age(&j, pgpDigParamsCreationTime(sig));
		if (!rc)
			rc = judge_algorithms(&j, pgpDigParamsAlgo(sig, PGPVAL_PUBKEYALGO),
					      pgpDigParamsAlgo(sig, PGPVAL_HASHALGO));
	}
	free(words);
	return rc;
}

int backend_explain(pgpDigParams sig, const char *name, struct error *err)
{
	unsigned int hash = pgpDigParamsAlgo(sig, PGPVAL_HASHALGO);
	bool weak = pgpDigParamsAlgo(sig, PGPVAL_PUBKEYALGO) == PGPPUBKEYALGO_DSA ||
		    hash == RPM_HASH_SHA1;
	bool can = hash == RPM_HASH_MD5 ? rpmDigestLength(RPM_HASH_MD5) > 0 :
					  !weak || backend_checks_dsa_sha1();
	char *words;

	if (can)
		return 0;
	words = signature_words(sig);
	if (!words)
		return error_nomem(err);
	error_set(err, -ERR_UNSUPPORTED, name, "rpm %s on this machine does not check %s",
		  RPMVERSION, words);
	free(words);
	return error_hint(err, "its crypto policy forbids it, or an rpm up to 4.18 is needed");
}
