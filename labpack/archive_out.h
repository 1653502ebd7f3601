/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An archive that is written: pax tar with sparse members (the form that GNU
 * tar calls posix 1.0, and bsdtar reads as well), compressed by its name.
 *
 * Life: archive_out_new() -> for each member archive_out_begin(), then its data
 * in ascending order through archive_out_data() -> archive_out_finish() ->
 * archive_out_free(). The same members give the same bytes: owners are 0, times are
 * whole seconds of modification alone, the group is called ARCHIVE_GROUP, compression does not depend on the number
 * of processors.
 */
#ifndef LABPACK_ARCHIVE_OUT_H
#define LABPACK_ARCHIVE_OUT_H

#include <stdbool.h>

#include "common/error.h"
#include "labpack/compress.h"
#include "labpack/extents.h"
#include "labpack/manifest.h"

#define ARCHIVE_LEVEL_DEFAULT (-1)

struct archive_out_options {
	enum archive_compression compression;
	int level; /* ARCHIVE_LEVEL_DEFAULT, or what archive_level_check() takes */
	bool no_sync; /* nobody will wait for the disk */
};

struct archive_out_member {
	enum manifest_type type;
	const char *path;   /* with the lab's folder */
	const char *target; /* of a link */
	uint32_t mode;	    /* permissions */
	int64_t mtime;
	uint64_t size;
	const struct extents *parts; /* of a file: what will come as data */
};

struct archive_out;

/* -ERR_LIMIT when the compression has no such level. */
int archive_level_check(enum archive_compression c, int level, struct error *err) MUST_USE;

/* fd stays the caller's; writing begins at its offset. name is for messages. */
int archive_out_new(struct archive_out **out, int fd, const char *name,
		    const struct archive_out_options *o, struct error *err) MUST_USE;
int archive_out_begin(struct archive_out *out, const struct archive_out_member *m,
		      struct error *err) MUST_USE;
/* n bytes of the member at offset, within its parts; what lies between is skipped. */
int archive_out_data(struct archive_out *out, uint64_t offset, const void *data, size_t n,
		     struct error *err) MUST_USE;
/* Everything has been handed to the file; its length is *bytes. */
int archive_out_finish(struct archive_out *out, uint64_t *bytes, struct error *err) MUST_USE;
void archive_out_free(struct archive_out *out);

#endif
