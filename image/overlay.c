/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/overlay.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_CHUNK (1 << 20)
#define MAX_ACCOUNT_FILE (4 << 20)
#define MAX_XATTRS 64

struct overlay {
	const char *location;
	struct archive *archive; /* of a tar archive; for a folder it only makes entries */
	FTS *walk;               /* of a folder: sorted, so that the image does not depend on readdir() */
	struct archive_entry *entry; /* of a folder, owned */
	int fd;                  /* the folder's current file */
	struct strbuf path;      /* of the current entry in the image */
};

static int archive_failed(const struct overlay *o, struct error *err)
{
	const char *text = archive_error_string(o->archive);

	return error_set(err, -ERR_FORMAT, o->location, "%s", text ? text : "cannot be read");
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int open_folder(struct overlay *o, struct error *err)
{
	char *roots[] = { (char *)o->location, NULL };

	o->archive = archive_read_disk_new();
	o->entry = archive_entry_new();
	if (!o->archive || !o->entry)
		return error_nomem(err);
	/* The overlay itself may be a link, as stat() saw it; links below it are content. */
	o->walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	return o->walk ? 0 : error_errno(err, errno, o->location, "cannot read the overlay");
}

static int open_tar(struct overlay *o, struct error *err)
{
	o->archive = archive_read_new();
	if (!o->archive)
		return error_nomem(err);
	archive_read_support_filter_all(o->archive);
	archive_read_support_format_tar(o->archive);
	if (archive_read_open_filename(o->archive, o->location, READ_CHUNK) != ARCHIVE_OK) {
		archive_failed(o, err);
		return error_hint(err, "an overlay is a folder or a tar archive");
	}
	return 0;
}

static int overlay_open(struct overlay *o, const char *location, struct error *err)
{
	struct stat st;

	*o = (struct overlay){ .location = location, .fd = -1 };
	if (stat(location, &st) != 0)
		return error_errno(err, errno, location, "cannot read the overlay");
	return S_ISDIR(st.st_mode) ? open_folder(o, err) : open_tar(o, err);
}

static void overlay_close(struct overlay *o)
{
	if (o->walk)
		fts_close(o->walk);
	if (o->fd >= 0)
		close(o->fd);
	archive_entry_free(o->entry);
	archive_read_free(o->archive);
	strbuf_release(&o->path);
}

/* The entry's path from the image's root, cleaned; "/" for the overlay itself. */
static int image_path(struct overlay *o, const char *name, struct strbuf *path, struct error *err)
{
	path->len = 0;
	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 2 && !memcmp(name, "..", 2))
			return error_set(err, -ERR_ESCAPE, o->location,
					 "a path in it tries to leave the root with '..'");
		if (n && !(n == 1 && *name == '.'))
			if (strbuf_adds(path, "/") || strbuf_add(path, name, n))
				return error_nomem(err);
		name += n + (name[n] == '/');
	}
	if (!path->len && strbuf_adds(path, "/"))
		return error_nomem(err);
	return 0;
}

/* The next file of a folder: 1, 0 at the end, negative on errors. *name is relative to it. */
static int next_of_folder(struct overlay *o, const char **name, struct error *err)
{
	FTSENT *f;

	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	do {
		errno = 0;
		f = fts_read(o->walk);
		if (!f)
			return errno ? error_errno(err, errno, o->location, "cannot be read") : 0;
	} while (f->fts_info == FTS_DP);
	if (f->fts_info == FTS_DNR || f->fts_info == FTS_ERR || f->fts_info == FTS_NS)
		return error_errno(err, f->fts_errno, f->fts_path, "cannot be read");
	if (f->fts_info == FTS_F) {
		o->fd = open(f->fts_accpath, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (o->fd < 0)
			return error_errno(err, errno, f->fts_path, "cannot be read");
	}
	archive_entry_clear(o->entry);
	archive_entry_copy_pathname(o->entry, f->fts_path);
	archive_entry_copy_sourcepath(o->entry, f->fts_accpath);
	if (archive_read_disk_entry_from_file(o->archive, o->entry, o->fd, f->fts_statp) <
	    ARCHIVE_WARN)
		return archive_failed(o, err);
	*name = f->fts_path + strlen(o->location);
	return 1;
}

static int next_of_tar(struct overlay *o, struct archive_entry **entry, const char **name,
		       struct error *err)
{
	int rc = archive_read_next_header(o->archive, entry);

	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc < ARCHIVE_WARN)
		return archive_failed(o, err);
	*name = archive_entry_pathname(*entry);
	if (!*name)
		return error_set(err, -ERR_FORMAT, o->location, "an entry has no readable name");
	return 1;
}

/* 1 with an entry, 0 at the end, negative on errors. */
static int overlay_next(struct overlay *o, struct archive_entry **entry, struct error *err)
{
	const char *name;
	int rc, more;

	*entry = o->entry;
	more = o->walk ? next_of_folder(o, &name, err) : next_of_tar(o, entry, &name, err);
	if (more <= 0)
		return more;
	rc = image_path(o, name, &o->path, err);
	return rc ? rc : 1;
}

/* Bytes of the current file; 0 at the end, negative on errors. For image_write_stream(). */
static long read_data(void *arg, void *buf, size_t n)
{
	struct overlay *o = arg;
	ssize_t done;

	if (!o->walk) {
		la_ssize_t got = archive_read_data(o->archive, buf, n);

		return got < 0 ? -EIO : (long)got;
	}
	do
		done = read(o->fd, buf, n);
	while (done < 0 && errno == EINTR);
	return done < 0 ? -errno : (long)done;
}

static int read_whole(struct overlay *o, struct strbuf *out, struct error *err)
{
	char chunk[16384];
	long n;

	out->len = 0;
	while ((n = read_data(o, chunk, sizeof(chunk))) > 0)
		if (out->len + (size_t)n > MAX_ACCOUNT_FILE || strbuf_add(out, chunk, (size_t)n))
			return error_set(err, -ERR_LIMIT, o->path.data, "is too large in '%s'",
					 o->location);
	return n < 0 ? error_errno(err, (int)-n, o->path.data, "cannot be read in '%s'", o->location) : 0;
}

static int measure_entry(struct overlay *o, struct archive_entry *entry, struct overlay_need *need,
			 struct error *err)
{
	uint64_t size = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : 0;

	need->inodes++;
	if (archive_entry_filetype(entry) == AE_IFDIR)
		size = 4096;
	if (__builtin_add_overflow(need->bytes, (size + 4095) / 4096 * 4096, &need->bytes) ||
	    size > (uint64_t)1 << 44)
		return error_set(err, -ERR_LIMIT, o->location, "'%s' is too large", o->path.data);
	if (archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	if (!strcmp(o->path.data, "/etc/passwd"))
		return read_whole(o, &need->passwd, err);
	if (!strcmp(o->path.data, "/etc/group"))
		return read_whole(o, &need->group, err);
	return 0;
}

int overlay_measure(const char *location, struct overlay_need *need, struct error *err)
{
	struct archive_entry *entry;
	struct overlay o;
	int rc = overlay_open(&o, location, err);

	while (!rc) {
		rc = overlay_next(&o, &entry, err);
		if (rc <= 0)
			break;
		rc = measure_entry(&o, entry, need, err);
	}
	overlay_close(&o);
	return rc;
}

void overlay_need_release(struct overlay_need *need)
{
	strbuf_release(&need->passwd);
	strbuf_release(&need->group);
}

/* Extended attributes of an archive's entry, borrowed from it; other kinds than the guest's are left out. */
static size_t entry_xattrs(struct archive_entry *entry, struct tree_xattr *out)
{
	const char *name;
	const void *value;
	size_t size, count = 0;

	archive_entry_xattr_reset(entry);
	while (count < MAX_XATTRS && archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
		if (!strncmp(name, "user.", 5) || !strncmp(name, "security.", 9))
			out[count++] = (struct tree_xattr){ .name = name, .value = value, .size = size };
	return count;
}

/* Make way for something that is not a folder; a folder in its place is refused. */
static int clear_path(struct overlay *o, struct image *image, struct error *err)
{
	struct image_stat st;
	int rc = image_lstat(image, o->path.data, &st, err);

	if (rc == -ENOENT) {
		error_release(err);
		return 0;
	}
	if (rc)
		return rc;
	if (S_ISDIR(st.mode))
		return error_set(err, -ERR_CONFLICT, o->location,
				 "'%s' is a folder in the image and none in the overlay",
				 o->path.data);
	return image_remove(image, o->path.data, err);
}

static int make_parents(struct overlay *o, struct image *image, struct error *err)
{
	char *slash = strrchr(o->path.data, '/');
	int rc;

	if (!slash || slash == o->path.data)
		return 0;
	*slash = '\0';
	rc = image_mkdir_p(image, o->path.data, err);
	*slash = '/';
	return rc;
}

static int apply_folder(struct overlay *o, struct image *image, const struct image_attr *attr,
			struct error *err)
{
	struct image_stat st;
	int rc = image_stat(image, o->path.data, &st, err);

	if (rc == -ENOENT) {
		error_release(err);
		return image_mkdir(image, o->path.data, attr, err);
	}
	if (rc)
		return rc;
	if (!S_ISDIR(st.mode))
		return error_set(err, -ERR_CONFLICT, o->location,
				 "'%s' is a folder in the overlay and none in the image",
				 o->path.data);
	/* A host folder's mode is an accident of its maker's umask; an archive's is meant. */
	return o->walk ? 0 : image_set_attr(image, o->path.data, attr, err);
}

static int apply_link(struct overlay *o, struct image *image, const char *existing, struct error *err)
{
	struct strbuf target = STRBUF_INIT;
	int rc = image_path(o, existing, &target, err);

	if (!rc)
		rc = image_link(image, target.data, o->path.data, err);
	strbuf_release(&target);
	return rc;
}

static int apply_special(struct overlay *o, struct image *image, struct archive_entry *entry,
			 const struct image_attr *attr, struct error *err)
{
	uint32_t type = archive_entry_filetype(entry);
	const char *target = archive_entry_symlink(entry);

	if (type == AE_IFSOCK && o->walk)
		return 0; /* a live socket of the host means nothing in the guest */
	if (type == AE_IFLNK && (!target || !*target))
		return error_set(err, -ERR_FORMAT, o->location, "'%s' is a symbolic link to nothing",
				 o->path.data);
	if (type == AE_IFLNK)
		return image_symlink(image, target, o->path.data, err);
	return image_mknod(image, o->path.data, type, (uint32_t)archive_entry_rdevmajor(entry),
			   (uint32_t)archive_entry_rdevminor(entry), attr, err);
}

static bool fits_inode(struct archive_entry *entry)
{
	return archive_entry_uid(entry) >= 0 && archive_entry_uid(entry) < UINT32_MAX &&
	       archive_entry_gid(entry) >= 0 && archive_entry_gid(entry) < UINT32_MAX &&
	       archive_entry_mtime(entry) >= 0 && archive_entry_mtime(entry) <= UINT32_MAX;
}

static int apply_entry(struct overlay *o, struct image *image, struct archive_entry *entry,
		       struct error *err)
{
	struct tree_xattr xattrs[MAX_XATTRS];
	struct image_attr attr = {
		.mode = archive_entry_perm(entry),
		.uid = o->walk ? 0 : (uint32_t)archive_entry_uid(entry),
		.gid = o->walk ? 0 : (uint32_t)archive_entry_gid(entry),
		.mtime = o->walk ? 0 : (uint32_t)archive_entry_mtime(entry),
		.xattrs = xattrs,
	};
	int rc;

	if (!o->walk && !fits_inode(entry))
		return error_set(err, -ERR_LIMIT, o->location,
				 "'%s' has an owner or a time that no inode holds", o->path.data);
	if (!strcmp(o->path.data, "/"))
		return 0;
	if (!o->walk)
		attr.xattr_count = entry_xattrs(entry, xattrs);
	rc = make_parents(o, image, err);
	if (!rc && archive_entry_filetype(entry) == AE_IFDIR)
		return apply_folder(o, image, &attr, err);
	if (!rc)
		rc = clear_path(o, image, err);
	if (rc)
		return rc;
	if (archive_entry_hardlink(entry))
		return apply_link(o, image, archive_entry_hardlink(entry), err);
	if (archive_entry_filetype(entry) != AE_IFREG)
		return apply_special(o, image, entry, &attr, err);
	return image_write_stream(image, o->path.data, read_data, o, &attr, err);
}

int overlay_apply(const char *location, struct image *image, struct error *err)
{
	struct archive_entry *entry;
	struct overlay o;
	int rc = overlay_open(&o, location, err);

	while (!rc) {
		rc = overlay_next(&o, &entry, err);
		if (rc <= 0)
			break;
		rc = apply_entry(&o, image, entry, err);
	}
	overlay_close(&o);
	return rc;
}
