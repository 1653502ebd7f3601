/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/initrd.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct initrd {
	struct archive *archive;
	struct archive_entry *entry;
	int fd;
};

static int archive_failed(const struct initrd *i, struct error *err)
{
	const char *text = archive_error_string(i->archive);

	return error_set(err, -EIO, "initrd", "%s", text ? text : "cannot be written");
}

static int add(struct initrd *i, const char *path, mode_t mode, const void *data, size_t n,
	       struct error *err)
{
	archive_entry_clear(i->entry);
	archive_entry_set_pathname(i->entry, path);
	archive_entry_set_mode(i->entry, mode);
	archive_entry_set_size(i->entry, (la_int64_t)n);
	if (S_ISCHR(mode)) {
		archive_entry_set_rdevmajor(i->entry, 5);
		archive_entry_set_rdevminor(i->entry, 1);
	}
	if (archive_write_header(i->archive, i->entry) < ARCHIVE_WARN ||
	    (n && archive_write_data(i->archive, data, n) != (la_ssize_t)n))
		return archive_failed(i, err);
	return 0;
}

/*
 * A kernel tries /init, and goes on to /sbin/init when it cannot run that: so
 * nobody needs to know what kind of kernel it is.
 */
static int add_inits(struct initrd *i, struct error *err)
{
	int rc = add(i, "dev", S_IFDIR | 0755, NULL, 0, err);

	if (!rc)
		rc = add(i, "dev/console", S_IFCHR | 0600, NULL, 0, err);
	if (!rc)
		rc = add(i, "sbin", S_IFDIR | 0755, NULL, 0, err);
	if (!rc)
		rc = add(i, "s", S_IFDIR | 0755, NULL, 0, err);
	if (!rc && guest_init64_size)
		rc = add(i, "init", S_IFREG | 0755, guest_init64, guest_init64_size, err);
	if (!rc && guest_init32_size)
		rc = add(i, "sbin/init", S_IFREG | 0755, guest_init32, guest_init32_size, err);
	return rc;
}

int initrd_new(struct initrd **initrd, struct error *err)
{
	struct initrd *i = calloc(1, sizeof(*i));
	int rc = 0;

	*initrd = NULL;
	if (!i)
		return error_nomem(err);
	i->fd = memfd_create("initrd", MFD_CLOEXEC);
	i->archive = archive_write_new();
	i->entry = archive_entry_new();
	if (i->fd < 0)
		rc = error_errno(err, errno, "initrd", "cannot be made");
	else if (!i->archive || !i->entry)
		rc = error_nomem(err);
	else if (archive_write_set_format_cpio_newc(i->archive) != ARCHIVE_OK ||
		 archive_write_open_fd(i->archive, i->fd) != ARCHIVE_OK)
		rc = archive_failed(i, err);
	if (!rc)
		rc = add_inits(i, err);
	if (rc)
		initrd_free(i);
	else
		*initrd = i;
	return rc;
}

int initrd_add(struct initrd *initrd, const char *path, const void *data, size_t n,
	       struct error *err)
{
	return add(initrd, path, S_IFREG | 0600, data, n, err);
}

int initrd_finish(struct initrd *initrd, int *fd, struct error *err)
{
	*fd = -1;
	if (archive_write_close(initrd->archive) != ARCHIVE_OK)
		return archive_failed(initrd, err);
	*fd = initrd->fd;
	initrd->fd = -1;
	return 0;
}

void initrd_free(struct initrd *initrd)
{
	if (!initrd)
		return;
	archive_write_free(initrd->archive);
	archive_entry_free(initrd->entry);
	if (initrd->fd >= 0)
		close(initrd->fd);
	free(initrd);
}
