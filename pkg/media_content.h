/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small text files of a SuSE media tree: "content" and "media.1/products".
 *
 * Life: content_read() -> use -> content_release(). Errors are -ERR_FORMAT with
 * the file and, where there is one, the line.
 */
#ifndef PKG_MEDIA_CONTENT_H
#define PKG_MEDIA_CONTENT_H

#include "common/error.h"
#include "common/strbuf.h"

struct content {
	/* Relative to the product's folder, without slashes at the ends. */
	char *datadir, *descrdir;
	/* META lines: file names in DESCRDIR, and the words "SHA1 hex" that belong to them. */
	struct strlist sum_names, sum_types, sum_values;
};

#define CONTENT_INIT { NULL, NULL, STRLIST_INIT, STRLIST_INIT, STRLIST_INIT }

/* Both DATADIR and DESCRDIR must be there. */
int content_read(struct content *c, const char *path, struct error *err) MUST_USE;
void content_release(struct content *c);

/* Compare data with the sum that content has for name; 0 when it has none. -ERR_DIGEST. */
int content_check(const struct content *c, const char *name, const struct strbuf *data,
		  const char *path, struct error *err) MUST_USE;

/* The first words of media.1/products: folders of products, "" for "/". */
int products_read(const char *path, struct strlist *folders, struct error *err) MUST_USE;

/*
 * A path from media metadata in its plain form: no slashes at the ends, no
 * "." parts; NULL when it is "..", has such a part, or memory runs out. Freed by the caller.
 */
char *media_plain_path(const char *path);

#endif
