/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/digest.h"

#include <openssl/evp.h>
#include <stdbool.h>

struct digest {
	EVP_MD_CTX *ctx;
	bool failed;
};

struct digest *digest_new(void)
{
	struct digest *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx) {
		free(d);
		return NULL;
	}
	d->failed = !EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL);
	return d;
}

void digest_add(struct digest *d, const void *bytes, size_t n)
{
	if (d && !d->failed && !EVP_DigestUpdate(d->ctx, bytes, n))
		d->failed = true;
}

int digest_hex(struct digest *d, char hex[DIGEST_HEX_SIZE], struct error *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	hex[0] = '\0';
	/* What every libcrypto has can fail for nothing else. */
	if (!d || d->failed)
		return error_nomem(err);
	if (!EVP_DigestFinal_ex(d->ctx, raw, &n) || n != (DIGEST_HEX_SIZE - 1) / 2)
		return error_set(err, -ERR_UNSUPPORTED, NULL, "libcrypto makes no SHA-256 digest");
	for (unsigned int i = 0; i < n; i++) {
		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
	hex[2 * n] = '\0';
	return 0;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}
