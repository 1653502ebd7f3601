/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and closing an image, and what is known of a path. */
#include "image/edit_internal.h"

#include <errno.h>
#include <sys/stat.h>

/* Features that change what an allocation or a directory entry means. */
static const char *unsupported_feature(const struct ext2_super_block *super)
{
	struct ext2_super_block *sb = (struct ext2_super_block *)super;

	if (ext2fs_has_feature_bigalloc(sb))
		return "bigalloc";
	if (ext2fs_has_feature_inline_data(sb))
		return "inline_data";
	if (ext2fs_has_feature_encrypt(sb))
		return "encrypt";
	if (ext2fs_has_feature_casefold(sb))
		return "casefold";
	if (ext2fs_has_feature_ea_inode(sb))
		return "ea_inode";
	if (ext2fs_has_feature_quota(sb))
		return "quota";
	if (ext2fs_has_feature_shared_blocks(sb))
		return "shared_blocks";
	return NULL;
}

static int check_editable(const struct ext2_super_block *super, struct error *err)
{
	const char *feature = unsupported_feature(super);
	int rc;

	if (feature)
		return error_set(err, -ERR_UNSUPPORTED, NULL,
				 "the filesystem has the feature '%s' and cannot be edited",
				 feature);
	if (ext2fs_has_feature_journal_needs_recovery((struct ext2_super_block *)super) ||
	    !(super->s_state & EXT2_VALID_FS) || (super->s_state & EXT2_ERROR_FS)) {
		rc = error_set(err, -ERR_FS, NULL, "the filesystem was not unmounted cleanly");
		error_hint(err, "let e2fsck repair it first");
		return rc;
	}
	return 0;
}

int image_open_channel(struct image **image, const char *name, io_manager manager, int fd,
		       bool writable, uint32_t now, struct error *err)
{
	int flags = EXT2_FLAG_64BITS | (writable ? EXT2_FLAG_RW : 0);
	ext2_filsys fs = NULL;
	errcode_t code;
	int rc;

	*image = NULL;
	code = ext2fs_open(name, flags, 0, 0, manager, &fs);
	if (code)
		return fs_error(err, code, NULL, "the image cannot be opened");
	rc = writable ? check_editable(fs->super, err) : 0;
	if (!rc) {
		code = ext2fs_read_bitmaps(fs);
		if (code)
			rc = fs_error(err, code, NULL, "the image's bitmaps cannot be read");
	}
	if (!rc)
		rc = image_wrap(image, fs, fd, writable, now, err);
	if (rc)
		ext2fs_free(fs);
	return rc;
}

int image_open(struct image **image, int fd, bool writable, uint32_t now, struct error *err)
{
	char name[FD_IO_NAME_SIZE];

	return image_open_channel(image, fd_io_name(name, fd), fd_io_manager, fd, writable, now,
				  err);
}

int image_close(struct image *image, struct error *err)
{
	errcode_t code = 0;
	int rc;

	if (!image)
		return 0;
	rc = image->failure;
	if (rc)
		error_set(err, rc, NULL, "the image could not be read: %s", error_name(rc));
	if (image->writable)
		code = ext2fs_flush2(image->fs, EXT2_FLAG_FLUSH_NO_SYNC);
	if (code && !rc)
		rc = fs_error(err, code, NULL, "the image's metadata cannot be written");
	image_abandon(image);
	return rc;
}

void image_abandon(struct image *image)
{
	if (!image)
		return;
	ext2fs_free(image->fs);
	free(image);
}

uint32_t image_now(const struct image *image)
{
	return image->now;
}

uint64_t image_free_bytes(const struct image *image)
{
	return ext2fs_free_blocks_count(image->fs->super) * image->fs->blocksize;
}

uint32_t image_block_size(const struct image *image)
{
	return image->fs->blocksize;
}

static void stat_fill(struct image_stat *st, ext2_ino_t ino, const struct ext2_inode *inode)
{
	*st = (struct image_stat){
		.ino = ino,
		.mode = inode->i_mode,
		.uid = inode_uid(*inode),
		.gid = inode_gid(*inode),
		.mtime = inode->i_mtime,
		.nlink = inode->i_links_count,
	};
	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode)) {
		uint32_t old = inode->i_block[0], big = inode->i_block[1];

		/* Two forms on the disk: 8 and 8 bits, or 12 and 20. */
		st->rdev_major = old ? (old >> 8) & 0xff : (big >> 8) & 0xfff;
		st->rdev_minor = old ? old & 0xff : (big & 0xff) | ((big >> 12) & 0xfff00);
	} else {
		st->size = EXT2_I_SIZE(inode);
	}
}

static int stat_path(struct image *image, const char *path, bool follow, struct image_stat *st,
		     struct error *err)
{
	struct ext2_inode inode;
	ext2_ino_t ino;
	int rc;

	*st = (struct image_stat){ 0 };
	rc = edit_find_existing(image, path, follow, &ino, &inode, err);
	if (!rc)
		stat_fill(st, ino, &inode);
	return rc;
}

int image_stat(struct image *image, const char *path, struct image_stat *st, struct error *err)
{
	return stat_path(image, path, true, st, err);
}

int image_lstat(struct image *image, const char *path, struct image_stat *st, struct error *err)
{
	return stat_path(image, path, false, st, err);
}

bool image_exists(struct image *image, const char *path)
{
	struct image_stat st;

	return image_stat(image, path, &st, NULL) == 0;
}
