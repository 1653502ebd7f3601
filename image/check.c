/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look at a whole filesystem, without repairs. */
#include "image/check.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "image/internal.h"

void check_release(struct check *c)
{
	strlist_release(&c->errors);
	strlist_release(&c->notes);
	*c = (struct check)CHECK_INIT;
}

static int add(struct strlist *list, const char *fmt, va_list ap, struct error *err)
{
	char *text = NULL;

	if (list->count >= CHECK_FINDINGS_MAX)
		return 0;
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	return strlist_take(list, text) ? error_nomem(err) : 0;
}

int check_error(struct check *c, struct error *err, const char *fmt, ...)
{
	va_list ap;
	int rc;

	c->error_count++;
	va_start(ap, fmt);
	rc = add(&c->errors, fmt, ap, err);
	va_end(ap);
	return rc;
}

int check_note(struct check *c, struct error *err, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = add(&c->notes, fmt, ap, err);
	va_end(ap);
	return rc;
}

struct walk {
	ext2_filsys fs;
	struct check *check;
	struct error *err;
	ext2fs_block_bitmap seen; /* blocks that somebody has */
	uint32_t *names;	  /* of each inode, as found */
	ext2_ino_t ino;		  /* the one that is looked at, */
	uint64_t blocks;	  /* how many blocks it was seen to have, */
	bool broken;		  /* and whether one of them was wrong */
	int rc;
};

static void claim(struct walk *w, uint64_t block, bool *fine)
{
	ext2_filsys fs = w->fs;

	*fine = false;
	if (block < fs->super->s_first_data_block || block >= ext2fs_blocks_count(fs->super)) {
		w->rc = check_error(w->check, w->err, "inode %u has block %llu, which is not there",
				    w->ino, (unsigned long long)block);
		return;
	}
	/* The blocks that growing is prepared with are those of the descriptors. */
	if (w->ino != EXT2_RESIZE_INO && ext2fs_test_block_bitmap2(w->seen, block)) {
		w->rc = check_error(w->check, w->err,
				    "inode %u has block %llu, which something else has, too",
				    w->ino, (unsigned long long)block);
		return;
	}
	ext2fs_mark_block_bitmap2(w->seen, block);
	*fine = true;
	if (!ext2fs_test_block_bitmap2(fs->block_map, block))
		w->rc = check_error(w->check, w->err, "block %llu of inode %u is marked as free",
				    (unsigned long long)block, w->ino);
}

/* One bad block is enough of an inode: what follows from it may have no end. */
static int on_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t count, blk64_t ref, int offset,
		    void *arg)
{
	struct walk *w = arg;
	bool fine;

	claim(w, *block, &fine);
	w->blocks++;
	w->broken = w->broken || !fine;
	return fine && !w->rc ? 0 : BLOCK_ABORT;
}

static int on_name(ext2_ino_t dir, int entry, struct ext2_dir_entry *d, int offset, int blocksize,
		   char *buf, void *arg)
{
	struct walk *w = arg;
	int n = ext2fs_dirent_name_len(d);

	if (d->inode == 0)
		return 0;
	if (d->inode > w->fs->super->s_inodes_count ||
	    !ext2fs_test_inode_bitmap2(w->fs->inode_map, d->inode))
		w->rc = check_error(w->check, w->err,
				    "'%.*s' in folder inode %u leads to inode %u, which is not in use",
				    n, d->name, dir, d->inode);
	else if (w->names[d->inode] < UINT32_MAX)
		w->names[d->inode]++;
	return w->rc ? DIRENT_ABORT : 0;
}

static bool is_used(const struct walk *w, ext2_ino_t ino, const struct ext2_inode *inode)
{
	return ino == EXT2_BAD_INO || (inode->i_links_count && inode->i_mode) ||
	       (ino < EXT2_FIRST_INO(w->fs->super) && inode->i_blocks);
}

static void compare_blocks(struct walk *w, const struct ext2_inode *inode)
{
	uint64_t says = ext2fs_get_stat_i_blocks(w->fs, (struct ext2_inode *)inode);
	uint64_t has = w->blocks * (w->fs->blocksize / 512);

	if (says != has && !w->broken && w->ino != EXT2_RESIZE_INO && w->ino != EXT2_BAD_INO)
		w->rc = check_error(w->check, w->err, "inode %u has %llu sectors and says %llu",
				    w->ino, (unsigned long long)has, (unsigned long long)says);
}

static void look_at(struct walk *w, ext2_ino_t ino, struct ext2_inode *inode)
{
	errcode_t code = 0;
	blk64_t acl = ext2fs_file_acl_block(w->fs, inode);

	if (!is_used(w, ino, inode))
		return;
	w->ino = ino;
	w->blocks = acl != 0;
	w->broken = false;
	/* Blocks of attributes may be shared; they are counted by themselves. */
	if (acl && !ext2fs_test_block_bitmap2(w->fs->block_map, acl))
		w->rc = check_error(w->check, w->err, "block %llu of inode %u is marked as free",
				    (unsigned long long)acl, ino);
	if (acl && acl < ext2fs_blocks_count(w->fs->super))
		ext2fs_mark_block_bitmap2(w->seen, acl);
	if (!w->rc && ext2fs_inode_has_valid_blocks2(w->fs, inode))
		code = ext2fs_block_iterate3(w->fs, ino, BLOCK_FLAG_READ_ONLY, NULL, on_block, w);
	if (!w->rc && !code)
		compare_blocks(w, inode);
	if (!w->rc && !code && LINUX_S_ISDIR(inode->i_mode))
		code = ext2fs_dir_iterate2(w->fs, ino, 0, NULL, on_name, w);
	if (!w->rc && code)
		w->rc = check_error(w->check, w->err, "inode %u cannot be read: %s", ino,
				    error_message(code));
}

static int each_inode(struct walk *w, void (*visit)(struct walk *w, ext2_ino_t ino,
						    struct ext2_inode *inode))
{
	ext2_inode_scan scan = NULL;
	struct ext2_inode inode;
	ext2_ino_t ino = 0;
	errcode_t code = ext2fs_open_inode_scan(w->fs, 0, &scan);

	while (!code && !w->rc) {
		code = ext2fs_get_next_inode(scan, &ino, &inode);
		if (code || !ino)
			break;
		visit(w, ino, &inode);
	}
	if (scan)
		ext2fs_close_inode_scan(scan);
	if (code && !w->rc)
		return check_error(w->check, w->err, "the inodes cannot be read: %s",
				   error_message(code));
	return w->rc;
}

static void compare_names(struct walk *w, ext2_ino_t ino, struct ext2_inode *inode)
{
	bool ours = ino == EXT2_ROOT_INO || ino >= EXT2_FIRST_INO(w->fs->super);

	if (!ours || (!is_used(w, ino, inode) && !w->names[ino]))
		return;
	if (!is_used(w, ino, inode))
		w->rc = check_error(w->check, w->err, "inode %u has %u names and is not in use",
				    ino, w->names[ino]);
	else if (!ext2fs_test_inode_bitmap2(w->fs->inode_map, ino))
		w->rc = check_error(w->check, w->err, "inode %u is in use and marked as free", ino);
	else if (w->names[ino] != inode->i_links_count &&
		 !(LINUX_S_ISDIR(inode->i_mode) && inode->i_links_count == 1))
		w->rc = check_error(w->check, w->err, "inode %u has %u names and says %u", ino,
				    w->names[ino], inode->i_links_count);
}

/* Superblocks, descriptors, bitmaps and tables of inodes have blocks, too. */
static errcode_t claim_metadata(struct walk *w)
{
	ext2_filsys fs = w->fs;
	errcode_t code = 0;

	for (dgrp_t group = 0; group < fs->group_desc_count; group++) {
		blk64_t table = ext2fs_inode_table_loc(fs, group);

		ext2fs_reserve_super_and_bgd(fs, group, w->seen);
		ext2fs_mark_block_bitmap2(w->seen, ext2fs_block_bitmap_loc(fs, group));
		ext2fs_mark_block_bitmap2(w->seen, ext2fs_inode_bitmap_loc(fs, group));
		for (unsigned int i = 0; i < fs->inode_blocks_per_group; i++)
			ext2fs_mark_block_bitmap2(w->seen, table + i);
	}
	return code;
}

/* Blocks that are marked and that nobody has: lost room, no danger. */
static int count_lost(struct walk *w)
{
	ext2_filsys fs = w->fs;
	uint64_t lost = 0;

	for (blk64_t block = fs->super->s_first_data_block;
	     block < ext2fs_blocks_count(fs->super); block++)
		lost += ext2fs_test_block_bitmap2(fs->block_map, block) &&
			!ext2fs_test_block_bitmap2(w->seen, block);
	if (!lost || ext2fs_has_feature_journal_dev(fs->super))
		return 0;
	return check_note(w->check, w->err, "%llu blocks are marked as used, and nothing has them",
			  (unsigned long long)lost);
}

static int walk_all(struct walk *w)
{
	ext2_filsys fs = w->fs;
	errcode_t code = ext2fs_check_desc(fs);
	int rc;

	if (code)
		return check_error(w->check, w->err, "its group descriptors are damaged: %s",
				   error_message(code));
	w->names = calloc((size_t)fs->super->s_inodes_count + 1, sizeof(*w->names));
	if (!w->names)
		return error_nomem(w->err);
	code = ext2fs_allocate_block_bitmap(fs, "seen", &w->seen);
	if (!code)
		code = ext2fs_read_bitmaps(fs);
	if (code)
		rc = check_error(w->check, w->err, "its bitmaps cannot be read: %s",
				 error_message(code));
	else
		rc = claim_metadata(w) ? error_nomem(w->err) : each_inode(w, look_at);
	if (!rc && !code)
		rc = each_inode(w, compare_names);
	if (!rc && !code)
		rc = count_lost(w);
	if (w->seen)
		ext2fs_free_block_bitmap(w->seen);
	free(w->names);
	return rc;
}

int image_check(struct image *image, struct check *c, struct error *err)
{
	struct check found = CHECK_INIT;
	struct walk w = { .fs = image->fs, .err = err };
	struct ext2_super_block *super = image->fs->super;
	bool clean = (super->s_state & EXT2_VALID_FS) && !(super->s_state & EXT2_ERROR_FS) &&
		     !ext2fs_has_feature_journal_needs_recovery(super);
	int rc = 0;

	if (ext2fs_has_feature_bigalloc(super))
		return check_note(c, err, "the filesystem has the feature bigalloc, and is not "
					  "looked at; e2fsck knows it");
	w.check = clean ? c : &found;
	if (!clean)
		rc = check_note(c, err, "the filesystem was not unmounted cleanly: its guest will "
					"check it when it boots");
	initialize_ext2_error_table();
	if (!rc)
		rc = walk_all(&w);
	if (!rc && found.error_count)
		rc = check_note(c, err, "%llu things there are to be repaired, the first: %s",
				(unsigned long long)found.error_count, found.errors.items[0]);
	check_release(&found);
	return rc;
}
