/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs, read as long as the copy can be read. */
#include "image/replay_internal.h"

#include <errno.h>
#include <sys/stat.h>

static bool same_attributes(const struct ext2_inode *a, const struct ext2_inode *b)
{
	return a->i_mode == b->i_mode && inode_uid(*a) == inode_uid(*b) &&
	       inode_gid(*a) == inode_gid(*b) &&
	       (S_ISDIR(a->i_mode) || S_ISLNK(a->i_mode) || a->i_mtime == b->i_mtime);
}

static int keep(struct replay *r, struct capture *c)
{
	const struct scan_item *item = &r->new.items[c->item];
	struct ext2_inode inode = item->inode;
	struct capture *kept;
	int rc = 0;

	if (array_grow((void **)&r->captures, r->capture_count, &r->capture_capacity,
		       sizeof(*r->captures)))
		return error_nomem(r->err);
	kept = &r->captures[r->capture_count++];
	*kept = *c;
	if (c->verdict == REPLAY_LEAVE)
		return 0;
	if (S_ISREG(inode.i_mode) && !c->same_bytes && c->verdict != REPLAY_EMPTY)
		rc = replay_spool_contents(r, kept);
	if (!rc && S_ISLNK(inode.i_mode))
		rc = edit_link_target(r->copy, item->path, item->ino, &inode, &kept->target, r->err);
	return rc || c->same_xattrs ? rc : replay_capture_xattrs(r, kept);
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = folder ? strlen(folder) : 0;

	return n && !strncmp(path, folder, n) && path[n] == '/';
}

static int capture_new(struct replay *r, size_t k)
{
	const struct scan_item *item = &r->new.items[k];
	struct capture c = { .item = k };
	bool is_dir = S_ISDIR(item->inode.i_mode);
	int rc;

	if (is_below(item->path, r->left))
		return 0;
	c.verdict = replay_judge(r, item->path, REPLAY_ADDED, item->inode.i_mode);
	rc = replay_log_add(r, item->path, REPLAY_ADDED, c.verdict);
	if (c.verdict == REPLAY_LEAVE) {
		r->left = is_dir ? item->path : r->left;
		return rc;
	}
	/* One more name of a file that there is by then needs nothing of its own. */
	c.same_bytes = c.same_xattrs = !is_dir && r->leader[item->ino];
	if (!r->leader[item->ino])
		r->leader[item->ino] = k + 1;
	return rc ? rc : keep(r, &c);
}

/* Of several names of one file the first brings its changes over. */
static int capture_kept(struct replay *r, size_t k)
{
	const struct scan_item *b = &r->new.items[k], *a = &r->old.items[r->partner[k]];
	struct capture c = { .item = k, .same_bytes = true };
	int rc = 0;

	if (r->leader[b->ino] != k + 1)
		return 0;
	if (S_ISREG(b->inode.i_mode))
		rc = replay_same_contents(r, a, b, &c.same_bytes);
	if (!rc)
		rc = replay_same_xattrs(r, a, b, &c.same_xattrs);
	if (rc || (c.same_bytes && c.same_xattrs && same_attributes(&a->inode, &b->inode)))
		return rc;
	c.verdict = replay_judge(r, b->path, REPLAY_CHANGED, b->inode.i_mode);
	rc = replay_log_add(r, b->path, REPLAY_CHANGED, c.verdict);
	return rc || c.verdict == REPLAY_LEAVE ? rc : keep(r, &c);
}

int replay_capture(struct replay *r)
{
	int rc = 0;

	for (size_t k = 0; !rc && k < r->new.count; k++)
		rc = r->partner[k] == NO_PARTNER ? capture_new(r, k) : capture_kept(r, k);
	return rc;
}

void replay_captures_release(struct replay *r)
{
	for (size_t i = 0; i < r->capture_count; i++) {
		struct capture *c = &r->captures[i];

		for (size_t k = 0; k < c->xattr_count; k++) {
			free(c->xattrs[k].name);
			free(c->xattrs[k].value);
		}
		free(c->xattrs);
		free(c->target);
	}
	free(r->captures);
}
