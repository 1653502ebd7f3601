/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A filesystem cannot hold more; a damaged one that claims so is refused. */
#define MAX_ITEMS ((size_t)1 << 28)
#define CHUNK 262144

/* Takes ownership of path, also on failure. */
static int add(struct listing *l, struct image *image, char *path, struct error *err)
{
	struct image_stat st;
	int rc = path ? image_lstat(image, path, &st, err) : error_nomem(err);

	if (!rc && l->count >= MAX_ITEMS)
		rc = error_set(err, -ERR_LIMIT, path, "the image has too many files");
	if (!rc && array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items)))
		rc = error_nomem(err);
	if (rc) {
		free(path);
		return rc;
	}
	l->items[l->count].path = path;
	l->items[l->count].st = st;
	l->count++;
	return 0;
}

static int add_children(struct listing *l, struct image *image, const char *dir, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	int rc = image_list(image, dir, &names, err);

	for (size_t i = 0; !rc && i < names.count; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", strcmp(dir, "/") ? dir : "", names.items[i]) < 0)
			path = NULL;
		rc = add(l, image, path, err);
	}
	strlist_release(&names);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	const struct listing_item *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int listing_read(struct listing *l, struct image *image, struct error *err)
{
	int rc;

	listing_release(l);
	rc = add(l, image, strdup("/"), err);
	/* The list is its own queue: folders are opened as they come up. */
	for (size_t i = 0; !rc && i < l->count; i++)
		if (S_ISDIR(l->items[i].st.mode))
			rc = add_children(l, image, l->items[i].path, err);
	if (rc)
		listing_release(l);
	else
		qsort(l->items, l->count, sizeof(*l->items), by_path);
	return rc;
}

void listing_release(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i].path);
	free(l->items);
	*l = (struct listing)LISTING_INIT;
}

int image_file_open(const char *path, struct image **image, int *fd, struct error *err)
{
	int rc;

	*image = NULL;
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	rc = image_open(image, *fd, false, 0, err);
	if (rc) {
		close(*fd);
		*fd = -1;
		error_set(err, rc, path, "is not an ext2, ext3 or ext4 image that can be read");
	}
	return rc;
}

void image_file_close(struct image *image, int fd)
{
	image_abandon(image);
	if (fd >= 0)
		close(fd);
}

static int same_chunks(struct image *a, const char *path_a, struct image *b, const char *path_b,
		       char *buf, uint64_t size, bool *same, struct error *err)
{
	for (uint64_t at = 0; at < size; at += CHUNK) {
		size_t n_a = 0, n_b = 0;
		int rc = image_read_at(a, path_a, at, buf, CHUNK, &n_a, err);

		if (!rc)
			rc = image_read_at(b, path_b, at, buf + CHUNK, CHUNK, &n_b, err);
		if (rc)
			return rc;
		if (n_a != n_b || memcmp(buf, buf + CHUNK, n_a) != 0)
			return 0;
	}
	*same = true;
	return 0;
}

int image_same_bytes(struct image *a, const char *path_a, struct image *b, const char *path_b,
		     bool *same, struct error *err)
{
	struct image_stat st_a, st_b;
	char *buf;
	int rc;

	*same = false;
	rc = image_lstat(a, path_a, &st_a, err);
	if (!rc)
		rc = image_lstat(b, path_b, &st_b, err);
	if (rc || st_a.size != st_b.size)
		return rc;
	buf = malloc((size_t)2 * CHUNK);
	if (!buf)
		return error_nomem(err);
	rc = same_chunks(a, path_a, b, path_b, buf, st_a.size, same, err);
	free(buf);
	return rc;
}
