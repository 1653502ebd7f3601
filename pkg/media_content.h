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
#include "pkg/source.h"
#include "pkg/trust.h"

struct content {
	/* Relative to the product's folder, without slashes at the ends. */
	char *datadir, *descrdir;
	/* META lines: file names in DESCRDIR, and the words "SHA1 hex" that belong to them. */
	struct strlist sum_names, sum_types, sum_values;
	struct vouch vouch; /* for what those sums and the next ones lead to */
};

#define CONTENT_INIT { NULL, NULL, STRLIST_INIT, STRLIST_INIT, STRLIST_INIT, VOUCH_INIT }

/* Both DATADIR and DESCRDIR must be there. A signature beside it (path.asc) is checked. */
int content_read(struct content *c, struct source *s, const char *path,
		 struct error *err) MUST_USE;
/* The same of a text; path is for messages. The text is cut up. */
int content_parse(struct content *c, struct strbuf *text, const char *path,
		  struct error *err) MUST_USE;
void content_release(struct content *c);

/* Have file checked against the sum that content has for name; nothing when it has none. */
void content_promise(const struct content *c, const char *name, struct source_file *file);

/* The first words of media.1/products: folders of products, "" for "/". */
int products_read(struct source *s, const char *path, struct strlist *folders,
		  struct error *err) MUST_USE;

/*
 * A path from media metadata in its plain form: no slashes at the ends, no
 * "." parts; NULL when it is "..", has such a part, or memory runs out. Freed by the caller.
 */
char *media_plain_path(const char *path);

#endif
