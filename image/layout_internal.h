/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of layout and writing.
 *
 * libext2fs decides where the fixed metadata of block groups lies, on a
 * filesystem without a file behind it; everything else goes into what is left
 * then, in this order: directories, long symbolic links, indirect blocks, the
 * journal, regular files, each in the order of the tree. So metadata is written
 * in few strokes, and data of neighbours in the tree lie side by side.
 */
#ifndef IMAGE_LAYOUT_INTERNAL_H
#define IMAGE_LAYOUT_INTERNAL_H

#include "image/internal.h"

enum {
	FAST_LINK_MAX = 59,           /* bytes of a target that fits into the inode */
	MAX_EXTENT_BLOCKS = 32768,    /* blocks of one extent */
	JOURNAL_MIN_BLOCKS = 2048,    /* of the filesystem, below which there is no journal */
	BYTES_PER_INODE = 16384,      /* one more inode for so much free room */
	DIRENT_TAIL = 12,             /* bytes of a directory block's checksum entry */
	LOST_FOUND_BYTES = 16384,     /* so that e2fsck finds room without allocating */
};

/* An inode's blocks. */
struct place {
	struct tree_node *node; /* NULL for the journal */
	uint64_t blocks;        /* of data */
	uint64_t map_blocks;    /* of indirect or extent blocks */
	size_t first, map_first; /* indices into layout->runs */
	size_t runs, map_runs;
};

struct layout {
	struct tree *tree;
	uint32_t block_size, inode_size, now;
	uint32_t compat, incompat, ro_compat; /* features */
	char label[17];
	uint8_t uuid[16];
	uint64_t inodes_wanted;  /* options->inodes */
	uint64_t inodes_needed;
	uint64_t extra_blocks;   /* room for edits that are sure to come */
	struct place *places;    /* in the order of the tree's nodes */
	size_t count;
	struct place journal;
	struct layout_run *runs; /* of all places */
	size_t run_count, run_capacity;
	uint64_t place_blocks;   /* of all places, without the journal and extent blocks */
	uint64_t xattr_blocks;   /* at most; libext2fs takes them while writing */
	size_t dropped_xattrs;
	ext2_filsys fs;          /* NULL once an image took it */
	uint64_t size, used, inodes;
};

static inline bool layout_extents(const struct layout *l)
{
	return l->incompat & EXT3_FEATURE_INCOMPAT_EXTENTS;
}

static inline bool layout_has_csum(const struct layout *l)
{
	return l->ro_compat & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
}

/* Bytes of a directory block that entries may fill. */
static inline uint32_t layout_dir_room(const struct layout *l)
{
	return l->block_size - (layout_has_csum(l) ? DIRENT_TAIL : 0);
}

static inline uint32_t dirent_size(size_t name_len)
{
	return (uint32_t)(8 + ((name_len + 3) & ~(size_t)3));
}

/* layout_features.c: options->filesystem and features to bits. */
int layout_features(struct layout *l, const struct layout_options *options,
		    struct error *err) MUST_USE;

/* layout_demand.c: what each node needs; fills places. */
int layout_demand(struct layout *l, struct error *err) MUST_USE;
/* Indirect blocks of a file of n data blocks; UINT64_MAX when there are too many. */
uint64_t indirect_blocks(uint32_t block_size, uint64_t n);
/* Blocks of an extent tree for so many extents; UINT64_MAX when there are too many. */
uint64_t extent_blocks(uint32_t block_size, uint64_t extents);

/* layout_size.c: find the size; on success l->fs and every place are as they will be. */
int layout_solve(struct layout *l, const struct layout_options *options,
		 struct error *err) MUST_USE;

/* layout_place.c: put every place into the free blocks of l->fs. */
/* 0 with *missing blocks (0: everything fits, want is left besides), or an error. */
int layout_place(struct layout *l, uint64_t want, uint64_t *missing, struct error *err) MUST_USE;

/* write_bulk.c: blocks in a row become one write. */
struct bulk {
	io_channel io;
	uint32_t block_size;
	uint64_t start; /* block */
	size_t count, capacity;
	char *data;
	errcode_t failed; /* the first error; later calls do nothing */
};

int bulk_init(struct bulk *b, const struct layout *l) MUST_USE;
/* A zeroed buffer for this block, good until the next call; the last block once more as it is. */
char *bulk_block(struct bulk *b, uint64_t block);
/* Write what is left; the first error of all. */
errcode_t bulk_flush(struct bulk *b);
void bulk_release(struct bulk *b);

/* What is written side by side, each in a row of its own. */
struct streams {
	struct bulk inodes, dirs, links, maps, journal;
};

/* As large as the largest in a table: checksums cover all of it. */
union full_inode {
	struct ext2_inode_large large;
	struct ext2_inode small;
	char bytes[256];
};

/* write_inode.c: an inode into its table; in the order of their numbers. */
errcode_t put_inode(const struct layout *l, ext2_ino_t ino, union full_inode *inode,
		    struct bulk *tables) MUST_USE;
void set_times(const struct layout *l, union full_inode *inode, uint32_t mtime);
/* A node's inode with all blocks that belong to it but a directory's. */
errcode_t write_inode(const struct layout *l, const struct place *p,
		      struct streams *s) MUST_USE;

/* Go through runs block by block. */
struct run_iter {
	const struct layout_run *runs;
	size_t count, index;
	uint64_t offset;
};

static inline struct run_iter run_iter(const struct layout *l, size_t first, size_t count)
{
	return (struct run_iter){ .runs = l->runs + first, .count = count };
}

/* The caller asks for no more blocks than there are. */
static inline uint64_t run_iter_next(struct run_iter *it)
{
	uint64_t block;

	while (it->offset == it->runs[it->index].count) {
		it->index++;
		it->offset = 0;
	}
	block = it->runs[it->index].start + it->offset++;
	return block;
}

/* write_map.c: fill in i_block and write indirect or extent blocks. */
errcode_t write_map(const struct layout *l, const struct place *p, ext2_ino_t ino,
		    struct ext2_inode *inode, struct bulk *bulk) MUST_USE;

/* write_dir.c: the blocks of a directory. */
errcode_t write_dir(const struct layout *l, const struct place *p, struct bulk *bulk) MUST_USE;

/* write_journal.c: between the root's inode and the next one. */
errcode_t write_journal(struct layout *l, struct streams *s) MUST_USE;

#endif
