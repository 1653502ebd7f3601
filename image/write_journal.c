/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An empty journal of ext3 and ext4, in the inode that is reserved for it. */
#include "image/layout_internal.h"

#include <sys/stat.h>

static errcode_t write_head(struct layout *l, struct bulk *bulk)
{
	struct run_iter blocks = run_iter(l, l->journal.first, l->journal.runs);
	char *head = NULL;
	errcode_t code;

	code = ext2fs_create_journal_superblock(l->fs, (uint32_t)l->journal.blocks, 0, &head);
	if (code)
		return code;
	memcpy(bulk_block(bulk, run_iter_next(&blocks)), head, l->block_size);
	ext2fs_free_mem(&head);
	return 0;
}

errcode_t write_journal(struct layout *l, struct streams *s)
{
	struct ext2_super_block *sb = l->fs->super;
	uint64_t size = l->journal.blocks * l->block_size;
	union full_inode inode = { .bytes = { 0 } };
	errcode_t code;

	if (!l->journal.blocks)
		return 0;
	inode.large.i_mode = S_IFREG | 0600;
	inode.large.i_links_count = 1;
	inode.large.i_size = (uint32_t)size;
	inode.large.i_size_high = (uint32_t)(size >> 32);
	inode.large.i_blocks = (uint32_t)((l->journal.blocks + l->journal.map_blocks) *
					  (l->block_size / 512));
	set_times(l, &inode, l->now);
	code = write_map(l, &l->journal, EXT2_JOURNAL_INO, &inode.small, &s->journal);
	if (code)
		return code;
	/* A copy of where it lies, for e2fsck when the inode is damaged. */
	memcpy(sb->s_jnl_blocks, inode.large.i_block, sizeof(inode.large.i_block));
	sb->s_jnl_blocks[15] = inode.large.i_size_high;
	sb->s_jnl_blocks[16] = inode.large.i_size;
	sb->s_jnl_backup_type = EXT3_JNL_BACKUP_BLOCKS;
	sb->s_journal_inum = EXT2_JOURNAL_INO;
	sb->s_journal_dev = 0;
	memset(sb->s_journal_uuid, 0, sizeof(sb->s_journal_uuid));
	code = put_inode(l, EXT2_JOURNAL_INO, &inode, &s->inodes);
	if (code)
		return code;
	return write_head(l, &s->journal);
}
