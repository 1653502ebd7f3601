/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --manifest: every file of the image with its SHA-256, in the format that bsdtar reads. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>

#include "mkroot/build.h"
#include "image/walk.h"

#define CHUNK 262144

static int archive_failed(struct archive *a, struct error *err)
{
	const char *text = archive_error_string(a);

	return error_set(err, -ERR_FORMAT, "manifest", "%s", text ? text : "cannot be written");
}

static int add_target(struct image *image, const struct listing_item *item,
		      struct archive_entry *entry, struct error *err)
{
	char *target;
	int rc = image_readlink(image, item->path, &target, err);

	if (!rc)
		archive_entry_copy_symlink(entry, target);
	free(target);
	return rc;
}

static int fill_entry(struct image *image, const struct listing_item *item,
		      struct archive_entry *entry, struct error *err)
{
	char *name = NULL;

	if (asprintf(&name, ".%s", strcmp(item->path, "/") ? item->path : "") < 0)
		return error_nomem(err);
	archive_entry_clear(entry);
	archive_entry_copy_pathname(entry, name);
	free(name);
	archive_entry_set_mode(entry, (mode_t)item->st.mode);
	archive_entry_set_uid(entry, item->st.uid);
	archive_entry_set_gid(entry, item->st.gid);
	archive_entry_set_mtime(entry, item->st.mtime, 0);
	archive_entry_set_nlink(entry, item->st.nlink);
	if (S_ISREG(item->st.mode))
		archive_entry_set_size(entry, (la_int64_t)item->st.size);
	if (S_ISCHR(item->st.mode) || S_ISBLK(item->st.mode)) {
		archive_entry_set_rdevmajor(entry, item->st.rdev_major);
		archive_entry_set_rdevminor(entry, item->st.rdev_minor);
	}
	return S_ISLNK(item->st.mode) ? add_target(image, item, entry, err) : 0;
}

static int add_contents(struct archive *a, struct image *image, const struct listing_item *item,
			char *chunk, struct error *err)
{
	for (uint64_t at = 0; at < item->st.size; at += CHUNK) {
		size_t n = 0;
		int rc = image_read_at(image, item->path, at, chunk, CHUNK, &n, err);

		if (rc)
			return rc;
		if (archive_write_data(a, chunk, n) < 0)
			return archive_failed(a, err);
	}
	return 0;
}

static int add_all(struct archive *a, struct image *image, const struct listing *l,
		   struct error *err)
{
	struct archive_entry *entry = archive_entry_new();
	char *chunk = malloc(CHUNK);
	int rc = entry && chunk ? 0 : error_nomem(err);

	for (size_t i = 0; !rc && i < l->count; i++) {
		rc = fill_entry(image, &l->items[i], entry, err);
		if (!rc && archive_write_header(a, entry) < ARCHIVE_WARN)
			rc = archive_failed(a, err);
		if (!rc && S_ISREG(l->items[i].st.mode))
			rc = add_contents(a, image, &l->items[i], chunk, err);
	}
	archive_entry_free(entry);
	free(chunk);
	return rc;
}

int manifest_write(const struct build *b, int fd, struct error *err)
{
	struct listing files = LISTING_INIT;
	struct archive *a = archive_write_new();
	int rc = a ? listing_read(&files, b->image, err) : error_nomem(err);

	if (!rc && (archive_write_set_format_mtree(a) != ARCHIVE_OK ||
		    archive_write_set_options(a, "!all,type,mode,uid,gid,size,time,link,nlink,"
						 "device,sha256") != ARCHIVE_OK ||
		    archive_write_open_fd(a, fd) != ARCHIVE_OK))
		rc = archive_failed(a, err);
	if (!rc)
		rc = add_all(a, b->image, &files, err);
	if (!rc && archive_write_close(a) != ARCHIVE_OK)
		rc = archive_failed(a, err);
	archive_write_free(a);
	listing_release(&files);
	return rc;
}
