/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A COW and its base become one disk. */
#include "image/cow_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (1u << 20)

/* Zeros into a file that is a reflink of the base. */
static int clear(int fd, uint64_t start, uint64_t end)
{
	static const unsigned char zeros[65536];
	int rc = 0;

	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start,
		      (off_t)(end - start)) == 0)
		return 0;
	while (!rc && start < end) {
		size_t n = end - start < sizeof(zeros) ? (size_t)(end - start) : sizeof(zeros);

		rc = write_fully(fd, zeros, n, (long long)start);
		start += n;
	}
	return rc;
}

/* The bytes of both into the empty file fd. */
static int fill(struct cow *cow, int fd, const char *path, struct error *err)
{
	bool linked = cow_reflink(cow->base_fd, fd);
	uint64_t start, end = 0, gap = 0, size = cow->info.size;
	int rc = ftruncate(fd, (off_t)size) != 0 ? -errno : 0, failed = 0;

	while (!rc && gap < size) {
		failed = cow_next_run(cow, end, &start, &end, err);
		if (failed)
			return failed;
		if (!linked)
			rc = cow_copy_range(cow->base_fd, gap, fd, gap, start - gap);
		else if (start < end)
			rc = clear(fd, start, end);
		if (!rc && start < end)
			rc = cow_copy_range(cow->fd, cow->info.data_offset + start, fd, start,
					    end - start);
		gap = end;
	}
	if (rc) {
		error_errno(err, -rc, path, "cannot be written");
		error_hint(err, "merged from '%s' and '%s'", cow->path, cow->base_path);
	}
	return rc;
}

/* Where the next byte may be that is no zero. */
static uint64_t next_data(int fd, uint64_t at, uint64_t size)
{
	off_t data = lseek(fd, (off_t)at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? size : at;
	return (uint64_t)data < size ? (uint64_t)data : size;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Read the new file again, wherever one of the three files has data. */
static int verify(struct cow *cow, int fd, const char *path, struct error *err)
{
	unsigned char *is = malloc(CHUNK), *should = malloc(CHUNK);
	uint64_t size = cow->info.size, at = 0, start, end;
	int rc = is && should ? 0 : error_nomem(err);

	while (!rc && at < size) {
		size_t n;

		rc = cow_next_run(cow, at, &start, &end, err);
		at = least(start, least(next_data(fd, at, size), next_data(cow->base_fd, at, size)));
		n = (size_t)least(CHUNK, size - at);
		if (!rc)
			rc = cow_pread(cow, at, should, n, err);
		if (!rc && (cow_read_fully(fd, is, n, at) != (long long)n ||
			    memcmp(is, should, n) != 0))
			rc = error_set(err, -EIO, path,
				       "reads other bytes than were written (near %llu)",
				       (unsigned long long)at);
		at += n;
	}
	free(is);
	free(should);
	return rc;
}

static bool same_time(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Fill and verify, and see that the base was left alone meanwhile. */
static int make(struct cow *cow, int fd, const char *path, struct error *err)
{
	struct stat before, after;
	int rc;

	if (fstat(cow->base_fd, &before) < 0)
		return error_errno(err, errno, cow->base_path, "cannot look at it");
	rc = fill(cow, fd, path, err);
	if (!rc)
		rc = verify(cow, fd, path, err);
	if (!rc && fstat(cow->base_fd, &after) < 0)
		rc = error_errno(err, errno, cow->base_path, "cannot look at it");
	if (!rc && !same_time(&before, &after))
		rc = error_set(err, -ERR_CONFLICT, cow->base_path,
			       "was modified while it was read");
	return rc;
}

int cow_merge(struct cow *cow, const char *out, struct error *err)
{
	struct output o;
	int rc;

	if (cow->base_fd < 0)
		return error_set(err, -EINVAL, cow->path, "its backing file is not open");
	rc = output_open(&o, out, err);
	if (rc)
		return rc;
	rc = make(cow, o.fd, out, err);
	if (rc) {
		output_abort(&o);
		return rc;
	}
	return output_commit(&o, err);
}

/* Is everything that the COW holds in the base already? Then only the COW is left to do. */
static int is_in_base(struct cow *cow, bool *same, struct error *err)
{
	unsigned char *a = malloc(CHUNK), *b = malloc(CHUNK);
	uint64_t start, end = 0;
	int rc = a && b ? 0 : error_nomem(err);

	*same = true;
	while (!rc && *same && end < cow->info.size) {
		rc = cow_next_run(cow, end, &start, &end, err);
		for (; !rc && *same && start < end; start += CHUNK) {
			size_t n = (size_t)least(CHUNK, end - start);

			rc = cow_pread(cow, start, a, n, err);
			*same = !rc && cow_read_fully(cow->base_fd, b, n, start) == (long long)n &&
				memcmp(a, b, n) == 0;
		}
	}
	free(a);
	free(b);
	return rc;
}

/* Another second than before: it is by the mtime that UML knows a base. */
static int renew_mtime(int fd, const struct stat *old, const char *path, struct error *err)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };

	clock_gettime(CLOCK_REALTIME, &times[1]);
	if (times[1].tv_sec == old->st_mtim.tv_sec)
		times[1].tv_sec++;
	if (futimens(fd, times) != 0)
		return error_errno(err, errno, path, "its time cannot be set");
	return 0;
}

static int replace_base(struct cow *cow, const char *base, struct error *err)
{
	struct output out;
	struct stat st;
	int rc;

	if (fstat(cow->base_fd, &st) < 0)
		return error_errno(err, errno, base, "cannot look at it");
	if (st.st_nlink > 1) {
		rc = error_set(err, -ERR_UNSUPPORTED, base, "has %lu names",
			       (unsigned long)st.st_nlink);
		error_hint(err, "the others would keep the old contents; merge to a new file");
		return rc;
	}
	rc = output_open(&out, base, err);
	if (rc)
		return rc;
	output_resemble(&out, &st);
	rc = make(cow, out.fd, base, err);
	if (!rc)
		rc = renew_mtime(out.fd, &st, base, err);
	if (rc) {
		output_abort(&out);
		return rc;
	}
	return output_commit(&out, err);
}

/* An empty COW on the base as it is now. */
static int replace_cow(struct cow *cow, const char *path, const char *base, const char *recorded,
		       struct error *err)
{
	struct output out;
	struct stat st;
	int rc;

	if (fstat(cow->fd, &st) < 0)
		return error_errno(err, errno, path, "cannot look at it");
	rc = output_open(&out, path, err);
	if (rc)
		return rc;
	output_resemble(&out, &st);
	rc = cow_create(out.fd, base, recorded, err);
	if (rc) {
		output_abort(&out);
		return rc;
	}
	return output_commit(&out, err);
}

static int merge_locked(struct cow *cow, const char *path, const char *base, const char *recorded,
			struct error *err)
{
	uint64_t start, end;
	struct stat st;
	bool same;
	int rc;

	if (fstat(cow->base_fd, &st) < 0)
		return error_errno(err, errno, base, "cannot look at it");
	rc = cow_check_backing(cow, (uint64_t)st.st_size, st.st_mtime, 0, err);
	if (!rc) {
		rc = cow_next_run(cow, 0, &start, &end, err);
		if (rc || start == end)
			return rc; /* nothing to merge */
		rc = replace_base(cow, base, err);
	} else {
		int found = is_in_base(cow, &same, NULL);

		if (found || !same)
			return rc;
		error_release(err);
		rc = 0;
	}
	return rc ? rc : replace_cow(cow, path, base, recorded, err);
}

int cow_merge_in_place(const char *path, const char *backing, struct error *err)
{
	const unsigned int flags = COW_NO_LOCK | COW_IGNORE_MTIME;
	char *real = realpath(path, NULL), *base = NULL;
	int fd = -1, base_fd = -1, rc;
	struct cow *cow = NULL;

	if (!real)
		return error_errno(err, errno, path, "cannot be opened");
	rc = cow_open_locked(real, COW_WRITE, &fd, err);
	if (!rc)
		rc = cow_open(&cow, real, backing, flags, err);
	if (!rc) {
		base = realpath(cow->base_path, NULL);
		rc = base ? cow_open_locked(base, COW_WRITE, &base_fd, err) :
			    error_errno(err, errno, cow->base_path, "cannot be opened");
	}
	if (!rc)
		rc = merge_locked(cow, real, base, backing ? NULL : cow->info.backing, err);
	cow_abandon(cow);
	if (base_fd >= 0)
		close(base_fd);
	if (fd >= 0)
		close(fd);
	free(base);
	free(real);
	return rc;
}
