/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/scan.h"

#include <errno.h>
#include <sys/stat.h>

#include "image/edit_internal.h"

/* More names than inodes are possible (hard links), but not without end. */
#define NAMES_MAX ((size_t)1 << 26)

struct scanner {
	struct scan *scan;
	struct image *image;
	ext2fs_inode_bitmap folders; /* that were seen */
	const char *folder;	     /* that is read */
	struct error *err;
	int rc;
};

static int add(struct scanner *sc, char *path, ext2_ino_t ino)
{
	struct scan *s = sc->scan;
	struct scan_item *item;
	int rc;

	if (!path || s->count >= NAMES_MAX ||
	    array_grow((void **)&s->items, s->count, &s->capacity, sizeof(*s->items))) {
		rc = path && s->count >= NAMES_MAX
			     ? error_set(sc->err, -ERR_LIMIT, path, "the image has too many names")
			     : error_nomem(sc->err);
		free(path);
		return rc;
	}
	item = &s->items[s->count++];
	*item = (struct scan_item){ .path = path, .ino = ino };
	if (ino > sc->image->fs->super->s_inodes_count)
		return error_set(sc->err, -ERR_FS, path, "its inode cannot be");
	rc = edit_inode_read(sc->image, ino, &item->inode, path, sc->err);
	if (rc || !S_ISDIR(item->inode.i_mode))
		return rc;
	if (ext2fs_mark_inode_bitmap2(sc->folders, ino))
		return error_set(sc->err, -ERR_FS, path, "the folder is in several places");
	return 0;
}

static bool is_name(const char *name, int n)
{
	return n > 0 && !memchr(name, '/', (size_t)n) && !memchr(name, '\0', (size_t)n);
}

static int visit(struct ext2_dir_entry *entry, int offset, int block_size, char *buf, void *arg)
{
	int n = ext2fs_dirent_name_len(entry);
	struct scanner *sc = arg;
	char *path = NULL;

	if ((n == 1 && entry->name[0] == '.') || (n == 2 && !memcmp(entry->name, "..", 2)))
		return 0;
	if (!is_name(entry->name, n)) {
		sc->rc = error_set(sc->err, -ERR_FS, sc->folder, "a name in it cannot be");
		return DIRENT_ABORT;
	}
	if (asprintf(&path, "%s/%.*s", sc->folder[1] ? sc->folder : "", n, entry->name) < 0)
		path = NULL;
	sc->rc = add(sc, path, entry->inode);
	return sc->rc ? DIRENT_ABORT : 0;
}

static int by_path(const void *a, const void *b)
{
	const struct scan_item *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int check_names(const struct scan *s, struct error *err)
{
	for (size_t i = 1; i < s->count; i++)
		if (!strcmp(s->items[i - 1].path, s->items[i].path))
			return error_set(err, -ERR_FS, s->items[i].path, "the name is there twice");
	return 0;
}

int scan_read(struct scan *s, struct image *image, struct error *err)
{
	struct scanner sc = { .scan = s, .image = image, .err = err };
	errcode_t code = ext2fs_allocate_inode_bitmap(image->fs, "folders", &sc.folders);

	if (code)
		return fs_error(err, code, NULL, "the image cannot be listed");
	sc.rc = add(&sc, strdup("/"), EXT2_ROOT_INO);
	/* The list is its own queue: folders are opened as they come up. */
	for (size_t i = 0; !sc.rc && i < s->count; i++) {
		if (!S_ISDIR(s->items[i].inode.i_mode))
			continue;
		sc.folder = s->items[i].path;
		code = ext2fs_dir_iterate(image->fs, s->items[i].ino, 0, NULL, visit, &sc);
		if (code && !sc.rc)
			sc.rc = fs_error(err, code, s->items[i].path, "the folder cannot be read");
	}
	ext2fs_free_inode_bitmap(sc.folders);
	if (!sc.rc) {
		qsort(s->items, s->count, sizeof(*s->items), by_path);
		sc.rc = check_names(s, err);
	}
	return sc.rc;
}

void scan_release(struct scan *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i].path);
	free(s->items);
	*s = (struct scan){ NULL, 0, 0 };
}
