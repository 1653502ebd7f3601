/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/compare.h"

#define CHUNK ((size_t)1 << 20)

/* Fill buf as far as the file goes; bytes read or -errno. */
static ssize_t read_chunk(int fd, char *buf, off_t at)
{
	size_t done = 0;

	while (done < CHUNK) {
		ssize_t n = pread(fd, buf + done, CHUNK - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* 1 equal, 0 not, negative on errors. */
static int same_bytes(int a, int b, char *buf)
{
	ssize_t n, m;

	for (off_t at = 0;; at += (off_t)CHUNK) {
		n = read_chunk(a, buf, at);
		m = n < 0 ? n : read_chunk(b, buf + CHUNK, at);
		if (m < 0)
			return (int)m;
		if (n != m || memcmp(buf, buf + CHUNK, (size_t)n) != 0)
			return 0;
		if ((size_t)n < CHUNK)
			return 1;
	}
}

/* The first path in which the listings differ, and how; "" when there is none. */
static int first_difference(struct image *a, const struct listing *x, struct image *b,
			    const struct listing *y, struct strbuf *what, const char **path,
			    struct error *err)
{
	*path = NULL;
	for (size_t i = 0; i < x->count || i < y->count; i++) {
		int order = i >= x->count ? 1 :
			    i >= y->count ? -1 :
					    strcmp(x->items[i].path, y->items[i].path);
		int rc = 0;

		*path = order > 0 ? y->items[i].path : x->items[i].path;
		if (order)
			rc = strbuf_adds(what, order < 0 ? "is not made any more" :
							   "is made now, and was not there") ?
				     error_nomem(err) : 0;
		else
			rc = compare_files(a, &x->items[i], b, &y->items[i], what, err);
		if (rc || what->len)
			return rc;
	}
	return 0;
}

static int explain(const char *path, int old_fd, int new_fd, struct error *err)
{
	struct listing x = LISTING_INIT, y = LISTING_INIT;
	struct strbuf what = STRBUF_INIT;
	struct image *a = NULL, *b = NULL;
	const char *where = NULL;
	int rc = image_open(&a, old_fd, false, 0, err);

	if (rc)
		rc = error_set(err, rc, path, "is not an ext2, ext3 or ext4 image that can be read");
	if (!rc)
		rc = listing_read(&x, a, err);
	if (!rc)
		rc = image_open(&b, new_fd, false, 0, err);
	if (!rc)
		rc = listing_read(&y, b, err);
	if (!rc)
		rc = first_difference(a, &x, b, &y, &what, &where, err);
	if (!rc && what.len)
		rc = error_set(err, -ERR_CONFLICT, path, "is not what is built now: %s: %s", where,
			       what.data);
	else if (!rc)
		rc = error_set(err, -ERR_CONFLICT, path,
			       "is not what is built now: the files are the same, but not where they lie");
	strbuf_release(&what);
	listing_release(&x);
	listing_release(&y);
	image_abandon(a);
	image_abandon(b);
	return rc;
}

int rebuild_compare(const char *path, int fd, struct error *err)
{
	int old_fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	char *buf = malloc(2 * CHUNK);

	if (old_fd < 0) {
		rc = error_errno(err, errno, path, "cannot be opened");
	} else if (!buf) {
		rc = error_nomem(err);
	} else {
		rc = same_bytes(old_fd, fd, buf);
		if (rc < 0)
			rc = error_errno(err, -rc, path, "cannot be compared");
		else
			rc = rc ? 0 : explain(path, old_fd, fd, err);
	}
	free(buf);
	if (old_fd >= 0)
		close(old_fd);
	return rc;
}
