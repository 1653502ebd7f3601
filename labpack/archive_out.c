/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/archive_out.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/archive_in.h"
#include "labpack/write_behind.h"

#define BUFFER_SIZE 262144u
/* Zeros for holes. libarchive counts them and does not look, so no page of them is ever there. */
#define ZEROS_SIZE (256u << 20)

struct archive_out {
	struct archive *archive;
	struct archive_entry *entry;
	char *name;
	int fd;
	int failed_errno; /* of our own write */
	unsigned char *zeros;
	uint64_t position, size; /* in the member */
	uint64_t written; /* bytes handed to the file */
	struct write_behind *behind;
	struct compress *compress; /* NULL: libarchive does what there is to do */
	int compress_code; /* of its failure, when it was none of writing */
	size_t buffered;
	unsigned char buffer[BUFFER_SIZE];
};

static const struct {
	const char *name;
	int (*add)(struct archive *);
	int min, max, standard;
} filters[] = {
	[ARCHIVE_PLAIN] = { "none", archive_write_add_filter_none, 0, 0, 0 },
	[ARCHIVE_GZIP] = { "gzip", archive_write_add_filter_gzip, 1, 9, 6 },
	[ARCHIVE_XZ] = { "xz", archive_write_add_filter_none, 0, 9, 2 },
	[ARCHIVE_ZSTD] = { "zstd", archive_write_add_filter_none, 1, 19, 3 },
};

int archive_level_check(enum archive_compression c, int level, struct error *err)
{
	if (level == ARCHIVE_LEVEL_DEFAULT || (level >= filters[c].min && level <= filters[c].max))
		return 0;
	if (c == ARCHIVE_PLAIN)
		return error_set(err, -ERR_USAGE, NULL, "a .tar has no compression level");
	return error_set(err, -ERR_USAGE, NULL, "the level of %s is %d to %d", filters[c].name,
			 filters[c].min, filters[c].max);
}

static int write_all(struct archive_out *out, const unsigned char *data, size_t n)
{
	while (n) {
		ssize_t done = write(out->fd, data, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			out->failed_errno = done < 0 ? errno : EIO;
			return -1;
		}
		data += done;
		n -= (size_t)done;
		out->written += (size_t)done;
		write_behind_note(out->behind, out->written);
	}
	return 0;
}

static int flush(struct archive_out *out)
{
	size_t n = out->buffered;

	out->buffered = 0;
	return write_all(out, out->buffer, n);
}

/* Small pieces are gathered, large ones go straight through. -1: failed_errno is set. */
static int gather(void *arg, const void *data, size_t n)
{
	struct archive_out *out = arg;

	if (out->buffered + n > BUFFER_SIZE && flush(out))
		return -1;
	if (n >= BUFFER_SIZE / 4)
		return flush(out) ? -1 : write_all(out, data, n);
	memcpy(out->buffer + out->buffered, data, n);
	out->buffered += n;
	return 0;
}

/* libarchive's way out. */
static la_ssize_t take(struct archive *a, void *arg, const void *data, size_t n)
{
	struct archive_out *out = arg;
	int rc = out->compress ? compress_write(out->compress, data, n) : gather(out, data, n);

	if (!rc)
		return (la_ssize_t)n;
	out->compress_code = rc;
	archive_set_error(a, out->failed_errno ? out->failed_errno : -rc, "cannot write");
	return -1;
}

static int failed(struct archive_out *out, struct error *err)
{
	const char *why = archive_error_string(out->archive);

	if (out->failed_errno)
		return error_errno(err, out->failed_errno, out->name, "cannot write");
	if (out->compress_code == -ENOMEM || archive_errno(out->archive) == ENOMEM)
		return error_nomem(err);
	return error_set(err, -EIO, out->name, "cannot be made: %s",
			 why ? why : "it cannot be compressed");
}

static int set_options(struct archive_out *out, const struct archive_out_options *o)
{
	char level[16];
	int value = o->level == ARCHIVE_LEVEL_DEFAULT ? filters[o->compression].standard : o->level;

	if (o->compression == ARCHIVE_ZSTD || o->compression == ARCHIVE_XZ) {
		out->compress_code = compress_new(&out->compress, o->compression, value, gather, out);
		return out->compress_code;
	}
	if (o->compression == ARCHIVE_PLAIN)
		return 0;
	snprintf(level, sizeof(level), "%d", value);
	return archive_write_set_filter_option(out->archive, NULL, "compression-level", level) != ARCHIVE_OK ||
	       archive_write_set_filter_option(out->archive, "gzip", "timestamp", NULL) != ARCHIVE_OK;
}

int archive_out_new(struct archive_out **result, int fd, const char *name,
		    const struct archive_out_options *o, struct error *err)
{
	struct archive_out *out = calloc(1, sizeof(*out));
	int rc = 0;

	*result = NULL;
	if (!out)
		return error_nomem(err);
	out->fd = fd;
	out->behind = o->no_sync ? NULL : write_behind_new(fd);
	out->name = strdup(name);
	out->archive = archive_write_new();
	out->entry = archive_entry_new();
	out->zeros = mmap(NULL, ZEROS_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!out->name || !out->archive || !out->entry || out->zeros == MAP_FAILED)
		rc = error_nomem(err);
	else if (archive_write_set_format_pax_restricted(out->archive) != ARCHIVE_OK ||
		 filters[o->compression].add(out->archive) != ARCHIVE_OK ||
		 archive_write_set_bytes_per_block(out->archive, 0) != ARCHIVE_OK ||
		 set_options(out, o) ||
		 archive_write_open(out->archive, out, NULL, take, NULL) != ARCHIVE_OK)
		rc = failed(out, err);
	if (rc)
		archive_out_free(out);
	else
		*result = out;
	return rc;
}

static void set_parts(struct archive_entry *entry, const struct archive_out_member *m)
{
	const struct extents *e = m->parts;

	if (!e || !m->size)
		return;
	if (e->count == 1 && !e->items[0].start && e->items[0].end == m->size)
		return;
	if (!e->count)
		archive_entry_sparse_add_entry(entry, 0, 0);
	for (size_t i = 0; i < e->count; i++)
		archive_entry_sparse_add_entry(entry, (la_int64_t)e->items[i].start,
					       (la_int64_t)(e->items[i].end - e->items[i].start));
}

/* The hole that ends the member before is written, too: libarchive counts it. */
static int end_member(struct archive_out *out, struct error *err);

int archive_out_begin(struct archive_out *out, const struct archive_out_member *m,
		      struct error *err)
{
	static const unsigned int types[] = { AE_IFDIR, AE_IFREG, AE_IFLNK };
	struct archive_entry *entry = archive_entry_clear(out->entry);
	int rc = end_member(out, err);

	if (rc)
		return rc;
	out->position = 0;
	out->size = m->type == MANIFEST_FILE ? m->size : 0;
	archive_entry_copy_pathname(entry, m->path);
	archive_entry_set_filetype(entry, types[m->type]);
	archive_entry_set_perm(entry, m->mode & 07777);
	archive_entry_set_mtime(entry, m->mtime, 0);
	archive_entry_set_size(entry, (la_int64_t)out->size);
	archive_entry_set_gname(entry, ARCHIVE_GROUP);
	if (m->type == MANIFEST_LINK)
		archive_entry_copy_symlink(entry, m->target);
	set_parts(entry, m);
	rc = archive_write_header(out->archive, entry);
	/* A warning: the name is not UTF-8 and is written as the bytes that it is. */
	return rc == ARCHIVE_OK || rc == ARCHIVE_WARN ? 0 : failed(out, err);
}

static int put(struct archive_out *out, const unsigned char *data, uint64_t n, struct error *err)
{
	while (n) {
		uint64_t piece = n < ZEROS_SIZE ? n : ZEROS_SIZE;
		la_ssize_t done = archive_write_data(out->archive, data, (size_t)piece);

		if (done <= 0)
			return failed(out, err);
		n -= (uint64_t)done;
		out->position += (uint64_t)done;
		if (data != out->zeros)
			data += done;
	}
	return 0;
}

static int end_member(struct archive_out *out, struct error *err)
{
	return put(out, out->zeros, out->size - out->position, err);
}

int archive_out_data(struct archive_out *out, uint64_t offset, const void *data, size_t n,
		     struct error *err)
{
	int rc;

	if (offset < out->position || offset > out->size || n > out->size - offset)
		return error_set(err, -ERR_LIMIT, out->name, "data out of order");
	rc = put(out, out->zeros, offset - out->position, err);
	return rc ? rc : put(out, data, n, err);
}

int archive_out_finish(struct archive_out *out, uint64_t *bytes, struct error *err)
{
	int rc = end_member(out, err);

	*bytes = 0;
	if (!rc && archive_write_close(out->archive) != ARCHIVE_OK)
		rc = failed(out, err);
	if (!rc && out->compress)
		out->compress_code = compress_finish(out->compress);
	if (!rc && (out->compress_code || flush(out)))
		rc = failed(out, err);
	*bytes = out->written;
	return rc;
}

void archive_out_free(struct archive_out *out)
{
	if (!out)
		return;
	if (out->archive) {
		/* Nothing more is written when it was not finished. */
		archive_write_fail(out->archive);
		archive_write_free(out->archive);
	}
	archive_entry_free(out->entry);
	compress_free(out->compress);
	write_behind_free(out->behind);
	if (out->zeros && out->zeros != MAP_FAILED)
		munmap(out->zeros, ZEROS_SIZE);
	free(out->name);
	free(out);
}
