/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab on its way into an archive: a list of members, and the writer.
 *
 * Life: PACK_INIT -> pack_add() or pack_collect() -> pack_write() -> pack_release().
 * Each file is read once, to write and digest it at the same time; of one above a mebibyte
 * every block is looked at before, to find what is not zeros.
 */
#ifndef LABPACK_PACK_H
#define LABPACK_PACK_H

#include <stdbool.h>

#include "common/progress.h"
#include "labpack/archive_out.h"
#include "labpack/extents.h"

struct pack_member {
	enum manifest_type type;
	char *path;   /* below the lab's folder */
	char *source; /* file of the host; NULL: text */
	char *text;   /* a file's bytes, when it is made up here */
	char *target; /* of a link */
	uint32_t mode;
	int64_t mtime; /* seconds */
	uint64_t size; /* for the progress bar */
	bool disk;     /* of a machine: what its filesystem calls free may stay behind */
	char *base;    /* of a COW: its base as a path of the host */
	char *base_path; /* and below the lab's folder */
};

struct pack {
	struct pack_member *members;
	size_t count, capacity;
	struct strlist notes; /* for the user: what stayed behind, and why */
};

#define PACK_INIT { NULL, 0, 0, STRLIST_INIT }

struct pack_options {
	struct archive_out_options archive;
	const char *top; /* the folder in the archive that holds all */
	bool keep_free;
	unsigned int threads;
	struct progress *progress; /* may be NULL */
	int (*pending)(struct error *err); /* asked often; not 0: stop. May be NULL */
};

/* Takes ownership of the strings of *m, also on failure. */
int pack_add(struct pack *p, const struct pack_member *m, struct error *err) MUST_USE;
/* By path; -ERR_CONFLICT when one occurs twice. */
int pack_sort(struct pack *p, struct error *err) MUST_USE;
const struct pack_member *pack_find(const struct pack *p, const char *path);
/*
 * Write all members in order, and MANIFEST as the last one, to fd. What was
 * written is *manifest, sorted; *bytes is the archive's length.
 */
int pack_write(struct pack *p, int fd, const char *name, const struct pack_options *o,
	       struct manifest *manifest, uint64_t *bytes, struct error *err) MUST_USE;
void pack_release(struct pack *p);

/*
 * Which bytes of a disk file its filesystem uses (all, when there is none that can
 * be told by its bitmaps): of a plain image or of a COW on its base.
 * *why is then set to the reason (static), else NULL.
 */
int pack_used(const struct pack_member *m, uint64_t size, struct extents *used, const char **why,
	      struct error *err) MUST_USE;

#endif
