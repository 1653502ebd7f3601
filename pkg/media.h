/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of media: what lies on a source (pkg/source.h). A new kind is one file with a
 * struct media_kind and one line in the table of media.c.
 *
 * Life: media_open() asks each kind whether it knows what is there, and the
 * first that does loads its packages into a libsolv repository of its own ->
 * media_describe() for the packages that were chosen -> media_free() (before
 * the pool is freed, and before the sources are closed).
 */
#ifndef PKG_MEDIA_H
#define PKG_MEDIA_H

#include <solv/pool.h>
#include <solv/repo.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "pkg/package.h"
#include "pkg/source.h"

struct media;

struct media_kind {
	const char *name; /* for messages: "folder of RPMs" */
	/* 1: mine. 0: not mine, and why says it in a few words. Negative: it cannot be told. */
	int (*detect)(struct source *s, struct strbuf *why, struct error *err);
	/* Fill m->repo, m->selections and m->data; a failure leaves m fit for release(). */
	int (*load)(struct media *m, struct error *err);
	/* Load what load() left out for its size: all files of all packages. May be NULL. */
	int (*complete)(struct media *m, struct error *err);
	/* Call media_place(), and set what is known of size and checksum. */
	int (*describe)(const struct media *m, Id package, struct package *p, struct error *err);
	void (*release)(struct media *m);
};

/* All sources of one run: the media of a set may lie on several. */
struct source_list {
	struct source **items;
	size_t count, capacity;
};

struct media {
	const char *location;           /* as the user named it; the source's */
	struct source *source;          /* borrowed */
	const struct source_list *all;  /* borrowed */
	const struct media_kind *kind;
	Repo *repo;
	size_t sources;            /* source packages that were passed over */
	struct strlist selections; /* selection files: paths on the source */
	struct strlist selection_sums; /* of each what the metadata promises: "sha1 HEX", or "" */
	void *data;                /* the kind's own */
};

extern const struct media_kind media_folder, media_tree, media_rpmmd;

/* -ERR_NOT_FOUND when no kind knows what is there, or it has no packages. */
int media_open(Pool *pool, struct source *source, const struct source_list *all, struct media **m,
	       struct error *err) MUST_USE;
void media_free(struct media *m);
int media_describe(const struct media *m, Id package, struct package *p,
		   struct error *err) MUST_USE;

/*
 * A selection file on the source, once. Takes ownership of path, always. promised may have a
 * checksum, which media_read_selection() then compares.
 */
int media_add_selection(struct media *m, char *path, const struct source_file *promised,
			struct error *err) MUST_USE;
/* The text of m->selections.items[i], decompressed. */
int media_read_selection(const struct media *m, size_t i, struct strbuf *text,
			 struct error *err) MUST_USE;

/* Source packages are on the media, but nothing is ever made from them here. */
bool media_is_source(Id arch);

/*
 * Say where a package lies; where that is a file of this machine already, p->path is
 * its path. Metadata may not lead out of the media: -ERR_ESCAPE.
 */
int media_place(struct source *source, const char *path, struct package *p,
		struct error *err) MUST_USE;
/* What the solvable says of size and checksum. */
int media_set_checksum(Solvable *s, struct package *p, struct error *err) MUST_USE;

/* Is the source a further medium of a set, of which another one has the metadata? */
int media_is_volume(struct source *s, struct error *err) MUST_USE;

#define MEDIA_TEXT_MAX (1 << 20)       /* bytes of content, products, selections */
#define MEDIA_PACKAGES_MAX (256 << 20) /* bytes of a packages file, decompressed */

#endif
