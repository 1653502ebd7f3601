/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contents and extended attributes: compared, and brought over. */
#include "image/replay_internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/output.h"

#define CHUNK	 262144
#define FILE_MAX ((uint64_t)16 << 30) /* a sparse file can claim to be of any size */

static int hits_dirty(ext2_filsys fs, blk64_t *block, e2_blkcnt_t index, blk64_t ref, int offset,
		      void *arg)
{
	struct replay *r = arg;

	r->hit_dirty = *block < fs->super->s_first_data_block || *block >= ext2fs_blocks_count(fs->super) ||
		       ext2fs_test_block_bitmap2(r->dirty, *block);
	return r->hit_dirty ? BLOCK_ABORT : 0;
}

/* The same blocks, and none of them written since: true without reading them. */
static bool is_untouched(struct replay *r, const struct scan_item *a, const struct scan_item *b)
{
	struct ext2_inode inode = b->inode;

	if (!r->dirty || a->ino != b->ino ||
	    memcmp(a->inode.i_block, b->inode.i_block, sizeof(a->inode.i_block)) != 0)
		return false;
	if (!ext2fs_inode_has_valid_blocks2(r->copy->fs, &inode))
		return true;
	r->hit_dirty = false;
	return ext2fs_block_iterate3(r->copy->fs, b->ino, BLOCK_FLAG_READ_ONLY, NULL, hits_dirty, r) == 0 &&
	       !r->hit_dirty;
}

static errcode_t open_item(struct image *image, const struct scan_item *item, ext2_file_t *file)
{
	struct ext2_inode inode = item->inode;

	return ext2fs_file_open2(image->fs, item->ino, &inode, 0, file);
}

static errcode_t read_full(ext2_file_t file, char *buf, unsigned int *n)
{
	unsigned int got = 1;
	errcode_t code = 0;

	for (*n = 0; !code && got && *n < CHUNK; *n += got) {
		got = 0;
		code = ext2fs_file_read(file, buf + *n, CHUNK - *n, &got);
	}
	return code;
}

static errcode_t compare_bytes(ext2_file_t a, ext2_file_t b, char *buf, bool *same)
{
	unsigned int n, m;
	errcode_t code;

	do {
		code = read_full(a, buf, &n);
		if (!code)
			code = read_full(b, buf + CHUNK, &m);
		if (code)
			return code;
		if (n != m || memcmp(buf, buf + CHUNK, n) != 0)
			return 0;
	} while (n == CHUNK);
	*same = true;
	return 0;
}

int replay_same_contents(struct replay *r, const struct scan_item *a, const struct scan_item *b,
			 bool *same)
{
	ext2_file_t x = NULL, y = NULL;
	errcode_t code;
	char *buf;

	*same = false;
	if (EXT2_I_SIZE(&a->inode) != EXT2_I_SIZE(&b->inode))
		return 0;
	*same = !EXT2_I_SIZE(&a->inode) || is_untouched(r, a, b);
	if (*same)
		return 0;
	buf = malloc((size_t)2 * CHUNK);
	if (!buf)
		return error_nomem(r->err);
	code = open_item(r->image, a, &x);
	if (!code)
		code = open_item(r->copy, b, &y);
	if (!code)
		code = compare_bytes(x, y, buf, same);
	ext2fs_file_close(x);
	ext2fs_file_close(y);
	free(buf);
	return code ? fs_error(r->err, code, b->path, "it cannot be read") : 0;
}

static bool is_zero(const char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && !memcmp(p, p + 1, n - 1));
}

/* Zeros stay holes in the spool, as they will in the image. */
static int spool_bytes(struct replay *r, struct capture *c, ext2_file_t file, char *buf)
{
	const char *path = r->new.items[c->item].path;
	unsigned int n;

	do {
		errcode_t code = read_full(file, buf, &n);
		int rc = 0;

		if (code)
			return fs_error(r->err, code, path, "it cannot be read");
		if (!is_zero(buf, n))
			rc = write_fully(r->options->spool, buf, n, (long long)r->spooled);
		if (rc)
			return error_errno(r->err, -rc, path, "no room for its contents");
		r->spooled += n;
		c->size += n;
	} while (n == CHUNK);
	return 0;
}

int replay_spool_contents(struct replay *r, struct capture *c)
{
	const struct scan_item *from = &r->new.items[c->item];
	ext2_file_t file;
	errcode_t code;
	char *buf;
	int rc;

	if (EXT2_I_SIZE(&from->inode) > FILE_MAX)
		return error_set(r->err, -ERR_LIMIT, from->path, "the file is too large");
	code = open_item(r->copy, from, &file);
	if (code)
		return fs_error(r->err, code, from->path, "it cannot be read");
	c->at = r->spooled;
	buf = malloc(CHUNK);
	rc = buf ? spool_bytes(r, c, file, buf) : error_nomem(r->err);
	free(buf);
	ext2fs_file_close(file);
	if (!rc && ftruncate(r->options->spool, (off_t)r->spooled) != 0)
		rc = error_errno(r->err, errno, from->path, "no room for its contents");
	return rc;
}

struct reader {
	int fd;
	uint64_t at, end;
};

static long read_spool(void *arg, void *buf, size_t n)
{
	struct reader *rd = arg;
	ssize_t got;

	if (n > rd->end - rd->at)
		n = rd->end - rd->at;
	if (!n)
		return 0;
	do
		got = pread(rd->fd, buf, n, (off_t)rd->at);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return got < 0 ? -errno : -EIO;
	rd->at += (uint64_t)got;
	return (long)got;
}

int replay_write_contents(struct replay *r, const struct capture *c)
{
	struct reader rd = { r->options->spool, c->at, c->at + c->size };

	return image_write_stream(r->image, r->new.items[c->item].path, read_spool, &rd, NULL, r->err);
}

static bool has_xattrs(const struct image *image, const struct ext2_inode *inode)
{
	/* Wide inodes may hold them in themselves. */
	return ext2fs_has_feature_xattr(image->fs->super) &&
	       (EXT2_INODE_SIZE(image->fs->super) > EXT2_GOOD_OLD_INODE_SIZE ||
		ext2fs_file_acl_block(image->fs, inode));
}

static errcode_t open_xattrs(struct image *image, ext2_ino_t ino, struct ext2_xattr_handle **h)
{
	unsigned int raw = XATTR_HANDLE_FLAG_RAW; /* access lists as they are stored */
	errcode_t code = ext2fs_xattrs_open(image->fs, ino, h);

	if (!code)
		code = ext2fs_xattrs_flags(*h, &raw, NULL);
	return code ? code : ext2fs_xattrs_read(*h);
}

struct walk_xattrs {
	struct ext2_xattr_handle *other;
	bool same;
};

static int compare_xattr(char *name, char *value, size_t size, void *arg)
{
	struct walk_xattrs *w = arg;
	void *theirs = NULL;
	size_t their_size = 0;

	if (ext2fs_xattr_get(w->other, name, &theirs, &their_size) || their_size != size ||
	    (size && memcmp(theirs, value, size) != 0))
		w->same = false;
	ext2fs_free_mem(&theirs);
	return w->same ? 0 : XATTR_ABORT;
}

int replay_same_xattrs(struct replay *r, const struct scan_item *a, const struct scan_item *b,
		       bool *same)
{
	struct ext2_xattr_handle *x = NULL, *y = NULL;
	struct walk_xattrs w = { .same = true };
	size_t n = 0, m = 0;
	errcode_t code;

	*same = true;
	if (!has_xattrs(r->image, &a->inode) && !has_xattrs(r->copy, &b->inode))
		return 0;
	code = open_xattrs(r->image, a->ino, &x);
	if (!code)
		code = open_xattrs(r->copy, b->ino, &y);
	if (!code)
		code = ext2fs_xattrs_count(x, &n);
	if (!code)
		code = ext2fs_xattrs_count(y, &m);
	w.other = y;
	w.same = n == m;
	if (!code && w.same)
		code = ext2fs_xattrs_iterate(x, compare_xattr, &w);
	*same = w.same;
	if (x)
		ext2fs_xattrs_close(&x);
	if (y)
		ext2fs_xattrs_close(&y);
	return code ? fs_error(r->err, code, b->path, "its extended attributes cannot be read") : 0;
}

static int take_xattr(char *name, char *value, size_t size, void *arg)
{
	struct capture *c = arg;
	struct xattr x = { strdup(name), malloc(size + 1), size };

	if (!x.name || !x.value ||
	    array_grow((void **)&c->xattrs, c->xattr_count, &c->xattr_capacity, sizeof(*c->xattrs))) {
		free(x.name);
		free(x.value);
		c->xattr_count = SIZE_MAX;
		return XATTR_ABORT;
	}
	if (size)
		memcpy(x.value, value, size);
	c->xattrs[c->xattr_count++] = x;
	return 0;
}

int replay_capture_xattrs(struct replay *r, struct capture *c)
{
	const struct scan_item *from = &r->new.items[c->item];
	struct ext2_xattr_handle *x = NULL;
	size_t before;
	errcode_t code;

	if (!has_xattrs(r->copy, &from->inode))
		return 0;
	code = open_xattrs(r->copy, from->ino, &x);
	if (!code)
		code = ext2fs_xattrs_count(x, &before);
	if (!code)
		code = ext2fs_xattrs_iterate(x, take_xattr, c);
	if (x)
		ext2fs_xattrs_close(&x);
	if (code)
		return fs_error(r->err, code, from->path, "its extended attributes cannot be read");
	if (c->xattr_count == before)
		return 0;
	c->xattr_count = c->xattr_count == SIZE_MAX ? 0 : c->xattr_count;
	return error_nomem(r->err);
}

static int name_xattr(char *name, char *value, size_t size, void *arg)
{
	return strlist_add(arg, name) ? XATTR_ABORT : 0;
}

int replay_write_xattrs(struct replay *r, const struct capture *c, ext2_ino_t to)
{
	struct ext2_xattr_handle *x = NULL;
	struct strlist before = STRLIST_INIT;
	errcode_t code;

	if (!ext2fs_has_feature_xattr(r->image->fs->super))
		return 0;
	code = open_xattrs(r->image, to, &x);
	if (!code)
		code = ext2fs_xattrs_iterate(x, name_xattr, &before);
	for (size_t i = 0; !code && i < before.count; i++)
		code = ext2fs_xattr_remove(x, before.items[i]);
	for (size_t i = 0; !code && i < c->xattr_count; i++)
		code = ext2fs_xattr_set(x, c->xattrs[i].name, c->xattrs[i].value, c->xattrs[i].size);
	if (x)
		ext2fs_xattrs_close(&x);
	strlist_release(&before);
	if (!code)
		return 0;
	return fs_error(r->err, code, r->new.items[c->item].path, "its extended attributes cannot be set");
}
