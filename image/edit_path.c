/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths inside the image. libext2fs's own ext2fs_namei follows links too, but
 * cannot say where a new file would go, and its limits are not the kernel's.
 */
#include "image/edit_internal.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#define LINKS_MAX 40		  /* as Linux */
#define REST_MAX  (16 * PATH_MAX) /* links may lengthen what is left to walk */

int edit_writable(struct image *image, const char *path, struct error *err)
{
	if (!image->writable)
		return error_set(err, -EROFS, path, "the image was opened for reading only");
	return 0;
}

int edit_note(struct image *image, int rc)
{
	if ((rc == -ENOMEM || rc == -EIO || rc == -ERR_FS) && !image->failure)
		image->failure = rc;
	return rc;
}

int edit_link_target(struct image *image, const char *path, ext2_ino_t ino,
		     struct ext2_inode *inode, char **target, struct error *err)
{
	uint64_t size = EXT2_I_SIZE(inode);
	unsigned int got = 0;
	ext2_file_t file;
	errcode_t code;
	char *text;

	*target = NULL;
	if (size == 0 || size >= PATH_MAX)
		return error_set(err, -ERR_FS, path, "a symbolic link of %llu bytes",
				 (unsigned long long)size);
	text = calloc(1, size + 1);
	if (!text)
		return error_nomem(err);
	if (ext2fs_is_fast_symlink(inode)) {
		if (size > sizeof(inode->i_block))
			size = sizeof(inode->i_block);
		memcpy(text, inode->i_block, size);
		*target = text;
		return 0;
	}
	code = ext2fs_file_open2(image->fs, ino, inode, 0, &file);
	if (!code) {
		code = ext2fs_file_read(file, text, (unsigned int)size, &got);
		ext2fs_file_close(file);
	}
	if (code) {
		free(text);
		return fs_error(err, code, path, "the symbolic link cannot be read");
	}
	*target = text;
	return 0;
}

/* A walk in progress: rest is what is still to go, next the read position in it. */
struct walk {
	struct image *image;
	const char *path;
	bool follow;
	char *rest, *next;
	int links;
};

/* Cut the next component out of rest; NULL at the end. */
static char *next_component(struct walk *w)
{
	char *start = w->next;

	while (*start == '/')
		start++;
	if (!*start)
		return NULL;
	w->next = strchrnul(start, '/');
	if (*w->next)
		*w->next++ = '\0';
	return start;
}

static bool at_end(const struct walk *w)
{
	return w->next[strspn(w->next, "/")] == '\0';
}

/* Put a link's target in front of what is left. Takes ownership of target. */
static int push_target(struct walk *w, char *target, struct error *err)
{
	char *rest = NULL;
	int n;

	if (++w->links > LINKS_MAX) {
		free(target);
		return error_set(err, -ELOOP, w->path, "too many symbolic links");
	}
	n = asprintf(&rest, "%s/%s", target, w->next);
	free(target);
	if (n < 0)
		return error_nomem(err);
	free(w->rest);
	w->rest = w->next = rest;
	if (n > REST_MAX)
		return error_set(err, -ENAMETOOLONG, w->path, "the path is too long");
	return 0;
}

int edit_inode_read(struct image *image, ext2_ino_t ino, struct ext2_inode *inode, const char *path,
		    struct error *err)
{
	errcode_t code = ext2fs_read_inode(image->fs, ino, inode);

	return code ? fs_error(err, code, path, "inode %u cannot be read", ino) : 0;
}

/* Look one component up in place->dir and go there, or leave it in place. */
static int step(struct walk *w, struct edit_place *place, const char *name, struct error *err)
{
	struct ext2_inode inode;
	ext2_ino_t ino = 0;
	errcode_t code;
	char *target;
	int rc;

	code = ext2fs_lookup(w->image->fs, place->dir, name, (int)strlen(name), NULL, &ino);
	if (code && code != EXT2_ET_FILE_NOT_FOUND)
		return fs_error(err, code, w->path, "'%s' cannot be looked up", name);
	snprintf(place->name, sizeof(place->name), "%s", name);
	place->ino = ino;
	if (!ino)
		return at_end(w) ? 0
				 : error_set(err, -ENOENT, w->path, "no such file in the image");
	rc = edit_inode_read(w->image, ino, &inode, w->path, err);
	if (rc)
		return rc;
	if (LINUX_S_ISLNK(inode.i_mode) && (w->follow || !at_end(w))) {
		rc = edit_link_target(w->image, w->path, ino, &inode, &target, err);
		if (rc)
			return rc;
		if (target[0] == '/')
			place->dir = EXT2_ROOT_INO;
		place->ino = place->dir;
		place->name[0] = '\0';
		return push_target(w, target, err);
	}
	if (at_end(w) && strcmp(name, ".."))
		return 0;
	if (!LINUX_S_ISDIR(inode.i_mode))
		return error_set(err, -ENOTDIR, w->path, "'%s' is not a directory", name);
	place->dir = ino;
	place->name[0] = '\0';
	return 0;
}

int edit_find(struct image *image, const char *path, bool follow, struct edit_place *place,
	      struct error *err)
{
	struct walk w = { .image = image, .path = path, .follow = follow };
	char *name;
	int rc = 0;

	*place = (struct edit_place){ .dir = EXT2_ROOT_INO, .ino = EXT2_ROOT_INO };
	w.rest = w.next = strdup(path);
	if (!w.rest)
		rc = error_nomem(err);
	while (!rc && (name = next_component(&w))) {
		if (!strcmp(name, "."))
			continue;
		/* '..' of the root is the root: its directory says so itself. */
		if (strlen(name) > EXT2_NAME_LEN)
			rc = error_set(err, -ENAMETOOLONG, path, "a name of more than %d bytes",
				       EXT2_NAME_LEN);
		else
			rc = step(&w, place, name, err);
	}
	free(w.rest);
	return edit_note(image, rc);
}

int edit_find_existing(struct image *image, const char *path, bool follow, ext2_ino_t *ino,
		       struct ext2_inode *inode, struct error *err)
{
	struct edit_place place;
	int rc = edit_find(image, path, follow, &place, err);

	*ino = 0;
	if (rc)
		return rc;
	if (!place.ino)
		return error_set(err, -ENOENT, path, "no such file in the image");
	*ino = place.ino;
	return edit_inode_read(image, place.ino, inode, path, err);
}

int edit_find_free(struct image *image, const char *path, struct edit_place *place,
		   struct error *err)
{
	int rc = edit_writable(image, path, err);

	if (!rc)
		rc = edit_find(image, path, false, place, err);
	if (!rc && (place->ino || !place->name[0]))
		rc = error_set(err, -EEXIST, path, "exists already in the image");
	return rc;
}
