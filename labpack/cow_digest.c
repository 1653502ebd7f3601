/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digest by which a copy of a base is known: SHA-256 of its size and of its
 * blocks of 4096 bytes that are not zeros, each behind its offset (8 bytes,
 * big endian, as the size; the last block is padded with zeros). How a filesystem
 * stores zeros makes no difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/cow.h"
#include "labpack/digest.h"

#define BLOCK 4096u
#define CHUNK (1u << 20)

static void add_number(struct digest *d, uint64_t n)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(n >> (56 - 8 * i));
	digest_add(d, bytes, sizeof(bytes));
}

static bool all_zero(const unsigned char *p)
{
	return p[0] == 0 && memcmp(p, p + 1, BLOCK - 1) == 0;
}

static int read_chunk(int fd, const char *name, uint64_t at, unsigned char *buf, size_t n,
		      struct error *err)
{
	size_t padded = (n + BLOCK - 1) / BLOCK * BLOCK;

	for (size_t done = 0; done < n;) {
		ssize_t got = pread(fd, buf + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_errno(err, got < 0 ? errno : EIO, name, "cannot be read");
		done += (size_t)got;
	}
	memset(buf + n, 0, padded - n);
	return 0;
}

static int add_file(struct digest *d, int fd, const char *name, uint64_t size,
		    struct error *err)
{
	unsigned char *buf = malloc(CHUNK);
	int rc = buf ? 0 : error_nomem(err);

	for (uint64_t at = 0; !rc && at < size;) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA);
		size_t n;

		if (data < 0 && errno == ENXIO)
			break;
		if (data > (off_t)at)
			at = (uint64_t)data / BLOCK * BLOCK;
		n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		rc = read_chunk(fd, name, at, buf, n, err);
		for (size_t i = 0; !rc && i < n; i += BLOCK) {
			if (all_zero(buf + i))
				continue;
			add_number(d, at + i);
			digest_add(d, buf + i, BLOCK);
		}
		at += n;
	}
	free(buf);
	return rc;
}

static void from_hex(const char *hex, unsigned char digest[32])
{
	for (size_t i = 0; i < 64; i++) {
		unsigned char c = (unsigned char)hex[i];
		unsigned char half = (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);

		digest[i / 2] = (unsigned char)(i % 2 ? digest[i / 2] | half : half << 4);
	}
}

int cow_base_digest(int fd, const char *name, unsigned char digest[32], struct error *err)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest *d;
	struct stat st;
	int rc;

	if (fstat(fd, &st) != 0)
		return error_errno(err, errno, name, "cannot look at it");
	d = digest_new();
	add_number(d, (uint64_t)st.st_size);
	rc = add_file(d, fd, name, (uint64_t)st.st_size, err);
	if (!rc)
		rc = digest_hex(d, hex, err);
	if (!rc)
		from_hex(hex, digest);
	digest_free(d);
	return rc;
}

/* A lab has one base as a rule: the last one's digest is kept. Not for threads. */
static struct {
	bool filled;
	struct stat st;
	unsigned char digest[32];
} last;

static bool is_last(const struct stat *st)
{
	return last.filled && last.st.st_dev == st->st_dev && last.st.st_ino == st->st_ino &&
	       last.st.st_size == st->st_size && last.st.st_mtim.tv_sec == st->st_mtim.tv_sec &&
	       last.st.st_mtim.tv_nsec == st->st_mtim.tv_nsec &&
	       last.st.st_ctim.tv_sec == st->st_ctim.tv_sec &&
	       last.st.st_ctim.tv_nsec == st->st_ctim.tv_nsec;
}

int cow_note_base(int fd, const char *path, int base, const char *base_name, struct error *err)
{
	struct stat st;
	int rc = 0;

	if (fstat(base, &st) != 0)
		return error_errno(err, errno, base_name, "cannot look at it");
	if (!is_last(&st)) {
		last.filled = false;
		rc = cow_base_digest(base, base_name, last.digest, err);
		last.st = st;
		last.filled = !rc;
	}
	return rc ? rc : cow_set_digest(fd, path, last.digest, err);
}

int cow_note_base_of(const char *path, struct error *err)
{
	int base = -1, rc, fd = open(path, O_RDWR | O_CLOEXEC);
	struct cow *cow = NULL;

	if (fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	rc = disk_lock(fd, true, path, err);
	if (!rc)
		rc = cow_open_fd(&cow, fd, path, NULL, COW_NO_BACKING, err);
	if (!rc) {
		const char *name = cow_info(cow)->backing;

		base = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		rc = base < 0 ? error_errno(err, errno, name, "cannot be opened") :
				cow_note_base(fd, path, base, name, err);
		if (rc == -ERR_UNSUPPORTED) {
			error_release(err);
			rc = 0;
		}
	}
	if (!rc && fsync(fd) != 0)
		rc = error_errno(err, errno, path, "cannot be written");
	cow_abandon(cow);
	if (base >= 0)
		close(base);
	close(fd);
	return rc;
}
