/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving a name, with what rename(2) asks for. */
#include "image/edit_internal.h"

#include <errno.h>
#include <sys/stat.h>

#define DEPTH_MAX 65536 /* a damaged image may have a loop of ".." */

struct redirect {
	const char *name;
	int len;
	ext2_ino_t ino;
	int type; /* of the new inode; -1: as it is */
	bool done;
};

static int redirect_entry(struct ext2_dir_entry *entry, int offset, int block_size, char *buf,
			  void *arg)
{
	struct redirect *r = arg;

	if (ext2fs_dirent_name_len(entry) != r->len || memcmp(entry->name, r->name, (size_t)r->len))
		return 0;
	entry->inode = r->ino;
	if (r->type >= 0)
		ext2fs_dirent_set_file_type(entry, r->type);
	r->done = true;
	return DIRENT_CHANGED | DIRENT_ABORT;
}

/* Let a name that exists lead to another inode, in place: needs no space. */
static int redirect(struct image *image, ext2_ino_t dir, const char *name, ext2_ino_t ino, int type,
		    const char *path, struct error *err)
{
	struct redirect r = { .name = name, .len = (int)strlen(name), .ino = ino, .type = type };
	errcode_t code;

	if (!ext2fs_has_feature_filetype(image->fs->super))
		r.type = -1;
	code = ext2fs_dir_iterate(image->fs, dir, 0, NULL, redirect_entry, &r);
	if (!code && !r.done)
		code = EXT2_ET_FILE_NOT_FOUND;
	return code ? fs_error(err, code, path, "its directory entry cannot be changed") : 0;
}

/* A directory cannot move below itself: it would be met on the way up. */
static int check_not_inside(struct image *image, ext2_ino_t dir, ext2_ino_t below, const char *path,
			    struct error *err)
{
	for (int depth = 0; below != EXT2_ROOT_INO; depth++) {
		errcode_t code;

		if (below == dir)
			return error_set(err, -EINVAL, path, "would be moved into itself");
		code = ext2fs_lookup(image->fs, below, "..", 2, NULL, &below);
		if (!code && depth > DEPTH_MAX)
			code = EXT2_ET_DIR_CORRUPTED;
		if (code)
			return fs_error(err, code, path, "a parent directory cannot be found");
	}
	return 0;
}

static int check(struct image *image, const struct edit_place *from, const struct ext2_inode *inode,
		 const struct edit_place *to, const char *from_path, const char *to_path,
		 struct error *err)
{
	struct ext2_inode old;
	int rc = 0;

	if (!from->name[0])
		return error_set(err, -EBUSY, from_path, "cannot be moved by this name");
	if (!to->name[0])
		return error_set(err, -EEXIST, to_path, "is a directory");
	if (S_ISDIR(inode->i_mode) && from->dir != to->dir)
		rc = check_not_inside(image, from->ino, to->dir, from_path, err);
	if (rc || !to->ino)
		return rc;
	rc = edit_inode_read(image, to->ino, &old, to_path, err);
	if (!rc && S_ISDIR(old.i_mode))
		rc = error_set(err, -EISDIR, to_path, "is a directory and is not replaced");
	if (!rc && S_ISDIR(inode->i_mode))
		rc = error_set(err, -ENOTDIR, to_path, "is not a directory");
	return rc;
}

/* The inode that had the target's name loses it. */
static int take_over(struct image *image, const struct edit_place *to, ext2_ino_t ino,
		     uint32_t mode, const char *path, struct error *err)
{
	struct ext2_inode old;
	int rc = edit_inode_read(image, to->ino, &old, path, err);

	if (!rc)
		rc = redirect(image, to->dir, to->name, ino, edit_file_type(mode), path, err);
	if (!rc)
		rc = edit_dir_touch(image, to->dir, 0, path, err);
	return rc ? rc : edit_drop_name(image, to->ino, &old, path, err);
}

static int move_dir(struct image *image, const struct edit_place *from, const struct edit_place *to,
		    const char *path, struct error *err)
{
	int rc = redirect(image, from->ino, "..", to->dir, -1, path, err);

	if (!rc)
		rc = edit_dir_touch(image, from->dir, -1, path, err);
	return rc ? rc : edit_dir_touch(image, to->dir, +1, path, err);
}

int image_rename(struct image *image, const char *from_path, const char *to_path, struct error *err)
{
	struct edit_place from = { 0 }, to = { 0 };
	struct ext2_inode inode;
	int rc = edit_writable(image, from_path, err);

	if (!rc)
		rc = edit_find(image, from_path, false, &from, err);
	if (!rc && !from.ino)
		rc = error_set(err, -ENOENT, from_path, "no such file in the image");
	if (!rc)
		rc = edit_inode_read(image, from.ino, &inode, from_path, err);
	if (!rc)
		rc = edit_find(image, to_path, false, &to, err);
	if (rc || to.ino == from.ino)
		return rc; /* two names of one inode: nothing to do, as rename(2) */
	rc = check(image, &from, &inode, &to, from_path, to_path, err);
	if (!rc && to.ino)
		rc = take_over(image, &to, from.ino, inode.i_mode, to_path, err);
	else if (!rc)
		rc = edit_name_add(image, to.dir, to.name, from.ino, inode.i_mode, to_path, err);
	if (!rc)
		rc = edit_name_remove(image, from.dir, from.name, from.ino, from_path, err);
	if (!rc && S_ISDIR(inode.i_mode) && from.dir != to.dir)
		rc = move_dir(image, &from, &to, from_path, err);
	if (rc)
		return rc;
	/* Only now: the inode may have been written in between. */
	rc = edit_inode_read(image, from.ino, &inode, to_path, err);
	inode.i_ctime = image->now;
	return rc ? rc : edit_inode_write(image, from.ino, &inode, to_path, err);
}
