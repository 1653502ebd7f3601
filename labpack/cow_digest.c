/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digest by which a copy of a base is known: that of labpack/window.h, as a manifest
 * has it, with zeros behind. So `labpack extract` has it at hand.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/cow.h"
#include "labpack/source.h"

void cow_pad_digest(const unsigned char file_digest[DIGEST_SIZE], unsigned char digest[32])
{
	memset(digest, 0, 32);
	memcpy(digest, file_digest, DIGEST_SIZE);
}

int cow_base_digest(int fd, const char *name, unsigned char digest[32], struct error *err)
{
	unsigned char file_digest[DIGEST_SIZE];
	struct source s;
	int rc = source_open_fd(&s, fd, name, err);

	if (rc)
		return rc;
	rc = source_digest(&s, pipeline_threads(), file_digest, err);
	source_close(&s);
	if (!rc)
		cow_pad_digest(file_digest, digest);
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

int cow_create_noted(int fd, const char *path, const char *base, struct error *err)
{
	int rc = cow_create(fd, base, NULL, err), base_fd;

	if (rc && err && !err->subject)
		err->subject = strdup(path);
	if (rc)
		return rc;
	base_fd = open(base, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (base_fd < 0)
		return error_errno(err, errno, base, "the backing file cannot be opened");
	rc = cow_note_base(fd, path, base_fd, base, err);
	close(base_fd);
	return rc;
}
