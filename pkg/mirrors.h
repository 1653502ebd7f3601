/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of mirrors: text with a URL a line, and metalink 3 or 4 (XML, read by
 * expat; a document with a DTD is refused, so that no entity is ever expanded).
 */
#ifndef PKG_MIRRORS_H
#define PKG_MIRRORS_H

#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"

#define MIRRORS_MAX 1000
#define MIRRORS_TEXT_MAX (4 << 20) /* bytes of a list */

struct mirrors {
	struct strlist urls; /* folders, each with a '/' at its end, the best first */
	/* A metalink names one file (repodata/repomd.xml) and tells its digest; or NULL. */
	char *file, *checksum_algo, *checksum;
	uint64_t size; /* of that file; 0: not told */
};

#define MIRRORS_INIT { STRLIST_INIT, NULL, NULL, NULL, 0 }

/* -ERR_FORMAT with the line; -ERR_NOT_FOUND when the list names no mirror we can use. */
int mirrors_parse(const char *text, size_t n, const char *label, struct mirrors *m,
		  struct error *err) MUST_USE;
void mirrors_release(struct mirrors *m);

#endif
