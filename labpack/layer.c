/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collecting what a lab wants in a machine: folders of the host, and files made here. */
#include "labpack/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void item_release(struct layer_item *i)
{
	free(i->path);
	free(i->source);
	free(i->text);
	free(i->target);
	free(i->partner);
	free(i->state);
}

void layer_release(struct layer *l)
{
	for (size_t i = 0; i < l->count; i++)
		item_release(l->items + i);
	free(l->items);
	*l = (struct layer)LAYER_INIT;
}

/* Takes the item's strings, also on failure. */
static int add(struct layer *l, struct layer_item *item, struct error *err)
{
	int rc = 0;

	if (!item->state)
		rc = layer_state_of_item(item, err);
	if (!rc && array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items)))
		rc = error_nomem(err);
	if (rc) {
		item_release(item);
		return rc;
	}
	item->sequence = l->count;
	l->items[l->count++] = *item;
	return 0;
}

bool layer_has(const struct layer *l, const char *path)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i].path, path))
			return true;
	return false;
}

int layer_add_text(struct layer *l, const char *path, uint32_t permissions, const char *text,
		   size_t n, struct error *err)
{
	struct layer_item item = { .path = strdup(path), .mode = S_IFREG | permissions,
				   .text = malloc(n + 1), .size = n };

	if (!item.path || !item.text) {
		item_release(&item);
		return error_nomem(err);
	}
	memcpy(item.text, text, n);
	item.text[n] = '\0';
	return add(l, &item, err);
}

static bool copy_text(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return *to || !from;
}

int layer_add_layer(struct layer *l, const struct layer *other, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < other->count; i++) {
		const struct layer_item *from = other->items + i;
		struct layer_item item = *from;
		bool fine;

		item.text = from->text ? malloc(from->size + 1) : NULL;
		fine = item.text || !from->text;
		if (item.text)
			memcpy(item.text, from->text, from->size + 1);
		fine = copy_text(&item.path, from->path) && fine;
		fine = copy_text(&item.source, from->source) && fine;
		fine = copy_text(&item.target, from->target) && fine;
		fine = copy_text(&item.partner, from->partner) && fine;
		fine = copy_text(&item.state, from->state) && fine;
		if (fine) {
			rc = add(l, &item, err);
		} else {
			item_release(&item);
			rc = error_nomem(err);
		}
	}
	return rc;
}

/* The inodes of a folder with several names, to find the others. */
struct inode {
	dev_t dev;
	ino_t ino;
	size_t item; /* index of the first name */
};

struct walk {
	struct layer *layer;
	const char *folder;
	FTS *fts;
	struct inode *inodes;
	size_t count, capacity;
	struct error *err;
};

static int find_partner(struct walk *w, const struct stat *st, struct layer_item *item)
{
	for (size_t i = 0; i < w->count; i++) {
		if (w->inodes[i].dev != st->st_dev || w->inodes[i].ino != st->st_ino)
			continue;
		item->partner = strdup(w->layer->items[w->inodes[i].item].path);
		return item->partner ? 0 : error_nomem(w->err);
	}
	if (array_grow((void **)&w->inodes, w->count, &w->capacity, sizeof(*w->inodes)))
		return error_nomem(w->err);
	w->inodes[w->count++] = (struct inode){ st->st_dev, st->st_ino, w->layer->count };
	return 0;
}

static int read_target(struct walk *w, const FTSENT *f, struct layer_item *item)
{
	char target[PATH_MAX];
	ssize_t n = readlink(f->fts_accpath, target, sizeof(target) - 1);

	if (n < 0)
		return error_errno(w->err, errno, f->fts_path, "cannot be read");
	target[n] = '\0';
	item->target = strdup(target);
	return item->target ? 0 : error_nomem(w->err);
}

static int add_found(struct walk *w, const FTSENT *f)
{
	const struct stat *st = f->fts_statp;
	struct layer_item item = {
		.path = strdup(f->fts_path + strlen(w->folder)),
		.mode = st->st_mode & (S_IFMT | 07777),
		.mtime = st->st_mtime > 0 && st->st_mtime <= UINT32_MAX ? (uint32_t)st->st_mtime : 0,
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev),
	};
	int rc = item.path ? 0 : error_nomem(w->err);

	if (!rc && S_ISREG(st->st_mode)) {
		item.source = strdup(f->fts_path);
		rc = item.source ? 0 : error_nomem(w->err);
		if (!rc && st->st_nlink > 1)
			rc = find_partner(w, st, &item);
	} else if (!rc && S_ISLNK(st->st_mode)) {
		rc = read_target(w, f, &item);
	}
	if (rc) {
		item_release(&item);
		return rc;
	}
	return add(w->layer, &item, w->err);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk_all(struct walk *w)
{
	FTSENT *f;
	int rc = 0;

	for (errno = 0; !rc && (f = fts_read(w->fts)); errno = 0) {
		if (f->fts_info == FTS_DNR || f->fts_info == FTS_ERR || f->fts_info == FTS_NS)
			rc = error_errno(w->err, f->fts_errno, f->fts_path, "cannot be read");
		else if (f->fts_level > 0 && f->fts_info != FTS_DP &&
			 !S_ISSOCK(f->fts_statp->st_mode))
			rc = add_found(w, f);
	}
	if (!rc && errno)
		rc = error_errno(w->err, errno, w->folder, "cannot be read");
	return rc;
}

int layer_add_folder(struct layer *l, const char *folder, struct error *err)
{
	struct walk w = { .layer = l, .folder = folder, .err = err };
	char *roots[] = { (char *)folder, NULL };
	int rc;

	/* The folder itself may be a link; links below it are content. */
	w.fts = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	if (!w.fts)
		return error_errno(err, errno, folder, "cannot be read");
	rc = walk_all(&w);
	fts_close(w.fts);
	free(w.inodes);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	const struct layer_item *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* Is there a file where path needs a folder? */
static int check_parent(const struct layer_item *folder, const struct layer_item *item,
			struct error *err)
{
	size_t n = strlen(folder->path);

	if (S_ISDIR(folder->mode) || strncmp(folder->path, item->path, n) != 0 ||
	    item->path[n] != '/')
		return 0;
	return error_set(err, -ERR_CONFLICT, item->source ? item->source : item->path,
			 "needs a folder where another part of the lab has a file: '%s'",
			 folder->path);
}

int layer_finish(struct layer *l, struct error *err)
{
	size_t kept = 0;
	int rc = 0;

	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), by_path);
	for (size_t i = 0; i < l->count; i++) {
		if (i + 1 < l->count && !strcmp(l->items[i].path, l->items[i + 1].path))
			item_release(l->items + i);
		else
			l->items[kept++] = l->items[i];
	}
	l->count = kept;
	for (size_t i = 1; !rc && i < l->count; i++)
		rc = check_parent(l->items + i - 1, l->items + i, err);
	return rc;
}
