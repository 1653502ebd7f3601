/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A layer into an image, file by file: what was brought, what is there, what the lab wants. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/layer.h"

struct applying {
	const struct layer *layer;
	struct image *image, *base;
	struct layer_record was, now;
	struct strlist brought; /* paths written in this run: hard links may point to them */
	struct layer_result *result;
	struct error *err;
};

void layer_result_release(struct layer_result *r)
{
	strlist_release(&r->kept);
	*r = (struct layer_result){ .written = 0 };
}

struct source {
	int fd;
	const char *path;
	struct error *err;
};

static long read_source(void *arg, void *buf, size_t n)
{
	struct source *s = arg;
	ssize_t done;

	do
		done = read(s->fd, buf, n);
	while (done < 0 && errno == EINTR);
	return done < 0 ? error_errno(s->err, errno, s->path, "cannot be read") : (long)done;
}

static int write_source(struct applying *a, const struct layer_item *item,
			const struct image_attr *attr)
{
	struct source s = { .path = item->source, .err = a->err };
	int rc;

	s.fd = open(item->source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (s.fd < 0)
		return error_errno(a->err, errno, item->source, "cannot be read");
	rc = image_write_stream(a->image, item->path, read_source, &s, attr, a->err);
	close(s.fd);
	return rc;
}

static int make_parents(struct applying *a, const char *path)
{
	char *parent = strdup(path), *slash;
	int rc = parent ? 0 : error_nomem(a->err);

	slash = parent ? strrchr(parent, '/') : NULL;
	if (!rc && slash && slash != parent) {
		*slash = '\0';
		rc = image_mkdir_p(a->image, parent, a->err);
	}
	free(parent);
	return rc;
}

/* Make way for something that is not a folder. */
static int clear_path(struct applying *a, const char *path)
{
	struct image_stat st;
	int rc = image_lstat(a->image, path, &st, a->err);

	if (rc == -ENOENT) {
		error_release(a->err);
		return 0;
	}
	if (rc)
		return rc;
	if (S_ISDIR(st.mode))
		return error_set(a->err, -ERR_CONFLICT, path,
				 "is a folder in the machine and none in the lab");
	return image_remove(a->image, path, a->err);
}

static int bring(struct applying *a, const struct layer_item *item)
{
	const struct image_attr attr = { .mode = item->mode & 07777, .mtime = item->mtime };
	int rc = make_parents(a, item->path);

	if (!rc)
		rc = clear_path(a, item->path);
	if (rc)
		return rc;
	a->result->written++;
	if (item->partner && strlist_find(&a->brought, item->partner) >= 0)
		return image_link(a->image, item->partner, item->path, a->err);
	if (strlist_add(&a->brought, item->path))
		return error_nomem(a->err);
	if (S_ISLNK(item->mode))
		return image_symlink(a->image, item->target, item->path, a->err);
	if (!S_ISREG(item->mode))
		return image_mknod(a->image, item->path, item->mode & S_IFMT, item->major,
				   item->minor, &attr, a->err);
	if (item->source)
		return write_source(a, item, &attr);
	return image_write_file(a->image, item->path, item->text, item->size, &attr, a->err);
}

static int keep(struct applying *a, const char *path)
{
	return strlist_add(&a->result->kept, path) ? error_nomem(a->err) : 0;
}

/* What is there unless the machine changed it: what we brought, else what the base has. */
static int expected_state(struct applying *a, const char *path, const char *was, char **state)
{
	if (was) {
		*state = strdup(was);
		return *state ? 0 : error_nomem(a->err);
	}
	return layer_state_of_image(a->base, path, state, a->err);
}

static int apply_folder(struct applying *a, const struct layer_item *item, const char *was)
{
	const struct image_attr attr = { .mode = item->mode & 07777, .mtime = item->mtime };
	struct image_stat st;
	int rc = image_stat(a->image, item->path, &st, a->err);

	if (rc == -ENOENT) {
		error_release(a->err);
		if (was) /* the machine deleted it */
			return layer_record_add(&a->now, item->path, was, a->err);
		rc = make_parents(a, item->path);
		if (!rc)
			rc = image_mkdir(a->image, item->path, &attr, a->err);
		a->result->written++;
		return rc ? rc : layer_record_add(&a->now, item->path, item->state, a->err);
	}
	if (rc)
		return rc;
	if (!S_ISDIR(st.mode))
		return error_set(a->err, -ERR_CONFLICT, item->path,
				 "is a folder in the lab and none in the machine");
	/* One that the base has keeps its mode: the host folder's is an accident of somebody's umask. */
	return was ? layer_record_add(&a->now, item->path, was, a->err) : 0;
}

static int apply_file(struct applying *a, const struct layer_item *item, const char *was)
{
	char *there = NULL, *expected = NULL;
	int rc = 0;

	if (!was || strcmp(was, item->state) != 0) {
		if (a->base) {
			rc = layer_state_of_image(a->image, item->path, &there, a->err);
			if (!rc)
				rc = expected_state(a, item->path, was, &expected);
		}
		if (!rc && there && !strcmp(there, item->state))
			; /* the machine has it already */
		else if (!rc && there && strcmp(there, expected) != 0)
			rc = keep(a, item->path);
		else if (!rc)
			rc = bring(a, item);
	}
	free(there);
	free(expected);
	return rc ? rc : layer_record_add(&a->now, item->path, item->state, a->err);
}

static int apply_items(struct applying *a)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < a->layer->count; i++) {
		const struct layer_item *item = a->layer->items + i;
		const char *was = layer_record_find(&a->was, item->path);

		rc = S_ISDIR(item->mode) ? apply_folder(a, item, was) : apply_file(a, item, was);
	}
	return rc;
}

struct base_file {
	struct image *base;
	const char *path;
	uint64_t at;
	struct error *err;
};

static long read_base(void *arg, void *buf, size_t n)
{
	struct base_file *f = arg;
	size_t done;
	int rc = image_read_at(f->base, f->path, f->at, buf, n, &done, f->err);

	f->at += done;
	return rc ? rc : (long)done;
}

/* The lab no longer has it: the base's file shows again. */
static int restore(struct applying *a, const char *path)
{
	struct base_file f = { .base = a->base, .path = path, .err = a->err };
	struct image_stat st = { .mode = 0 };
	char *target;
	int rc = image_lstat(a->base, path, &st, a->err);
	const struct image_attr attr = { .mode = st.mode & 07777, .uid = st.uid, .gid = st.gid,
					 .mtime = st.mtime };

	if (rc == -ENOENT || rc == -ENOTDIR) {
		error_release(a->err);
		return 0;
	}
	if (rc)
		return rc;
	if (S_ISREG(st.mode))
		return image_write_stream(a->image, path, read_base, &f, &attr, a->err);
	if (S_ISLNK(st.mode)) {
		rc = image_readlink(a->base, path, &target, a->err);
		if (!rc)
			rc = image_symlink(a->image, target, path, a->err);
		free(target);
		return rc;
	}
	return image_mknod(a->image, path, st.mode & S_IFMT, st.rdev_major, st.rdev_minor, &attr,
			   a->err);
}

/* A folder that we made goes when nothing is left in it. */
static int remove_folder(struct applying *a, const char *path)
{
	struct strlist names = STRLIST_INIT;
	struct image_stat st;
	int rc = image_lstat(a->image, path, &st, a->err);

	if (!rc && S_ISDIR(st.mode))
		rc = image_list(a->image, path, &names, a->err);
	if (!rc && S_ISDIR(st.mode) && !names.count) {
		rc = image_remove(a->image, path, a->err);
		a->result->removed++;
	}
	if (rc == -ENOENT || rc == -ENOTDIR) {
		error_release(a->err);
		rc = 0;
	}
	strlist_release(&names);
	return rc;
}

static int remove_one(struct applying *a, const struct layer_note *note)
{
	char *there;
	int rc;

	if (*note->state == 'd')
		return remove_folder(a, note->path);
	rc = layer_state_of_image(a->image, note->path, &there, a->err);
	if (rc)
		return rc;
	if (!strcmp(there, note->state)) {
		rc = image_remove(a->image, note->path, a->err);
		if (!rc)
			rc = restore(a, note->path);
		a->result->removed++;
	} else if (strcmp(there, "-") != 0) {
		rc = keep(a, note->path);
	}
	free(there);
	return rc;
}

static int find_item(const void *key, const void *item)
{
	return strcmp(key, ((const struct layer_item *)item)->path);
}

/* Backwards, so that a folder comes behind what is in it. */
static int remove_gone(struct applying *a)
{
	const struct layer *l = a->layer;
	int rc = 0;

	for (size_t i = a->was.count; !rc && i--;)
		if (!l->count || !bsearch(a->was.notes[i].path, l->items, l->count,
					  sizeof(*l->items), find_item))
			rc = remove_one(a, a->was.notes + i);
	return rc;
}

int layer_apply(const struct layer *l, struct image *image, struct image *base,
		struct layer_result *result, struct error *err)
{
	struct applying a = { .layer = l, .image = image, .base = base, .result = result,
			      .err = err };
	int rc = base ? layer_record_read(&a.was, image, err) : 0;

	*result = (struct layer_result){ .written = 0 };
	if (!rc)
		rc = remove_gone(&a);
	if (!rc)
		rc = apply_items(&a);
	if (!rc)
		rc = layer_record_write(&a.now, image, err);
	layer_record_release(&a.was);
	layer_record_release(&a.now);
	strlist_release(&a.brought);
	return rc;
}
