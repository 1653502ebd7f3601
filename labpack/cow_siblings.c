/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which other COW disks stand on the same base? */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/cow.h"

#define DEEP 3
#define MOST 20000 /* files that are looked at */

struct search {
	struct stat cow, base;
	struct strlist *names;
	struct error *err;
	unsigned int files;
};

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * A base is known by its place, or else as UML knows it: when a lab has moved, or was copied,
 * the headers name the old place, and its machines are started on this base all the same.
 */
static bool is_on_base(const struct search *s, const struct cow_info *info)
{
	struct stat st;

	if (stat(info->backing, &st) == 0 && same_file(&st, &s->base))
		return true;
	return info->size == (uint64_t)s->base.st_size &&
	       (uint32_t)info->mtime == (uint32_t)s->base.st_mtime;
}

/* Nobody is told of files that cannot be read or are no COW disks. */
static int look_at(struct search *s, int dir, const char *folder, const char *name,
		   const struct stat *st)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc = 0;
	struct cow *cow = NULL;

	if (fd < 0 || same_file(st, &s->cow) || !cow_is_cow(fd))
		goto out;
	rc = cow_open_fd(&cow, fd, name, NULL, COW_NO_BACKING, NULL);
	if (rc) {
		/* Damaged ones are nobody's siblings. */
		rc = rc == -ENOMEM ? rc : 0;
		goto out;
	}
	if (is_on_base(s, cow_info(cow))) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, name) < 0)
			path = NULL;
		if (path && strlist_find(s->names, path) >= 0)
			free(path);
		else
			rc = strlist_take(s->names, path);
	}
	cow_abandon(cow);
out:
	if (fd >= 0)
		close(fd);
	return rc ? error_nomem(s->err) : 0;
}

static int search(struct search *s, const char *folder, int deep)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int rc = 0;

	if (!d && (errno == ENOMEM || errno == EMFILE || errno == ENFILE))
		return error_errno(s->err, errno, folder, "cannot be read");
	while (d && !rc && s->files < MOST && (e = readdir(d))) {
		struct stat st;
		char *path = NULL;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		s->files++;
		if (S_ISREG(st.st_mode)) {
			rc = look_at(s, dirfd(d), folder, e->d_name, &st);
		} else if (S_ISDIR(st.st_mode) && deep > 0) {
			if (asprintf(&path, "%s/%s", folder, e->d_name) < 0)
				rc = error_nomem(s->err);
			else
				rc = search(s, path, deep - 1);
			free(path);
		}
	}
	if (d)
		closedir(d);
	return rc;
}

/* The folder of a file, its links followed; NULL when it cannot be told. */
static char *folder_of(const char *path)
{
	char *real = realpath(path, NULL), *folder = real ? strdup(dirname(real)) : NULL;

	free(real);
	return folder;
}

int cow_find_siblings(const char *cow_path, const char *base, struct strlist *names,
		      struct error *err)
{
	struct search s = { .names = names, .err = err };
	char *near_cow = NULL, *near_base = NULL;
	int rc = 0;

	if (stat(cow_path, &s.cow) != 0)
		return error_errno(err, errno, cow_path, "cannot look at it");
	if (stat(base, &s.base) != 0)
		return error_errno(err, errno, base, "cannot look at it");
	near_cow = folder_of(cow_path);
	near_base = folder_of(base);
	if (!near_cow || !near_base)
		rc = error_nomem(err);
	if (!rc)
		rc = search(&s, near_base, DEEP);
	if (!rc && strcmp(near_cow, near_base) != 0)
		rc = search(&s, near_cow, DEEP);
	if (!rc && !names->count && s.files >= MOST) {
		rc = error_set(err, -ERR_LIMIT, near_base,
			       "has too many files to see whether one is another disk of this base");
		error_hint(err, "merge to a new file, or say --force");
	}
	free(near_cow);
	free(near_base);
	return rc;
}
