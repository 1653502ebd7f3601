/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a package's files: librpm decompresses and reads the cpio
 * archive (with names, or the stripped form of packages with files of 4 GiB
 * and more); what is checked here is that every file comes once, whole, and
 * with its digest.
 */
#include "pkg/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <rpm/rpmarchive.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmfi.h>
#include <rpm/rpmio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/strbuf.h"
#include "pkg/files.h"
#include "pkg/init.h"

struct reader {
	const struct package *p;
	const struct package_files *files;
	const struct payload_sink *sink;
	struct error *err;
	FD_t fd;
	rpmfi archive;
	uint8_t *seen; /* one bit a file */
	char *buffer;  /* PAYLOAD_CHUNK bytes */
};

static int refuse(const struct reader *r, int code, uint32_t file, const char *why)
{
	return error_set(r->err, code, package_file_name(r->p), "'%s': %s",
			 r->files->items[file].path, why);
}

/* librpm's mode string for the payload's compression. */
static int compression_mode(const struct package *p, const char **mode, struct error *err)
{
	static const char *const modes[][2] = {
		{ "gzip", "r.gzdio" }, { "bzip2", "r.bzdio" }, { "xz", "r.xzdio" },
		{ "lzma", "r.lzdio" }, { "zstd", "r.zstdio" },
	};
	const char *format = headerGetString(p->header, RPMTAG_PAYLOADFORMAT);
	const char *name = headerGetString(p->header, RPMTAG_PAYLOADCOMPRESSOR);

	if (format && strcmp(format, "cpio") != 0)
		return error_set(err, -ERR_UNSUPPORTED, package_file_name(p),
				 "the payload's format is '%s'", format);
	/* Not said: uncompressed, or gzip in the oldest packages. zlib reads both. */
	if (!name)
		name = "gzip";
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(name, modes[i][0]) == 0) {
			*mode = modes[i][1];
			return 0;
		}
	return error_set(err, -ERR_UNSUPPORTED, package_file_name(p),
			 "the payload is compressed with '%s'", name);
}

static int reader_open(struct reader *r)
{
	const char *mode = NULL;
	int fd, rc = compression_mode(r->p, &mode, r->err);
	FD_t raw;

	if (rc)
		return rc;
	r->seen = calloc(r->files->count / 8 + 1, 1);
	r->buffer = malloc(PAYLOAD_CHUNK);
	if (!r->seen || !r->buffer)
		return error_nomem(r->err);
	fd = open(r->p->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(r->err, errno, r->p->path, "cannot open the package");
	if (lseek(fd, (off_t)r->p->payload_offset, SEEK_SET) < 0) {
		rc = error_errno(r->err, errno, r->p->path, "cannot read the package");
		close(fd);
		return rc;
	}
	raw = fdDup(fd);
	close(fd);
	r->fd = raw ? Fdopen(raw, mode) : NULL;
	if (!r->fd) {
		if (raw)
			Fclose(raw);
		return error_set(r->err, -ERR_UNSUPPORTED, package_file_name(r->p),
				 "librpm cannot open a payload with '%s'", mode + 2);
	}
	r->archive = rpmfiNewArchiveReader(r->fd, files_rpm(r->files), RPMFI_ITER_READ_ARCHIVE);
	return r->archive ? 0 : error_nomem(r->err);
}

static void reader_close(struct reader *r)
{
	rpmfiFree(r->archive);
	if (r->fd)
		Fclose(r->fd);
	free(r->seen);
	free(r->buffer);
}

/* What went wrong when librpm could not go on. */
static int explain(const struct reader *r, int code)
{
	const char *name = package_file_name(r->p);

	if (code == RPMERR_MISSING_FILE)
		for (uint32_t i = 0; i < r->files->count; i++)
			if (!(r->seen[i / 8] & 1 << i % 8) &&
			    !(r->files->items[i].flags & PACKAGE_FILE_GHOST))
				return refuse(r, -ERR_FORMAT, i, "is missing from the payload");
	if (code == RPMERR_UNMAPPED_FILE)
		return error_set(r->err, -ERR_FORMAT, name,
				 "the payload holds a file that the header does not name");
	if (Ferror(r->fd))
		return error_set(r->err, -ERR_FORMAT, name, "the payload cannot be read: %s",
				 Fstrerror(r->fd));
	return error_set(r->err, -ERR_FORMAT, name, "the payload is damaged or ends early");
}

static int check_digest(const struct reader *r, uint32_t file, DIGEST_CTX ctx)
{
	const struct package_file *f = &r->files->items[file];
	void *value = NULL;
	size_t size = 0;
	int rc = 0;

	rpmDigestFinal(ctx, &value, &size, 0);
	if (!value || size != f->digest_size || memcmp(value, f->digest, size) != 0)
		rc = refuse(r, -ERR_DIGEST, file, "the digest does not match");
	free(value);
	return rc;
}

/* Hand the current file to the sink. */
static int deliver(const struct reader *r, uint32_t file)
{
	const struct package_file *f = &r->files->items[file];
	const struct payload_sink *sink = r->sink;
	DIGEST_CTX ctx = NULL;
	int rc = sink->begin(sink->arg, file, f->size);

	if (rc <= 0)
		return rc;
	if (f->digest) {
		ctx = rpmDigestInit((int)f->digest_algo, RPMDIGEST_NONE);
		if (!ctx)
			return refuse(r, -ERR_UNSUPPORTED, file, "digest of an unknown kind");
	}
	rc = 0;
	for (uint64_t at = 0; at < f->size && !rc;) {
		size_t want = f->size - at < PAYLOAD_CHUNK ? (size_t)(f->size - at) : PAYLOAD_CHUNK;

		if (rpmfiArchiveRead(r->archive, r->buffer, want) != (ssize_t)want) {
			rc = refuse(r, -ERR_FORMAT, file, "the payload ends within this file");
			break;
		}
		if (ctx)
			rpmDigestUpdate(ctx, r->buffer, want);
		rc = sink->data(sink->arg, file, at, r->buffer, want);
		at += want;
	}
	if (rc)
		rpmDigestFinal(ctx, NULL, NULL, 0);
	else if (ctx)
		rc = check_digest(r, file, ctx);
	return rc ? rc : sink->end(sink->arg, file);
}

static int read_all(struct reader *r)
{
	int rc = 0, file;

	while (!rc && (file = rpmfiNext(r->archive)) >= 0) {
		if ((size_t)file >= r->files->count)
			return explain(r, RPMERR_UNMAPPED_FILE);
		if (r->seen[file / 8] & 1 << file % 8)
			return refuse(r, -ERR_FORMAT, (uint32_t)file, "is in the payload twice");
		r->seen[file / 8] |= (uint8_t)(1 << file % 8);
		/* Of hard links, the last carries the bytes. */
		if (S_ISREG(r->files->items[file].mode) && rpmfiArchiveHasContent(r->archive))
			rc = deliver(r, (uint32_t)file);
	}
	if (!rc && file != RPMERR_ITER_END)
		rc = explain(r, file);
	return rc;
}

int payload_read(const struct package *p, const struct package_files *files,
		 const struct payload_sink *sink, struct error *err)
{
	struct reader r = { .p = p, .files = files, .sink = sink, .err = err };
	int rc;

	/* A package without files may have no archive at all. */
	if (!files->count)
		return 0;
	rc = reader_open(&r);
	if (!rc)
		rc = read_all(&r);
	reader_close(&r);
	return rc;
}

struct extraction {
	const struct package *p;
	const struct package_files *files;
	const uint32_t *wanted;
	size_t wanted_count, left;
	struct strbuf *out;
	size_t max;
	struct error *err;
};

/* Stops the reader once everything wanted was there; no error code is positive. */
#define EXTRACTED 1

/* The bytes of a hard link come under the name of another of its set. */
static bool is_wanted(const struct extraction *x, size_t i, uint32_t file)
{
	const struct package_file *items = x->files->items;

	return x->wanted[i] == file || (items[file].link_set &&
		items[x->wanted[i]].link_set == items[file].link_set);
}

static int extraction_begin(void *arg, uint32_t file, uint64_t size)
{
	struct extraction *x = arg;

	for (size_t i = 0; i < x->wanted_count; i++)
		if (is_wanted(x, i, file))
			return 1;
	return 0;
}

static int extraction_data(void *arg, uint32_t file, uint64_t offset, const void *data, size_t n)
{
	struct extraction *x = arg;

	for (size_t i = 0; i < x->wanted_count; i++) {
		size_t take = x->max - x->out[i].len;

		if (is_wanted(x, i, file) &&
		    strbuf_add(&x->out[i], data, n < take ? n : take) < 0)
			return error_nomem(x->err);
	}
	return 0;
}

static int extraction_end(void *arg, uint32_t file)
{
	struct extraction *x = arg;

	for (size_t i = 0; i < x->wanted_count; i++)
		if (is_wanted(x, i, file))
			x->left--;
	return x->left ? 0 : EXTRACTED;
}

int payload_extract(const struct package *p, const struct package_files *files,
		    const uint32_t *wanted, size_t wanted_count, struct strbuf *out, size_t max,
		    struct error *err)
{
	struct extraction x = { p, files, wanted, wanted_count, 0, out, max, err };
	struct payload_sink sink = { extraction_begin, extraction_data, extraction_end, &x };
	int rc;

	for (size_t i = 0; i < wanted_count; i++) {
		const struct package_file *f;

		strbuf_release(&out[i]);
		if (wanted[i] >= files->count)
			return error_set(err, -EINVAL, package_file_name(p), "has no file %u",
					 wanted[i]);
		f = &files->items[wanted[i]];
		if (S_ISREG(f->mode) && !(f->flags & PACKAGE_FILE_GHOST))
			x.left++;
	}
	if (!x.left)
		return 0;
	rc = payload_read(p, files, &sink, err);
	return rc == EXTRACTED ? 0 : rc;
}
