/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a lab wants in a machine's filesystem, and bringing it there without
 * treading on what the machine itself wrote.
 *
 * Life: LAYER_INIT -> layer_add_*() (a later file replaces an earlier one with
 * its path) -> layer_finish() -> layer_apply() -> layer_release().
 *
 * layer_apply() writes down in the image what it brought (LAYER_RECORD). Next
 * time, a file that the lab did not change since is left as the machine made
 * it, changed or deleted; one that only the lab changed is brought anew, and
 * what the lab no longer has goes back to what the base has. What both changed
 * stays the machine's, and is told.
 */
#ifndef LABPACK_LAYER_H
#define LABPACK_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "image/edit.h"

#define LAYER_FOLDER "/usr/lib/labpack" /* in the guest: all that labpack brings of its own */
#define LAYER_RECORD LAYER_FOLDER "/files"

struct layer_item {
	char *path;      /* in the guest: absolute, clean */
	uint32_t mode;   /* with the type's bits; link() partners are regular files */
	uint32_t mtime;  /* 0: now */
	char *source;    /* file on the host; NULL: text */
	char *text;
	size_t size;     /* of text */
	char *target;    /* of a symbolic link */
	char *partner;   /* path of an earlier item that is the same inode, or NULL */
	uint32_t major, minor;
	char *state;     /* what LAYER_RECORD says of it */
	size_t sequence; /* later ones win */
};

struct layer {
	struct layer_item *items; /* after layer_finish(): sorted by path */
	size_t count, capacity;
};

#define LAYER_INIT { NULL, 0, 0 }

/* Everything below a folder of the host; all of it root's. Links stay links, sockets are left out. */
int layer_add_folder(struct layer *l, const char *folder, struct error *err) MUST_USE;
/* A file of these bytes. */
int layer_add_text(struct layer *l, const char *path, uint32_t permissions, const char *text,
		   size_t n, struct error *err) MUST_USE;
/* All of another layer, whose files need not be read again. */
int layer_add_layer(struct layer *l, const struct layer *other, struct error *err) MUST_USE;
/* Is there something at this path? Before layer_finish(), too. */
bool layer_has(const struct layer *l, const char *path);
int layer_finish(struct layer *l, struct error *err) MUST_USE;
void layer_release(struct layer *l);

struct layer_result {
	size_t written, removed;
	struct strlist kept; /* paths that the lab and the machine both changed */
};

/* base: the image under the COW, to tell whose a file is; NULL: nothing was written since. */
int layer_apply(const struct layer *l, struct image *image, struct image *base,
		struct layer_result *result, struct error *err) MUST_USE;
void layer_result_release(struct layer_result *r);

/* layer_state.c: one string for what a file is; equal strings, equal files. "-": there is none. */
int layer_state_of_item(struct layer_item *item, struct error *err) MUST_USE;
int layer_state_of_image(struct image *image, const char *path, char **state,
			 struct error *err) MUST_USE;

/* layer_record.c */
struct layer_record {
	struct layer_note {
		char *path, *state;
	} *notes; /* sorted by path */
	size_t count, capacity;
};

int layer_record_read(struct layer_record *r, struct image *image, struct error *err) MUST_USE;
int layer_record_add(struct layer_record *r, const char *path, const char *state,
		     struct error *err) MUST_USE;
const char *layer_record_find(const struct layer_record *r, const char *path);
int layer_record_write(const struct layer_record *r, struct image *image,
		       struct error *err) MUST_USE;
void layer_record_release(struct layer_record *r);

#endif
