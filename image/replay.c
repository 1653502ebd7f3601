/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is gone goes first, from below; then, from above, what is new and what differs. */
#include "image/replay_internal.h"

#include <errno.h>
#include <sys/stat.h>

void replay_log_release(struct replay_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		free(log->items[i].path);
	free(log->items);
	*log = (struct replay_log)REPLAY_LOG_INIT;
}

int replay_log_add(struct replay *r, const char *path, enum replay_kind kind,
		   enum replay_verdict verdict)
{
	struct replay_log *l = r->log;
	char *copy;

	if (!l)
		return 0;
	copy = strdup(path);
	if (!copy || array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items))) {
		free(copy);
		return error_nomem(r->err);
	}
	l->items[l->count++] = (struct replay_change){ copy, kind, verdict };
	return 0;
}

enum replay_verdict replay_judge(struct replay *r, const char *path, enum replay_kind kind,
				 uint32_t mode)
{
	return r->options->judge ? r->options->judge(r->options->arg, path, kind, mode) : REPLAY_TAKE;
}

/* The clock of the guest says nothing; what was set to an older time was set on purpose. */
static uint32_t time_of(const struct replay *r, const struct ext2_inode *inode)
{
	return inode->i_mtime >= r->options->since ? r->image->now : inode->i_mtime;
}

static int remove_gone(struct replay *r)
{
	int rc = 0;

	for (size_t i = r->old.count; !rc && i-- > 0;) {
		const struct scan_item *item = &r->old.items[i];
		enum replay_verdict verdict;

		if (r->kept[i])
			continue;
		verdict = replay_judge(r, item->path, REPLAY_REMOVED, 0);
		rc = replay_log_add(r, item->path, REPLAY_REMOVED, verdict);
		if (!rc && verdict != REPLAY_LEAVE)
			rc = image_remove(r->image, item->path, r->err);
	}
	return rc;
}

/* Mode, owner and time of the image's inode become those of the copy's. */
static int copy_attributes(struct replay *r, const struct scan_item *from, ext2_ino_t to,
			   uint32_t mtime)
{
	const struct ext2_inode *f = &from->inode;
	struct ext2_inode inode;
	int rc = edit_inode_read(r->image, to, &inode, from->path, r->err);

	if (rc)
		return rc;
	inode.i_mode = (uint16_t)((inode.i_mode & S_IFMT) | (f->i_mode & 07777));
	inode.i_uid = f->i_uid;
	inode.i_gid = f->i_gid;
	ext2fs_set_i_uid_high(inode, inode_uid(*f) >> 16);
	ext2fs_set_i_gid_high(inode, inode_gid(*f) >> 16);
	inode.i_mtime = mtime;
	inode.i_ctime = r->image->now;
	return edit_inode_write(r->image, to, &inode, from->path, r->err);
}

static int add_special(struct replay *r, const struct scan_item *item)
{
	uint32_t old = item->inode.i_block[0], big = item->inode.i_block[1];
	uint32_t major = old ? (old >> 8) & 0xff : (big >> 8) & 0xfff;
	uint32_t minor = old ? old & 0xff : (big & 0xff) | ((big >> 12) & 0xfff00);
	const struct image_attr attr = { .mode = item->inode.i_mode & 07777 };
	uint32_t type = item->inode.i_mode & S_IFMT;

	if (type != S_IFCHR && type != S_IFBLK && type != S_IFIFO && type != S_IFSOCK)
		return error_set(r->err, -ERR_FS, item->path, "a file of no known type");
	if (type == S_IFIFO || type == S_IFSOCK)
		major = minor = 0;
	return image_mknod(r->image, item->path, item->inode.i_mode, major, minor, &attr, r->err);
}

/* Something of the right type under this name, still with attributes of no meaning. */
static int make(struct replay *r, const struct scan_item *item, const struct capture *c)
{
	if (S_ISDIR(item->inode.i_mode))
		return image_mkdir(r->image, item->path, NULL, r->err);
	if (S_ISLNK(item->inode.i_mode))
		return image_symlink(r->image, c->target, item->path, r->err);
	if (!S_ISREG(item->inode.i_mode))
		return add_special(r, item);
	return replay_write_contents(r, c); /* none, for one that is to be empty */
}

static int apply_new(struct replay *r, const struct capture *c)
{
	const struct scan_item *item = &r->new.items[c->item];
	size_t leader = r->leader[item->ino];
	struct ext2_inode inode;
	ext2_ino_t ino;
	int rc;

	if (leader != c->item + 1 && !S_ISDIR(item->inode.i_mode))
		return image_link(r->image, r->new.items[leader - 1].path, item->path, r->err);
	rc = make(r, item, c);
	if (!rc)
		rc = edit_find_existing(r->image, item->path, false, &ino, &inode, r->err);
	if (!rc && c->xattr_count)
		rc = replay_write_xattrs(r, c, ino);
	return rc ? rc : copy_attributes(r, item, ino, time_of(r, &item->inode));
}

static int apply_changed(struct replay *r, const struct capture *c)
{
	const struct scan_item *b = &r->new.items[c->item], *a = &r->old.items[r->partner[c->item]];
	int rc = 0;

	if (S_ISREG(b->inode.i_mode) && (!c->same_bytes || c->verdict == REPLAY_EMPTY))
		rc = replay_write_contents(r, c);
	if (!rc && !c->same_xattrs)
		rc = replay_write_xattrs(r, c, a->ino);
	/* A folder's time is that of its entries, which other edits see to. */
	return rc ? rc :
		    copy_attributes(r, b, a->ino,
				    S_ISDIR(b->inode.i_mode) ? a->inode.i_mtime : time_of(r, &b->inode));
}

static int apply(struct replay *r)
{
	int rc = 0;

	/* Folders' own attributes first: what is added below them gives them their time after that. */
	for (size_t i = 0; !rc && i < r->capture_count; i++) {
		size_t k = r->captures[i].item;

		if (r->partner[k] != NO_PARTNER && S_ISDIR(r->new.items[k].inode.i_mode))
			rc = apply_changed(r, &r->captures[i]);
	}
	if (!rc)
		rc = remove_gone(r);
	for (size_t i = 0; !rc && i < r->capture_count; i++) {
		size_t k = r->captures[i].item;

		if (r->partner[k] == NO_PARTNER)
			rc = apply_new(r, &r->captures[i]);
		else if (!S_ISDIR(r->new.items[k].inode.i_mode))
			rc = apply_changed(r, &r->captures[i]);
	}
	return rc;
}

/* Which blocks the guest has written at all. */
static int find_dirty(struct replay *r)
{
	uint64_t start = 0, end = 0, block = r->copy->fs->blocksize, count = ext2fs_blocks_count(r->copy->fs->super);
	uint64_t first = r->copy->fs->super->s_first_data_block; /* 1 with blocks of 1 KiB */
	struct cow *cow = r->options->cow;
	errcode_t code;
	int rc;

	if (!cow)
		return 0;
	code = ext2fs_allocate_block_bitmap(r->copy->fs, "written blocks", &r->dirty);
	if (code)
		return fs_error(r->err, code, NULL, "the changes cannot be listed");
	for (;;) {
		rc = cow_next_run(cow, end, &start, &end, r->err);
		if (rc || start >= cow_size(cow))
			return rc;
		for (uint64_t b = start / block; b < (end + block - 1) / block && b < count; b++)
			if (b >= first)
				ext2fs_mark_block_bitmap2(r->dirty, b);
	}
}

static int by_log_path(const void *a, const void *b)
{
	const struct replay_change *x = a, *y = b;
	int order = (y->kind == REPLAY_REMOVED) - (x->kind == REPLAY_REMOVED);

	return order ? order : strcmp(x->path, y->path);
}

static void replay_release(struct replay *r)
{
	scan_release(&r->old);
	scan_release(&r->new);
	free(r->partner);
	free(r->kept);
	free(r->of_old);
	free(r->of_new);
	free(r->leader);
	replay_captures_release(r);
	if (r->dirty)
		ext2fs_free_block_bitmap(r->dirty);
}

static int prepare(struct replay *r)
{
	size_t inodes;
	int rc = edit_writable(r->image, "/", r->err);

	if (!rc)
		rc = scan_read(&r->old, r->image, r->err);
	if (!rc)
		rc = scan_read(&r->new, r->copy, r->err);
	if (rc)
		return rc;
	inodes = r->image->fs->super->s_inodes_count;
	if (inodes < r->copy->fs->super->s_inodes_count)
		inodes = r->copy->fs->super->s_inodes_count;
	r->partner = calloc(r->new.count + 1, sizeof(*r->partner));
	r->kept = calloc(r->old.count + 1, sizeof(*r->kept));
	r->of_old = calloc(inodes + 1, sizeof(*r->of_old));
	r->of_new = calloc(inodes + 1, sizeof(*r->of_new));
	r->leader = calloc(inodes + 1, sizeof(*r->leader));
	if (!r->partner || !r->kept || !r->of_old || !r->of_new || !r->leader)
		return error_nomem(r->err);
	rc = find_dirty(r);
	return rc ? rc : replay_match(r);
}

int image_replay(struct image *image, struct image *copy, const struct replay_options *options,
		 struct replay_log *log, struct error *err)
{
	struct replay r = { .image = image, .copy = copy, .options = options, .log = log, .err = err };
	int rc = prepare(&r);

	if (!rc)
		rc = replay_capture(&r);
	if (!rc)
		rc = apply(&r);
	if (log && log->count)
		qsort(log->items, log->count, sizeof(*log->items), by_log_path);
	replay_release(&r);
	return rc;
}
