/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of image/edit*.c share: finding a path, making and freeing
 * inodes, and claiming blocks so that a failed edit gives every one back.
 */
#ifndef IMAGE_EDIT_INTERNAL_H
#define IMAGE_EDIT_INTERNAL_H

#include "image/internal.h"

/* Where a path leads. */
struct edit_place {
	ext2_ino_t dir;		      /* the directory that holds the last component */
	ext2_ino_t ino;		      /* 0: nothing is there yet */
	char name[EXT2_NAME_LEN + 1]; /* "" for the root and for a path that ends in ".." */
};

/*
 * Resolve path. A missing last component is no failure (place->ino is 0); with
 * follow, a dangling link at the end gives the place that it points to.
 */
int edit_find(struct image *image, const char *path, bool follow, struct edit_place *place,
	      struct error *err) MUST_USE;
/* The same, and something must be there. */
int edit_find_existing(struct image *image, const char *path, bool follow, ext2_ino_t *ino,
		       struct ext2_inode *inode, struct error *err) MUST_USE;
/* For a new name: writable, the last component is a name that is not taken (-EEXIST). */
int edit_find_free(struct image *image, const char *path, struct edit_place *place,
		   struct error *err) MUST_USE;
/* -EROFS unless the image was opened for writing. */
int edit_writable(struct image *image, const char *path, struct error *err) MUST_USE;
/*
 * Remember a failure to look (no memory, no reading): callers who only ask
 * whether something is there would take it for a no. Gives rc back.
 */
int edit_note(struct image *image, int rc);
/* Target of a symbolic link in a new string. */
int edit_link_target(struct image *image, const char *path, ext2_ino_t ino,
		     struct ext2_inode *inode, char **target, struct error *err) MUST_USE;

struct edit_run {
	uint64_t lblk, pblk, len; /* blocks: within the file, on the disk, how many */
};

struct edit_runs {
	struct edit_run *items;
	size_t count, capacity;
	uint64_t blocks; /* sum of len */
};

/*
 * Blocks that one edit has taken and that nothing on the disk refers to yet.
 * Life: edit_claim_init -> take... -> edit_claim_release (keep: they belong to
 * an inode now; else all are free again).
 */
struct edit_claim {
	struct image *image;
	uint64_t goal;	/* where to look for the next block */
	bool scattered; /* no long run is left, so do not search for one again */
	struct edit_runs data;
	struct edit_runs meta; /* indirect and extent blocks; lblk is of no meaning */
};

void edit_claim_init(struct edit_claim *claim, struct image *image, ext2_ino_t ino);
/* Take up to `want` adjacent blocks for data from logical block lblk on. */
int edit_claim_data(struct edit_claim *claim, uint64_t lblk, uint64_t want, struct edit_run *run,
		    const char *path, struct error *err) MUST_USE;
int edit_claim_meta(struct edit_claim *claim, uint64_t *pblk, const char *path,
		    struct error *err) MUST_USE;
void edit_claim_release(struct edit_claim *claim, bool keep);

/*
 * Make inode (in memory) refer to the claim's data: i_block, i_blocks, the
 * extents flag, size. Takes and writes the indirect or extent blocks. The
 * inode's number and generation must be on the disk already: checksums of
 * extent blocks are made from them.
 */
int edit_map(struct edit_claim *claim, ext2_ino_t ino, struct ext2_inode *inode, uint64_t size,
	     const char *path, struct error *err) MUST_USE;

/* Allocate an inode and write it, without name or contents. type has the S_IFMT bits. */
int edit_inode_new(struct image *image, ext2_ino_t dir, uint32_t type,
		   const struct image_attr *attr, uint32_t default_mode, ext2_ino_t *ino,
		   struct ext2_inode *inode, const char *path, struct error *err) MUST_USE;
/* Forget an inode from edit_inode_new() whose edit failed; its claim is released by itself. */
void edit_inode_undo(struct image *image, ext2_ino_t ino);
/* Free the data, indirect and extent blocks of the inode as it is on the disk. */
int edit_blocks_free(struct image *image, ext2_ino_t ino, struct ext2_inode *inode,
		     const char *path, struct error *err) MUST_USE;
/* Free an inode that lost its last name, with blocks and attributes. */
int edit_inode_free(struct image *image, ext2_ino_t ino, struct ext2_inode *inode, const char *path,
		    struct error *err) MUST_USE;
int edit_inode_write(struct image *image, ext2_ino_t ino, struct ext2_inode *inode,
		     const char *path, struct error *err) MUST_USE;
int edit_set_xattrs(struct image *image, ext2_ino_t ino, const struct tree_xattr *xattrs,
		    size_t count, const char *path, struct error *err) MUST_USE;

/* Give an inode a name in dir; the directory grows when it must. */
int edit_name_add(struct image *image, ext2_ino_t dir, const char *name, ext2_ino_t ino,
		  uint32_t mode, const char *path, struct error *err) MUST_USE;
int edit_name_remove(struct image *image, ext2_ino_t dir, const char *name, ext2_ino_t ino,
		     const char *path, struct error *err) MUST_USE;
/* The directory's times, and `links` more or fewer folders in it. */
int edit_dir_touch(struct image *image, ext2_ino_t dir, int links, const char *path,
		   struct error *err) MUST_USE;
/* The number of a type in a directory entry. */
int edit_file_type(uint32_t mode);
/* An inode has lost one of its names; the last one frees it. */
int edit_drop_name(struct image *image, ext2_ino_t ino, struct ext2_inode *inode, const char *path,
		   struct error *err) MUST_USE;
int edit_inode_read(struct image *image, ext2_ino_t ino, struct ext2_inode *inode, const char *path,
		    struct error *err) MUST_USE;
/*
 * Finish a new file: attributes, then its name. On failure the inode is gone
 * again; the claim stays the caller's.
 */
int edit_inode_publish(struct image *image, const struct edit_place *place, ext2_ino_t ino,
		       const struct ext2_inode *inode, const struct image_attr *attr,
		       const char *path, struct error *err) MUST_USE;

/* The kernel's own limit of names of one inode, and of folders in a folder. */
#define EDIT_LINKS_MAX 32000

#endif
