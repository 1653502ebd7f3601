/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of `labpack diff` share. */
#ifndef LABPACK_DIFF_H
#define LABPACK_DIFF_H

#include <stdbool.h>

#include "common/error.h"
#include "common/strbuf.h"

/* One of the two: a lab's folder, or a snapshot's, which has disks alone. */
struct diff_side {
	const char *given; /* what the user named */
	char *folder;
	char *disks;	   /* the folder that holds MACHINE.cow */
	bool is_lab;	   /* there are files beside COW disks to compare */
	bool snapshot;
	struct strlist machines; /* sorted */
};

struct diff_report {
	size_t count; /* of differences */
	struct json_t *list; /* where they are gathered; NULL: they are printed */
	bool silent; /* only counted */
};

/*
 * One difference: sign is '-', '+' or '~'. machine: NULL for the lab's own files; path: NULL for a
 * machine as a whole; words: what differs, or NULL.
 */
void diff_tell(struct diff_report *r, const char *machine, char sign, const char *path,
	       const char *words);
int diff_print_json(const struct diff_report *r, const char *a, const char *b,
		    struct error *err) MUST_USE;

/*
 * Tell how the filesystems on the disks of one machine (COW disks at a and b) differ, by file.
 */
int diff_cows(const char *machine, const char *a, const char *b, struct diff_report *r,
	      struct error *err) MUST_USE;
/*
 * *agree: both are images of filesystems with the same files. What is free in them does not count.
 * The only error is -ENOMEM.
 */
int diff_images_agree(bool *agree, const char *a, const char *b, struct error *err) MUST_USE;
/* Tell how the other files of two labs differ; of a snapshot, only other disks. */
int diff_folders(const struct diff_side *a, const struct diff_side *b, struct diff_report *r,
		 struct error *err) MUST_USE;

/*
 * An archive unpacked into a folder of its own below TMPDIR: *folder is the lab's. To be
 * removed by diff_remove().
 */
int diff_unpack(const char *file, char **temp, char **folder, struct error *err) MUST_USE;
void diff_remove(char *temp);

#endif
