/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of the replay only. */
#ifndef IMAGE_REPLAY_INTERNAL_H
#define IMAGE_REPLAY_INTERNAL_H

#include "image/edit_internal.h"
#include "image/replay.h"
#include "image/scan.h"

#define NO_PARTNER SIZE_MAX

struct xattr {
	char *name;
	void *value;
	size_t size;
};

/* What the copy has that the image does not, for one name, as it will be applied. */
struct capture {
	size_t item; /* of new */
	enum replay_verdict verdict;
	bool same_bytes, same_xattrs; /* of one that is there: nothing to do about them */
	uint64_t at, size;	      /* contents in the spool */
	char *target;		      /* of a symbolic link */
	struct xattr *xattrs;
	size_t xattr_count, xattr_capacity;
};

struct replay {
	struct image *image, *copy;
	const struct replay_options *options;
	struct replay_log *log;
	struct scan old, new; /* names of the image and of the copy */
	size_t *partner;      /* for each of new: the same file in old, or NO_PARTNER */
	bool *kept;	      /* for each of old: it has a partner */
	/* By inode number: which inode of the other side is the same file; 0: none. */
	ext2_ino_t *of_old, *of_new;
	size_t *leader; /* by the copy's inode number: index + 1 in new of a name that the image has */
	ext2fs_block_bitmap dirty; /* blocks of the copy that may differ; NULL: all */
	bool hit_dirty;
	const char *left; /* the folder that was left out last, or NULL */
	struct capture *captures; /* sorted by path */
	size_t capture_count, capture_capacity;
	uint64_t spooled; /* bytes */
	struct error *err;
};

/* Who is who; fills partner and kept. */
int replay_match(struct replay *r) MUST_USE;
/* Contents, attributes and extended attributes that differ. */
int replay_same_contents(struct replay *r, const struct scan_item *a, const struct scan_item *b,
			 bool *same) MUST_USE;
int replay_same_xattrs(struct replay *r, const struct scan_item *a, const struct scan_item *b,
		       bool *same) MUST_USE;
/* Read what is to be brought over; after all of them the copy is not needed any more. */
int replay_capture(struct replay *r) MUST_USE;
int replay_spool_contents(struct replay *r, struct capture *c) MUST_USE;
int replay_capture_xattrs(struct replay *r, struct capture *c) MUST_USE;
/* Bring them over to the image's file. */
int replay_write_contents(struct replay *r, const struct capture *c) MUST_USE;
int replay_write_xattrs(struct replay *r, const struct capture *c, ext2_ino_t to) MUST_USE;
void replay_captures_release(struct replay *r);
int replay_log_add(struct replay *r, const char *path, enum replay_kind kind,
		   enum replay_verdict verdict) MUST_USE;
enum replay_verdict replay_judge(struct replay *r, const char *path, enum replay_kind kind, uint32_t mode);

#endif
