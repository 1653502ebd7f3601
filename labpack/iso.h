/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ISO 9660 image with Rock Ridge names and one folder, written in one pass:
 * first the caller writes one large file, of whatever length it turns out to
 * have, then the small ones and all that describes them.
 *
 *     iso_begin(fd);  write to fd from its offset on;  iso_add() each;  iso_finish()
 *
 * Facts as in ECMA-119, SUSP and RRIP 1.12. libarchive's writer would need the room
 * twice, and puts the time of day into the image: the same lab must give the same bytes.
 */
#ifndef LABPACK_ISO_H
#define LABPACK_ISO_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define ISO_FILES_MAX 8

struct iso_file {
	const char *name;     /* "lab.tar.zst"; borrowed */
	const char *iso_name; /* the same as ISO 9660 has it: "LAB_TAR.ZST;1" */
	uint32_t mode;	      /* permissions */
	int64_t mtime;
	uint64_t start, size; /* bytes in the image */
};

struct iso {
	int fd;		  /* the caller's */
	const char *path; /* for messages */
	struct iso_file files[ISO_FILES_MAX];
	size_t count;
	uint64_t end; /* of what is written, a multiple of a sector */
};

/* fd is empty; its offset is then where the large file goes. */
int iso_begin(struct iso *iso, int fd, const char *path, struct error *err) MUST_USE;
/* The large file is there, with so many bytes. */
int iso_note(struct iso *iso, const struct iso_file *file, uint64_t bytes,
	     struct error *err) MUST_USE;
/* Another one, from memory or (data NULL) from a file of the host. */
int iso_add(struct iso *iso, const struct iso_file *file, const char *data, size_t n,
	    const char *source, struct error *err) MUST_USE;
/* volume: 1 to 32 of A-Z, 0-9 and '_'. */
int iso_finish(struct iso *iso, const char *volume, int64_t mtime, struct error *err) MUST_USE;

#endif
