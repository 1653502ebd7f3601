/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An archive into a folder: everything is written into a hidden folder beside
 * the new one, checked, and then that gets its name. A failure or a signal leaves nothing.
 */
#ifndef LABPACK_EXTRACT_H
#define LABPACK_EXTRACT_H

#include "labpack/below.h"
#include "labpack/unpack.h"

struct extracted_folder {
	char *path;
	uint32_t mode;
	int64_t mtime;
};

struct extraction {
	struct unpack stream;
	const char *file;   /* the archive */
	const char *dir;    /* as the user named it, or NULL */
	char *parent, *temp; /* folder that gets the new one; name of the hidden one in it */
	int parent_fd, temp_fd;
	struct below below;
	struct extracted_folder *folders;
	size_t folder_count, folder_capacity;
	struct strlist cows; /* COW disks, by their full paths in the archive */
	struct strlist notes; /* for the user */
	size_t lost_bits;     /* files that had a set-user-id bit or the like */
	char *top;	      /* the lab's folder in the hidden one, or NULL: the hidden one is it */
	char *name;	      /* of the new folder, in parent */
	bool show;	      /* a progress bar */
	bool verified;	      /* there was a manifest, and all was as it says */
};

/* file and dir stay the caller's. To be ended by extract_end(). */
void extract_init(struct extraction *x, const char *file, const char *dir);
/* All of it, from the opening of the archive; interrupt_catch() first. */
int extract_all(struct extraction *x, struct error *err) MUST_USE;

/* Make the hidden folder, and remove those beside it that killed extracts had left. */
int extract_hide(struct extraction *x, struct error *err) MUST_USE;
/* Open the folder that gets the new one, and the hidden one. */
int extract_begin(struct extraction *x, struct error *err) MUST_USE;
/* unpack.h's callbacks: arg is the struct extraction. */
int extract_member(void *arg, const struct archive_in_member *m, const char *path, int *fd,
		   struct error *err);
int extract_member_end(void *arg, const struct archive_in_member *m, const char *path, int fd,
		       bool cow, struct error *err);
/* All is written: compare with the manifest, mend COW headers, set folders, give it its name. */
int extract_finish(struct extraction *x, struct error *err) MUST_USE;
/* Remove what is there of it when it was not finished; free. */
void extract_end(struct extraction *x);

/* COW headers name their bases where they are now. */
int extract_relink(struct extraction *x, struct error *err) MUST_USE;

#endif
