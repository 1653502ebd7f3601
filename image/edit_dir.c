/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names: making, removing and moving them. */
#include "image/edit_internal.h"

#include <errno.h>
#include <sys/stat.h>

int edit_file_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return EXT2_FT_REG_FILE;
	case S_IFDIR:
		return EXT2_FT_DIR;
	case S_IFCHR:
		return EXT2_FT_CHRDEV;
	case S_IFBLK:
		return EXT2_FT_BLKDEV;
	case S_IFIFO:
		return EXT2_FT_FIFO;
	case S_IFSOCK:
		return EXT2_FT_SOCK;
	case S_IFLNK:
		return EXT2_FT_SYMLINK;
	}
	return EXT2_FT_UNKNOWN;
}

int edit_dir_touch(struct image *image, ext2_ino_t dir, int links, const char *path,
		   struct error *err)
{
	struct ext2_inode inode;
	int rc = edit_inode_read(image, dir, &inode, path, err);

	if (rc)
		return rc;
	/* 1 means "more than can be counted" (dir_nlink). */
	if (inode.i_links_count != 1)
		inode.i_links_count = (uint16_t)(inode.i_links_count + links);
	inode.i_mtime = inode.i_ctime = image->now;
	return edit_inode_write(image, dir, &inode, path, err);
}

int edit_name_add(struct image *image, ext2_ino_t dir, const char *name, ext2_ino_t ino,
		  uint32_t mode, const char *path, struct error *err)
{
	errcode_t code = ext2fs_link(image->fs, dir, name, ino, edit_file_type(mode));

	if (code == EXT2_ET_DIR_NO_SPACE) {
		code = ext2fs_expand_dir(image->fs, dir);
		if (!code)
			code = ext2fs_link(image->fs, dir, name, ino, edit_file_type(mode));
	}
	if (fs_code(code) == -ERR_NO_SPACE)
		return error_set(err, -ERR_NO_SPACE, path, "no space left in the image");
	if (code)
		return fs_error(err, code, path, "it cannot be put into its directory");
	return edit_dir_touch(image, dir, 0, path, err);
}

int edit_name_remove(struct image *image, ext2_ino_t dir, const char *name, ext2_ino_t ino,
		     const char *path, struct error *err)
{
	errcode_t code = ext2fs_unlink(image->fs, dir, name, ino, 0);

	if (code)
		return fs_error(err, code, path, "it cannot be taken out of its directory");
	return edit_dir_touch(image, dir, 0, path, err);
}

/* The first block of a new directory, with "." and "..". */
static int write_dir_block(struct image *image, struct edit_claim *claim, ext2_ino_t ino,
			   ext2_ino_t parent, const char *path, struct error *err)
{
	struct edit_run run;
	char *block = NULL;
	errcode_t code;
	int rc;

	rc = edit_claim_data(claim, 0, 1, &run, path, err);
	if (rc)
		return rc;
	code = ext2fs_new_dir_block(image->fs, ino, parent, &block);
	if (!code)
		code = ext2fs_write_dir_block4(image->fs, run.pblk, block, 0, ino);
	if (block)
		ext2fs_free_mem(&block);
	return code ? fs_error(err, code, path, "the directory cannot be written") : 0;
}

int image_mkdir(struct image *image, const char *path, const struct image_attr *attr,
		struct error *err)
{
	struct ext2_inode inode, parent;
	struct edit_claim claim;
	struct edit_place place;
	ext2_ino_t ino;
	int rc = edit_find_free(image, path, &place, err);

	if (!rc)
		rc = edit_inode_read(image, place.dir, &parent, path, err);
	if (!rc && parent.i_links_count >= EDIT_LINKS_MAX)
		rc = error_set(err, -EMLINK, path, "too many folders in one");
	if (!rc)
		rc = edit_inode_new(image, place.dir, S_IFDIR, attr, 0755, &ino, &inode, path, err);
	if (rc)
		return rc;
	edit_claim_init(&claim, image, ino);
	inode.i_links_count = 2;
	rc = write_dir_block(image, &claim, ino, place.dir, path, err);
	if (!rc)
		rc = edit_map(&claim, ino, &inode, image->fs->blocksize, path, err);
	if (rc)
		edit_inode_undo(image, ino);
	else
		rc = edit_inode_publish(image, &place, ino, &inode, attr, path, err);
	edit_claim_release(&claim, rc == 0);
	return rc ? rc : edit_dir_touch(image, place.dir, +1, path, err);
}

int image_mkdir_p(struct image *image, const char *path, struct error *err)
{
	char *part = strdup(path), *slash = part;
	int rc = part ? 0 : error_nomem(err);

	while (!rc && slash) {
		struct image_stat st;
		char saved;

		slash += strspn(slash, "/");
		slash = strchrnul(slash, '/');
		saved = *slash;
		*slash = '\0';
		rc = image_stat(image, part, &st, err);
		if (rc == -ENOENT) {
			error_release(err);
			rc = image_mkdir(image, part, NULL, err);
		} else if (!rc && !S_ISDIR(st.mode)) {
			rc = error_set(err, -ENOTDIR, part, "is not a directory");
		}
		*slash = saved;
		if (!saved)
			slash = NULL;
	}
	free(part);
	return rc;
}

/* A target too long for the inode goes into a block. */
static int write_target(struct image *image, struct edit_claim *claim, ext2_ino_t ino,
			struct ext2_inode *inode, const char *target, const char *path,
			struct error *err)
{
	size_t n = strlen(target);
	struct edit_run run;
	errcode_t code;
	char *block;
	int rc;

	if (n < sizeof(inode->i_block)) {
		memcpy(inode->i_block, target, n);
		inode->i_size = (uint32_t)n;
		return 0;
	}
	rc = edit_claim_data(claim, 0, 1, &run, path, err);
	if (rc)
		return rc;
	block = calloc(1, image->fs->blocksize);
	if (!block)
		return error_nomem(err);
	memcpy(block, target, n);
	code = io_channel_write_blk64(image->fs->io, run.pblk, 1, block);
	free(block);
	if (code)
		return fs_error(err, code, path, "the symbolic link cannot be written");
	return edit_map(claim, ino, inode, n, path, err);
}

int image_symlink(struct image *image, const char *target, const char *path, struct error *err)
{
	struct ext2_inode inode;
	struct edit_claim claim;
	struct edit_place place;
	ext2_ino_t ino;
	int rc = edit_find_free(image, path, &place, err);

	if (!rc && !*target)
		rc = error_set(err, -EINVAL, path, "an empty target");
	if (!rc && strlen(target) >= image->fs->blocksize)
		rc = error_set(err, -ENAMETOOLONG, path, "the target is too long");
	if (!rc)
		rc = edit_inode_new(image, place.dir, S_IFLNK, NULL, 0777, &ino, &inode, path, err);
	if (rc)
		return rc;
	edit_claim_init(&claim, image, ino);
	rc = write_target(image, &claim, ino, &inode, target, path, err);
	if (rc)
		edit_inode_undo(image, ino);
	else
		rc = edit_inode_publish(image, &place, ino, &inode, NULL, path, err);
	edit_claim_release(&claim, rc == 0);
	return rc;
}

int image_mknod(struct image *image, const char *path, uint32_t mode, uint32_t major,
		uint32_t minor, const struct image_attr *attr, struct error *err)
{
	uint32_t type = mode & S_IFMT;
	bool device = type == S_IFCHR || type == S_IFBLK;
	struct ext2_inode inode;
	struct edit_place place;
	ext2_ino_t ino;
	int rc = edit_find_free(image, path, &place, err);

	if (!rc && !device && type != S_IFIFO && type != S_IFSOCK)
		rc = error_set(err, -EINVAL, path, "not a kind of special file");
	if (!rc && device && (major > 0xfff || minor > 0xfffff))
		rc = error_set(err, -ERR_LIMIT, path, "device %u:%u cannot be stored", major,
			       minor);
	if (!rc)
		rc = edit_inode_new(image, place.dir, type, attr, mode & 07777, &ino, &inode, path,
				    err);
	if (rc)
		return rc;
	if (device && major < 256 && minor < 256)
		inode.i_block[0] = major << 8 | minor; /* the form that 2.4 reads too */
	else if (device)
		inode.i_block[1] = (minor & 0xff) | major << 8 | (minor & 0xfff00) << 12;
	return edit_inode_publish(image, &place, ino, &inode, attr, path, err);
}

int image_link(struct image *image, const char *existing, const char *path, struct error *err)
{
	struct ext2_inode inode;
	struct edit_place place;
	ext2_ino_t ino;
	int rc = edit_find_free(image, path, &place, err);

	if (!rc)
		rc = edit_find_existing(image, existing, false, &ino, &inode, err);
	if (!rc && S_ISDIR(inode.i_mode))
		rc = error_set(err, -EPERM, existing, "a directory cannot have a second name");
	if (!rc && inode.i_links_count >= EDIT_LINKS_MAX)
		rc = error_set(err, -EMLINK, existing, "too many names");
	if (!rc)
		rc = edit_name_add(image, place.dir, place.name, ino, inode.i_mode, path, err);
	if (rc)
		return rc;
	inode.i_links_count++;
	inode.i_ctime = image->now;
	return edit_inode_write(image, ino, &inode, path, err);
}

static int not_dot(struct ext2_dir_entry *entry, int offset, int block_size, char *buf, void *arg)
{
	int len = ext2fs_dirent_name_len(entry);

	if ((len == 1 && entry->name[0] == '.') || (len == 2 && !memcmp(entry->name, "..", 2)))
		return 0;
	*(bool *)arg = true;
	return DIRENT_ABORT;
}

static int check_empty(struct image *image, ext2_ino_t dir, const char *path, struct error *err)
{
	bool full = false;
	errcode_t code = ext2fs_dir_iterate(image->fs, dir, 0, NULL, not_dot, &full);

	if (code)
		return fs_error(err, code, path, "the directory cannot be read");
	return full ? error_set(err, -ENOTEMPTY, path, "the directory is not empty") : 0;
}

int edit_drop_name(struct image *image, ext2_ino_t ino, struct ext2_inode *inode, const char *path,
		   struct error *err)
{
	if (inode->i_links_count > 1 && !S_ISDIR(inode->i_mode)) {
		inode->i_links_count--;
		inode->i_ctime = image->now;
		return edit_inode_write(image, ino, inode, path, err);
	}
	return edit_inode_free(image, ino, inode, path, err);
}

int image_remove(struct image *image, const char *path, struct error *err)
{
	struct ext2_inode inode;
	struct edit_place place = { 0 };
	bool is_dir;
	int rc = edit_writable(image, path, err);

	if (!rc)
		rc = edit_find(image, path, false, &place, err);
	if (!rc && !place.ino)
		rc = error_set(err, -ENOENT, path, "no such file in the image");
	if (!rc && !place.name[0])
		rc = error_set(err, -EBUSY, path, "cannot be removed by this name");
	if (!rc)
		rc = edit_inode_read(image, place.ino, &inode, path, err);
	if (rc)
		return rc;
	is_dir = S_ISDIR(inode.i_mode);
	if (is_dir)
		rc = check_empty(image, place.ino, path, err);
	if (!rc)
		rc = edit_name_remove(image, place.dir, place.name, place.ino, path, err);
	if (!rc)
		rc = edit_drop_name(image, place.ino, &inode, path, err);
	if (!rc && is_dir)
		rc = edit_dir_touch(image, place.dir, -1, path, err);
	return rc;
}
