/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a node to an inode in its table. */
#include "image/layout_internal.h"

#include <sys/stat.h>

/* Seconds after 2038 need two more bits, which only wide inodes have. */
static uint32_t time_extra(uint32_t seconds)
{
	return seconds > INT32_MAX ? 1 : 0;
}

/*
 * All four times are the file's own: nothing tells when the image was made, and
 * a package's file looks as if it had never been touched.
 */
void set_times(const struct layout *l, union full_inode *full, uint32_t mtime)
{
	struct ext2_inode_large *inode = &full->large;

	inode->i_atime = inode->i_ctime = inode->i_mtime = mtime;
	if (l->inode_size == EXT2_GOOD_OLD_INODE_SIZE)
		return;
	inode->i_extra_isize = sizeof(*inode) - EXT2_GOOD_OLD_INODE_SIZE;
	inode->i_crtime = mtime;
	inode->i_atime_extra = inode->i_ctime_extra = inode->i_mtime_extra = time_extra(mtime);
	inode->i_crtime_extra = time_extra(mtime);
}

static void set_device(struct ext2_inode_large *inode, uint32_t major, uint32_t minor)
{
	/* The first form is all that Linux 2.4 knows. */
	if (major < 256 && minor < 256)
		inode->i_block[0] = major << 8 | minor;
	else
		inode->i_block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static uint16_t links_count(const struct layout *l, const struct tree_node *node)
{
	/* dir_nlink: 1 stands for "more than can be counted". */
	if (node->dir && node->nlink > 65000 &&
	    (l->ro_compat & EXT4_FEATURE_RO_COMPAT_DIR_NLINK))
		return 1;
	return (uint16_t)node->nlink;
}

static void set_inode(const struct layout *l, const struct place *p, union full_inode *full)
{
	struct ext2_inode_large *inode = &full->large;
	const struct tree_node *node = p->node;
	uint64_t sectors = (p->blocks + p->map_blocks) * (l->block_size / 512);

	inode->i_mode = (uint16_t)node->mode;
	inode->i_uid = (uint16_t)node->uid;
	inode->i_gid = (uint16_t)node->gid;
	inode->i_uid_high = (uint16_t)(node->uid >> 16);
	inode->i_gid_high = (uint16_t)(node->gid >> 16);
	inode->i_links_count = links_count(l, node);
	inode->i_size = (uint32_t)node->size;
	inode->i_size_high = (uint32_t)(node->size >> 32);
	inode->i_blocks = (uint32_t)sectors;
	inode->osd2.linux2.l_i_blocks_hi = (uint16_t)(sectors >> 32);
	set_times(l, full, node->mtime);
}

errcode_t put_inode(const struct layout *l, ext2_ino_t ino, union full_inode *inode,
		    struct bulk *tables)
{
	uint32_t per_group = l->fs->super->s_inodes_per_group;
	dgrp_t group = (ino - 1) / per_group;
	uint64_t at = (uint64_t)((ino - 1) % per_group) * l->inode_size;
	errcode_t code = ext2fs_inode_csum_set(l->fs, ino, &inode->large);
	char *block;

	if (code)
		return code;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	ext2fs_swap_inode_full(l->fs, &inode->large, &inode->large, 1, (int)l->inode_size);
#endif
	block = bulk_block(tables, ext2fs_inode_table_loc(l->fs, group) + at / l->block_size);
	memcpy(block + at % l->block_size, inode, l->inode_size);
	return 0;
}

errcode_t write_inode(const struct layout *l, const struct place *p, struct streams *s)
{
	const struct tree_node *node = p->node;
	union full_inode inode = { .bytes = { 0 } };
	errcode_t code = 0;
	char *block;

	set_inode(l, p, &inode);
	if (S_ISCHR(node->mode) || S_ISBLK(node->mode)) {
		set_device(&inode.large, node->rdev_major, node->rdev_minor);
	} else if (S_ISLNK(node->mode) && !p->blocks) {
		memcpy(inode.large.i_block, node->target, node->size);
	} else if (S_ISREG(node->mode) || p->blocks) {
		code = write_map(l, p, node->ino, &inode.small, &s->maps);
	}
	if (code)
		return code;
	if (S_ISLNK(node->mode) && p->blocks) {
		block = bulk_block(&s->links, l->runs[p->first].start);
		memcpy(block, node->target, node->size);
	}
	return put_inode(l, node->ino, &inode, &s->inodes);
}
