/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a disk its filesystem uses: of an image file, or of a COW on its base. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "image/cow.h"
#include "labpack/pack.h"

struct uses {
	struct extents *used;
	uint64_t shift; /* where byte 0 of the disk lies in the file */
	int rc;
};

static int add_run(void *arg, uint64_t start, uint64_t end)
{
	struct uses *u = arg;

	u->rc = extents_add(u->used, u->shift + start, u->shift + end);
	return u->rc;
}

static int add_used(struct image *image, uint64_t disk_size, struct uses *u, const char **why,
		    struct error *err)
{
	int rc;

	if (!image_bitmaps_hold(image))
		*why = "its filesystem was not unmounted cleanly";
	rc = image_used_runs(image, disk_size, add_run, u, err);
	return u->rc ? error_nomem(err) : rc;
}

/* Everything is used where no filesystem says otherwise. */
static int use_all(struct extents *used, uint64_t size, struct error *err)
{
	if (err->code == -ENOMEM)
		return -ENOMEM;
	error_release(err);
	extents_release(used);
	return extents_add(used, 0, size) ? error_nomem(err) : 0;
}

static int used_of_image(const struct pack_member *m, uint64_t size, struct extents *used,
			 const char **why, struct error *err)
{
	int fd = open(m->source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc;
	struct uses u = { .used = used };
	struct image *image;

	if (fd < 0)
		return error_errno(err, errno, m->source, "cannot be read");
	if (image_open(&image, fd, false, 0, err)) {
		rc = use_all(used, size, err);
	} else {
		rc = add_used(image, size, &u, why, err);
		image_abandon(image);
		if (rc && rc != -ENOMEM)
			rc = use_all(used, size, err);
	}
	close(fd);
	return rc;
}

static int used_of_cow(const struct pack_member *m, uint64_t size, struct extents *used,
		       const char **why, struct error *err)
{
	struct cow *cow;
	struct image *image;
	struct uses u = { .used = used };
	int rc = cow_open(&cow, m->source, m->base, COW_NO_LOCK, err);

	if (rc)
		return rc;
	u.shift = cow_info(cow)->data_offset;
	/* Header and bitmap. */
	rc = extents_add(used, 0, u.shift) ? error_nomem(err) : 0;
	if (!rc && image_open_cow(&image, cow, false, 0, err)) {
		rc = use_all(used, size, err);
	} else if (!rc) {
		rc = add_used(image, cow_size(cow), &u, why, err);
		image_abandon(image);
		if (rc && rc != -ENOMEM)
			rc = use_all(used, size, err);
	}
	cow_abandon(cow);
	return rc;
}

int pack_used(const struct pack_member *m, uint64_t size, struct extents *used, const char **why,
	      struct error *err)
{
	*why = NULL;
	extents_release(used);
	return m->base ? used_of_cow(m, size, used, why, err) :
			 used_of_image(m, size, used, why, err);
}
