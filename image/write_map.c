/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which blocks are a file's: direct and indirect ones, or extents. */
#include "image/layout_internal.h"

#include <errno.h>

struct indirect {
	struct bulk *bulk;
	struct run_iter data, map;
	uint64_t left;       /* data blocks that are not mapped yet */
	uint32_t per;        /* numbers in a block */
	uint32_t *buffer[3]; /* a block for each level */
};

/* One indirect block and all below it; level is at most 3. Returns its number. */
static uint32_t write_indirect(struct indirect *w, int level)
{
	uint32_t *numbers = w->buffer[level - 1];
	uint32_t self = (uint32_t)run_iter_next(&w->map);
	char *block;

	memset(numbers, 0, w->per * sizeof(*numbers));
	for (uint32_t i = 0; i < w->per && w->left; i++) {
		uint32_t number;

		if (level > 1) {
			number = write_indirect(w, level - 1);
		} else {
			number = (uint32_t)run_iter_next(&w->data);
			w->left--;
		}
		numbers[i] = ext2fs_cpu_to_le32(number);
	}
	block = bulk_block(w->bulk, self);
	memcpy(block, numbers, w->per * sizeof(*numbers));
	return self;
}

static errcode_t map_indirect(const struct layout *l, const struct place *p,
			      struct ext2_inode *inode, struct bulk *bulk)
{
	uint32_t *buffers = NULL;
	struct indirect w = {
		.bulk = bulk,
		.data = run_iter(l, p->first, p->runs),
		.map = run_iter(l, p->map_first, p->map_runs),
		.left = p->blocks,
		.per = l->block_size / 4,
	};

	for (int i = 0; i < EXT2_NDIR_BLOCKS && w.left; i++, w.left--)
		inode->i_block[i] = (uint32_t)run_iter_next(&w.data);
	if (!w.left)
		return 0;
	buffers = calloc(3, l->block_size);
	if (!buffers)
		return EXT2_ET_NO_MEMORY;
	for (int i = 0; i < 3; i++)
		w.buffer[i] = buffers + i * (size_t)w.per;
	for (int level = 1; level <= 3 && w.left; level++)
		inode->i_block[EXT2_NDIR_BLOCKS + level - 1] = write_indirect(&w, level);
	free(buffers);
	return 0;
}

/* The next extent of a file. */
struct extent_iter {
	const struct layout_run *runs;
	uint64_t offset; /* in the current run */
	uint64_t logical;
};

static void put_header(void *block, size_t entries, size_t max, size_t depth)
{
	struct ext3_extent_header *h = block;

	h->eh_magic = ext2fs_cpu_to_le16(EXT3_EXT_MAGIC);
	h->eh_entries = ext2fs_cpu_to_le16((uint16_t)entries);
	h->eh_max = ext2fs_cpu_to_le16((uint16_t)max);
	h->eh_depth = ext2fs_cpu_to_le16((uint16_t)depth);
}

static void put_extents(void *block, struct extent_iter *it, size_t n)
{
	struct ext3_extent *e = EXT_FIRST_EXTENT((struct ext3_extent_header *)block);

	for (; n; n--, e++) {
		uint64_t start = it->runs->start + it->offset;
		uint64_t len = it->runs->count - it->offset;

		if (len > MAX_EXTENT_BLOCKS)
			len = MAX_EXTENT_BLOCKS;
		e->ee_block = ext2fs_cpu_to_le32((uint32_t)it->logical);
		e->ee_len = ext2fs_cpu_to_le16((uint16_t)len);
		e->ee_start = ext2fs_cpu_to_le32((uint32_t)start);
		e->ee_start_hi = ext2fs_cpu_to_le16((uint16_t)(start >> 32));
		it->logical += len;
		it->offset += len;
		if (it->offset == it->runs->count) {
			it->runs++;
			it->offset = 0;
		}
	}
}

static void put_index(void *block, size_t i, uint64_t logical, uint64_t physical)
{
	struct ext3_extent_idx *x = EXT_FIRST_INDEX((struct ext3_extent_header *)block) + i;

	x->ei_block = ext2fs_cpu_to_le32((uint32_t)logical);
	x->ei_leaf = ext2fs_cpu_to_le32((uint32_t)physical);
	x->ei_leaf_hi = ext2fs_cpu_to_le16((uint16_t)(physical >> 32));
}

struct extent_tree {
	const struct layout *l;
	ext2_ino_t ino;
	struct bulk *bulk;
	struct extent_iter extents;
	struct run_iter map;
	uint64_t left; /* extents not written yet */
	size_t per;    /* entries of a block */
	errcode_t code;
};

/* A block of the tree; index is where its parent notes it. */
static void write_extent_block(struct extent_tree *x, int depth, void *parent, size_t index)
{
	uint64_t self = run_iter_next(&x->map);
	size_t n = x->left < x->per ? (size_t)x->left : x->per;
	char *block = calloc(1, x->l->block_size);
	errcode_t code;

	if (!block) {
		x->code = EXT2_ET_NO_MEMORY;
		return;
	}
	put_index(parent, index, x->extents.logical, self);
	if (depth == 0) {
		put_header(block, n, x->per, 0);
		put_extents(block, &x->extents, n);
		x->left -= n;
	} else {
		for (n = 0; n < x->per && x->left && !x->code; n++)
			write_extent_block(x, depth - 1, block, n);
		put_header(block, n, x->per, (size_t)depth);
	}
	code = ext2fs_extent_block_csum_set(x->l->fs, x->ino, (void *)block);
	if (code && !x->code)
		x->code = code;
	memcpy(bulk_block(x->bulk, self), block, x->l->block_size);
	free(block);
}

static uint64_t extents_of(const struct layout *l, const struct place *p)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p->runs; i++)
		n += (l->runs[p->first + i].count + MAX_EXTENT_BLOCKS - 1) / MAX_EXTENT_BLOCKS;
	return n;
}

static errcode_t map_extents(const struct layout *l, const struct place *p, ext2_ino_t ino,
			     struct ext2_inode *inode, struct bulk *bulk)
{
	struct extent_tree x = {
		.l = l,
		.ino = ino,
		.bulk = bulk,
		.extents = { .runs = l->runs + p->first },
		.map = run_iter(l, p->map_first, p->map_runs),
		.left = extents_of(l, p),
		.per = (l->block_size - sizeof(struct ext3_extent_header)) /
		       sizeof(struct ext3_extent),
	};
	size_t n = (size_t)x.left;
	int depth;

	inode->i_flags |= EXT4_EXTENTS_FL;
	if (n <= 4) {
		put_header(inode->i_block, n, 4, 0);
		put_extents(inode->i_block, &x.extents, n);
		return 0;
	}
	depth = x.left <= 4 * x.per ? 1 : 2;
	for (n = 0; n < 4 && x.left && !x.code; n++)
		write_extent_block(&x, depth - 1, inode->i_block, n);
	put_header(inode->i_block, n, 4, (size_t)depth);
	return x.code;
}

errcode_t write_map(const struct layout *l, const struct place *p, ext2_ino_t ino,
		    struct ext2_inode *inode, struct bulk *bulk)
{
	if (layout_extents(l))
		return map_extents(l, p, ino, inode, bulk);
	return map_indirect(l, p, inode, bulk);
}
