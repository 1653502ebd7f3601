/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and detached signatures on any bytes, in armour too. */
#include "pkg/openpgp.h"

#include <assert.h>
#include <rpm/rpmcrypto.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of a certificate is made of its own packets, in their order. */
static void check_own(const uint8_t *data, size_t size)
{
	size_t own_size, again_size;
	uint8_t *own = openpgp_own_certificate(data, size, &own_size);
	uint8_t *again = openpgp_own_certificate(own, own_size, &again_size);
	size_t at = 0;

	assert(own && again && own_size <= size);
	for (size_t i = 0; i < size && at < own_size; i++)
		at += data[i] == own[at];
	assert(at == own_size);
	assert(again_size == own_size && !memcmp(own, again, own_size));
	free(own);
	free(again);
}

static void check_packets(const uint8_t *data, size_t size)
{
	const uint8_t *at = data;
	size_t left = size;
	struct openpgp_packet p;

	while (openpgp_next(&at, &left, &p)) {
		struct openpgp_signature s;

		assert(p.raw >= data && p.raw + p.raw_size == at && at <= data + size);
		assert(p.body >= p.raw && p.body + p.size == at);
		if (openpgp_read_signature(&p, &s))
			assert(p.size >= 8);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct openpgp_key keys[KEYS_MAX];
	char *text = malloc(size + 1);
	uint8_t *packets;
	size_t n;

	rpmInitCrypto();
	check_packets(data, size);
	check_own(data, size);
	n = openpgp_read_certificate(data, size, keys, KEYS_MAX);
	assert(n <= KEYS_MAX);
	for (size_t i = 0; i < n; i++)
		assert(!memcmp(keys[i].primary, keys[0].id, OPENPGP_ID_SIZE));
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	packets = openpgp_dearmour(text, &n);
	if (packets)
		check_packets(packets, n);
	free(packets);
	free(text);
	return 0;
}
