/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From runs of blocks to an inode's block map or extent tree, built whole in
 * memory: libext2fs would read and write an indirect block for every block.
 */
#include "image/edit_internal.h"

#include <ext2fs/ext3_extents.h>

struct mapper {
	struct edit_claim *claim;
	ext2_ino_t ino;
	const char *path;
	struct error *err;
	size_t cursor; /* the run where the next logical block is looked for */
};

static uint32_t per_block(const struct mapper *m)
{
	return m->claim->image->fs->blocksize / 4;
}

static int write_block(struct mapper *m, uint64_t pblk, void *block)
{
	errcode_t code = io_channel_write_blk64(m->claim->image->fs->io, pblk, 1, block);

	return code ? fs_error(m->err, code, m->path, "a block map cannot be written") : 0;
}

/* The first run that reaches beyond lblk; logical blocks are asked for in ascending order. */
static const struct edit_run *run_at(struct mapper *m, uint64_t lblk)
{
	const struct edit_runs *runs = &m->claim->data;

	while (m->cursor < runs->count &&
	       runs->items[m->cursor].lblk + runs->items[m->cursor].len <= lblk)
		m->cursor++;
	return m->cursor < runs->count ? &runs->items[m->cursor] : NULL;
}

/* Number of the block that maps [first, first + per_block^level); 0 where all is a hole. */
static int map_level(struct mapper *m, int level, uint64_t first, uint64_t span, uint32_t *number)
{
	const struct edit_run *run = run_at(m, first);
	uint64_t pblk;
	uint32_t *block;
	int rc;

	*number = 0;
	if (!run || run->lblk >= first + span)
		return 0;
	if (level == 0) {
		*number = (uint32_t)(run->pblk + (first - run->lblk));
		return 0;
	}
	rc = edit_claim_meta(m->claim, &pblk, m->path, m->err);
	if (rc)
		return rc;
	block = calloc(per_block(m), sizeof(*block));
	if (!block)
		return error_nomem(m->err);
	span /= per_block(m);
	for (uint32_t i = 0; !rc && i < per_block(m); i++) {
		rc = map_level(m, level - 1, first + i * span, span, &block[i]);
		block[i] = ext2fs_cpu_to_le32(block[i]);
	}
	if (!rc)
		rc = write_block(m, pblk, block);
	free(block);
	*number = (uint32_t)pblk;
	return rc;
}

static int map_indirect(struct mapper *m, struct ext2_inode *inode)
{
	uint64_t first = EXT2_NDIR_BLOCKS, span = 1;
	const struct edit_runs *runs = &m->claim->data;
	int rc = 0;

	for (int i = 0; !rc && i < EXT2_NDIR_BLOCKS; i++)
		rc = map_level(m, 0, (uint64_t)i, 1, &inode->i_block[i]);
	for (int level = 1; !rc && level <= 3; level++) {
		span *= per_block(m);
		rc = map_level(m, level, first, span,
			       &inode->i_block[EXT2_NDIR_BLOCKS + level - 1]);
		first += span;
	}
	if (!rc && runs->count &&
	    runs->items[runs->count - 1].lblk + runs->items[runs->count - 1].len > first)
		rc = error_set(m->err, -ERR_LIMIT, m->path, "too large for a block map");
	return rc;
}

/* An entry of a node of the extent tree; len is 0 above the leaves. */
struct node_entry {
	uint64_t lblk, pblk, len;
};

static void put_node(unsigned char *node, const struct node_entry *entries, size_t count,
		     size_t max, int depth)
{
	struct ext3_extent_header *header = (struct ext3_extent_header *)node;

	header->eh_magic = ext2fs_cpu_to_le16(EXT3_EXT_MAGIC);
	header->eh_entries = ext2fs_cpu_to_le16(count);
	header->eh_max = ext2fs_cpu_to_le16(max);
	header->eh_depth = ext2fs_cpu_to_le16(depth);
	header->eh_generation = 0;
	for (size_t i = 0; i < count; i++) {
		struct ext3_extent *leaf = (struct ext3_extent *)(header + 1) + i;
		struct ext3_extent_idx *index = (struct ext3_extent_idx *)(header + 1) + i;
		uint32_t low = ext2fs_cpu_to_le32((uint32_t)entries[i].pblk);
		uint16_t high = ext2fs_cpu_to_le16((uint16_t)(entries[i].pblk >> 32));

		if (depth) {
			index->ei_block = ext2fs_cpu_to_le32((uint32_t)entries[i].lblk);
			index->ei_leaf = low;
			index->ei_leaf_hi = high;
			index->ei_unused = 0;
		} else {
			leaf->ee_block = ext2fs_cpu_to_le32((uint32_t)entries[i].lblk);
			leaf->ee_len = ext2fs_cpu_to_le16((uint16_t)entries[i].len);
			leaf->ee_start = low;
			leaf->ee_start_hi = high;
		}
	}
}

/* The claim's runs as extents, none longer than the format allows. */
static int collect_extents(struct mapper *m, struct node_entry **entries, size_t *count)
{
	const struct edit_runs *runs = &m->claim->data;
	size_t capacity = 0;

	*entries = NULL;
	*count = 0;
	for (size_t i = 0; i < runs->count; i++) {
		const struct edit_run *run = &runs->items[i];

		if (run->lblk + run->len > UINT32_MAX)
			return error_set(m->err, -ERR_LIMIT, m->path, "too large for extents");
		for (uint64_t done = 0; done < run->len;) {
			uint64_t len = run->len - done;

			if (len > EXT_INIT_MAX_LEN)
				len = EXT_INIT_MAX_LEN;
			if (array_grow((void **)entries, *count, &capacity, sizeof(**entries)))
				return error_nomem(m->err);
			(*entries)[(*count)++] =
				(struct node_entry){ run->lblk + done, run->pblk + done, len };
			done += len;
		}
	}
	return 0;
}

/*
 * Pack one level of the tree into blocks. entries become those blocks, in
 * place: the n-th block is described in the n-th entry, which was read before.
 */
static int pack_level(struct mapper *m, struct node_entry *entries, size_t *count, int depth)
{
	ext2_filsys fs = m->claim->image->fs;
	size_t max =
		(fs->blocksize - sizeof(struct ext3_extent_header)) / sizeof(struct ext3_extent);
	unsigned char *node = malloc(fs->blocksize);
	size_t nodes = 0;
	int rc = 0;

	if (!node)
		return error_nomem(m->err);
	for (size_t at = 0; !rc && at < *count; at += max) {
		size_t n = *count - at < max ? *count - at : max;
		uint64_t pblk, lblk = entries[at].lblk;
		errcode_t code;

		rc = edit_claim_meta(m->claim, &pblk, m->path, m->err);
		if (rc)
			break;
		memset(node, 0, fs->blocksize);
		put_node(node, entries + at, n, max, depth);
		code = ext2fs_extent_block_csum_set(fs, m->ino, (struct ext3_extent_header *)node);
		rc = code ? fs_error(m->err, code, m->path, "no checksum for an extent block")
			  : write_block(m, pblk, node);
		entries[nodes++] = (struct node_entry){ .lblk = lblk, .pblk = pblk };
	}
	free(node);
	*count = nodes;
	return rc;
}

static int map_extents(struct mapper *m, struct ext2_inode *inode)
{
	/* What fits into the inode: its 60 bytes hold a header and four entries. */
	const size_t root_max = sizeof(inode->i_block) / sizeof(struct ext3_extent) - 1;
	struct node_entry *entries;
	size_t count;
	int depth = 0, rc;

	rc = collect_extents(m, &entries, &count);
	while (!rc && count > root_max)
		rc = pack_level(m, entries, &count, depth++);
	if (!rc)
		put_node((unsigned char *)inode->i_block, entries, count, root_max, depth);
	free(entries);
	return rc;
}

int edit_map(struct edit_claim *claim, ext2_ino_t ino, struct ext2_inode *inode, uint64_t size,
	     const char *path, struct error *err)
{
	struct mapper m = { .claim = claim, .ino = ino, .path = path, .err = err };
	ext2_filsys fs = claim->image->fs;
	uint64_t blocks;
	errcode_t code;
	int rc;

	/* ext2fs_inode_size_set() would switch the feature on, and a 2.4 kernel may not know it. */
	if (size > INT32_MAX && !ext2fs_has_feature_large_file(fs->super))
		return error_set(err, -ERR_LIMIT, path,
				 "2 GiB or more, and the filesystem has no 'large_file'");
	memset(inode->i_block, 0, sizeof(inode->i_block));
	if (ext2fs_has_feature_extents(fs->super)) {
		inode->i_flags |= EXT4_EXTENTS_FL;
		rc = map_extents(&m, inode);
	} else {
		inode->i_flags &= ~(uint32_t)EXT4_EXTENTS_FL;
		rc = map_indirect(&m, inode);
	}
	if (rc)
		return rc;
	blocks = claim->data.blocks + claim->meta.blocks;
	if (ext2fs_file_acl_block(fs, inode))
		blocks++;
	code = ext2fs_iblk_set(fs, inode, blocks);
	if (!code)
		code = ext2fs_inode_size_set(fs, inode, (ext2_off64_t)size);
	return code ? fs_error(err, code, path, "its size cannot be set") : 0;
}
