/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/label.h"

#include <errno.h>

#include "image/edit_internal.h"

#define REFERENCES_MAX 1024 /* of one block, by the format */

/* A block that holds nothing but the attribute with one value. */
struct label_block {
	void *value;
	size_t size;
	blk64_t block;
	uint32_t references;
	uint32_t unwritten; /* of these: not in the block's count yet */
};

int labeller_init(struct labeller *l, struct image *image, const char *name, struct error *err)
{
	*l = (struct labeller){ .image = image, .name = name };
	if (!ext2fs_has_feature_xattr(image->fs->super))
		return error_set(err, -ERR_UNSUPPORTED, NULL,
				 "the filesystem has no feature 'ext_attr', which '%s' needs", name);
	l->done = calloc(image->fs->super->s_inodes_count / 8 + 1, 1);
	return l->done ? 0 : error_nomem(err);
}

void labeller_release(struct labeller *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->blocks[i].value);
	free(l->blocks);
	free(l->done);
	*l = (struct labeller){ NULL, NULL, NULL, 0, 0, NULL };
}

uint64_t label_blocks(uint64_t files, uint64_t values)
{
	uint64_t blocks = values + files / REFERENCES_MAX;

	return blocks < files ? blocks : files;
}

/* The last one for this value is the one with room, if any has. */
static struct label_block *find_block(struct labeller *l, const void *value, size_t size)
{
	for (size_t i = l->count; i-- > 0;) {
		struct label_block *b = &l->blocks[i];

		if (b->size == size && !memcmp(b->value, value, size))
			return b->references < REFERENCES_MAX ? b : NULL;
	}
	return NULL;
}

static int remember_block(struct labeller *l, const void *value, size_t size, blk64_t block,
			  struct error *err)
{
	struct label_block *b;

	if (array_grow((void **)&l->blocks, l->count, &l->capacity, sizeof(*l->blocks)))
		return error_nomem(err);
	b = &l->blocks[l->count];
	*b = (struct label_block){ .size = size, .block = block, .references = 1 };
	b->value = malloc(size ? size : 1);
	if (!b->value)
		return error_nomem(err);
	memcpy(b->value, value, size);
	l->count++;
	return 0;
}

static int share_block(struct labeller *l, struct label_block *b, ext2_ino_t ino,
		       struct ext2_inode *inode, const char *path, struct error *err)
{
	errcode_t code;

	ext2fs_file_acl_block_set(l->image->fs, inode, b->block);
	code = ext2fs_iblk_add_blocks(l->image->fs, inode, 1);
	if (code)
		return fs_error(err, code, path, "its size in blocks cannot be counted");
	b->references++;
	b->unwritten++;
	return edit_inode_write(l->image, ino, inode, path, err);
}

static int count_attributes(struct image *image, ext2_ino_t ino, size_t *count, const char *path,
			    struct error *err)
{
	struct ext2_xattr_handle *handle = NULL;
	errcode_t code = ext2fs_xattrs_open(image->fs, ino, &handle);

	*count = 0;
	if (!code)
		code = ext2fs_xattrs_read(handle);
	if (!code)
		code = ext2fs_xattrs_count(handle, count);
	if (handle)
		ext2fs_xattrs_close(&handle);
	return code ? fs_error(err, code, path, "its extended attributes cannot be read") : 0;
}

/* Does the attribute alone go into the inode, behind its wide fields? */
static bool fits_inode(const struct image *image, const char *name, size_t size)
{
	size_t inode = EXT2_INODE_SIZE(image->fs->super);
	const char *dot = strchr(name, '.');
	size_t name_size = strlen(dot ? dot + 1 : name);
	size_t used = EXT2_GOOD_OLD_INODE_SIZE + 32 + 4 + 4;

	return inode > EXT2_GOOD_OLD_INODE_SIZE &&
	       used + 16 + ((name_size + 3) & ~(size_t)3) + ((size + 3) & ~(size_t)3) <= inode;
}

static int put_alone(struct labeller *l, ext2_ino_t ino, const struct tree_xattr *x,
		     const char *path, struct error *err)
{
	struct label_block *b = find_block(l, x->value, x->size);
	struct ext2_inode inode;
	int rc = edit_inode_read(l->image, ino, &inode, path, err);

	if (rc)
		return rc;
	if (b)
		return share_block(l, b, ino, &inode, path, err);
	rc = edit_set_xattrs(l->image, ino, x, 1, path, err);
	if (!rc)
		rc = edit_inode_read(l->image, ino, &inode, path, err);
	if (!rc && ext2fs_file_acl_block(l->image->fs, &inode))
		rc = remember_block(l, x->value, x->size,
				    ext2fs_file_acl_block(l->image->fs, &inode), err);
	return rc;
}

int labeller_put(struct labeller *l, const char *path, const void *value, size_t size,
		 bool *fresh, struct error *err)
{
	const struct tree_xattr x = { l->name, value, size };
	struct ext2_inode inode;
	ext2_ino_t ino;
	size_t others;
	int rc = edit_writable(l->image, path, err);

	*fresh = false;
	if (!rc)
		rc = edit_find_existing(l->image, path, false, &ino, &inode, err);
	if (rc || (l->done[ino / 8] & 1 << ino % 8))
		return rc;
	l->done[ino / 8] |= (uint8_t)(1 << ino % 8);
	*fresh = true;
	rc = count_attributes(l->image, ino, &others, path, err);
	if (rc)
		return rc;
	if (others || fits_inode(l->image, l->name, size))
		return edit_set_xattrs(l->image, ino, &x, 1, path, err);
	return put_alone(l, ino, &x, path, err);
}

int labeller_finish(struct labeller *l, struct error *err)
{
	char *buf = malloc(l->image->fs->blocksize);
	errcode_t code = buf ? 0 : EXT2_ET_NO_MEMORY;

	for (size_t i = 0; i < l->count && !code; i++) {
		struct label_block *b = &l->blocks[i];
		uint32_t count;

		if (!b->unwritten)
			continue;
		code = ext2fs_adjust_ea_refcount3(l->image->fs, b->block, buf, (int)b->unwritten,
						  &count, 0);
		b->unwritten = 0;
	}
	free(buf);
	return code ? fs_error(err, code, NULL, "the labels cannot be counted") : 0;
}
