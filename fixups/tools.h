/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several fixups do: text files by lines, files that are written only when they differ. */
#ifndef FIXUPS_TOOLS_H
#define FIXUPS_TOOLS_H

#include "fixups/fixup.h"

/* The result of fixup_changed() or fixup_skipped() as a code with its message. */
static inline int noted(int rc, struct error *err)
{
	return rc ? error_nomem(err) : 0;
}

/*
 * A text file of the image as lines. Life: text_load -> edits -> text_save ->
 * text_release. Lines that nobody edits keep every byte; a file that nobody
 * edits is not written.
 */
struct text {
	struct strlist lines; /* without the newline */
	bool exists;	      /* there was a file */
	bool dirty;	      /* an edit was made */
};

#define TEXT_INIT                                                                                  \
	{                                                                                          \
		STRLIST_INIT, false, false                                                         \
	}
#define TEXT_MAX (4u << 20) /* bytes; nobody writes a larger one by hand */

/* A file that is not there gives no lines and exists == false. */
int text_load(struct text *t, struct image *image, const char *path, struct error *err) MUST_USE;
/* Write it back when dirty; a new file gets mode and root as owner. */
int text_save(struct text *t, struct image *image, const char *path, uint32_t mode,
	      struct error *err) MUST_USE;
void text_release(struct text *t);

/* Edits return 0 or -ENOMEM. at may be lines.count: behind the last line. */
int text_insert(struct text *t, size_t at, const char *line) MUST_USE;
int text_append(struct text *t, const char *line) MUST_USE;
int text_replace(struct text *t, size_t at, const char *line) MUST_USE;
/* Index of the line that is exactly this; -1: none. */
long text_find(const struct text *t, const char *line);

/* A piece of a line. */
struct field {
	const char *at;
	size_t len;
};

/* The first max fields of a line, which blanks separate; gives their number. A comment has none. */
size_t line_fields(const char *line, struct field *fields, size_t max);
bool field_is(const struct field *f, const char *text);
bool field_starts(const struct field *f, const char *text);

/* Write a file with this mode and root as owner, unless it is there just so. */
int put_file(struct image *image, const char *path, const void *data, size_t n, uint32_t mode,
	     bool *changed, struct error *err) MUST_USE;
/* Make a symbolic link unless it is there. What is in its place must be a link, else -EEXIST. */
int put_link(struct image *image, const char *target, const char *path, bool *changed,
	     struct error *err) MUST_USE;
/* Make a folder, 0755, unless it is there. */
int put_folder(struct image *image, const char *path, bool *changed, struct error *err) MUST_USE;

/*
 * Remove what is no folder and has a name that match accepts from a folder.
 * *count is raised; a folder that is not there has none.
 */
int remove_matching(struct image *image, const char *folder,
		    bool (*match)(struct image *image, const char *path, const char *name),
		    size_t *count, struct error *err) MUST_USE;

/* The image's init is systemd. */
bool image_has_systemd(struct image *image);

#endif
