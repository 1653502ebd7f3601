/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which names of image and copy are the same file. A name keeps its inode's
 * identity only if all its other names do: else two files would be one.
 */
#include "image/replay_internal.h"

#include <errno.h>
#include <sys/stat.h>

static bool same_link(struct replay *r, const struct scan_item *a, const struct scan_item *b, int *rc)
{
	struct ext2_inode x = a->inode, y = b->inode;
	char *s = NULL, *t = NULL;
	bool same;

	*rc = edit_link_target(r->image, a->path, a->ino, &x, &s, r->err);
	if (!*rc)
		*rc = edit_link_target(r->copy, b->path, b->ino, &y, &t, r->err);
	same = !*rc && !strcmp(s, t);
	free(s);
	free(t);
	return same;
}

/* What cannot be changed in place must be equal: type, device, target. */
static bool may_pair(struct replay *r, const struct scan_item *a, const struct scan_item *b, int *rc)
{
	uint32_t type = a->inode.i_mode & S_IFMT;

	if (type != (b->inode.i_mode & S_IFMT))
		return false;
	if (type == S_IFLNK)
		return same_link(r, a, b, rc);
	if (type == S_IFCHR || type == S_IFBLK)
		return !memcmp(a->inode.i_block, b->inode.i_block, 2 * sizeof(a->inode.i_block[0]));
	return true;
}

/* May these two be one file, as far as is known by now? */
static bool claim(struct replay *r, ext2_ino_t a, ext2_ino_t b)
{
	if (!r->of_old[a] && !r->of_new[b]) {
		r->of_old[a] = b;
		r->of_new[b] = a;
	}
	return r->of_old[a] == b && r->of_new[b] == a;
}

static int match_pass(struct replay *r, bool untouched)
{
	size_t i = 0, k = 0;
	int rc = 0;

	while (!rc && i < r->old.count && k < r->new.count) {
		const struct scan_item *a = &r->old.items[i], *b = &r->new.items[k];
		int order = strcmp(a->path, b->path);

		if (order) {
			i += order < 0;
			k += order > 0;
			continue;
		}
		/* First those that nobody replaced: their inode is what it was. */
		if (r->partner[k] == NO_PARTNER &&
		    (!untouched ||
		     (a->ino == b->ino && a->inode.i_generation == b->inode.i_generation)) &&
		    may_pair(r, a, b, &rc) && claim(r, a->ino, b->ino)) {
			r->partner[k] = i;
			r->kept[i] = true;
			if (!r->leader[b->ino])
				r->leader[b->ino] = k + 1;
		}
		i++;
		k++;
	}
	return rc;
}

int replay_match(struct replay *r)
{
	int rc;

	for (size_t k = 0; k < r->new.count; k++)
		r->partner[k] = NO_PARTNER;
	rc = match_pass(r, true);
	return rc ? rc : match_pass(r, false);
}
