/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file as it travels: the bytes of its parts, zeros elsewhere.
 *
 *     source_open() -> source_limit() when only some ranges count ->
 *     source_scan() finds the blocks that hold data ->
 *     source_windows() reads them -> source_close()
 */
#ifndef LABPACK_SOURCE_H
#define LABPACK_SOURCE_H

#include <sys/stat.h>

#include "labpack/extents.h"
#include "labpack/pipeline.h"

struct source {
	int fd;		  /* -1 when closed */
	char *name;	  /* for messages; owned */
	struct stat st;	  /* of the moment of opening */
	uint64_t size;
	struct extents parts; /* what is read; the rest is zeros */
	struct extents data;  /* of source_scan(): what travels; a superset of what is not zeros */
};

#define SOURCE_INIT { .fd = -1, .name = NULL, .parts = EXTENTS_INIT, .data = EXTENTS_INIT }

/* Parts are what the filesystem calls data. at: the folder of path, or AT_FDCWD. */
int source_open(struct source *s, int at, const char *path, struct error *err) MUST_USE;
/* The same of a descriptor that stays the caller's. */
int source_open_fd(struct source *s, int fd, const char *name, struct error *err) MUST_USE;
/* Parts outside of `used` no longer count. */
int source_limit(struct source *s, const struct extents *used, struct error *err) MUST_USE;
/* Read the window at w->offset and find its used blocks. Fits pipeline_ops.work by a wrapper. */
int source_read(const struct source *s, struct window *w, struct error *err) MUST_USE;
/*
 * Only find the window's used blocks: of most of them a few bytes tell it, so it costs a
 * fraction of source_read(). What is in w->data afterwards is of no use.
 */
int source_probe(const struct source *s, struct window *w, struct error *err) MUST_USE;
/*
 * Submit a window for each mebibyte that has some of `where`: s->parts, or s->data of
 * source_scan() (work is to call source_read()); pending() is asked before each one and stops
 * with its code (an interrupt).
 */
int source_windows(struct source *s, const struct extents *where, struct pipeline *p,
		   int (*pending)(struct error *err), struct error *err) MUST_USE;
/*
 * Find out what of all parts is not zeros: s->data, at most max ranges. work(arg) calls
 * source_probe() or source_read().
 */
int source_scan(struct source *s, struct pipeline *p,
		int (*work)(void *arg, struct window *w, struct error *err), void *arg, size_t max,
		int (*pending)(struct error *err), struct error *err) MUST_USE;
/* The digest of the whole file (labpack/window.h); threads as of pipeline_new(). */
int source_digest(struct source *s, unsigned int threads, unsigned char digest[DIGEST_SIZE],
		  struct error *err) MUST_USE;
/* -EIO when the file is not what it was at the opening. */
int source_unchanged(const struct source *s, struct error *err) MUST_USE;
void source_close(struct source *s);

#endif
