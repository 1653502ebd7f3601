/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packages, the one file of an old rpm's database that the others (Name,
 * Basenames, ...) can be made from: "rpm --rebuilddb" in the guest does.
 *
 * Record 0 holds the number that was given out last, in the order of bytes of
 * the machine; every other one a header, as librpm exports it.
 */
#include <errno.h>
#include <rpm/rpmcrypto.h>

#include "pkg/bdb_format.h"
#include "pkg/database_internal.h"

/* rpm before 4.14 takes a header with more data than this for a damaged one. */
#define HEADER_MAX ((16u << 20) - 1)

struct bdb_job {
	const struct database_entry *entries;
	const struct database_options *options;
	struct bdb_writer writer;
	uint32_t *sizes;
	uint32_t count; /* of records */
	DIGEST_CTX identity;
};

/* The exported header of entry i; the caller frees it. */
static int export_header(const struct bdb_job *j, uint32_t i, void **blob, unsigned int *size,
			 struct error *err)
{
	const char *nevra = j->entries[i].package->nevra;
	Header h;
	int rc = database_header(&j->entries[i], j->options, &h, err);

	*blob = NULL;
	if (rc)
		return rc;
	*blob = headerExport(h, size);
	headerFree(h);
	if (!*blob)
		return error_set(err, -ERR_DATABASE, nevra, "the header cannot be written");
	if (*size > HEADER_MAX)
		rc = error_set(err, -ERR_LIMIT, nevra,
			       "its header has %u bytes, and the rpm of a guest with a Berkeley DB "
			       "database reads 16 MiB at most",
			       *size);
	if (rc)
		free(*blob);
	return rc;
}

/* Headers are made twice, so that memory holds one of them at a time, beside the file. */
static int measure(struct bdb_job *j, struct error *err)
{
	j->sizes = calloc((size_t)j->count + 1, sizeof(*j->sizes));
	if (!j->sizes)
		return error_nomem(err);
	j->sizes[0] = 4;
	for (uint32_t i = 1; i < j->count; i++) {
		void *blob;
		int rc = export_header(j, i - 1, &blob, &j->sizes[i], err);

		if (rc)
			return rc;
		free(blob);
	}
	return 0;
}

static int put_headers(struct bdb_job *j, struct error *err)
{
	uint8_t last[4];

	if (!j->count)
		return 0;
	bdb_set(last, 4, j->options->big_endian, j->count - 1);
	bdb_put(&j->writer, 0, last);
	for (uint32_t i = 1; i < j->count; i++) {
		unsigned int size = 0;
		void *blob;
		int rc = export_header(j, i - 1, &blob, &size, err);

		if (rc)
			return rc;
		if (size == j->sizes[i]) {
			bdb_put(&j->writer, i, blob);
			rpmDigestUpdate(j->identity, blob, size);
		} else {
			rc = error_set(err, -ERR_DATABASE, j->entries[i - 1].package->nevra,
				       "its header changes while it is written");
		}
		free(blob);
		if (rc)
			return rc;
	}
	return 0;
}

static int finish(struct bdb_job *j, struct database_files *out, struct error *err)
{
	uint8_t uid[BDB_UID] = { 0 }, *data;
	void *digest = NULL;
	size_t size = 0;
	int rc = rpmDigestFinal(j->identity, &digest, &size, 0);

	j->identity = NULL;
	if (!rc && size >= BDB_UID)
		memcpy(uid, digest, BDB_UID);
	free(digest);
	if (rc || size < BDB_UID)
		return error_set(err, -ERR_RPM, NULL, "librpm cannot make a SHA-256 digest");
	bdb_finish(&j->writer, uid, &data, &size);
	return database_one_file(out, "Packages", data, size, free, err);
}

int database_build_bdb(const struct database_entry *entries, size_t count,
		       const struct database_options *options, struct database_files *out,
		       struct error *err)
{
	struct bdb_job j = { .entries = entries, .options = options, .writer = BDB_WRITER_INIT };
	int rc;

	if (count >= INT32_MAX)
		return error_set(err, -ERR_LIMIT, NULL, "too many packages for an rpm database");
	/* rpm makes record 0 with the first package. */
	j.count = count ? (uint32_t)count + 1 : 0;
	j.identity = rpmDigestInit(RPM_HASH_SHA256, RPMDIGEST_NONE);
	if (!j.identity)
		return error_set(err, -ERR_RPM, NULL, "librpm cannot make a SHA-256 digest");
	rc = measure(&j, err);
	if (!rc)
		rc = bdb_begin(&j.writer, j.sizes, j.count, options->big_endian, err);
	if (!rc)
		rc = put_headers(&j, err);
	if (!rc)
		rc = finish(&j, out, err);
	if (j.identity)
		rpmDigestFinal(j.identity, NULL, NULL, 0);
	bdb_release(&j.writer);
	free(j.sizes);
	return rc;
}

uint64_t database_estimate_bdb(const struct package_list *l)
{
	/* Metadata and the least number of buckets. */
	uint64_t total = 3 * BDB_PAGE;

	for (size_t i = 0; i < l->count; i++) {
		Header h = l->items[i]->header;
		struct rpmtd_s td;
		uint64_t size = headerSizeof(h, HEADER_MAGIC_NO) + 256;

		/* A state for each file. */
		if (headerGet(h, RPMTAG_BASENAMES, &td, HEADERGET_MINMEM)) {
			size += rpmtdCount(&td);
			rpmtdFreeData(&td);
		}
		/* Pages of its own, the last one not full; or a place in a bucket a quarter full. */
		total += (size / (BDB_PAGE - PAGE_HEADER) + 2) * BDB_PAGE;
	}
	return total;
}
