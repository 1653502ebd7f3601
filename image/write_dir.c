/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directory blocks, built whole: libext2fs's own way looks through a directory
 * for every entry. Linear ones, which every kernel reads; an indexed one is
 * what a kernel makes of it when it grows.
 */
#include "image/layout_internal.h"

#include <sys/stat.h>

#include "image/tree_internal.h"

struct dir_writer {
	const struct layout *l;
	struct bulk *bulk;
	struct run_iter blocks;
	ext2_ino_t ino;
	char *block;
	uint32_t used; /* bytes of entries */
	uint32_t last; /* offset of the last entry */
	uint64_t left; /* blocks that are not begun */
	errcode_t code;
};

static void put16(char *to, uint32_t v)
{
	to[0] = (char)v;
	to[1] = (char)(v >> 8);
}

static void put32(char *to, uint32_t v)
{
	put16(to, v);
	put16(to + 2, v >> 16);
}

static uint8_t file_type(const struct layout *l, uint32_t mode)
{
	if (!(l->incompat & EXT2_FEATURE_INCOMPAT_FILETYPE))
		return EXT2_FT_UNKNOWN;
	switch (mode & S_IFMT) {
	case S_IFREG:
		return EXT2_FT_REG_FILE;
	case S_IFDIR:
		return EXT2_FT_DIR;
	case S_IFLNK:
		return EXT2_FT_SYMLINK;
	case S_IFCHR:
		return EXT2_FT_CHRDEV;
	case S_IFBLK:
		return EXT2_FT_BLKDEV;
	case S_IFIFO:
		return EXT2_FT_FIFO;
	case S_IFSOCK:
		return EXT2_FT_SOCK;
	default:
		return EXT2_FT_UNKNOWN;
	}
}

/* The last entry reaches to the end; an empty block is one unused entry. */
static void finish_block(struct dir_writer *w)
{
	uint32_t room = layout_dir_room(w->l);
	errcode_t code;

	put16(w->block + w->last + 4, room - w->last);
	if (!layout_has_csum(w->l))
		return;
	ext2fs_initialize_dirent_tail(w->l->fs, EXT2_DIRENT_TAIL(w->block, w->l->block_size));
	code = ext2fs_dir_block_csum_set(w->l->fs, w->ino, (struct ext2_dir_entry *)w->block);
	if (code && !w->code)
		w->code = code;
}

static void next_block(struct dir_writer *w)
{
	w->block = bulk_block(w->bulk, run_iter_next(&w->blocks));
	w->used = 0;
	w->last = 0;
	w->left--;
}

static int put_entry(void *arg, const char *name, size_t len, struct tree_node *child)
{
	struct dir_writer *w = arg;
	uint32_t size = dirent_size(len);
	char *entry;

	if (w->used + size > layout_dir_room(w->l)) {
		/* Counted in just this way when the directory was laid out. */
		if (!w->left)
			return -1;
		finish_block(w);
		next_block(w);
	}
	entry = w->block + w->used;
	put32(entry, child->ino);
	put16(entry + 4, size);
	entry[6] = (char)len;
	entry[7] = (char)file_type(w->l, child->mode);
	memcpy(entry + 8, name, len);
	w->last = w->used;
	w->used += size;
	return 0;
}

errcode_t write_dir(const struct layout *l, const struct place *p, struct bulk *bulk)
{
	struct dir_writer w = {
		.l = l,
		.bulk = bulk,
		.blocks = run_iter(l, p->first, p->runs),
		.ino = p->node->ino,
		.left = p->blocks,
	};

	next_block(&w);
	put_entry(&w, ".", 1, p->node);
	put_entry(&w, "..", 2, p->node->dir->parent);
	if (tree_each(p->node, put_entry, &w) != 0)
		return EXT2_ET_DIR_CORRUPTED;
	finish_block(&w);
	/* Room that was asked for and that no name took. */
	while (w.left) {
		next_block(&w);
		finish_block(&w);
	}
	return w.code;
}
