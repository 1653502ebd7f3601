/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/fetch_digest.h"

#include <errno.h>
#include <rpm/rpmcrypto.h>
#include <unistd.h>

static const struct {
	const char *name;
	int id;
} algorithms[] = {
	{ "md5", RPM_HASH_MD5 },       { "sha1", RPM_HASH_SHA1 },     { "sha", RPM_HASH_SHA1 },
	{ "sha224", RPM_HASH_SHA224 }, { "sha256", RPM_HASH_SHA256 }, { "sha384", RPM_HASH_SHA384 },
	{ "sha512", RPM_HASH_SHA512 },
};

int fetch_digest_algorithm(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (!strcasecmp(name, algorithms[i].name))
			return algorithms[i].id;
	return -1;
}

void fetch_digest_release(struct fetch_digest *d)
{
	if (d->sha256)
		rpmDigestFinal(d->sha256, NULL, NULL, 0);
	if (d->other)
		rpmDigestFinal(d->other, NULL, NULL, 0);
	*d = (struct fetch_digest)FETCH_DIGEST_INIT;
}

int fetch_digest_begin(struct fetch_digest *d, const char *promised, struct error *err)
{
	int id = promised ? fetch_digest_algorithm(promised) : RPM_HASH_SHA256;

	fetch_digest_release(d);
	if (id < 0)
		return error_set(err, -ERR_UNSUPPORTED, NULL, "unknown checksum algorithm '%s'",
				 promised);
	d->sha256 = rpmDigestInit(RPM_HASH_SHA256, RPMDIGEST_NONE);
	if (id != RPM_HASH_SHA256)
		d->other = rpmDigestInit(id, RPMDIGEST_NONE);
	if (!d->sha256 || (id != RPM_HASH_SHA256 && !d->other)) {
		fetch_digest_release(d);
		return error_set(err, -ERR_UNSUPPORTED, NULL,
				 "this librpm does not do '%s' checksums",
				 promised ? promised : "sha256");
	}
	d->promised = promised != NULL;
	return 0;
}

void fetch_digest_update(struct fetch_digest *d, const void *data, size_t n)
{
	rpmDigestUpdate(d->sha256, data, n);
	if (d->other)
		rpmDigestUpdate(d->other, data, n);
}

int fetch_digest_finish(struct fetch_digest *d, char sha256[FETCH_SHA256_HEX + 1], char **promised)
{
	bool wanted = d->promised && promised;
	char *hex = NULL, *other = NULL;
	int rc = 0;

	rpmDigestFinal(d->sha256, (void **)&hex, NULL, 1);
	d->sha256 = NULL;
	if (d->other)
		rpmDigestFinal(d->other, (void **)&other, NULL, 1);
	else if (wanted && hex)
		other = strdup(hex);
	d->other = NULL;
	d->promised = false;
	if (!hex || strlen(hex) != FETCH_SHA256_HEX || (wanted && !other))
		rc = -ENOMEM;
	else
		memcpy(sha256, hex, FETCH_SHA256_HEX + 1);
	if (promised)
		*promised = rc || !wanted ? NULL : other;
	if (!promised || !*promised)
		free(other);
	free(hex);
	return rc;
}

int fetch_digest_fd(int fd, char sha256[FETCH_SHA256_HEX + 1])
{
	struct fetch_digest d = FETCH_DIGEST_INIT;
	char *buf = malloc(1 << 17);
	off_t at = 0;
	ssize_t n;
	int rc = buf ? fetch_digest_begin(&d, NULL, NULL) : -ENOMEM;

	while (!rc) {
		n = pread(fd, buf, 1 << 17, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = -errno;
		if (n <= 0)
			break;
		fetch_digest_update(&d, buf, (size_t)n);
		at += n;
	}
	if (!rc)
		rc = fetch_digest_finish(&d, sha256, NULL);
	fetch_digest_release(&d);
	free(buf);
	return rc;
}

int fetch_digest_text(const char *text, char sha256[FETCH_SHA256_HEX + 1])
{
	struct fetch_digest d = FETCH_DIGEST_INIT;
	int rc = fetch_digest_begin(&d, NULL, NULL);

	if (!rc) {
		fetch_digest_update(&d, text, strlen(text));
		rc = fetch_digest_finish(&d, sha256, NULL);
	}
	return rc;
}
