/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/compare.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

/* What installations set, in the order in which it is told. */
static const char *const xattr_names[] = { "security.capability", "security.selinux", "security.ima" };

static int tell(struct strbuf *what, const char *fmt, ...) PRINTF_LIKE(2, 3);

static int tell(struct strbuf *what, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	rc = text ? strbuf_addf(what, "%s%s", what->len ? ", " : "", text) : -ENOMEM;
	free(text);
	return rc;
}

static const char *type_name(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "folder";
	case S_IFLNK:
		return "link";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "unknown";
	}
}

static int compare_attributes(const struct image_stat *x, const struct image_stat *y,
			      struct strbuf *what)
{
	int rc = 0;

	if ((x->mode & 07777) != (y->mode & 07777))
		rc = tell(what, "mode %04o -> %04o", x->mode & 07777, y->mode & 07777);
	if (!rc && x->uid != y->uid)
		rc = tell(what, "uid %u -> %u", x->uid, y->uid);
	if (!rc && x->gid != y->gid)
		rc = tell(what, "gid %u -> %u", x->gid, y->gid);
	if (!rc && x->mtime != y->mtime)
		rc = tell(what, "mtime %u -> %u", x->mtime, y->mtime);
	if (!rc && !S_ISDIR(x->mode) && x->nlink != y->nlink)
		rc = tell(what, "links %u -> %u", x->nlink, y->nlink);
	if (!rc && (S_ISCHR(x->mode) || S_ISBLK(x->mode)) &&
	    (x->rdev_major != y->rdev_major || x->rdev_minor != y->rdev_minor))
		rc = tell(what, "device %u:%u -> %u:%u", x->rdev_major, x->rdev_minor,
			  y->rdev_major, y->rdev_minor);
	return rc;
}

static int compare_targets(struct image *a, struct image *b, const char *path, struct strbuf *what,
			   struct error *err)
{
	char *x = NULL, *y = NULL;
	int rc = image_readlink(a, path, &x, err);

	if (!rc)
		rc = image_readlink(b, path, &y, err);
	if (!rc && strcmp(x, y) != 0 && tell(what, "target %s -> %s", x, y))
		rc = error_nomem(err);
	free(x);
	free(y);
	return rc;
}

/* One attribute's value; empty when the file has none. */
static int get_xattr(struct image *image, const char *path, const char *name, struct strbuf *value,
		     struct error *err)
{
	int rc = image_get_xattr(image, path, name, value, err);

	if (rc != -ENODATA)
		return rc;
	error_release(err);
	value->len = 0;
	return 0;
}

static int compare_xattrs(struct image *a, struct image *b, const char *path, struct strbuf *what,
			  struct error *err)
{
	struct strbuf x = STRBUF_INIT, y = STRBUF_INIT;
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(xattr_names) / sizeof(xattr_names[0]); i++) {
		rc = get_xattr(a, path, xattr_names[i], &x, err);
		if (!rc)
			rc = get_xattr(b, path, xattr_names[i], &y, err);
		if (!rc && (x.len != y.len || (x.len && memcmp(x.data, y.data, x.len))) &&
		    tell(what, "xattr %s", xattr_names[i]))
			rc = error_nomem(err);
	}
	strbuf_release(&x);
	strbuf_release(&y);
	return rc;
}

static int compare_contents(struct image *a, const struct listing_item *x, struct image *b,
			    const struct listing_item *y, struct strbuf *what, struct error *err)
{
	bool same;
	int rc = image_same_bytes(a, x->path, b, y->path, &same, err);

	if (rc || same)
		return rc;
	if (x->st.size != y->st.size)
		rc = tell(what, "size %llu -> %llu", (unsigned long long)x->st.size,
			  (unsigned long long)y->st.size);
	else
		rc = tell(what, "contents");
	return rc ? error_nomem(err) : 0;
}

int compare_files(struct image *a, const struct listing_item *x, struct image *b,
		  const struct listing_item *y, struct strbuf *what, struct error *err)
{
	int rc = 0;

	if ((x->st.mode & S_IFMT) != (y->st.mode & S_IFMT))
		rc = tell(what, "%s -> %s", type_name(x->st.mode), type_name(y->st.mode));
	if (!rc)
		rc = compare_attributes(&x->st, &y->st, what);
	if (rc)
		return error_nomem(err);
	if ((x->st.mode & S_IFMT) != (y->st.mode & S_IFMT))
		return 0;
	if (S_ISLNK(x->st.mode))
		return compare_targets(a, b, x->path, what, err);
	if (S_ISREG(x->st.mode)) {
		rc = compare_contents(a, x, b, y, what, err);
		return rc ? rc : compare_xattrs(a, b, x->path, what, err);
	}
	return 0;
}
