/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rpmforge OUT.rpm <RECIPE: write a package, a hostile one if asked.
 *
 *   name N | version V | release R | arch A | os O | epoch N | buildtime T
 *   compress none|gzip|bzip2|xz|lzma|zstd | old-layout (as rpm 3 wrote it)
 *   requires|provides|conflicts|obsoletes|recommends NAME [OP VERSION]
 *   pretrans|pre|post|preun|postun|posttrans INTERPRETER [BODY]
 *   dir PATH MODE [USER [GROUP]]
 *   file PATH MODE USER GROUP [TEXT], "\n" in it is a new line | zeros PATH MODE USER GROUP BYTES
 *   random PATH MODE USER GROUP BYTES SEED
 *   link PATH TARGET | hard PATH EARLIER-PATH | node PATH MODE c|b|p|s [MAJOR MINOR]
 *   flag config|doc|ghost|missingok|noreplace, colour N, caps TEXT, mtime T: of the last file
 *   lie WHAT: see enum forge_lie; the digests above it are right
 *   patch lead|signature|header|payload OFFSET HEX, cut BYTES: afterwards
 */
#include <errno.h>
#include <rpm/header.h>
#include <rpm/rpmcrypto.h>
#include <unistd.h>

#include "tests/tools/lib/forge.h"

static const uint8_t magic[8] = { 0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0 };

/* A header as it stands in the file. */
static int flatten(Header h, struct strbuf *out)
{
	unsigned int size = 0;
	void *blob = h ? headerExport(h, &size) : NULL;
	int rc = -ENOMEM;

	if (blob)
		rc = strbuf_add(out, magic, sizeof(magic));
	if (!rc)
		rc = strbuf_add(out, blob, size);
	free(blob);
	return rc;
}

static int slurp(const char *path, struct strbuf *out)
{
	FILE *f = fopen(path, "re");
	char buf[65536];
	size_t n;
	int rc = f ? 0 : -errno;

	while (!rc && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		rc = strbuf_add(out, buf, n);
	if (f)
		fclose(f);
	return rc;
}

/* Of two parts in a row; caller frees. */
static void *digest(int algo, const struct strbuf *a, const struct strbuf *b, int hex, size_t *size)
{
	DIGEST_CTX ctx = rpmDigestInit(algo, 0);
	void *out = NULL;

	rpmDigestUpdate(ctx, a->data, a->len);
	if (b)
		rpmDigestUpdate(ctx, b->data, b->len);
	rpmDigestFinal(ctx, &out, size, hex);
	return out;
}

/* Signature tags have the numbers of other tags: their types must be said. */
static void put_tag(Header h, rpmTagVal tag, rpmTagType type, void *data, size_t count)
{
	struct rpmtd_s td = { .tag = tag, .type = type, .count = (rpm_count_t)count, .data = data };

	headerPut(h, &td, HEADERPUT_DEFAULT);
}

static int make_signature(const struct forge *f, const struct strbuf *header,
			  const struct strbuf *payload, uint64_t archive_size, struct strbuf *out)
{
	uint64_t size = header->len + payload->len;
	uint32_t size32 = (uint32_t)size, unpacked = (uint32_t)archive_size;
	bool digests = !(f->lies & LIE_NO_DIGESTS);
	size_t md5_size = 0;
	char *sha1 = digest(RPM_HASH_SHA1, header, NULL, 1, NULL);
	char *sha256 = digest(RPM_HASH_SHA256, header, NULL, 1, NULL);
	uint8_t *md5 = digest(RPM_HASH_MD5, header, payload, 0, &md5_size);
	Header sig = headerNew();
	int rc;

	put_tag(sig, RPMSIGTAG_SIZE, RPM_INT32_TYPE, &size32, 1);
	if (digests)
		put_tag(sig, RPMSIGTAG_MD5, RPM_BIN_TYPE, md5, md5_size);
	if (digests && !f->old_layout) {
		put_tag(sig, RPMSIGTAG_SHA1, RPM_STRING_TYPE, sha1, 1);
		put_tag(sig, RPMSIGTAG_SHA256, RPM_STRING_TYPE, sha256, 1);
	}
	if (archive_size > UINT32_MAX)
		put_tag(sig, RPMSIGTAG_LONGARCHIVESIZE, RPM_INT64_TYPE, &archive_size, 1);
	else if (!f->old_layout)
		put_tag(sig, RPMSIGTAG_PAYLOADSIZE, RPM_INT32_TYPE, &unpacked, 1);
	if (!f->old_layout)
		sig = headerReload(sig, RPMTAG_HEADERSIGNATURES);
	rc = flatten(sig, out);
	if (!rc && out->len % 8)
		rc = strbuf_add(out, "\0\0\0\0\0\0\0", 8 - out->len % 8);
	headerFree(sig);
	free(sha1);
	free(sha256);
	free(md5);
	return rc;
}

static int make_lead(const struct forge *f, struct strbuf *out)
{
	uint8_t lead[96] = { 0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0, 0, 1 };

	if (strcmp(f->arch, "noarch") == 0)
		lead[9] = 255;
	snprintf((char *)lead + 10, 66, "%s-%s-%s", f->name, f->version, f->release);
	lead[77] = 1; /* Linux */
	lead[79] = 5; /* a signature header follows */
	return strbuf_add(out, lead, sizeof(lead));
}

static int patch(const struct forge *f, struct strbuf parts[4])
{
	static const char order[] = "lshp";

	for (size_t i = 0; i < f->patch_count; i++) {
		const struct forge_patch *p = &f->patches[i];
		struct strbuf *part = &parts[strchr(order, p->part) - order];

		if (p->offset > part->len || p->size > part->len - p->offset) {
			fprintf(stderr, "rpmforge: a patch lies outside its part\n");
			return -ERR_LIMIT;
		}
		memcpy(part->data + p->offset, p->bytes, p->size);
	}
	return 0;
}

static int write_parts(const struct forge *f, struct strbuf parts[4], const char *path)
{
	uint64_t total = 0, left;
	FILE *out = fopen(path, "we");
	int rc = out ? 0 : -errno;

	for (int i = 0; i < 4; i++)
		total += parts[i].len;
	left = total > f->cut ? total - f->cut : 0;
	for (int i = 0; i < 4 && !rc; i++) {
		size_t n = parts[i].len < left ? parts[i].len : (size_t)left;

		if (n && fwrite(parts[i].data, 1, n, out) != n)
			rc = -EIO;
		left -= n;
	}
	if (out && fclose(out) != 0)
		rc = -EIO;
	return rc;
}

int forge_write(struct forge *f, const char *path)
{
	struct strbuf parts[4] = { STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT };
	uint64_t archive_size;
	char *temp = NULL, *hex = NULL;
	Header h = NULL;
	int rc;

	if (asprintf(&temp, "%s.payload", path) < 0)
		return -ENOMEM;
	rc = forge_payload_write(f, temp, &archive_size);
	rc = rc ? rc : slurp(temp, &parts[3]);
	unlink(temp);
	if (!rc) {
		hex = digest(RPM_HASH_SHA256, &parts[3], NULL, 1, NULL);
		h = forge_header(f, hex, archive_size);
		rc = flatten(h, &parts[2]);
	}
	rc = rc ? rc : make_signature(f, &parts[2], &parts[3], archive_size, &parts[1]);
	rc = rc ? rc : make_lead(f, &parts[0]);
	rc = rc ? rc : patch(f, parts);
	rc = rc ? rc : write_parts(f, parts, path);
	for (int i = 0; i < 4; i++)
		strbuf_release(&parts[i]);
	headerFree(h);
	free(hex);
	free(temp);
	return rc;
}

int main(int argc, char **argv)
{
	struct forge f;
	int rc;

	if (argc != 2) {
		fprintf(stderr, "usage: rpmforge OUT.rpm <RECIPE\n");
		return 2;
	}
	if (rpmReadConfigFiles(NULL, NULL) != 0)
		return 1;
	rc = forge_read(&f, stdin);
	rc = rc ? rc : forge_write(&f, argv[1]);
	if (rc)
		fprintf(stderr, "rpmforge: '%s': %s\n", argv[1], error_name(rc));
	forge_release(&f);
	return rc ? 1 : 0;
}
