/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making, changing and freeing inodes. */
#include "image/edit_internal.h"

#include <errno.h>
#include <sys/stat.h>

static const struct image_attr no_attr;

static void set_owner(struct ext2_inode *inode, uint32_t uid, uint32_t gid)
{
	inode->i_uid = (uint16_t)uid;
	ext2fs_set_i_uid_high(*inode, (uint16_t)(uid >> 16));
	inode->i_gid = (uint16_t)gid;
	ext2fs_set_i_gid_high(*inode, (uint16_t)(gid >> 16));
}

int edit_inode_write(struct image *image, ext2_ino_t ino, struct ext2_inode *inode,
		     const char *path, struct error *err)
{
	errcode_t code = ext2fs_write_inode(image->fs, ino, inode);

	return code ? fs_error(err, code, path, "inode %u cannot be written", ino) : 0;
}

int edit_inode_new(struct image *image, ext2_ino_t dir, uint32_t type,
		   const struct image_attr *attr, uint32_t default_mode, ext2_ino_t *ino,
		   struct ext2_inode *inode, const char *path, struct error *err)
{
	uint32_t mode = attr ? attr->mode : default_mode;
	errcode_t code;

	if (!attr)
		attr = &no_attr;
	code = ext2fs_new_inode(image->fs, dir, (int)type, NULL, ino);
	if (code == EXT2_ET_INODE_ALLOC_FAIL)
		return error_set(err, -ERR_NO_SPACE, path, "no inode left in the image");
	if (code)
		return fs_error(err, code, path, "no inode can be allocated");
	*inode = (struct ext2_inode){
		.i_mode = (uint16_t)(type | (mode & 07777)),
		.i_links_count = 1,
		.i_atime = image->now,
		.i_ctime = image->now,
		.i_mtime = attr->mtime ? attr->mtime : image->now,
	};
	set_owner(inode, attr->uid, attr->gid);
	/* Writes the whole slot, so that nothing of an earlier inode there shows through. */
	code = ext2fs_write_new_inode(image->fs, *ino, inode);
	if (code)
		return fs_error(err, code, path, "inode %u cannot be written", *ino);
	ext2fs_inode_alloc_stats2(image->fs, *ino, +1, S_ISDIR(type));
	return 0;
}

/* All zeros: what a checker takes for a slot that was never used. */
static errcode_t wipe(struct image *image, ext2_ino_t ino)
{
	size_t size = EXT2_INODE_SIZE(image->fs->super);
	struct ext2_inode *blank = calloc(1, size);
	errcode_t code;

	if (!blank)
		return EXT2_ET_NO_MEMORY;
	code = ext2fs_write_inode_full(image->fs, ino, blank, (int)size);
	free(blank);
	return code;
}

static errcode_t free_xattrs(struct image *image, ext2_ino_t ino)
{
	struct ext2_inode_large inode = { 0 };
	errcode_t code;

	code = ext2fs_read_inode_full(image->fs, ino, (struct ext2_inode *)&inode, sizeof(inode));
	if (!code && ext2fs_file_acl_block(image->fs, (struct ext2_inode *)&inode))
		code = ext2fs_free_ext_attr(image->fs, ino, &inode);
	return code;
}

void edit_inode_undo(struct image *image, ext2_ino_t ino)
{
	struct ext2_inode inode;

	/* A failure on the way to an error changes nothing about the first one. */
	if (ext2fs_read_inode(image->fs, ino, &inode))
		return;
	(void)free_xattrs(image, ino);
	(void)wipe(image, ino);
	ext2fs_inode_alloc_stats2(image->fs, ino, -1, S_ISDIR(inode.i_mode));
}

static int free_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t index, blk64_t ref, int offset,
		      void *arg)
{
	ext2fs_block_alloc_stats2(fs, *block, -1);
	return 0;
}

/*
 * Not with ext2fs_punch(): 1.47.0 refuses an extent that ends with the
 * filesystem's last block.
 */
int edit_blocks_free(struct image *image, ext2_ino_t ino, struct ext2_inode *inode,
		     const char *path, struct error *err)
{
	errcode_t code;

	if (!ext2fs_inode_has_valid_blocks2(image->fs, inode))
		return 0;
	code = ext2fs_block_iterate3(image->fs, ino, BLOCK_FLAG_READ_ONLY, NULL, free_block, NULL);
	return code ? fs_error(err, code, path, "its blocks cannot be freed") : 0;
}

int edit_inode_free(struct image *image, ext2_ino_t ino, struct ext2_inode *inode, const char *path,
		    struct error *err)
{
	bool is_dir = S_ISDIR(inode->i_mode);
	int rc = edit_blocks_free(image, ino, inode, path, err);
	errcode_t code;

	if (rc)
		return rc;
	code = free_xattrs(image, ino);
	if (!code)
		code = wipe(image, ino);
	if (code)
		return fs_error(err, code, path, "inode %u cannot be freed", ino);
	ext2fs_inode_alloc_stats2(image->fs, ino, -1, is_dir);
	return 0;
}

int edit_set_xattrs(struct image *image, ext2_ino_t ino, const struct tree_xattr *xattrs,
		    size_t count, const char *path, struct error *err)
{
	struct ext2_xattr_handle *handle = NULL;
	errcode_t code;

	if (!count)
		return 0;
	if (!ext2fs_has_feature_xattr(image->fs->super))
		return error_set(err, -ERR_UNSUPPORTED, path,
				 "the filesystem has no 'ext_attr' for its '%s'", xattrs[0].name);
	code = ext2fs_xattrs_open(image->fs, ino, &handle);
	if (!code)
		code = ext2fs_xattrs_read(handle);
	for (size_t i = 0; !code && i < count; i++)
		code = ext2fs_xattr_set(handle, xattrs[i].name, xattrs[i].value, xattrs[i].size);
	if (handle)
		ext2fs_xattrs_close(&handle);
	return code ? fs_error(err, code, path, "its extended attributes cannot be set") : 0;
}

int image_get_xattr(struct image *image, const char *path, const char *name, struct strbuf *out,
		    struct error *err)
{
	struct ext2_xattr_handle *handle = NULL;
	struct ext2_inode inode;
	void *value = NULL;
	size_t size = 0;
	ext2_ino_t ino;
	errcode_t code;
	int rc;

	out->len = 0;
	rc = edit_find_existing(image, path, true, &ino, &inode, err);
	if (!rc && !ext2fs_has_feature_xattr(image->fs->super))
		rc = error_set(err, -ENODATA, path, "the filesystem has no 'ext_attr'");
	if (rc)
		return rc;
	code = ext2fs_xattrs_open(image->fs, ino, &handle);
	if (!code)
		code = ext2fs_xattrs_read(handle);
	if (!code)
		code = ext2fs_xattr_get(handle, name, &value, &size);
	if (handle)
		ext2fs_xattrs_close(&handle);
	if (code == EXT2_ET_EA_KEY_NOT_FOUND)
		return error_set(err, -ENODATA, path, "no attribute '%s'", name);
	if (code)
		return fs_error(err, code, path, "its attribute '%s' cannot be read", name);
	rc = strbuf_add(out, value, size) ? error_nomem(err) : 0;
	ext2fs_free_mem(&value);
	return rc;
}

int edit_inode_publish(struct image *image, const struct edit_place *place, ext2_ino_t ino,
		       const struct ext2_inode *inode, const struct image_attr *attr,
		       const char *path, struct error *err)
{
	struct ext2_inode copy = *inode;
	int rc = edit_inode_write(image, ino, &copy, path, err);

	if (!rc && attr)
		rc = edit_set_xattrs(image, ino, attr->xattrs, attr->xattr_count, path, err);
	if (!rc)
		rc = edit_name_add(image, place->dir, place->name, ino, inode->i_mode, path, err);
	if (rc)
		edit_inode_undo(image, ino);
	return rc;
}

int image_set_attr(struct image *image, const char *path, const struct image_attr *attr,
		   struct error *err)
{
	struct ext2_inode inode;
	ext2_ino_t ino;
	int rc = edit_writable(image, path, err);

	if (!rc)
		rc = edit_find_existing(image, path, true, &ino, &inode, err);
	if (!rc)
		rc = edit_set_xattrs(image, ino, attr->xattrs, attr->xattr_count, path, err);
	/* The attributes may have given the inode a block: read what it is now. */
	if (!rc)
		rc = edit_find_existing(image, path, true, &ino, &inode, err);
	if (rc)
		return rc;
	inode.i_mode = (uint16_t)((inode.i_mode & S_IFMT) | (attr->mode & 07777));
	set_owner(&inode, attr->uid, attr->gid);
	inode.i_mtime = attr->mtime ? attr->mtime : image->now;
	inode.i_ctime = image->now;
	return edit_inode_write(image, ino, &inode, path, err);
}
