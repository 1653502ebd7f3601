/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contents of files, links and directories. */
#include "image/edit_internal.h"

#include <errno.h>
#include <sys/stat.h>

static int find_file(struct image *image, const char *path, ext2_ino_t *ino,
		     struct ext2_inode *inode, struct error *err)
{
	int rc = edit_find_existing(image, path, true, ino, inode, err);

	if (!rc && S_ISDIR(inode->i_mode))
		rc = error_set(err, -EISDIR, path, "is a directory");
	if (!rc && !S_ISREG(inode->i_mode))
		rc = error_set(err, -EINVAL, path, "is not a regular file");
	return rc;
}

/* Up to n bytes from offset on; *done counts them. */
static int read_inode_at(struct image *image, const char *path, ext2_ino_t ino,
			 struct ext2_inode *inode, uint64_t offset, void *buf, size_t n,
			 size_t *done, struct error *err)
{
	ext2_file_t file;
	errcode_t code;

	*done = 0;
	code = ext2fs_file_open2(image->fs, ino, inode, 0, &file);
	if (code)
		return fs_error(err, code, path, "it cannot be opened");
	code = ext2fs_file_llseek(file, offset, EXT2_SEEK_SET, NULL);
	while (!code && *done < n) {
		unsigned int part = n - *done < (1U << 30) ? (unsigned int)(n - *done) : 1U << 30;
		unsigned int got = 0;

		code = ext2fs_file_read(file, (char *)buf + *done, part, &got);
		*done += got;
		if (!got)
			break;
	}
	ext2fs_file_close(file);
	return code ? fs_error(err, code, path, "it cannot be read") : 0;
}

int image_read_at(struct image *image, const char *path, uint64_t offset, void *buf, size_t n,
		  size_t *done, struct error *err)
{
	struct ext2_inode inode;
	ext2_ino_t ino;
	int rc;

	*done = 0;
	rc = find_file(image, path, &ino, &inode, err);
	if (rc || offset >= EXT2_I_SIZE(&inode))
		return rc;
	return edit_note(image, read_inode_at(image, path, ino, &inode, offset, buf, n, done, err));
}

int image_read_file(struct image *image, const char *path, size_t max, struct strbuf *out,
		    struct error *err)
{
	struct ext2_inode inode;
	ext2_ino_t ino;
	size_t done;
	int rc;

	out->len = 0;
	rc = find_file(image, path, &ino, &inode, err);
	if (rc)
		return rc;
	if (EXT2_I_SIZE(&inode) > max)
		return error_set(err, -ERR_LIMIT, path, "more than %zu bytes", max);
	if (strbuf_reserve(out, EXT2_I_SIZE(&inode)))
		return edit_note(image, error_nomem(err));
	rc = read_inode_at(image, path, ino, &inode, 0, out->data, EXT2_I_SIZE(&inode), &done, err);
	out->len = rc ? 0 : done;
	out->data[out->len] = '\0';
	return edit_note(image, rc);
}

int image_readlink(struct image *image, const char *path, char **target, struct error *err)
{
	struct ext2_inode inode;
	ext2_ino_t ino;
	int rc;

	*target = NULL;
	rc = edit_find_existing(image, path, false, &ino, &inode, err);
	if (rc)
		return rc;
	if (!S_ISLNK(inode.i_mode))
		return error_set(err, -EINVAL, path, "is not a symbolic link");
	return edit_note(image, edit_link_target(image, path, ino, &inode, target, err));
}

struct collect {
	struct strlist *names;
	int rc;
};

static int collect_name(struct ext2_dir_entry *entry, int offset, int block_size, char *buf,
			void *arg)
{
	int len = ext2fs_dirent_name_len(entry);
	struct collect *c = arg;

	if ((len == 1 && entry->name[0] == '.') || (len == 2 && !memcmp(entry->name, "..", 2)))
		return 0;
	c->rc = strlist_addf(c->names, "%.*s", len, entry->name);
	return c->rc ? DIRENT_ABORT : 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int image_list(struct image *image, const char *path, struct strlist *names, struct error *err)
{
	struct collect c = { .names = names };
	struct ext2_inode inode;
	ext2_ino_t ino;
	errcode_t code;
	int rc;

	strlist_release(names);
	rc = edit_find_existing(image, path, true, &ino, &inode, err);
	if (rc)
		return rc;
	if (!S_ISDIR(inode.i_mode))
		return error_set(err, -ENOTDIR, path, "is not a directory");
	code = ext2fs_dir_iterate(image->fs, ino, 0, NULL, collect_name, &c);
	if (code)
		return fs_error(err, code, path, "the directory cannot be read");
	if (c.rc)
		return error_nomem(err);
	if (names->count)
		qsort(names->items, names->count, sizeof(*names->items), by_bytes);
	return 0;
}
