/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Give one image the changes that were made to a copy of it.
 *
 * A guest that works on a copy allocates inodes, blocks and times as it likes.
 * Replayed onto the original in the order of paths, by the edits of
 * image/edit.h, the same changes give the same bytes: files, folders, links
 * (hard ones too), nodes; modes, owners, extended attributes, contents.
 *
 * Times: what the guest's clock gave (since and later) becomes image_now();
 * older times are what somebody set on purpose, and stay. A folder whose
 * entries are as they were keeps its time.
 *
 * All that is needed of the copy is read before the first edit: it may be a
 * COW whose base is the image. The copy is hostile: its numbers and names are checked. Errors are those of
 * image/edit.h, their subject the path.
 */
#ifndef IMAGE_REPLAY_H
#define IMAGE_REPLAY_H

#include "common/error.h"
#include "image/cow.h"
#include "image/edit.h"

enum replay_kind { REPLAY_ADDED, REPLAY_CHANGED, REPLAY_REMOVED };

enum replay_verdict {
	REPLAY_TAKE,
	REPLAY_LEAVE, /* as if it had not happened; of a folder: nor anything below it */
	REPLAY_EMPTY, /* a regular file without its contents; others: as REPLAY_TAKE */
};

struct replay_change {
	char *path;
	enum replay_kind kind;
	enum replay_verdict verdict;
};

struct replay_log {
	struct replay_change *items; /* sorted by path; removals first */
	size_t count, capacity;
};

#define REPLAY_LOG_INIT { NULL, 0, 0 }

struct replay_options {
	uint32_t since; /* seconds: when the guest's clock began */
	int spool; /* of an empty file that is the caller's: for contents on their way */
	/* What of the copy differs at all, when it is a COW; NULL: unknown, everything is read. */
	struct cow *cow;
	/* What to do about a change; NULL: REPLAY_TAKE. mode: of the copy's file, 0 for a removal. */
	enum replay_verdict (*judge)(void *arg, const char *path, enum replay_kind kind,
				     uint32_t mode);
	void *arg;
};

/* log may be NULL; it is appended to. After a failure the image is still consistent. */
int image_replay(struct image *image, struct image *copy, const struct replay_options *options,
		 struct replay_log *log, struct error *err) MUST_USE;
void replay_log_release(struct replay_log *log);

#endif
