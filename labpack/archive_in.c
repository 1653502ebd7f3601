/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three layers of libarchive: the ISO image, if it is one; decompression
 * alone ("raw"); and tar, fed from that. So what a header takes can be
 * counted in bytes of tar: a map of holes that is a bomb is found in time.
 */
#include "labpack/archive_in.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BUFFER_SIZE 1048576u
#define ISO_MAGIC_AT 32769
#define ISO_ARCHIVE "lab.tar" /* and what its compression adds */

struct archive_in {
	struct archive *iso, *raw, *tar;
	char *name;
	int fd;
	bool own_fd, in_member;
	int failed_errno; /* of our own read */
	uint64_t position; /* in the file */
	uint64_t size, at; /* of the member; where its next data may be */
	uint64_t header_bytes; /* of tar, since the header began */
	uint64_t member_end;   /* position in tar where the last member ended */
	uint64_t total;	       /* bytes of tar so far */
	unsigned char *buffer;
};

static la_ssize_t read_file(struct archive *a, void *arg, const void **data)
{
	struct archive_in *in = arg;
	ssize_t n;

	do
		n = read(in->fd, in->buffer, BUFFER_SIZE);
	while (n < 0 && errno == EINTR);
	*data = in->buffer;
	if (n < 0) {
		in->failed_errno = errno;
		archive_set_error(a, errno, "cannot be read");
		return -1;
	}
	in->position += (uint64_t)n;
	return n;
}

static la_int64_t skip_file(struct archive *a, void *arg, la_int64_t n)
{
	struct archive_in *in = arg;

	if (lseek(in->fd, n, SEEK_CUR) < 0)
		return 0;
	in->position += (uint64_t)n;
	return n;
}

/* The next block of the layer below. */
static la_ssize_t read_below(struct archive *a, struct archive *below, const void **data)
{
	la_int64_t offset;
	size_t n = 0;
	int rc;

	do
		rc = archive_read_data_block(below, data, &n, &offset);
	while (rc == ARCHIVE_OK && !n);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc == ARCHIVE_OK)
		return (la_ssize_t)n;
	archive_set_error(a, archive_errno(below), "%s", archive_error_string(below));
	return -1;
}

static la_ssize_t read_iso(struct archive *a, void *arg, const void **data)
{
	struct archive_in *in = arg;

	return read_below(a, in->iso, data);
}

static la_ssize_t read_raw(struct archive *a, void *arg, const void **data)
{
	struct archive_in *in = arg;
	la_ssize_t n;

	if (in->header_bytes > ARCHIVE_HEADER_MAX) {
		archive_set_error(a, ERANGE, "a header is larger than anything can need");
		return -1;
	}
	n = read_below(a, in->raw, data);
	if (n > 0) {
		in->header_bytes += (uint64_t)n;
		in->total += (uint64_t)n;
	}
	return n;
}

static int failed(struct archive_in *in, struct archive *a, struct error *err)
{
	const char *text = a ? archive_error_string(a) : NULL;

	if (in->failed_errno)
		return error_errno(err, in->failed_errno, in->name, "cannot be read");
	if (a && archive_errno(a) == ENOMEM)
		return error_nomem(err);
	error_set(err, -ERR_FORMAT, in->name, "is damaged or cut off: %s", text ? text : "no archive");
	return error_hint(err, "fetch it again");
}

/* Find the archive within an ISO image. */
static int open_iso(struct archive_in *in, struct error *err)
{
	struct archive_entry *entry;
	int rc;

	in->iso = archive_read_new();
	if (!in->iso)
		return error_nomem(err);
	archive_read_support_format_iso9660(in->iso);
	if (archive_read_open2(in->iso, in, NULL, read_file, skip_file, NULL) != ARCHIVE_OK)
		return failed(in, in->iso, err);
	while ((rc = archive_read_next_header(in->iso, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		const char *name = archive_entry_pathname(entry);

		if (name && strncmp(name, ISO_ARCHIVE, sizeof(ISO_ARCHIVE) - 1) == 0)
			return 0;
	}
	if (rc != ARCHIVE_EOF)
		return failed(in, in->iso, err);
	return error_set(err, -ERR_FORMAT, in->name, "is an ISO image without a lab");
}

static bool is_iso(int fd)
{
	char magic[5];

	return pread(fd, magic, sizeof(magic), ISO_MAGIC_AT) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, "CD001", sizeof(magic)) == 0;
}

static int open_layers(struct archive_in *in, struct error *err)
{
	struct archive_entry *entry;
	bool iso = is_iso(in->fd);
	int rc = iso ? open_iso(in, err) : 0;

	if (rc)
		return rc;
	in->raw = archive_read_new();
	in->tar = archive_read_new();
	if (!in->raw || !in->tar)
		return error_nomem(err);
	/* Those that are libraries: some of the others would run programs. */
	archive_read_support_filter_gzip(in->raw);
	archive_read_support_filter_bzip2(in->raw);
	archive_read_support_filter_xz(in->raw);
	archive_read_support_filter_zstd(in->raw);
	archive_read_support_format_raw(in->raw);
	archive_read_support_format_tar(in->tar);
	if (archive_read_open(in->raw, in, NULL, iso ? read_iso : read_file, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(in->raw, &entry) != ARCHIVE_OK)
		return failed(in, in->raw, err);
	if (archive_read_open(in->tar, in, NULL, read_raw, NULL) != ARCHIVE_OK) {
		if (in->failed_errno || archive_errno(in->raw))
			return failed(in, in->tar, err);
		return error_set(err, -ERR_FORMAT, in->name, "is not an archive of a lab");
	}
	return 0;
}

int archive_in_open_fd(struct archive_in **result, int fd, const char *name, struct error *err)
{
	struct archive_in *in = calloc(1, sizeof(*in));
	int rc;

	*result = NULL;
	if (!in)
		return error_nomem(err);
	in->fd = fd;
	in->name = strdup(name);
	in->buffer = malloc(BUFFER_SIZE);
	rc = in->name && in->buffer ? open_layers(in, err) : error_nomem(err);
	if (rc)
		archive_in_free(in);
	else
		*result = in;
	return rc;
}

int archive_in_open(struct archive_in **in, const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	*in = NULL;
	if (fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	rc = archive_in_open_fd(in, fd, path, err);
	if (rc)
		close(fd);
	else
		(*in)->own_fd = true;
	return rc;
}

static const char *name_of_type(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry))
		return "a hard link";
	switch (archive_entry_filetype(entry)) {
	case AE_IFCHR:
	case AE_IFBLK:
		return "a device";
	case AE_IFIFO:
		return "a fifo";
	case AE_IFSOCK:
		return "a socket";
	default:
		return "of an unknown kind";
	}
}

static int fill_member(struct archive_in *in, struct archive_entry *entry,
		       struct archive_in_member *m, struct error *err)
{
	la_int64_t size = archive_entry_size(entry);

	m->path = archive_entry_pathname(entry);
	if (!m->path || !*m->path)
		return error_set(err, -ERR_FORMAT, in->name, "holds a file without a valid name");
	m->ours = archive_entry_gname(entry) && !strcmp(archive_entry_gname(entry), ARCHIVE_GROUP);
	m->mode = (uint32_t)archive_entry_perm(entry);
	m->mtime = archive_entry_mtime(entry);
	m->type = ARCHIVE_IN_OTHER;
	if (archive_entry_hardlink(entry))
		m->other = name_of_type(entry);
	else if (archive_entry_filetype(entry) == AE_IFDIR)
		m->type = ARCHIVE_IN_FOLDER;
	else if (archive_entry_filetype(entry) == AE_IFREG)
		m->type = ARCHIVE_IN_FILE;
	else if (archive_entry_filetype(entry) == AE_IFLNK)
		m->type = ARCHIVE_IN_LINK;
	else
		m->other = name_of_type(entry);
	if (m->type == ARCHIVE_IN_LINK) {
		m->target = archive_entry_symlink(entry);
		if (!m->target || !*m->target)
			return error_set(err, -ERR_FORMAT, m->path, "is a link without a target");
	}
	if (m->type != ARCHIVE_IN_FILE)
		return 0;
	if (size < 0 || (uint64_t)size > ARCHIVE_MEMBER_MAX)
		return error_set(err, -ERR_LIMIT, m->path, "claims to be of %lld bytes",
				 (long long)size);
	m->size = (uint64_t)size;
	return 0;
}

/* Whatever was not read of the last member, so that the next bytes are a header. */
static int finish_member(struct archive_in *in, struct error *err)
{
	const void *data;
	la_int64_t offset;
	size_t n;
	int rc = ARCHIVE_OK;

	while (in->in_member && rc == ARCHIVE_OK) {
		in->header_bytes = 0;
		rc = archive_read_data_block(in->tar, &data, &n, &offset);
	}
	in->in_member = false;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_EOF)
		return failed(in, in->tar, err);
	in->member_end = (uint64_t)archive_filter_bytes(in->tar, 0);
	return 0;
}

/* Behind the last member there must be the end mark; what follows it is read for its checksum. */
static int finish(struct archive_in *in, struct error *err)
{
	const void *data;
	la_ssize_t n;

	while ((n = read_below(in->tar, in->raw, &data)) > 0)
		in->total += (uint64_t)n;
	if (n < 0)
		return failed(in, in->tar, err);
	/* Two blocks, of which the first one was seen: libarchive is content without any. */
	if ((uint64_t)archive_filter_bytes(in->tar, 0) < in->member_end + 512 ||
	    in->total < in->member_end + 1024) {
		error_set(err, -ERR_FORMAT, in->name, "is cut off: it has no end mark");
		return error_hint(err, "fetch it again");
	}
	return 1;
}

int archive_in_next(struct archive_in *in, struct archive_in_member *m, struct error *err)
{
	struct archive_entry *entry;
	int rc = finish_member(in, err);

	*m = (struct archive_in_member){ .type = ARCHIVE_IN_OTHER };
	if (rc)
		return rc;
	in->header_bytes = 0;
	rc = archive_read_next_header(in->tar, &entry);
	if (rc == ARCHIVE_EOF)
		return finish(in, err);
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return failed(in, in->tar, err);
	in->in_member = true;
	in->at = 0;
	rc = fill_member(in, entry, m, err);
	in->size = m->size;
	return rc;
}

int archive_in_data(struct archive_in *in, const void **data, size_t *n, uint64_t *offset,
		    struct error *err)
{
	la_int64_t at = 0;
	int rc = ARCHIVE_EOF;

	*data = NULL;
	*n = 0;
	in->header_bytes = 0;
	do
		rc = in->in_member ? archive_read_data_block(in->tar, data, n, &at) : ARCHIVE_EOF;
	while (rc == ARCHIVE_OK && !*n);
	if (rc == ARCHIVE_EOF) {
		in->in_member = false;
		return 1;
	}
	if (rc != ARCHIVE_OK)
		return failed(in, in->tar, err);
	*offset = (uint64_t)at;
	if (at < 0 || *offset < in->at || *offset > in->size || *n > in->size - *offset)
		return error_set(err, -ERR_FORMAT, in->name, "has a map of holes that contradicts itself");
	in->at = *offset + *n;
	return 0;
}

uint64_t archive_in_position(const struct archive_in *in)
{
	return in->position;
}

void archive_in_free(struct archive_in *in)
{
	if (!in)
		return;
	archive_read_free(in->tar);
	archive_read_free(in->raw);
	archive_read_free(in->iso);
	if (in->own_fd)
		close(in->fd);
	free(in->buffer);
	free(in->name);
	free(in);
}
