/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures that lie beside what they sign, and what metadata that has one vouches for. */
#include <errno.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmkeyring.h>

#include "pkg/keyring.h"
#include "pkg/source.h"
#include "pkg/trust.h"

#define SIGNATURE_MAX (256 << 10) /* bytes of an .asc */

struct outcome {
	size_t good, unknown;
};

static int refuse(const struct detached *d, pgpDigParams sig, struct error *err)
{
	char *words;
	int rc = backend_explain(sig, d->name, err);

	if (rc)
		return rc;
	words = signature_words(sig);
	error_set(err, -ERR_SIGNATURE, d->name, "bad signature: it does not fit (%s)",
		  words ? words : "?");
	free(words);
	return error_hint(err, "the file was changed after it was signed, or only one of the two "
			  "was fetched anew");
}

static int check_one(const struct verifier *v, const struct detached *d, pgpDigParams sig,
		     struct outcome *o, struct strlist *legacy, struct error *err)
{
	DIGEST_CTX ctx;
	rpmRC fits;
	int rc;

	if (pgpSignatureType(sig) != PGPSIGTYPE_BINARY)
		return error_set(err, -ERR_UNSUPPORTED, d->name,
				 "its signature is not one over bytes");
	ctx = rpmDigestInit((int)pgpDigParamsAlgo(sig, PGPVAL_HASHALGO), RPMDIGEST_NONE);
	if (!ctx)
		return refuse(d, sig, err);
	rpmDigestUpdate(ctx, d->data, d->size);
	fits = rpmKeyringVerifySig(v->keyring, sig, ctx);
	rpmDigestFinal(ctx, NULL, NULL, 0);
	rc = signature_judge(v, sig, d->name, legacy, err);
	if (rc == -ERR_NOT_FOUND || fits == RPMRC_NOKEY) {
		o->unknown++;
		return 0;
	}
	if (fits != RPMRC_OK)
		return rc && rc != -ENOMEM ? rc : refuse(d, sig, err);
	o->good += !rc;
	return rc;
}

static int check_all(const struct verifier *v, const struct detached *d, const uint8_t *packets,
		     size_t left, struct strlist *legacy, struct error *err)
{
	struct outcome o = { 0, 0 };
	struct openpgp_packet p;
	int rc = 0;

	while (!rc && openpgp_next(&packets, &left, &p)) {
		pgpDigParams sig = NULL;

		if (p.tag != PGPTAG_SIGNATURE)
			break;
		if (pgpPrtParams(p.raw, p.raw_size, PGPTAG_SIGNATURE, &sig))
			return error_set(err, -ERR_FORMAT, d->name,
					 "its signature cannot be read");
		rc = check_one(v, d, sig, &o, legacy, err);
		pgpDigParamsFree(sig);
	}
	if (rc)
		return rc;
	if (left || !(o.good + o.unknown))
		return error_set(err, -ERR_FORMAT, d->name, "what lies beside it is no signature");
	return o.good ? 0 :
			error_set(err, -ERR_NOT_FOUND, d->name, "signed with an unknown key");
}

int signature_check_detached(const struct verifier *v, const struct detached *d,
			     struct strlist *legacy, struct error *err)
{
	size_t size = 0;
	uint8_t *packets = NULL;
	int rc;

	/* Every binary packet begins with a byte that no text has. */
	if (d->signature_size && (d->signature[0] & 0x80))
		return check_all(v, d, (const uint8_t *)d->signature, d->signature_size, legacy,
				 err);
	packets = openpgp_dearmour(d->signature, &size);
	if (!packets)
		return error_set(err, -ERR_FORMAT, d->name, "what lies beside it is no signature");
	rc = check_all(v, d, packets, size, legacy, err);
	free(packets);
	return rc;
}

void vouch_release(struct vouch *v)
{
	strlist_release(&v->legacy);
	v->is_signed = false;
}

static const struct verifier *verifier_of(const struct source *s)
{
	return s->settings ? s->settings->verifier : NULL;
}

int vouch_check(struct vouch *vouch, struct source *s, const char *path, const struct strbuf *text,
		struct error *err)
{
	const struct verifier *v = verifier_of(s);
	struct strbuf signature = STRBUF_INIT;
	char *label, *beside = NULL;
	int rc = 0;

	*vouch = (struct vouch)VOUCH_INIT;
	if (!v || !verifier_has_keys(v))
		return 0;
	label = source_label(s, path);
	if (!label || asprintf(&beside, "%s.asc", path) < 0) {
		beside = NULL;
		rc = error_nomem(err);
	}
	if (!rc) {
		const struct source_file file = { .path = beside, .optional = true };

		rc = source_read(s, &file, SIGNATURE_MAX, &signature, err);
	}
	if (!rc && signature.data) {
		const struct detached d = { text->data, text->len, signature.data, signature.len,
					    label };

		rc = signature_check_detached(v, &d, &vouch->legacy, err);
		vouch->is_signed = !rc;
		/* Then it says nothing; the packages have to be signed themselves. */
		if (rc == -ERR_NOT_FOUND) {
			error_release(err);
			rc = 0;
		}
	}
	strbuf_release(&signature);
	free(label);
	free(beside);
	return rc;
}

int vouch_link(struct vouch *vouch, const struct source *s, const char *checksum_algo,
	       struct error *err)
{
	return vouch_add_checksum(vouch, verifier_of(s), checksum_algo, err);
}

int vouch_add_checksum(struct vouch *vouch, const struct verifier *v, const char *checksum_algo,
		       struct error *err)
{
	int algorithm = checksum_algo ? digest_number(checksum_algo) : -1;
	bool allowed = false;

	if (!vouch->is_signed)
		return 0;
	if (algorithm >= 0 && digest_allow(v, (unsigned int)algorithm, &vouch->legacy, &allowed))
		return error_nomem(err);
	vouch->is_signed = allowed;
	return 0;
}
