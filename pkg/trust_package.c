/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the digests and signatures of a package, all of which librpm found right, good enough?
 *
 * The signature header is read here byte by byte: what librpm gives as "the header" is it and the
 * main one in one, in which a package could claim to have what it has not.
 */
#include <errno.h>
#include <rpm/header.h>
#include <rpm/rpmbase64.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmlib.h>
#include <stdlib.h>
#include <unistd.h>

#include "pkg/keyring.h"
#include "pkg/trust.h"

#define LEAD_SIZE 96
#define STORE_MAX (64u << 20) /* bytes, librpm's own bound */
#define ENTRIES_MAX 65536
#define OPENPGP_TAG 278 /* since rpm 6: any number of signatures in base64, as strings */

struct entry {
	uint32_t tag, type, offset, count;
};

struct signature_header {
	struct entry *entries;
	size_t count;
	uint8_t *store; /* a NUL behind it */
	size_t size;
};

/* What stands up for header and payload: the strongest of each. */
struct coverage {
	bool header, payload;         /* by SHA-256 or better */
	unsigned int header_by, payload_by; /* an old digest; 0: none */
};

static uint32_t number(const uint8_t *s)
{
	return (uint32_t)s[0] << 24 | (uint32_t)s[1] << 16 | (uint32_t)s[2] << 8 | s[3];
}

static void release(struct signature_header *s)
{
	free(s->entries);
	free(s->store);
}

/* librpm has found it in order already; a file that changed since gives nothing. */
static int read_signatures(int fd, struct signature_header *s)
{
	uint8_t intro[16], raw[16];

	*s = (struct signature_header){ 0 };
	if (pread(fd, intro, 16, LEAD_SIZE) != 16)
		return 0;
	s->count = number(intro + 8);
	s->size = number(intro + 12);
	if (s->count > ENTRIES_MAX || s->size > STORE_MAX)
		s->count = s->size = 0;
	s->entries = calloc(s->count + 1, sizeof(*s->entries));
	s->store = calloc(s->size + 1, 1);
	if (!s->entries || !s->store) {
		release(s);
		return -ENOMEM;
	}
	for (size_t i = 0; i < s->count; i++) {
		if (pread(fd, raw, 16, (off_t)(LEAD_SIZE + 16 + 16 * i)) != 16)
			s->count = i;
		else
			s->entries[i] = (struct entry){ number(raw), number(raw + 4),
							number(raw + 8), number(raw + 12) };
	}
	if (pread(fd, s->store, s->size, (off_t)(LEAD_SIZE + 16 + 16 * s->count)) !=
	    (ssize_t)s->size)
		s->count = 0;
	return 0;
}

static const struct entry *find_entry(const struct signature_header *s, uint32_t tag)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->entries[i].tag == tag && s->entries[i].offset < s->size)
			return &s->entries[i];
	return NULL;
}

/* Call with each signature; stop when use() does not return 0. over_all: over the payload, too. */
struct each {
	int (*use)(struct each *e, pgpDigParams sig, bool over_all);
	size_t found, readable;
	void *arg;
};

static int use_packet(struct each *e, const uint8_t *data, size_t n, bool over_all)
{
	pgpDigParams sig = NULL;
	int rc = 0;

	e->found++;
	if (pgpPrtParams(data, n, PGPTAG_SIGNATURE, &sig) == 0) {
		e->readable++;
		rc = e->use(e, sig, over_all);
	}
	pgpDigParamsFree(sig);
	return rc;
}

static int use_strings(struct each *e, const struct signature_header *s, const struct entry *at)
{
	size_t offset = at->offset;
	int rc = 0;

	for (uint32_t i = 0; i < at->count && offset < s->size && !rc; i++) {
		const char *text = (const char *)s->store + offset;
		void *data = NULL;
		size_t n = 0;

		if (rpmBase64Decode(text, &data, &n) == 0)
			rc = use_packet(e, data, n, false);
		free(data);
		offset += strlen(text) + 1;
	}
	return rc;
}

static int each_signature(struct each *e, const struct signature_header *s)
{
	static const struct {
		uint32_t tag;
		bool over_all;
	} tags[] = { { RPMSIGTAG_RSA, false }, { RPMSIGTAG_DSA, false }, { RPMSIGTAG_PGP, true },
		     { RPMSIGTAG_GPG, true }, { RPMSIGTAG_PGP5, true } };
	const struct entry *at = find_entry(s, OPENPGP_TAG);
	int rc = at && at->type == RPM_STRING_ARRAY_TYPE ? use_strings(e, s, at) : 0;

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]) && !rc; i++) {
		at = find_entry(s, tags[i].tag);
		if (at && at->type == RPM_BIN_TYPE && at->count <= s->size - at->offset)
			rc = use_packet(e, s->store + at->offset, at->count, tags[i].over_all);
	}
	return rc;
}

/* The algorithm of the payload's digest in the main header; 0: there is none. */
static unsigned int payload_digest(Header h)
{
	if (!headerIsEntry(h, RPMTAG_PAYLOADDIGEST))
		return 0;
	return (unsigned int)headerGetNumber(h, RPMTAG_PAYLOADDIGESTALGO);
}

static void cover(const struct signature_header *s, Header h, struct coverage *c)
{
	unsigned int payload = payload_digest(h);

	if (find_entry(s, RPMSIGTAG_MD5))
		c->header_by = c->payload_by = RPM_HASH_MD5;
	if (find_entry(s, RPMSIGTAG_SHA1))
		c->header_by = RPM_HASH_SHA1;
	c->header |= find_entry(s, RPMSIGTAG_SHA256) != NULL;
	if (digest_is_strong(payload))
		c->payload = true;
	else if (payload == RPM_HASH_SHA1)
		c->payload_by = payload;
}

static int judge_digest(const struct verifier *v, struct package *p, unsigned int algorithm,
			const char *part, struct error *err)
{
	bool allowed;

	if (digest_allow(v, algorithm, &p->legacy, &allowed))
		return error_nomem(err);
	if (allowed)
		return 0;
	if (!algorithm)
		return error_set(err, -ERR_DIGEST, package_file_name(p),
				 "no digest covers its %s", part);
	error_set(err, -ERR_DIGEST, package_file_name(p),
		  "nothing better than %s, which can be forged, covers its %s",
		  algorithm == RPM_HASH_MD5 ? "MD5" : "SHA-1", part);
	return error_hint(err, "'legacy-digests = %s' in the profile's [trust] accepts it",
			  algorithm == RPM_HASH_MD5 ? "md5" : "sha1");
}

/* Signatures, while the best is looked for. */
struct search {
	const struct verifier *v;
	const char *name;
	bool payload_in_header; /* a strong digest of the payload is in what signs the header */
	struct coverage *coverage;
	bool found;             /* one that will do */
	struct strlist legacy;  /* what it relies on */
	struct error err;       /* what was wrong with the first that will not do */
};

static int consider(struct each *e, pgpDigParams sig, bool over_all)
{
	struct search *s = e->arg;
	struct strlist legacy = STRLIST_INIT;
	struct error err = ERROR_INIT;
	int rc = signature_judge(s->v, sig, s->name, &legacy, &err);
	bool strong = !rc && digest_is_strong(pgpDigParamsAlgo(sig, PGPVAL_HASHALGO));
	bool covers = over_all || s->payload_in_header;

	if (rc && !s->err.code) {
		s->err = err;
		err = (struct error)ERROR_INIT;
	}
	if (strong) {
		s->coverage->header = true;
		s->coverage->payload |= covers;
	}
	/* A new one counts more than an old one; one that leaves the payload out, nothing. */
	if (!rc && covers && (!s->found || (s->legacy.count && !legacy.count))) {
		strlist_release(&s->legacy);
		s->legacy = legacy;
		legacy = (struct strlist)STRLIST_INIT;
		s->found = true;
	}
	strlist_release(&legacy);
	error_release(&err);
	return rc == -ENOMEM ? rc : 0;
}

static int judge_signatures(const struct verifier *v, struct package *p,
			    const struct signature_header *h, struct coverage *c, bool *is_signed,
			    struct error *err)
{
	struct search s = { .v = v, .name = package_file_name(p), .coverage = c,
			    .payload_in_header = c->payload, .err = ERROR_INIT };
	struct each each = { consider, 0, 0, &s };
	int rc = each_signature(&each, h);

	*is_signed = each.found > 0;
	if (rc) {
		rc = error_nomem(err);
	} else if (each.found && !s.found) {
		rc = error_set(err, -ERR_SIGNATURE, s.name, "%s",
			       s.err.what ? s.err.what : "its signature does not cover the payload");
		if (s.err.hint)
			error_hint(err, "%s", s.err.hint);
	}
	for (size_t i = 0; i < s.legacy.count && !rc; i++)
		if (strlist_add(&p->legacy, s.legacy.items[i]))
			rc = error_nomem(err);
	strlist_release(&s.legacy);
	error_release(&s.err);
	return rc;
}

int package_judge(const struct verifier *v, struct package *p, Header h, int fd, bool *is_signed,
		  struct error *err)
{
	int sum = p->checksum && p->checksum_algo ? digest_number(p->checksum_algo) : -1;
	struct coverage c = { 0 };
	struct signature_header s;
	int rc = read_signatures(fd, &s);

	*is_signed = false;
	strlist_release(&p->legacy);
	if (rc)
		return error_nomem(err);
	cover(&s, h, &c);
	if (verifier_has_keys(v))
		rc = judge_signatures(v, p, &s, &c, is_signed, err);
	/* The media's checksum, which was compared, is over everything. */
	if (sum >= 0 && digest_is_strong((unsigned int)sum))
		c.header = c.payload = true;
	if (!rc && !c.header)
		rc = judge_digest(v, p, c.header_by, "header", err);
	if (!rc && !c.payload)
		rc = judge_digest(v, p, c.payload_by, "payload", err);
	release(&s);
	return rc;
}

struct excuse {
	const struct verifier *v;
	const char *name;
	struct error *err;
};

static int explain(struct each *e, pgpDigParams sig, bool over_all)
{
	const struct excuse *x = e->arg;
	struct strlist legacy = STRLIST_INIT;
	int rc = signature_judge(x->v, sig, x->name, &legacy, x->err);

	strlist_release(&legacy);
	if (rc == -ERR_NOT_FOUND) {
		error_release(x->err);
		return 0;
	}
	return rc ? rc : backend_explain(sig, x->name, x->err);
}

int package_explain(const struct verifier *v, const struct package *p, int fd, struct error *err)
{
	struct excuse x = { v, package_file_name(p), err };
	struct each each = { explain, 0, 0, &x };
	struct signature_header s;
	int rc = read_signatures(fd, &s);

	if (rc)
		return error_nomem(err);
	rc = each_signature(&each, &s);
	release(&s);
	return rc;
}
