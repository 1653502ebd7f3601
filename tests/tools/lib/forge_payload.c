/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <rpm/rpmcrypto.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmio.h>
#include <sys/stat.h>

#include "tests/tools/lib/forge.h"

#define CHUNK 65536

struct archive {
	FD_t fd;
	uint64_t size; /* bytes so far, uncompressed */
	bool failed;
};

static void put(struct archive *a, const void *bytes, size_t n)
{
	if (n && Fwrite(bytes, 1, n, a->fd) != (ssize_t)n)
		a->failed = true;
	a->size += n;
}

static void pad(struct archive *a)
{
	put(a, "\0\0\0", (size_t)(-a->size & 3));
}

bool forge_is_large(const struct forge *f)
{
	for (size_t i = 0; i < f->file_count; i++)
		if (f->files[i].size > UINT32_MAX)
			return true;
	return false;
}

/* The next n bytes of a file's content, from position `at`. */
static void content(const struct forge_file *file, uint64_t at, uint8_t *out, size_t n)
{
	uint64_t x;

	switch (file->content) {
	case CONTENT_TEXT:
		memcpy(out, file->text + at, n);
		break;
	case CONTENT_RANDOM:
		for (size_t i = 0; i < n; i++) {
			/* splitmix64 of the position: any part can be made alone */
			x = (file->seed + at + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
			x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
			x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
			out[i] = (uint8_t)(x >> 56);
		}
		break;
	default:
		memset(out, 0, n);
	}
}

/* Into the archive when a is not NULL, and into the digest. */
static void put_content(struct archive *a, const struct forge_file *file, uint64_t size,
			DIGEST_CTX digest)
{
	static uint8_t buf[CHUNK];

	for (uint64_t at = 0; at < size; at += CHUNK) {
		size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;

		content(file, at, buf, n);
		if (a)
			put(a, buf, n);
		if (digest)
			rpmDigestUpdate(digest, buf, n);
	}
}

static void put_newc(struct archive *a, const char *name, const struct forge_file *file,
		     uint32_t nlink, uint32_t size)
{
	static const struct forge_file none;
	char head[111];

	if (!file)
		file = &none;
	snprintf(head, sizeof(head), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		 file->inode, file->mode, 0, 0, nlink, file->mtime, size, 0, 0, file->rdev >> 8,
		 file->rdev & 255, (unsigned int)strlen(name) + 1, 0);
	put(a, head, 110);
	put(a, name, strlen(name) + 1);
	pad(a);
}

static uint32_t link_count(const struct forge *f, uint32_t inode)
{
	uint32_t n = 0;

	for (size_t i = 0; i < f->file_count; i++)
		n += f->files[i].inode == inode;
	return n;
}

/* rpm puts the bytes of a hard link set behind the last of its names. */
static bool carries_bytes(const struct forge *f, size_t index)
{
	for (size_t i = index + 1; i < f->file_count; i++)
		if (f->files[i].inode == f->files[index].inode)
			return false;
	return S_ISREG(f->files[index].mode) || S_ISLNK(f->files[index].mode);
}

static void put_file(struct archive *a, const struct forge *f, size_t index)
{
	const struct forge_file *file = &f->files[index];
	bool last = index + 1 == f->file_count;
	uint64_t size = carries_bytes(f, index) ? file->size : 0;
	char name[4096], head[15];

	if (forge_is_large(f)) {
		snprintf(head, sizeof(head), "07070X%08x", (unsigned int)index);
		put(a, head, 14);
		pad(a);
	} else {
		snprintf(name, sizeof(name), "%s%s%s", f->old_layout ? "" : ".",
			 file->path + (f->old_layout ? 1 : 0),
			 last && (f->lies & LIE_CPIO_NAME) ? ".other" : "");
		put_newc(a, name, file, link_count(f, file->inode), (uint32_t)size);
	}
	if (last && (f->lies & LIE_CPIO_CUT))
		size /= 2;
	put_content(a, file, size, NULL);
	if (!(last && (f->lies & LIE_CPIO_CUT)))
		pad(a);
}

static void digest_file(const struct forge *f, struct forge_file *file)
{
	DIGEST_CTX ctx = rpmDigestInit(f->old_layout ? RPM_HASH_MD5 : RPM_HASH_SHA256, 0);
	char *hex = NULL;

	file->digest[0] = '\0';
	if (S_ISREG(file->mode) && !(file->flags & RPMFILE_GHOST)) {
		put_content(NULL, file, file->size, ctx);
		rpmDigestFinal(ctx, (void **)&hex, NULL, 1);
		snprintf(file->digest, sizeof(file->digest), "%s", hex);
		free(hex);
	} else {
		rpmDigestFinal(ctx, NULL, NULL, 0);
	}
}

int forge_payload_write(struct forge *f, const char *path, uint64_t *archive_size)
{
	static const char *const modes[][2] = { { "none", "w.ufdio" },	 { "gzip", "w6.gzdio" },
						{ "bzip2", "w6.bzdio" }, { "xz", "w1.xzdio" },
						{ "lzma", "w1.lzdio" },	 { "zstd", "w3.zstdio" } };
	struct archive a = { NULL, 0, false };
	const char *mode = NULL;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i][0], f->compress) == 0)
			mode = modes[i][1];
	a.fd = mode ? Fopen(path, mode) : NULL;
	if (!a.fd || Ferror(a.fd)) {
		fprintf(stderr, "rpmforge: cannot write '%s' (%s)\n", path, f->compress);
		return -ERR_RPM;
	}
	for (size_t i = 0; i < f->file_count; i++) {
		digest_file(f, &f->files[i]);
		if (f->files[i].flags & RPMFILE_GHOST)
			continue;
		if (i + 1 == f->file_count && (f->lies & LIE_CPIO_MISSING))
			continue;
		put_file(&a, f, i);
	}
	if (!(f->lies & LIE_CPIO_CUT)) {
		put_newc(&a, "TRAILER!!!", NULL, 1, 0);
		pad(&a);
	}
	*archive_size = a.size;
	if (Fclose(a.fd) != 0 || a.failed) {
		fprintf(stderr, "rpmforge: cannot write '%s'\n", path);
		return -ERR_RPM;
	}
	return 0;
}
