/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders of disk files: listed, copied, synced, removed. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/cow.h"
#include "labpack/interrupt.h"
#include "labpack/snapshot.h"

/* nftw() takes no argument of ours. */
static struct {
	struct strlist *files, *others;
	size_t prefix;
	int rc;
	const char *failed;
} walk;

static int on_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct strlist *to = type == FTW_F && S_ISREG(st->st_mode) ? walk.files : walk.others;

	if (type == FTW_DNR || type == FTW_NS)
		walk.rc = -EACCES;
	/* What is hidden is somebody's unfinished work. */
	else if (type != FTW_D && path[ftw->base] != '.' && to &&
		 strlist_add(to, path + walk.prefix))
		walk.rc = -ENOMEM;
	return walk.rc;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tree_list(const char *folder, struct strlist *files, struct strlist *others, struct error *err)
{
	char *inside = NULL; /* for disks/ may be a link to a folder */
	int failed;

	if (asprintf(&inside, "%s/.", folder) < 0)
		return error_nomem(err);
	walk.files = files;
	walk.others = others;
	walk.prefix = strlen(inside) + 1;
	walk.rc = 0;
	failed = nftw(inside, on_file, 16, FTW_PHYS) != 0 ? errno : 0;
	free(inside);
	if (walk.rc == -ENOMEM)
		return error_nomem(err);
	if (walk.rc || (failed && failed != ENOENT))
		return error_errno(err, walk.rc ? -walk.rc : failed, folder, "cannot be read");
	if (files->count)
		qsort(files->items, files->count, sizeof(*files->items), compare);
	return 0;
}

/* The folders above path, but not path itself. */
static int make_parents(const char *path, struct error *err)
{
	char *copy = strdup(path);
	int rc = copy ? 0 : error_nomem(err);

	for (char *p = copy ? strchr(copy, '/') : NULL; !rc && p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0777) != 0 && errno != EEXIST)
			rc = error_errno(err, errno, copy, "cannot be made");
		*p = '/';
	}
	free(copy);
	return rc;
}

int tree_copy_file(const char *from, const char *to, struct error *err)
{
	int in, out = -1, rc;
	struct stat st;

	in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (in < 0 || fstat(in, &st) != 0) {
		rc = error_errno(err, errno, from, "cannot be opened");
		if (in >= 0)
			close(in);
		return rc;
	}
	rc = make_parents(to, err);
	if (!rc) {
		out = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (out < 0)
			rc = error_errno(err, errno, to, "cannot be made");
	}
	if (!rc)
		rc = disk_copy(in, from, out, to, interrupt_pending, err);
	if (!rc && (fchmod(out, st.st_mode & 07777) != 0 ||
		    futimens(out, (struct timespec[2]){ st.st_atim, st.st_mtim }) != 0 ||
		    fsync(out) != 0))
		rc = error_errno(err, errno, to, "cannot be finished");
	if (out >= 0 && close(out) != 0 && !rc)
		rc = error_errno(err, errno, to, "cannot be closed");
	close(in);
	return rc;
}

int tree_copy_link(const char *from, const char *to, struct error *err)
{
	char target[4096];
	ssize_t n = readlink(from, target, sizeof(target) - 1);
	int rc = n < 0 ? error_errno(err, errno, from, "cannot be read") : make_parents(to, err);

	if (rc)
		return rc;
	target[n] = '\0';
	return symlink(target, to) ? error_errno(err, errno, to, "cannot be made") : 0;
}

int tree_sync_folder(const char *folder, struct error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return error_errno(err, errno, folder, "cannot be opened");
	/* Some filesystems refuse to sync a folder. */
	if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS && errno != EBADF)
		rc = error_errno(err, errno, folder, "cannot be synced");
	close(fd);
	return rc;
}

static int on_folder(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (type == FTW_D || type == FTW_DP)
		walk.rc = tree_sync_folder(path, NULL);
	return walk.rc;
}

int tree_sync(const char *folder, struct error *err)
{
	walk.rc = 0;
	if (nftw(folder, on_folder, 16, FTW_PHYS) != 0)
		return error_errno(err, walk.rc ? -walk.rc : errno, folder, "cannot be synced");
	return 0;
}

static int on_removal(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

int tree_remove(const char *folder, struct error *err)
{
	const char *name = strrchr(folder, '/');

	if (*(name ? name + 1 : folder) != '.' || strlen(name ? name + 1 : folder) < 4)
		return error_set(err, -EINVAL, folder, "is no hidden folder");
	if (nftw(folder, on_removal, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		return error_errno(err, errno, folder, "cannot be removed");
	return 0;
}
