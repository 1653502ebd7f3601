/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of an archive, one after the other: digested, and written when
 * there is a place for them.
 *
 * Life: UNPACK_INIT with in, pipeline and the callbacks set -> unpack_stream() -> found
 * says what was seen -> unpack_release().
 *
 * Every name is checked before anything is done with it (manifest.h), links as well;
 * what is neither file, folder nor link is refused by name.
 */
#ifndef LABPACK_UNPACK_H
#define LABPACK_UNPACK_H

#include <stdbool.h>

#include "common/progress.h"
#include "labpack/archive_in.h"
#include "labpack/manifest.h"
#include "labpack/pipeline.h"

struct unpack {
	struct archive_in *in;
	struct pipeline *pipeline;
	struct progress *progress; /* counts bytes of the archive; may be NULL */
	int (*pending)(struct error *err); /* may be NULL */
	/*
	 * A member begins; path is the clean one. For a file *fd is where it is to
	 * be written, -1 for nowhere. end() takes that fd.
	 */
	int (*begin)(void *arg, const struct archive_in_member *m, const char *path, int *fd,
		     struct error *err);
	int (*end)(void *arg, const struct archive_in_member *m, const char *path, int fd, bool cow,
		   struct error *err);
	void *arg;
	/* Results: all members but the manifest, with their full paths, not sorted. */
	struct manifest found;
	bool ours;	     /* the archive is one of labpack create */
	char *manifest_path; /* of MANIFEST in the archive, or NULL; and its text */
	struct strbuf manifest_text;
};

#define UNPACK_INIT { .found = MANIFEST_INIT, .manifest_text = STRBUF_INIT }

int unpack_stream(struct unpack *u, struct error *err) MUST_USE;
void unpack_release(struct unpack *u);

/*
 * The one folder that holds all members ("mylab"), in *top as a new string, or NULL
 * when there is none: then the archive's root is the lab.
 */
int unpack_top(const struct manifest *found, char **top, struct error *err) MUST_USE;

/*
 * Compare what was found below `top` (NULL: everywhere) with what a manifest says; both are sorted.
 * problem() (may be NULL) gets each difference as a path and words ("is missing").
 * Returns how many there are.
 */
size_t manifest_compare(const struct manifest *promised, const struct manifest *found,
			const char *top,
			void (*problem)(void *arg, const char *path, const char *words), void *arg);

#endif
