/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For unit tests of pkg/: RPM files made byte by byte, in the layout of rpm 4
 * and of rpm 3, whole or with one thing wrong. Independent of rpmbuild, which
 * would refuse to make most of them.
 */
#ifndef TESTS_UNIT_RPMFILE_H
#define TESTS_UNIT_RPMFILE_H

#include <rpm/header.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmio.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmtag.h>
#include <rpm/rpmtd.h>

#include "pkg/verify.h"
#include "tests/unit/judge.h"

struct rpmfile_entry {
	const char *path; /* absolute */
	uint32_t mode;
	const char *content; /* of regular files */
	size_t size;         /* 0: strlen(content) */
	const char *target;  /* of symbolic links */
	uint32_t flags, inode, rdev, colour;
	const char *caps;
	const char *digest;       /* instead of the right one */
	const char *payload_name; /* instead of the right one; "" leaves the file out */
	bool twice;               /* in the payload */
};

struct rpmfile {
	const char *name;
	const struct rpmfile_entry *entries;
	size_t count;
	bool old;               /* as rpm 3 made them: no regions, MD5 only, names not split */
	bool stripped;          /* LONGFILESIZES and cpio without names */
	bool no_payload_digest; /* and no MD5: nothing covers the payload */
	bool source;
	const char *compressor; /* "xz", ...; NULL for an uncompressed payload */
	const char *io;         /* librpm's name for it: "w2.xzdio" */
	size_t payload_cut;     /* bytes to leave out at the end of the uncompressed payload */
	void (*tweak)(Header h); /* the last word on the header */
	void (*mutate)(unsigned char *blob, size_t n); /* the very last, on its bytes */
	rpmTagVal signature_tag; /* a signature over header and payload */
	const unsigned char *signature;
	size_t signature_size;
};

static const unsigned char rpmfile_magic[8] = { 0x8e, 0xad, 0xe8, 0x01 };

JUDGE_FN size_t rpmfile_size(const struct rpmfile_entry *e)
{
	if (S_ISLNK(e->mode))
		return strlen(e->target);
	return e->size ? e->size : e->content ? strlen(e->content) : 0;
}

JUDGE_FN char *rpmfile_hash(int algorithm, const void *data, size_t n)
{
	DIGEST_CTX ctx = rpmDigestInit(algorithm, RPMDIGEST_NONE);
	char *hex = NULL;

	rpmDigestUpdate(ctx, data, n);
	rpmDigestFinal(ctx, (void **)&hex, NULL, 1);
	assert_non_null(hex);
	return hex;
}

JUDGE_FN void rpmfile_put(Header h, rpmTagVal tag, rpmTagType type, const void *data, size_t count)
{
	struct rpmtd_s td = { .tag = tag, .type = type, .count = (rpm_count_t)count,
			      .data = (void *)(uintptr_t)data };

	assert_int_equal(headerPut(h, &td, HEADERPUT_DEFAULT), 1);
}

JUDGE_FN void rpmfile_put_string(Header h, rpmTagVal tag, const char *text)
{
	rpmfile_put(h, tag, RPM_STRING_TYPE, text, 1);
}

JUDGE_FN void rpmfile_put_strings(Header h, rpmTagVal tag, const char *const *list, size_t n)
{
	rpmfile_put(h, tag, RPM_STRING_ARRAY_TYPE, list, n);
}

/* One number of each entry, from a field of struct rpmfile_entry. */
#define RPMFILE_NUMBERS(h, tag, type, ctype, t, value)                                       \
	do {                                                                                 \
		ctype *list_ = calloc((t)->count, sizeof(ctype));                            \
		for (size_t n_ = 0; n_ < (t)->count; n_++) {                                 \
			const struct rpmfile_entry *e = &(t)->entries[n_];                   \
			(void)e;                                                             \
			list_[n_] = (ctype)(value);                                          \
		}                                                                            \
		rpmfile_put(h, tag, type, list_, (t)->count);                                \
		free(list_);                                                                 \
	} while (0)

#define RPMFILE_STRINGS(h, tag, t, value)                                                    \
	do {                                                                                 \
		const char **list_ = calloc((t)->count, sizeof(char *));                     \
		for (size_t n_ = 0; n_ < (t)->count; n_++) {                                 \
			const struct rpmfile_entry *e = &(t)->entries[n_];                   \
			(void)e;                                                             \
			list_[n_] = (value);                                                 \
		}                                                                            \
		rpmfile_put_strings(h, tag, list_, (t)->count);                              \
		free(list_);                                                                 \
	} while (0)

JUDGE_FN void rpmfile_put_names(Header h, const struct rpmfile *t)
{
	char **dirs = calloc(t->count, sizeof(char *));
	uint32_t *index = calloc(t->count, sizeof(*index)), used = 0;

	for (size_t i = 0; i < t->count; i++) {
		const char *path = t->entries[i].path;
		size_t n = (size_t)(strrchr(path, '/') + 1 - path);
		uint32_t d = 0;

		while (d < used && (strncmp(dirs[d], path, n) || dirs[d][n]))
			d++;
		if (d == used)
			dirs[used++] = strndup(path, n);
		index[i] = d;
	}
	rpmfile_put_strings(h, RPMTAG_DIRNAMES, (const char *const *)dirs, used);
	rpmfile_put(h, RPMTAG_DIRINDEXES, RPM_INT32_TYPE, index, t->count);
	RPMFILE_STRINGS(h, RPMTAG_BASENAMES, t, strrchr(e->path, '/') + 1);
	for (uint32_t d = 0; d < used; d++)
		free(dirs[d]);
	free(dirs);
	free(index);
}

JUDGE_FN void rpmfile_put_digests(Header h, const struct rpmfile *t)
{
	int algorithm = t->old ? RPM_HASH_MD5 : RPM_HASH_SHA256;
	char **list = calloc(t->count, sizeof(char *));
	uint32_t number = (uint32_t)algorithm;

	for (size_t i = 0; i < t->count; i++) {
		const struct rpmfile_entry *e = &t->entries[i];

		if (e->digest)
			list[i] = strdup(e->digest);
		else if (S_ISREG(e->mode) && !(e->flags & 64))
			list[i] = rpmfile_hash(algorithm, e->content ? e->content : "",
					       rpmfile_size(e));
		else
			list[i] = strdup("");
	}
	rpmfile_put_strings(h, RPMTAG_FILEDIGESTS, (const char *const *)list, t->count);
	if (!t->old)
		rpmfile_put(h, RPMTAG_FILEDIGESTALGO, RPM_INT32_TYPE, &number, 1);
	for (size_t i = 0; i < t->count; i++)
		free(list[i]);
	free(list);
}

JUDGE_FN void rpmfile_put_files(Header h, const struct rpmfile *t)
{
	if (!t->count)
		return;
	if (t->old)
		RPMFILE_STRINGS(h, RPMTAG_OLDFILENAMES, t, e->path);
	else
		rpmfile_put_names(h, t);
	if (t->stripped)
		RPMFILE_NUMBERS(h, RPMTAG_LONGFILESIZES, RPM_INT64_TYPE, uint64_t, t,
				rpmfile_size(e));
	else
		RPMFILE_NUMBERS(h, RPMTAG_FILESIZES, RPM_INT32_TYPE, uint32_t, t, rpmfile_size(e));
	RPMFILE_NUMBERS(h, RPMTAG_FILEMODES, RPM_INT16_TYPE, uint16_t, t, e->mode);
	RPMFILE_NUMBERS(h, RPMTAG_FILERDEVS, RPM_INT16_TYPE, uint16_t, t, e->rdev);
	RPMFILE_NUMBERS(h, RPMTAG_FILEMTIMES, RPM_INT32_TYPE, uint32_t, t,
			1000000000 + (e - t->entries));
	RPMFILE_NUMBERS(h, RPMTAG_FILEFLAGS, RPM_INT32_TYPE, uint32_t, t, e->flags);
	RPMFILE_NUMBERS(h, RPMTAG_FILEVERIFYFLAGS, RPM_INT32_TYPE, uint32_t, t, 0xffffffff);
	RPMFILE_NUMBERS(h, RPMTAG_FILEDEVICES, RPM_INT32_TYPE, uint32_t, t, 1);
	RPMFILE_NUMBERS(h, RPMTAG_FILEINODES, RPM_INT32_TYPE, uint32_t, t,
			e->inode ? e->inode : 1000 + (e - t->entries));
	RPMFILE_NUMBERS(h, RPMTAG_FILECOLORS, RPM_INT32_TYPE, uint32_t, t, e->colour);
	RPMFILE_STRINGS(h, RPMTAG_FILEUSERNAME, t, "root");
	RPMFILE_STRINGS(h, RPMTAG_FILEGROUPNAME, t, "wheel");
	RPMFILE_STRINGS(h, RPMTAG_FILELINKTOS, t, e->target ? e->target : "");
	RPMFILE_STRINGS(h, RPMTAG_FILELANGS, t, "");
	for (size_t i = 0; i < t->count; i++)
		if (t->entries[i].caps) {
			RPMFILE_STRINGS(h, RPMTAG_FILECAPS, t, e->caps ? e->caps : "");
			break;
		}
	rpmfile_put_digests(h, t);
}

/* A header as rpmbuild would leave it, without a region. */
JUDGE_FN Header rpmfile_header(const struct rpmfile *t)
{
	Header h = headerNew();
	const char *provide = t->name, *version = "1-1";
	uint32_t equal = 8, built = 1000000000, size = 0, one = 1;

	rpmfile_put_string(h, RPMTAG_NAME, t->name);
	rpmfile_put_string(h, RPMTAG_VERSION, "1");
	rpmfile_put_string(h, RPMTAG_RELEASE, "1");
	rpmfile_put_string(h, RPMTAG_ARCH, "noarch");
	rpmfile_put_string(h, RPMTAG_OS, "linux");
	rpmfile_put_string(h, RPMTAG_LICENSE, "GPL");
	rpmfile_put(h, RPMTAG_SUMMARY, RPM_I18NSTRING_TYPE, &provide, 1);
	rpmfile_put(h, RPMTAG_GROUP, RPM_I18NSTRING_TYPE, &provide, 1);
	rpmfile_put(h, RPMTAG_BUILDTIME, RPM_INT32_TYPE, &built, 1);
	rpmfile_put(h, RPMTAG_SIZE, RPM_INT32_TYPE, &size, 1);
	if (t->source)
		rpmfile_put(h, RPMTAG_SOURCEPACKAGE, RPM_INT32_TYPE, &one, 1);
	else
		rpmfile_put_string(h, RPMTAG_SOURCERPM, "source-1-1.src.rpm");
	rpmfile_put_string(h, RPMTAG_PAYLOADFORMAT, "cpio");
	if (t->compressor)
		rpmfile_put_string(h, RPMTAG_PAYLOADCOMPRESSOR, t->compressor);
	rpmfile_put_strings(h, RPMTAG_PROVIDENAME, &provide, 1);
	rpmfile_put_strings(h, RPMTAG_PROVIDEVERSION, &version, 1);
	rpmfile_put(h, RPMTAG_PROVIDEFLAGS, RPM_INT32_TYPE, &equal, 1);
	rpmfile_put_files(h, t);
	return h;
}

JUDGE_FN void rpmfile_pad(struct strbuf *s, size_t to)
{
	while (s->len % to)
		assert_int_equal(strbuf_add(s, "", 1), 0);
}

JUDGE_FN void rpmfile_cpio_entry(struct strbuf *out, const struct rpmfile *t, size_t i, bool bytes)
{
	const struct rpmfile_entry *e = &t->entries[i];
	const char *data = S_ISLNK(e->mode) ? e->target : e->content;
	size_t size = bytes && (S_ISREG(e->mode) || S_ISLNK(e->mode)) ? rpmfile_size(e) : 0;
	char name[4200];

	if (t->stripped) {
		assert_int_equal(strbuf_addf(out, "07070X%08x", (unsigned)i), 0);
	} else {
		snprintf(name, sizeof(name), "%s%s", t->old ? "" : ".", e->path + (t->old ? 1 : 0));
		if (e->payload_name)
			snprintf(name, sizeof(name), "%s", e->payload_name);
		assert_int_equal(
			strbuf_addf(out,
				    "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
				    (unsigned)i, e->mode, 0u, 0u, 1u, 0u, (unsigned)size, 0u, 0u,
				    0u, 0u, (unsigned)strlen(name) + 1, 0u),
			0);
		assert_int_equal(strbuf_add(out, name, strlen(name) + 1), 0);
	}
	rpmfile_pad(out, 4);
	if (size)
		assert_int_equal(strbuf_add(out, data, size), 0);
	rpmfile_pad(out, 4);
}

/* Of hard links, the last one carries the bytes. */
JUDGE_FN bool rpmfile_carries(const struct rpmfile *t, size_t i)
{
	for (size_t k = i + 1; t->entries[i].inode && k < t->count; k++)
		if (t->entries[k].inode == t->entries[i].inode && S_ISREG(t->entries[k].mode) &&
		    !(t->entries[k].flags & 64))
			return false;
	return true;
}

JUDGE_FN void rpmfile_payload(struct strbuf *out, const struct rpmfile *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct rpmfile_entry *e = &t->entries[i];

		if ((e->flags & 64) || (e->payload_name && !*e->payload_name))
			continue;
		rpmfile_cpio_entry(out, t, i, rpmfile_carries(t, i));
		if (e->twice)
			rpmfile_cpio_entry(out, t, i, rpmfile_carries(t, i));
	}
	assert_int_equal(strbuf_addf(out, "070701%088x%08x%08x", 0u, 11u, 0u), 0);
	assert_int_equal(strbuf_add(out, "TRAILER!!!", 11), 0);
	rpmfile_pad(out, 4);
	out->len -= t->payload_cut;
}

JUDGE_FN void rpmfile_slurp(const char *path, struct strbuf *out)
{
	FILE *f = fopen(path, "r");
	char buf[65536];
	size_t n;

	assert_non_null(f);
	out->len = 0;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		assert_int_equal(strbuf_add(out, buf, n), 0);
	assert_int_equal(ferror(f), 0);
	fclose(f);
}

JUDGE_FN void rpmfile_spill(const char *path, const void *data, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(n ? fwrite(data, 1, n, f) : 0, n);
	assert_int_equal(fclose(f), 0);
}

JUDGE_FN void rpmfile_compress(struct strbuf *payload, const char *io, const char *path)
{
	FD_t fd = Fopen(path, io);

	assert_non_null(fd);
	assert_int_equal(Fwrite(payload->data, 1, payload->len, fd), (ssize_t)payload->len);
	assert_int_equal(Fclose(fd), 0);
	rpmfile_slurp(path, payload);
}

JUDGE_FN void rpmfile_add_blob(struct strbuf *out, Header h)
{
	unsigned int size = 0;
	void *blob = headerExport(h, &size);

	assert_non_null(blob);
	assert_int_equal(strbuf_add(out, rpmfile_magic, sizeof(rpmfile_magic)), 0);
	assert_int_equal(strbuf_add(out, blob, size), 0);
	free(blob);
}

/* The signature header's digests over header and payload (body). */
JUDGE_FN void rpmfile_add_signature(struct strbuf *out, const struct rpmfile *t,
				    const struct strbuf *body, size_t header_size)
{
	Header sig = headerNew();
	uint32_t size = (uint32_t)body->len;
	void *md5 = NULL;
	char *sha256 = rpmfile_hash(RPM_HASH_SHA256, body->data, header_size);
	DIGEST_CTX ctx = rpmDigestInit(RPM_HASH_MD5, RPMDIGEST_NONE);

	rpmDigestUpdate(ctx, body->data, body->len);
	rpmDigestFinal(ctx, &md5, NULL, 0);
	rpmfile_put(sig, RPMSIGTAG_SIZE, RPM_INT32_TYPE, &size, 1);
	if (!t->no_payload_digest)
		rpmfile_put(sig, RPMSIGTAG_MD5, RPM_BIN_TYPE, md5, 16);
	if (!t->old)
		rpmfile_put_string(sig, RPMSIGTAG_SHA256, sha256);
	if (t->signature)
		rpmfile_put(sig, t->signature_tag, RPM_BIN_TYPE, t->signature, t->signature_size);
	free(md5);
	free(sha256);
	if (!t->old)
		sig = headerReload(sig, RPMTAG_HEADERSIGNATURES);
	assert_non_null(sig);
	rpmfile_add_blob(out, sig);
	headerFree(sig);
	rpmfile_pad(out, 8);
}

JUDGE_FN void rpmfile_write(const char *path, const struct rpmfile *t)
{
	unsigned char lead[96] = { 0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0, 0, 1 };
	struct strbuf out = STRBUF_INIT, body = STRBUF_INIT, payload = STRBUF_INIT;
	uint32_t algorithm = RPM_HASH_SHA256;
	Header h = rpmfile_header(t);
	size_t header_size;

	lead[77] = 1; /* Linux */
	lead[79] = 5; /* a signature header follows */
	rpmfile_payload(&payload, t);
	if (t->io)
		rpmfile_compress(&payload, t->io, path);
	if (!t->old && !t->no_payload_digest) {
		char *hex = rpmfile_hash(RPM_HASH_SHA256, payload.data, payload.len);

		rpmfile_put_strings(h, RPMTAG_PAYLOADDIGEST, (const char *const *)&hex, 1);
		rpmfile_put(h, RPMTAG_PAYLOADDIGESTALGO, RPM_INT32_TYPE, &algorithm, 1);
		free(hex);
	}
	if (t->tweak)
		t->tweak(h);
	if (!t->old)
		h = headerReload(h, RPMTAG_HEADERIMMUTABLE);
	assert_non_null(h);
	rpmfile_add_blob(&body, h);
	if (t->mutate)
		t->mutate((unsigned char *)body.data, body.len);
	header_size = body.len;
	assert_int_equal(strbuf_add(&body, payload.data, payload.len), 0);
	assert_int_equal(strbuf_add(&out, lead, sizeof(lead)), 0);
	rpmfile_add_signature(&out, t, &body, header_size);
	assert_int_equal(strbuf_add(&out, body.data, body.len), 0);
	rpmfile_spill(path, out.data, out.len);
	headerFree(h);
	strbuf_release(&out);
	strbuf_release(&body);
	strbuf_release(&payload);
}

#endif
