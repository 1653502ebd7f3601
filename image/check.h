/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a disk what it says? Findings are lines of text; a function that returns 0
 * has looked at everything, whatever it found.
 */
#ifndef IMAGE_CHECK_H
#define IMAGE_CHECK_H

#include "common/strbuf.h"
#include "image/cow.h"

/* No more findings than this are kept of each kind. */
#define CHECK_FINDINGS_MAX 50

struct check {
	struct strlist errors; /* something is wrong */
	struct strlist notes;  /* worth knowing */
	uint64_t error_count;  /* with those that were not kept */
};

#define CHECK_INIT { STRLIST_INIT, STRLIST_INIT, 0 }

void check_release(struct check *c);
int check_error(struct check *c, struct error *err, const char *fmt, ...) MUST_USE
	PRINTF_LIKE(3, 4);
int check_note(struct check *c, struct error *err, const char *fmt, ...) MUST_USE
	PRINTF_LIKE(3, 4);

/*
 * The filesystem: every block of every file lies in the disk, belongs to it
 * alone and is marked as used, every name leads to an inode in use, every inode
 * has as many names as it says. Reads only, and repairs nothing. Of one that was
 * not unmounted cleanly, all this is a note: its guest will repair it.
 */
int image_check(struct image *image, struct check *c, struct error *err) MUST_USE;

/*
 * A COW file: header, bitmap, length, base, and the filesystem seen through it.
 * -EBUSY and unreadable files are errors, damage is a finding.
 */
int cow_check(const char *path, const char *backing, struct check *c,
	      struct error *err) MUST_USE;

#endif
