/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of OpenPGP (RFC 4880), as far as librpm has no function for it: what a
 * key's own signatures say of it, and detached signatures in armour.
 */
#ifndef PKG_OPENPGP_H
#define PKG_OPENPGP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPENPGP_ID_SIZE 8

struct openpgp_packet {
	unsigned int tag;
	const uint8_t *raw; /* with its own header */
	size_t raw_size;
	const uint8_t *body;
	size_t size;
};

/* Of one signature packet; what is not there is 0. */
struct openpgp_signature {
	unsigned int type;
	uint32_t created;
	uint32_t key_lifetime; /* seconds after the key was made; 0: for ever */
	uint8_t issuer[OPENPGP_ID_SIZE];
};

/* Of one key that can sign, from its certificate. */
struct openpgp_key {
	uint8_t id[OPENPGP_ID_SIZE];
	uint8_t primary[OPENPGP_ID_SIZE]; /* of the certificate; the same for the primary key */
	uint32_t created;
	uint32_t expires; /* 0: never; a subkey expires with its primary key at the latest */
	bool revoked;     /* itself or the primary key, by its own signature */
	bool unusable;    /* librpm refuses the certificate; set by who asked it */
};

/* The packet at *at, which moves on behind it; false at the end, and when it is damaged. */
bool openpgp_next(const uint8_t **at, size_t *left, struct openpgp_packet *p);
bool openpgp_read_signature(const struct openpgp_packet *p, struct openpgp_signature *s);

/*
 * The keys of one certificate into keys, at most max; the number. librpm checks the
 * signatures by which a key says of itself how long it lives.
 */
size_t openpgp_read_certificate(const uint8_t *packets, size_t size, struct openpgp_key *keys,
				size_t max);

/*
 * A copy of the certificate without what other people certified in it, allocated; NULL without
 * memory. Nothing here relies on those, but one that librpm cannot read (a critical subpacket
 * that it does not know) makes it refuse the whole key. *out_size <= size.
 */
uint8_t *openpgp_own_certificate(const uint8_t *packets, size_t size, size_t *out_size);

/* The bytes in an armoured "PGP SIGNATURE", allocated; NULL when there are none. */
uint8_t *openpgp_dearmour(const char *text, size_t *size);

#endif
