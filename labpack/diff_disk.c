/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two disks of a machine: which files differ, read from the filesystems themselves. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "image/compare.h"
#include "image/cow.h"
#include "image/walk.h"
#include "labpack/diff.h"

struct disk {
	struct cow *cow;
	struct image *image;
	struct listing files;
};

static int open_disk(struct disk *d, const char *path, struct error *err)
{
	int rc;

	*d = (struct disk){ .files = LISTING_INIT };
	rc = cow_open(&d->cow, path, NULL, 0, err);
	if (rc == -EBUSY) {
		error_set(err, -EBUSY, path, "a machine runs on it");
		return error_hint(err, "stop it, or compare snapshots");
	}
	if (rc)
		return rc;
	rc = image_open_cow(&d->image, d->cow, false, 0, err);
	if (rc == -ENOMEM)
		return rc;
	if (rc)
		return error_set(err, -ERR_UNSUPPORTED, path,
				 "has no ext2, ext3 or ext4 filesystem that can be read");
	return listing_read(&d->files, d->image, err);
}

static void close_disk(struct disk *d)
{
	listing_release(&d->files);
	image_abandon(d->image);
	cow_abandon(d->cow);
}

static int compare(const char *machine, struct disk *a, struct disk *b, struct diff_report *r,
		   struct error *err)
{
	size_t i = 0, j = 0, n = a->files.count, m = b->files.count;

	while (i < n || j < m) {
		const struct listing_item *x = a->files.items + i, *y = b->files.items + j;
		int order = i == n ? 1 : j == m ? -1 : strcmp(x->path, y->path);
		struct strbuf what = STRBUF_INIT;
		int rc = 0;

		if (order)
			diff_tell(r, machine, order < 0 ? '-' : '+',
				  order < 0 ? x->path : y->path, NULL);
		else
			rc = compare_files(a->image, x, b->image, y, &what, err);
		if (!rc && !order && what.len)
			diff_tell(r, machine, '~', x->path, what.data);
		strbuf_release(&what);
		if (rc)
			return rc;
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

int diff_cows(const char *machine, const char *a, const char *b, struct diff_report *r, struct error *err)
{
	struct disk x = { .files = LISTING_INIT }, y = { .files = LISTING_INIT };
	int rc = open_disk(&x, a, err);

	if (!rc)
		rc = open_disk(&y, b, err);
	if (!rc)
		rc = compare(machine, &x, &y, r, err);
	close_disk(&x);
	close_disk(&y);
	return rc;
}

/* A plain image. */
static int open_image(struct disk *d, int *fd, const char *path)
{
	int rc;

	*d = (struct disk){ .files = LISTING_INIT };
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	rc = image_open(&d->image, *fd, false, 0, NULL);
	return rc ? rc : listing_read(&d->files, d->image, NULL);
}

int diff_images_agree(bool *agree, const char *a, const char *b, struct error *err)
{
	struct disk x, y = { .files = LISTING_INIT };
	struct diff_report r = { .silent = true };
	int fd_x, fd_y = -1, rc = open_image(&x, &fd_x, a);

	if (!rc)
		rc = open_image(&y, &fd_y, b);
	if (!rc)
		rc = compare(NULL, &x, &y, &r, NULL);
	close_disk(&x);
	close_disk(&y);
	if (fd_x >= 0)
		close(fd_x);
	if (fd_y >= 0)
		close(fd_y);
	*agree = !rc && !r.count;
	/* What is no filesystem, or none that can be read, has other bytes; that is known already. */
	return rc == -ENOMEM ? error_nomem(err) : 0;
}
