/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/openpgp.h"

#include <rpm/rpmbase64.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmpgp.h>
#include <stdlib.h>
#include <string.h>

#define CREATED 2 /* kinds of subpackets */
#define KEY_LIFETIME 9
#define ISSUER 16
#define ISSUER_FINGERPRINT 33

static uint32_t number(const uint8_t *s, size_t n)
{
	uint32_t value = 0;

	while (n--)
		value = value << 8 | *s++;
	return value;
}

/*
 * A length as new packets and subpackets have it; 0: damaged. two_bytes: what the first of two
 * bytes stays below (behind that, packets have partial lengths, which are not for keys).
 */
static size_t read_length(const uint8_t *s, size_t left, unsigned int two_bytes, size_t *length)
{
	if (left >= 1 && s[0] < 192) {
		*length = s[0];
		return 1;
	}
	if (left >= 2 && s[0] < two_bytes) {
		*length = ((size_t)(s[0] - 192) << 8) + s[1] + 192;
		return 2;
	}
	if (left >= 5 && s[0] == 255) {
		*length = number(s + 1, 4);
		return 5;
	}
	return 0;
}

/* How long an old packet's header is; 0: damaged, or without a length. */
static size_t read_old_length(const uint8_t *s, size_t left, size_t *length)
{
	size_t n = (size_t)1 << (s[0] & 3);

	if (n == 8 || left < 1 + n)
		return 0;
	*length = number(s + 1, n);
	return 1 + n;
}

bool openpgp_next(const uint8_t **at, size_t *left, struct openpgp_packet *p)
{
	size_t header, length = 0;

	if (!*left || !(**at & 0x80))
		return false;
	if (**at & 0x40) {
		p->tag = **at & 0x3f;
		header = read_length(*at + 1, *left - 1, 224, &length);
		header += !!header;
	} else {
		p->tag = (**at & 0x3c) >> 2;
		header = read_old_length(*at, *left, &length);
	}
	if (!header || length > *left - header)
		return false;
	p->raw = *at;
	p->raw_size = header + length;
	p->body = *at + header;
	p->size = length;
	*at += p->raw_size;
	*left -= p->raw_size;
	return true;
}

static void read_subpacket(const uint8_t *s, size_t n, bool hashed, struct openpgp_signature *sig)
{
	unsigned int kind = s[0] & 0x7f;

	s++;
	n--;
	/* Anybody can add what is not hashed: good enough to find the key, for nothing else. */
	if (kind == ISSUER && n == OPENPGP_ID_SIZE)
		memcpy(sig->issuer, s, OPENPGP_ID_SIZE);
	else if (kind == ISSUER_FINGERPRINT && n == 21 && s[0] == 4)
		memcpy(sig->issuer, s + 13, OPENPGP_ID_SIZE);
	else if (hashed && kind == CREATED && n == 4)
		sig->created = number(s, 4);
	else if (hashed && kind == KEY_LIFETIME && n == 4)
		sig->key_lifetime = number(s, 4);
}

static bool read_subpackets(const uint8_t *s, size_t left, bool hashed,
			    struct openpgp_signature *sig)
{
	while (left) {
		size_t length, header = read_length(s, left, 255, &length);

		if (!header || !length || length > left - header)
			return false;
		read_subpacket(s + header, length, hashed, sig);
		s += header + length;
		left -= header + length;
	}
	return true;
}

bool openpgp_read_signature(const struct openpgp_packet *p, struct openpgp_signature *s)
{
	const uint8_t *b = p->body;
	size_t hashed, unhashed;

	*s = (struct openpgp_signature){ 0 };
	if (p->tag == PGPTAG_SIGNATURE && p->size >= 19 && b[0] == 3) {
		s->type = b[2];
		s->created = number(b + 3, 4);
		memcpy(s->issuer, b + 7, OPENPGP_ID_SIZE);
		return true;
	}
	if (p->tag != PGPTAG_SIGNATURE || p->size < 8 || b[0] != 4)
		return false;
	s->type = b[1];
	hashed = number(b + 4, 2);
	if (hashed > p->size - 8)
		return false;
	unhashed = number(b + 6 + hashed, 2);
	if (unhashed > p->size - 8 - hashed)
		return false;
	return read_subpackets(b + 8 + hashed, unhashed, false, s) &&
	       read_subpackets(b + 6, hashed, true, s);
}

/* A certificate while it is read. */
struct certificate {
	struct openpgp_packet primary;
	struct openpgp_packet subject; /* the user ID or subkey that signatures now are about */
	pgpDigParams params;           /* the primary key, as librpm sees it */
	struct openpgp_key *keys;
	size_t count;
	/* Of the signature that key `count - 1` got its lifetime from. */
	uint32_t said;
	bool said_checked;
};

static void digest_key(DIGEST_CTX ctx, const struct openpgp_packet *key)
{
	const uint8_t head[3] = { 0x99, (uint8_t)(key->size >> 8), (uint8_t)key->size };

	rpmDigestUpdate(ctx, head, sizeof(head));
	rpmDigestUpdate(ctx, key->body, key->size);
}

/* Did the primary key make this signature about the subject? */
static bool is_own(const struct certificate *c, const struct openpgp_packet *p)
{
	const struct openpgp_packet *s = &c->subject;
	pgpDigParams sig = NULL;
	DIGEST_CTX ctx = NULL;
	bool good = false;

	if (c->params && !pgpPrtParams(p->raw, p->raw_size, PGPTAG_SIGNATURE, &sig))
		ctx = rpmDigestInit((int)pgpDigParamsAlgo(sig, PGPVAL_HASHALGO), RPMDIGEST_NONE);
	if (ctx) {
		digest_key(ctx, &c->primary);
		if (s->tag == PGPTAG_PUBLIC_SUBKEY) {
			digest_key(ctx, s);
		} else if (s->tag == PGPTAG_USER_ID || s->tag == PGPTAG_PHOTOID) {
			const uint8_t head[5] = { s->tag == PGPTAG_USER_ID ? 0xb4 : 0xd1,
						  (uint8_t)(s->size >> 24), (uint8_t)(s->size >> 16),
						  (uint8_t)(s->size >> 8), (uint8_t)s->size };

			rpmDigestUpdate(ctx, head, sizeof(head));
			rpmDigestUpdate(ctx, s->body, s->size);
		}
		good = pgpVerifySignature(c->params, sig, ctx) == RPMRC_OK;
		rpmDigestFinal(ctx, NULL, NULL, 0);
	}
	pgpDigParamsFree(sig);
	return good;
}

/* Numbers of seconds end in 2106; what lives longer lives up to there. */
static uint32_t later(uint32_t when, uint32_t seconds)
{
	return seconds > UINT32_MAX - when ? UINT32_MAX : when + seconds;
}

/*
 * The latest word counts. What librpm cannot check (it may know no SHA-1 any more) counts only
 * while nothing better was said.
 */
static void take_lifetime(struct certificate *c, const struct openpgp_packet *p,
			  const struct openpgp_signature *s)
{
	struct openpgp_key *key = &c->keys[c->count - 1];
	bool checked = is_own(c, p);

	if (checked < c->said_checked || (checked == c->said_checked && s->created < c->said))
		return;
	c->said = s->created;
	c->said_checked = checked;
	key->expires = s->key_lifetime ? later(key->created, s->key_lifetime) : 0;
}

static void take_signature(struct certificate *c, const struct openpgp_packet *p)
{
	bool about_subkey = c->subject.tag == PGPTAG_PUBLIC_SUBKEY;
	struct openpgp_signature s;

	/* Other people's signatures say nothing about a key. */
	if (!c->count || !openpgp_read_signature(p, &s) ||
	    memcmp(s.issuer, c->keys[0].id, sizeof(s.issuer)) != 0)
		return;
	/* Unchecked: who can forge a revocation in the user's own keyring can do worse. */
	if (s.type == PGPSIGTYPE_KEY_REVOKE && !about_subkey)
		c->keys[0].revoked = true;
	else if (s.type == PGPSIGTYPE_SUBKEY_REVOKE && about_subkey)
		c->keys[c->count - 1].revoked = true;
	else if (about_subkey ? s.type == PGPSIGTYPE_SUBKEY_BINDING :
				(s.type >= PGPSIGTYPE_GENERIC_CERT &&
				 s.type <= PGPSIGTYPE_POSITIVE_CERT) ||
					s.type == PGPSIGTYPE_SIGNED_KEY)
		take_lifetime(c, p, &s);
}

/* The end of the fingerprint; of keys before version 4, librpm knows what it is. */
static bool read_id(const struct openpgp_packet *p, pgpKeyID_t id)
{
	DIGEST_CTX ctx;
	void *sha1 = NULL;
	size_t n = 0;

	if (p->body[0] != 4)
		return pgpPubkeyKeyID(p->raw, p->raw_size, id) == 0;
	ctx = rpmDigestInit(RPM_HASH_SHA1, RPMDIGEST_NONE);
	if (!ctx)
		return false;
	digest_key(ctx, p);
	rpmDigestFinal(ctx, &sha1, &n, 0);
	if (sha1 && n == 20)
		memcpy(id, (uint8_t *)sha1 + 12, OPENPGP_ID_SIZE);
	free(sha1);
	return sha1 != NULL;
}

static void take_key(struct certificate *c, const struct openpgp_packet *p, size_t max)
{
	struct openpgp_key *key = &c->keys[c->count];
	pgpKeyID_t id;

	if (c->count == max || p->size < 7 || !read_id(p, id))
		return;
	*key = (struct openpgp_key){ .created = number(p->body + 1, 4) };
	memcpy(key->id, id, sizeof(key->id));
	memcpy(key->primary, c->count ? c->keys[0].id : key->id, sizeof(key->primary));
	if (p->body[0] < 4 && number(p->body + 5, 2))
		key->expires = later(key->created, number(p->body + 5, 2) * 86400);
	c->count++;
	c->said = 0;
	c->said_checked = false;
}

size_t openpgp_read_certificate(const uint8_t *packets, size_t size, struct openpgp_key *keys,
				size_t max)
{
	struct certificate c = { .keys = keys };
	struct openpgp_packet p;

	if (pgpPrtParams(packets, size, PGPTAG_PUBLIC_KEY, &c.params))
		c.params = NULL;
	while (openpgp_next(&packets, &size, &p)) {
		if (p.tag == PGPTAG_SIGNATURE) {
			take_signature(&c, &p);
			continue;
		}
		c.subject = p;
		if (p.tag == PGPTAG_PUBLIC_KEY && !c.count)
			c.primary = p;
		if (p.tag == PGPTAG_PUBLIC_KEY || p.tag == PGPTAG_PUBLIC_SUBKEY)
			take_key(&c, &p, max);
	}
	pgpDigParamsFree(c.params);
	for (size_t i = 1; i < c.count; i++) {
		keys[i].revoked |= keys[0].revoked;
		if (keys[0].expires && (!keys[i].expires || keys[i].expires > keys[0].expires))
			keys[i].expires = keys[0].expires;
	}
	return c.count;
}

/* A signature of somebody else that says who the key belongs to, and nothing about the key. */
static bool is_foreign(const struct openpgp_packet *p, const pgpKeyID_t primary)
{
	struct openpgp_signature s;

	return openpgp_read_signature(p, &s) && s.type >= PGPSIGTYPE_GENERIC_CERT &&
	       s.type <= PGPSIGTYPE_POSITIVE_CERT &&
	       memcmp(s.issuer, primary, sizeof(s.issuer)) != 0;
}

uint8_t *openpgp_own_certificate(const uint8_t *packets, size_t size, size_t *out_size)
{
	uint8_t *out = malloc(size + 1);
	const uint8_t *at = packets;
	struct openpgp_packet p;
	bool known = false;
	pgpKeyID_t primary;

	*out_size = 0;
	while (out && openpgp_next(&at, &size, &p)) {
		if (p.tag == PGPTAG_PUBLIC_KEY && !known && p.size >= 7)
			known = read_id(&p, primary);
		if (known && is_foreign(&p, primary))
			continue;
		memcpy(out + *out_size, p.raw, p.raw_size);
		*out_size += p.raw_size;
	}
	/* What is no packet is for librpm to judge. */
	if (out && size) {
		memcpy(out + *out_size, at, size);
		*out_size += size;
	}
	return out;
}

uint8_t *openpgp_dearmour(const char *text, size_t *size)
{
	static const char begin[] = "-----BEGIN PGP SIGNATURE-----";
	const char *at = strstr(text, begin), *end;
	void *out = NULL;
	char *base64;

	*size = 0;
	end = at ? strstr(at, "-----END PGP SIGNATURE-----") : NULL;
	/* Behind the headers ("Version: ...") is an empty line. */
	while (at && end && at < end) {
		at = strchr(at, '\n');
		if (!at || at >= end)
			return NULL;
		at++;
		if (at[strspn(at, " \t\r")] == '\n')
			break;
	}
	if (!at || !end || at >= end)
		return NULL;
	base64 = strndup(at, (size_t)(end - at));
	if (!base64)
		return NULL;
	/* The line "=CRC" is no protection from anybody: a damaged signature fits no key. */
	for (char *line = base64; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line == '=') {
			*line = '\0';
			break;
		}
	}
	if (rpmBase64Decode(base64, &out, size) != 0)
		out = NULL;
	free(base64);
	return out;
}
