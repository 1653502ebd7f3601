/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys that a verifier trusts. */
#include "pkg/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmpgp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/strbuf.h"

#define KEYS_MAX 64 /* of one certificate */
#define KEY_FILE_MAX (4u << 20) /* bytes; a distribution's keyring has some ten thousand */

int verifier_new(struct verifier **out, struct error *err)
{
	struct verifier *v = calloc(1, sizeof(*v));

	*out = NULL;
	if (!v)
		return error_nomem(err);
	v->keyring = rpmKeyringNew();
	*out = v;
	return 0;
}

void verifier_free(struct verifier *v)
{
	if (!v)
		return;
	rpmKeyringFree(v->keyring);
	strlist_release(&v->legacy_keys);
	free(v->keys);
	free(v);
}

void verifier_allow_unsigned(struct verifier *v, bool allow)
{
	v->allow_unsigned = allow;
}

bool verifier_has_keys(const struct verifier *v)
{
	return v->key_count > 0;
}

/* The whole file as a string. */
static int read_text(const char *path, struct strbuf *out, struct error *err)
{
	int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[8192];
	ssize_t n;

	if (fd < 0)
		return error_errno(err, errno, path, "cannot open the keyring");
	while ((n = read(fd, buf, sizeof(buf))) != 0 && !rc) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = error_errno(err, errno, path, "cannot read the keyring");
		else if (out->len + (size_t)n > KEY_FILE_MAX)
			rc = error_set(err, -ERR_LIMIT, path, "too large for a keyring");
		else if (strbuf_add(out, buf, (size_t)n) < 0)
			rc = error_nomem(err);
	}
	close(fd);
	return rc;
}

/* Signatures of today are often made by a subkey. */
static void add_subkeys(struct verifier *v, rpmPubkey key)
{
	int count = 0;
	rpmPubkey *subkeys = rpmGetSubkeys(key, &count);

	for (int i = 0; i < count; i++) {
		rpmKeyringAddKey(v->keyring, subkeys[i]);
		rpmPubkeyFree(subkeys[i]);
	}
	free(subkeys);
}

static int add_facts(struct verifier *v, const uint8_t *packets, size_t size, bool unusable,
		     struct error *err)
{
	struct openpgp_key keys[KEYS_MAX];
	size_t n = openpgp_read_certificate(packets, size, keys, KEYS_MAX);

	for (size_t i = 0; i < n; i++) {
		if (array_grow((void **)&v->keys, v->known, &v->capacity, sizeof(*v->keys)))
			return error_nomem(err);
		keys[i].unusable = unusable;
		v->keys[v->known++] = keys[i];
	}
	return 0;
}

/*
 * One certificate. One that librpm cannot use is remembered, but no error beside others that it
 * can: trusting fewer keys accepts nothing more, and what it signed is refused with the reason.
 */
static int add_certificate(struct verifier *v, const uint8_t *packets, size_t size,
			   struct error *err)
{
	size_t own_size;
	uint8_t *own = openpgp_own_certificate(packets, size, &own_size);
	rpmPubkey key;
	int rc;

	if (!own)
		return error_nomem(err);
	key = rpmPubkeyNew(own, own_size);
	if (key && rpmKeyringAddKey(v->keyring, key) >= 0) {
		v->key_count++;
		add_subkeys(v, key);
	}
	rc = add_facts(v, packets, size, !key, err);
	rpmPubkeyFree(key);
	free(own);
	return rc;
}

/* All certificates of one armoured block. */
static int add_certificates(struct verifier *v, const uint8_t *packets, size_t size,
			    const char *path, struct error *err)
{
	while (size > 0) {
		size_t n = 0;
		int rc;

		if (pgpPubKeyCertLen(packets, size, &n) || n == 0 || n > size)
			return error_set(err, -ERR_FORMAT, path, "holds a damaged key");
		rc = add_certificate(v, packets, n, err);
		if (rc)
			return rc;
		packets += n;
		size -= n;
	}
	return 0;
}

/* Nothing of the keyring is of use. */
static int refuse_keyring(const struct verifier *v, size_t known, const char *path,
			  struct error *err)
{
	if (v->known > known)
		return error_set(err, -ERR_UNSUPPORTED, path,
				 "holds no key that rpm %s on this machine can use", RPMVERSION);
	error_set(err, -ERR_FORMAT, path, "holds no public key");
	return error_hint(err, "keys are read in ASCII armour: gpg --export --armor");
}

int verifier_add_keyring(struct verifier *v, const char *path, struct error *err)
{
	static const char mark[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
	struct strbuf text = STRBUF_INIT;
	int rc = read_text(path, &text, err);
	size_t before = v->key_count, known = v->known;

	for (char *at = text.data ? strstr(text.data, mark) : NULL; at && !rc;
	     at = strstr(at + sizeof(mark) - 1, mark)) {
		uint8_t *packets = NULL;
		size_t size = 0;

		if (pgpParsePkts(at, &packets, &size) != PGPARMOR_PUBKEY)
			rc = error_set(err, -ERR_FORMAT, path, "holds a damaged key block");
		else
			rc = add_certificates(v, packets, size, path, err);
		free(packets);
	}
	if (!rc && v->key_count == before)
		rc = refuse_keyring(v, known, path, err);
	strbuf_release(&text);
	return rc;
}

int signature_describe(Header h, char **text)
{
	/* First those over the header alone (since rpm 4.0.3), then those over everything. */
	static const rpmTagVal tags[] = { RPMTAG_RSAHEADER, RPMTAG_DSAHEADER, RPMTAG_SIGPGP,
					  RPMTAG_SIGGPG };
	struct strbuf s = STRBUF_INIT;
	bool found = false;

	*text = NULL;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]) && !found; i++) {
		struct rpmtd_s td;
		pgpDigParams sig = NULL;
		int rc = 0;

		if (!headerGet(h, tags[i], &td, HEADERGET_MINMEM))
			continue;
		found = true;
		if (pgpPrtParams(td.data, td.count, PGPTAG_SIGNATURE, &sig) == 0) {
			const uint8_t *id = pgpDigParamsSignID(sig);

			rc = strbuf_addf(&s, "%s/%s, key ID ",
				pgpValString(PGPVAL_PUBKEYALGO,
					     (uint8_t)pgpDigParamsAlgo(sig, PGPVAL_PUBKEYALGO)),
				pgpValString(PGPVAL_HASHALGO,
					     (uint8_t)pgpDigParamsAlgo(sig, PGPVAL_HASHALGO)));
			for (int k = 0; k < 8 && !rc; k++)
				rc = strbuf_addf(&s, "%02x", id[k]);
		} else {
			rc = strbuf_adds(&s, "a signature that librpm cannot read");
		}
		pgpDigParamsFree(sig);
		rpmtdFreeData(&td);
		if (rc) {
			strbuf_release(&s);
			return rc;
		}
	}
	if (!found)
		return 0;
	*text = strbuf_take(&s);
	return *text ? 1 : -ENOMEM;
}
