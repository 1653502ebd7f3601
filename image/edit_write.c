/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents of regular files. New bytes always go into new blocks; the inode
 * changes over to them when all are there, so that a failure leaves the old
 * contents in place.
 */
#include "image/edit_internal.h"

#include <errno.h>
#include <sys/stat.h>

#define CHUNK_BYTES (1U << 20) /* a multiple of every block size */

struct writer {
	struct image *image;
	const char *path;
	struct error *err;
	struct edit_place place;
	ext2_ino_t ino;
	struct ext2_inode inode; /* as it is on the disk */
	bool is_new;
	struct edit_claim claim;
	uint64_t size; /* bytes so far */
};

/* Find or make the inode that takes the bytes. */
static int writer_begin(struct writer *w, const struct image_attr *attr)
{
	struct image *image = w->image;
	int rc = edit_writable(image, w->path, w->err);

	if (!rc)
		rc = edit_find(image, w->path, true, &w->place, w->err);
	if (rc)
		return rc;
	if (w->place.ino) {
		w->ino = w->place.ino;
		rc = edit_find_existing(image, w->path, true, &w->ino, &w->inode, w->err);
		if (!rc && S_ISDIR(w->inode.i_mode))
			rc = error_set(w->err, -EISDIR, w->path, "is a directory");
		if (!rc && !S_ISREG(w->inode.i_mode))
			rc = error_set(w->err, -EINVAL, w->path, "is not a regular file");
	} else {
		rc = edit_inode_new(image, w->place.dir, S_IFREG, attr, 0644, &w->ino, &w->inode,
				    w->path, w->err);
		w->is_new = !rc;
	}
	if (!rc)
		edit_claim_init(&w->claim, image, w->ino);
	return rc;
}

static bool is_zero(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && !memcmp(p, p + 1, n - 1));
}

/* Put whole blocks of data to logical block lblk; the caller padded the last one. */
static int write_run(struct writer *w, uint64_t lblk, const unsigned char *data, uint64_t blocks)
{
	ext2_filsys fs = w->image->fs;

	while (blocks) {
		struct edit_run run;
		errcode_t code;
		int rc = edit_claim_data(&w->claim, lblk, blocks, &run, w->path, w->err);

		if (rc)
			return rc;
		code = io_channel_write_blk64(fs->io, run.pblk, (int)run.len, data);
		if (code)
			return fs_error(w->err, code, w->path, "it cannot be written");
		data += run.len * fs->blocksize;
		lblk += run.len;
		blocks -= run.len;
	}
	return 0;
}

/* A chunk at the current end; its buffer is padded with zeros to whole blocks. Zeros are holes. */
static int writer_add(struct writer *w, const unsigned char *data, size_t n)
{
	uint32_t block_size = w->image->fs->blocksize;
	uint64_t lblk = w->size / block_size;
	uint64_t blocks = (n + block_size - 1) / block_size;
	uint64_t at = 0;
	int rc = 0;

	while (!rc && at < blocks) {
		bool zero = is_zero(data + at * block_size, block_size);
		uint64_t end = at + 1;

		while (end < blocks && is_zero(data + end * block_size, block_size) == zero)
			end++;
		if (!zero)
			rc = write_run(w, lblk + at, data + at * block_size, end - at);
		at = end;
	}
	w->size += n;
	return rc;
}

/* Let go of the old blocks, then write the inode that has the new ones. */
static int replace_contents(struct writer *w, struct ext2_inode *inode)
{
	int rc = edit_blocks_free(w->image, w->ino, &w->inode, w->path, w->err);

	return rc ? rc : edit_inode_write(w->image, w->ino, inode, w->path, w->err);
}

/* Make the inode have the bytes, or undo everything. rc is how it went so far. */
static int writer_end(struct writer *w, const struct image_attr *attr, int rc)
{
	struct ext2_inode inode = w->inode;

	if (!rc)
		rc = edit_map(&w->claim, w->ino, &inode, w->size, w->path, w->err);
	if (!w->is_new && !rc) {
		inode.i_mtime = inode.i_ctime = w->image->now;
		rc = replace_contents(w, &inode);
	} else if (w->is_new && !rc) {
		rc = edit_inode_publish(w->image, &w->place, w->ino, &inode, attr, w->path, w->err);
	} else if (w->is_new) {
		edit_inode_undo(w->image, w->ino);
	}
	edit_claim_release(&w->claim, rc == 0);
	return rc;
}

/* Fill a chunk as far as the reader has bytes. */
static int read_chunk(struct writer *w, long (*read)(void *arg, void *buf, size_t n), void *arg,
		      unsigned char *buf, size_t *got)
{
	for (*got = 0; *got < CHUNK_BYTES;) {
		long n = read(arg, buf + *got, CHUNK_BYTES - *got);

		if (n == 0)
			break;
		if (n < 0 || (size_t)n > CHUNK_BYTES - *got) {
			int code = n < 0 && n >= INT32_MIN ? (int)n : -EIO;

			/* A reader that knows more has said so. */
			if (w->err && w->err->code)
				return code;
			return error_set(w->err, code, w->path,
					 "its new contents cannot be read: %s", error_name(code));
		}
		*got += (size_t)n;
	}
	return 0;
}

int image_write_stream(struct image *image, const char *path,
		       long (*read)(void *arg, void *buf, size_t n), void *arg,
		       const struct image_attr *attr, struct error *err)
{
	struct writer w = { .image = image, .path = path, .err = err };
	unsigned char *buf;
	size_t got = 0;
	int rc;

	rc = writer_begin(&w, attr);
	if (rc)
		return rc;
	buf = malloc(CHUNK_BYTES);
	if (!buf)
		return writer_end(&w, attr, error_nomem(err));
	do {
		rc = read_chunk(&w, read, arg, buf, &got);
		if (rc)
			break;
		/* The rest of the last block. */
		memset(buf + got, 0, (CHUNK_BYTES - got) % image->fs->blocksize);
		rc = writer_add(&w, buf, got);
	} while (!rc && got == CHUNK_BYTES);
	free(buf);
	return writer_end(&w, attr, rc);
}

struct memory {
	const char *data;
	size_t left;
};

static long read_memory(void *arg, void *buf, size_t n)
{
	struct memory *m = arg;

	if (n > m->left)
		n = m->left;
	if (n)
		memcpy(buf, m->data, n);
	m->data += n;
	m->left -= n;
	return (long)n;
}

int image_write_file(struct image *image, const char *path, const void *data, size_t n,
		     const struct image_attr *attr, struct error *err)
{
	struct memory m = { .data = data, .left = n };

	return image_write_stream(image, path, read_memory, &m, attr, err);
}

/* Blocks that were another file's may still hold its bytes. */
static int zero_run(struct writer *w, const struct edit_run *run)
{
	errcode_t code = io_channel_zeroout(w->image->fs->io, run->pblk, run->len);

	return code ? fs_error(w->err, code, w->path, "it cannot be written") : 0;
}

/* Write the first bytes over blocks that are there already. */
static int write_head(struct writer *w, const unsigned char *head, size_t n)
{
	uint32_t block_size = w->image->fs->blocksize;
	size_t blocks = (n + block_size - 1) / block_size;
	unsigned char *buf = calloc(blocks ? blocks : 1, block_size);
	errcode_t code = 0;

	if (!buf)
		return error_nomem(w->err);
	if (n)
		memcpy(buf, head, n);
	for (size_t i = 0; !code && i < w->claim.data.count; i++) {
		const struct edit_run *run = &w->claim.data.items[i];
		uint64_t len = run->len;

		if (run->lblk >= blocks)
			break;
		if (len > blocks - run->lblk)
			len = blocks - run->lblk;
		code = io_channel_write_blk64(w->image->fs->io, run->pblk, (int)len,
					      buf + run->lblk * block_size);
	}
	free(buf);
	return code ? fs_error(w->err, code, w->path, "it cannot be written") : 0;
}

int image_write_dense(struct image *image, const char *path, uint64_t size, const void *head,
		      size_t head_size, const struct image_attr *attr, struct error *err)
{
	struct writer w = { .image = image, .path = path, .err = err };
	uint64_t block_size = image->fs->blocksize, blocks;
	int rc;

	if (head_size > size)
		return error_set(err, -EINVAL, path, "its head is larger than the file");
	rc = writer_begin(&w, attr);
	if (rc)
		return rc;
	blocks = size / block_size + (size % block_size != 0);
	for (uint64_t at = 0; !rc && at < blocks;) {
		uint64_t want = blocks - at < INT32_MAX ? blocks - at : INT32_MAX;
		struct edit_run run;

		rc = edit_claim_data(&w.claim, at, want, &run, path, err);
		if (!rc)
			rc = zero_run(&w, &run);
		at += run.len;
	}
	if (!rc)
		rc = write_head(&w, head, head_size);
	w.size = size;
	return writer_end(&w, attr, rc);
}
