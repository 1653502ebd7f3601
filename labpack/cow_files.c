/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/cow.h"

#define CHUNK (1u << 20)

int cow_must_be_new(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return error_set(err, -EEXIST, path, "is there already, and is not replaced");
	if (errno != ENOENT)
		return error_errno(err, errno, path, "cannot look at it");
	return 0;
}

static uint64_t next_data(int fd, uint64_t at, uint64_t size)
{
	off_t data = lseek(fd, (off_t)at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? size : at;
	return (uint64_t)data < size ? (uint64_t)data : size;
}

static int read_at(int fd, const char *name, uint64_t at, unsigned char *buf, size_t n,
		   struct error *err)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(fd, buf + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_errno(err, got < 0 ? errno : EIO, name, "cannot be read");
		done += (size_t)got;
	}
	return 0;
}

int files_equal(int a, const char *a_name, int b, const char *b_name, bool *equal,
		struct error *err)
{
	unsigned char *x = malloc(CHUNK), *y = malloc(CHUNK);
	struct stat st[2];
	uint64_t at = 0, size = 0;
	int rc = x && y ? 0 : error_nomem(err);

	*equal = false;
	if (!rc && (fstat(a, &st[0]) != 0 || fstat(b, &st[1]) != 0))
		rc = error_errno(err, errno, a_name, "cannot look at it");
	if (!rc) {
		*equal = st[0].st_size == st[1].st_size;
		size = (uint64_t)st[0].st_size;
	}
	while (!rc && *equal && at < size) {
		uint64_t in_a = next_data(a, at, size), in_b = next_data(b, at, size);
		size_t n;

		at = in_a < in_b ? in_a : in_b;
		n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		rc = read_at(a, a_name, at, x, n, err);
		if (!rc)
			rc = read_at(b, b_name, at, y, n, err);
		*equal = !rc && memcmp(x, y, n) == 0;
		at += n;
	}
	free(x);
	free(y);
	return rc;
}

json_t *cow_json_text(const char *s)
{
	struct strbuf safe = STRBUF_INIT;
	json_t *j = json_string(s);

	if (j)
		return j;
	for (; *s; s++) {
		bool plain = (unsigned char)*s < 0x80;

		if (strbuf_add(&safe, plain ? s : "\xef\xbf\xbd", plain ? 1 : 3))
			break;
	}
	j = json_string(safe.data ? safe.data : "");
	strbuf_release(&safe);
	return j;
}
