/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the planned tree to numbers: size of the filesystem, inode numbers,
 * block numbers. Then the metadata, written through libext2fs.
 *
 * Life: layout_new() (computes, writes nothing) -> layout_size() and friends
 * -> layout_write() (all metadata into fd, gives an open struct image)
 * -> node_write() from any thread for the bytes of regular files
 * -> image_* edits (image/edit.h) -> image_close().
 *
 * Same tree and options, same bytes: no clock is asked. An inode's four times
 * are its file's mtime. No blocks are reserved for root; there is no resize
 * inode, and directories are linear, which every kernel and e2fsck accept.
 * Defaults: ext2 "ext_attr filetype sparse_super large_file"; ext3 and
 * has_journal dir_index; ext4 and extent flex_bg huge_file dir_nlink
 * extra_isize metadata_csum. Inodes: those of the tree and of edits, a tenth
 * and at least 64 more, and one for each 16 KiB that stay free.
 *
 * Blocks are filesystem blocks. Regular files occupy one run where they can;
 * only the fixed metadata of block groups splits one. Every block of a file is
 * allocated, also those that turn out to hold zeros: node_write() leaves these
 * as holes on the host.
 */
#ifndef IMAGE_LAYOUT_H
#define IMAGE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "image/tree.h"

struct image;
struct layout;

struct layout_run {
	uint64_t start; /* physical block */
	uint64_t count; /* blocks */
};

struct layout_options {
	const char *filesystem;  /* "ext2", "ext3" or "ext4" */
	const char *features;    /* blank separated e2fsprogs names, exactly these; NULL: default */
	uint32_t block_size;     /* 1024, 2048, 4096 */
	uint32_t inode_size;     /* 128 or 256; 0: 128 for ext2/ext3, 256 for ext4 */
	uint64_t size;           /* bytes of the image; 0: from the contents */
	uint64_t free_bytes;     /* room to leave when size is 0; UINT64_MAX: a quarter of what is
				  * used, at least 16 MiB */
	uint64_t inodes;         /* at least so many; 0: from the contents */
	uint64_t extra_bytes;    /* of files that edits will add: database, modules, swap, overlay */
	uint64_t extra_inodes;   /* inodes that edits will add */
	const char *label;       /* at most 16 bytes, or NULL */
	uint8_t uuid[16];        /* also gives the hash seed */
	uint32_t now;            /* every time in the filesystem that no package says */
};

/*
 * Computes everything. -ERR_NO_SPACE when options->size is too small: the
 * message says the smallest size that is enough. -ERR_LIMIT: a file of 2 GiB
 * or more without large_file, too large a file or image for the format.
 * The tree is borrowed until layout_free(); its nodes get ino and runs.
 */
int layout_new(struct layout **layout, struct tree *t, const struct layout_options *options,
	       struct error *err) MUST_USE;
void layout_free(struct layout *l);

uint64_t layout_size(const struct layout *l);        /* bytes of the image */
uint64_t layout_used(const struct layout *l);        /* bytes in use, metadata too */
uint64_t layout_inode_count(const struct layout *l); /* of the filesystem */
/* Inodes whose extended attributes are left out, because the feature ext_attr is not asked for. */
size_t layout_dropped_xattrs(const struct layout *l);

/*
 * Write all metadata (superblocks, bitmaps, inode tables, directories,
 * indirect blocks or extents, symbolic links, xattrs) into fd, an empty file
 * open for reading and writing that stays the caller's. *image is for edits.
 */
int layout_write(struct layout *l, int fd, struct image **image, struct error *err) MUST_USE;

/*
 * Put bytes of a regular file at `offset` (a multiple of the block size, and n
 * too unless it reaches the file's end) into the image. Blocks of zeros are
 * left as holes. Safe from several threads for different ranges. 0 or -errno.
 */
int node_write(const struct layout *l, int fd, const struct tree_node *node, uint64_t offset,
	       const void *data, size_t n) MUST_USE;

#endif
