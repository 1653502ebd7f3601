/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An archive that is read, by whomever it was written: tar of every kind and
 * sparse form that libarchive knows, plain or compressed with gzip, bzip2, xz or
 * zstd, or within an ISO image of ours.
 *
 * Life: archive_in_open() -> archive_in_next() until it returns 1, with
 * archive_in_data() until it returns 1 in between -> archive_in_free().
 *
 * Bytes are hostile: what a member's header may take, holds and claims is
 * bounded; an archive without its end mark is refused as cut off.
 */
#ifndef LABPACK_ARCHIVE_IN_H
#define LABPACK_ARCHIVE_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

#define ARCHIVE_MEMBER_MAX ((uint64_t)1 << 46) /* bytes that a member may claim: 64 TiB */
#define ARCHIVE_HEADER_MAX (8u << 20)	       /* bytes of a header with its map of holes */

enum archive_in_type {
	ARCHIVE_IN_FOLDER,
	ARCHIVE_IN_FILE,
	ARCHIVE_IN_LINK,
	ARCHIVE_IN_OTHER, /* what a lab has not: its name is in archive_in_member.other */
};

struct archive_in_member {
	enum archive_in_type type;
	const char *path;   /* as it stands in the archive; valid until the next one */
	const char *target; /* of a link */
	const char *other;  /* "a hard link", "a device", ... */
	uint32_t mode;	    /* permissions */
	int64_t mtime;
	uint64_t size;
	bool ours; /* made by labpack create: there must be a manifest */
};

/* The group of all members that we write: by it our archives are known, whatever is damaged. */
#define ARCHIVE_GROUP "labpack"

struct archive_in;

int archive_in_open(struct archive_in **in, const char *path, struct error *err) MUST_USE;
/* The same from a descriptor that stays the caller's; name is for messages. */
int archive_in_open_fd(struct archive_in **in, int fd, const char *name, struct error *err) MUST_USE;
/* 1 at the end, 0, or a negative code. */
int archive_in_next(struct archive_in *in, struct archive_in_member *m, struct error *err) MUST_USE;
/* The next bytes of the file and where they belong: ascending, within its size. Same results. */
int archive_in_data(struct archive_in *in, const void **data, size_t *n, uint64_t *offset,
		    struct error *err) MUST_USE;
/* Bytes of the archive file that were read so far, for a progress bar. */
uint64_t archive_in_position(const struct archive_in *in);
void archive_in_free(struct archive_in *in);

#endif
