/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of media. A new kind is one file with a struct media_kind and one
 * line in the table of media.c.
 *
 * Life: media_open() asks each kind whether it knows the location, and the
 * first that does loads its packages into a libsolv repository of its own ->
 * media_describe() for the packages that were chosen -> media_free() (before
 * the pool is freed).
 */
#ifndef PKG_MEDIA_H
#define PKG_MEDIA_H

#include <solv/pool.h>
#include <solv/repo.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "pkg/package.h"

struct media;

struct media_kind {
	const char *name; /* for messages: "folder of RPMs" */
	/* 1: mine. 0: not mine, and why says it in a few words. Negative: -ENOMEM. */
	int (*detect)(const char *location, struct strbuf *why);
	/* Fill m->repo, m->selections and m->data; a failure leaves m fit for release(). */
	int (*load)(struct media *m, struct error *err);
	/* Set p->path, and what is known of size and checksum. */
	int (*describe)(const struct media *m, Id package, struct package *p, struct error *err);
	void (*release)(struct media *m);
};

struct media {
	char *location; /* as the user named it */
	const struct media_kind *kind;
	Repo *repo;
	struct strlist selections; /* paths of selection files */
	void *data;                /* the kind's own */
};

extern const struct media_kind media_folder, media_tree;

/* -ERR_NOT_FOUND when nothing is there, no kind knows it, or it has no packages. */
int media_open(Pool *pool, const char *location, struct media **m, struct error *err) MUST_USE;
void media_free(struct media *m);
int media_describe(const struct media *m, Id package, struct package *p,
		   struct error *err) MUST_USE;

/* Source packages are on the media, but nothing is ever made from them here. */
bool media_is_source(Id arch);

/*
 * A whole file, decompressed by its suffix (.gz, .bz2, .xz, ...), of at most
 * max bytes. -ERR_FORMAT when it is damaged, -ERR_LIMIT when it is too long.
 */
int media_read_file(const char *path, size_t max, struct strbuf *out, struct error *err) MUST_USE;

#define MEDIA_TEXT_MAX (1 << 20)       /* bytes of content, products, selections */
#define MEDIA_PACKAGES_MAX (256 << 20) /* bytes of a packages file, decompressed */

#endif
