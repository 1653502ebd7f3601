/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Editing a filesystem image in place: no mount, no root. What fixups and
 * overlays use, and later labpack on copy-on-write disks.
 *
 * Life: image_open() or layout_write() -> image_* -> image_close(). Paths are
 * absolute and followed inside the image only, through its symbolic links as
 * the guest's kernel would; functions with "_nofollow" semantics say so.
 * Every time that an edit sets is image_now(). After a failed call the image
 * is still consistent when closed. Errors: -ENOENT, -EEXIST, -ENOTDIR,
 * -ELOOP, -ERR_NO_SPACE, -ERR_FS; err's subject is the path in the image.
 *
 * The functions that make a name (mkdir, symlink, link, mknod) want it to be
 * free, and like lstat, readlink, remove and rename do not follow a link at
 * the path's end. All others do. The same edits on the same image give the
 * same bytes.
 */
#ifndef IMAGE_EDIT_H
#define IMAGE_EDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "image/tree.h"

struct image;

struct image_stat {
	uint32_t ino, mode, uid, gid, mtime, nlink;
	uint64_t size;
	uint32_t rdev_major, rdev_minor;
};

/*
 * For writing, the filesystem must be clean (-ERR_FS) and without features that
 * nothing here knows (-ERR_UNSUPPORTED: bigalloc, inline_data, encrypt, ...).
 * fd stays the caller's. now is used for every time that is set from here on.
 */
int image_open(struct image **image, int fd, bool writable, uint32_t now,
	       struct error *err) MUST_USE;
/* Flush everything and free. 0 or the first error of writing back. NULL is fine. */
int image_close(struct image *image, struct error *err) MUST_USE;
/* Free without flushing, after a failure. */
void image_abandon(struct image *image);
uint32_t image_now(const struct image *image);
uint64_t image_free_bytes(const struct image *image);
uint32_t image_block_size(const struct image *image);

int image_stat(struct image *image, const char *path, struct image_stat *st,
	       struct error *err) MUST_USE;
int image_lstat(struct image *image, const char *path, struct image_stat *st,
		struct error *err) MUST_USE;
/* False also when it cannot be found out; then image_close() fails. */
bool image_exists(struct image *image, const char *path);

/* Whole file into out (emptied first); refuses more than max bytes with -ERR_LIMIT. */
int image_read_file(struct image *image, const char *path, size_t max, struct strbuf *out,
		    struct error *err) MUST_USE;
/* Part of a file; *done bytes were read, fewer than n only at the end. */
int image_read_at(struct image *image, const char *path, uint64_t offset, void *buf, size_t n,
		  size_t *done, struct error *err) MUST_USE;
/* Target of the symbolic link itself; caller frees. */
int image_readlink(struct image *image, const char *path, char **target,
		   struct error *err) MUST_USE;
/* Names of a directory, sorted bytewise, without "." and "..". */
int image_list(struct image *image, const char *path, struct strlist *names,
	       struct error *err) MUST_USE;
/* An extended attribute's value ("security.capability"); -ENODATA when there is none. */
int image_get_xattr(struct image *image, const char *path, const char *name, struct strbuf *out,
		    struct error *err) MUST_USE;

/* How a new file is made. Parents must exist (see image_mkdir_p). */
struct image_attr {
	uint32_t mode, uid, gid; /* permissions without type */
	uint32_t mtime;		 /* 0: image_now() */
	const struct tree_xattr *xattrs;
	size_t xattr_count;
};

/*
 * Create or replace a regular file. When it exists, its owner, mode and names
 * stay (attr is for a new one; NULL means 0644 root:root). A symbolic link at
 * path is followed. Zero blocks become holes unless dense. All names of a file
 * with several (hard links) see the new bytes. New bytes go into new blocks, so
 * there must be room for them beside the old ones; a failure leaves the old.
 */
int image_write_file(struct image *image, const char *path, const void *data, size_t n,
		     const struct image_attr *attr, struct error *err) MUST_USE;
/*
 * The same from a reader: read(arg, buf, n) gives bytes, 0 at the end, a
 * negative code on error (it may fill err, the one that was given here).
 */
int image_write_stream(struct image *image, const char *path,
		       long (*read)(void *arg, void *buf, size_t n), void *arg,
		       const struct image_attr *attr, struct error *err) MUST_USE;
/* A file of `size` bytes without holes in the filesystem (a swap file); blocks read as zeros. */
int image_write_dense(struct image *image, const char *path, uint64_t size, const void *head,
		      size_t head_size, const struct image_attr *attr, struct error *err) MUST_USE;

int image_mkdir(struct image *image, const char *path, const struct image_attr *attr,
		struct error *err) MUST_USE;
int image_mkdir_p(struct image *image, const char *path, struct error *err) MUST_USE;
int image_symlink(struct image *image, const char *target, const char *path,
		  struct error *err) MUST_USE;
int image_link(struct image *image, const char *existing, const char *path,
	       struct error *err) MUST_USE;
/* mode with S_IFCHR, S_IFBLK, S_IFIFO or S_IFSOCK. */
int image_mknod(struct image *image, const char *path, uint32_t mode, uint32_t major,
		uint32_t minor, const struct image_attr *attr, struct error *err) MUST_USE;
/* Not through a link at the end. A directory must be empty. */
int image_remove(struct image *image, const char *path, struct error *err) MUST_USE;
/* As rename(2): replaces a file, not a directory. */
int image_rename(struct image *image, const char *from, const char *to, struct error *err) MUST_USE;
/* Mode, owner and mtime; the attributes are set besides those that are there. */
int image_set_attr(struct image *image, const char *path, const struct image_attr *attr,
		   struct error *err) MUST_USE;

#endif
