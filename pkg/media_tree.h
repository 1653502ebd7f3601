/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the SuSE media tree share. */
#ifndef PKG_MEDIA_TREE_H
#define PKG_MEDIA_TREE_H

#include "pkg/media.h"
#include "pkg/media_content.h"

struct tree_product {
	char *folder; /* on the source, "" for the location itself */
	struct content content;
	Id start, end; /* its packages */
};

/* Where the packages of another medium of the set may be. */
struct tree_medium {
	unsigned int number;
	struct source *beside; /* what lies beside this one under a name with that number; or NULL */
	/* Where its media.N was found; for sources where each look costs a transfer, found at once. */
	struct source *found;
	bool found_inner; /* in the folder of the number: CD2 for CD1 */
};

struct tree {
	struct tree_product *products;
	size_t count, capacity;
	struct tree_medium *media;
	size_t medium_count, medium_capacity;
};

/* "a/b", or b alone when a is ""; NULL without memory. */
char *media_join(const char *a, const char *b);

/* media_place() for a file of a product's folder that lies on a medium of the set. */
int tree_place(const struct media *m, const char *folder, unsigned int medium, const char *file,
	       struct package *p, struct error *err) MUST_USE;

#endif
