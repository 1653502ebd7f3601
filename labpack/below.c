/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/below.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void below_init(struct below *b, int root)
{
	*b = (struct below){ root, NULL, -1 };
}

static void forget_last(struct below *b)
{
	free(b->last);
	b->last = NULL;
	if (b->last_fd >= 0)
		close(b->last_fd);
	b->last_fd = -1;
}

static int refuse_part(int saved_errno, const char *path, struct error *err)
{
	if (saved_errno == ELOOP || saved_errno == ENOTDIR)
		return error_set(err, -ERR_ESCAPE, path, "goes through what is no folder");
	return error_errno(err, saved_errno, path, "its folder cannot be made");
}

/* One folder further down; *fd is replaced and the old one closed, but for the root. */
static int step(struct below *b, int *fd, const char *part, bool make, const char *path,
		struct error *err)
{
	int next = openat(*fd, part, FOLDER_FLAGS), saved_errno;

	if (next < 0 && errno == ENOENT && make) {
		if (mkdirat(*fd, part, 0700) != 0 && errno != EEXIST)
			return error_errno(err, errno, path, "its folder cannot be made");
		next = openat(*fd, part, FOLDER_FLAGS);
	}
	saved_errno = errno;
	if (*fd != b->root)
		close(*fd);
	*fd = next;
	return next < 0 ? refuse_part(saved_errno, path, err) : 0;
}

/* The folder of path as a descriptor that stays ours, and the name in it. */
static int parent(struct below *b, const char *path, bool make, int *fd, const char **name,
		  struct error *err)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	char part[NAME_MAX + 1];
	int at = b->root, rc = 0;

	*name = slash ? slash + 1 : path;
	*fd = b->root;
	if (!n)
		return 0;
	if (b->last && strlen(b->last) == n && memcmp(b->last, path, n) == 0) {
		*fd = b->last_fd;
		return 0;
	}
	forget_last(b);
	for (const char *p = path; !rc && p < slash; p += strcspn(p, "/") + 1) {
		size_t k = strcspn(p, "/");

		if (k > NAME_MAX)
			rc = error_set(err, -ERR_LIMIT, path, "the name is too long");
		memcpy(part, p, k > NAME_MAX ? 0 : k);
		part[k > NAME_MAX ? 0 : k] = '\0';
		if (!rc)
			rc = step(b, &at, part, make, path, err);
	}
	if (rc) {
		if (at >= 0 && at != b->root)
			close(at);
		return rc;
	}
	b->last = strndup(path, n);
	b->last_fd = at;
	*fd = at;
	if (b->last)
		return 0;
	forget_last(b);
	return error_nomem(err);
}

static int refuse(int saved_errno, const char *path, struct error *err)
{
	if (saved_errno == EEXIST)
		return error_set(err, -ERR_CONFLICT, path, "occurs twice");
	return error_errno(err, saved_errno, path, "cannot be made");
}

int below_create(struct below *b, const char *path, int *fd, struct error *err)
{
	const char *name;
	int folder, rc = parent(b, path, true, &folder, &name, err);

	*fd = -1;
	if (rc)
		return rc;
	*fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *fd < 0 ? refuse(errno, path, err) : 0;
}

int below_mkdir(struct below *b, const char *path, struct error *err)
{
	const char *name;
	struct stat st;
	int folder, rc = parent(b, path, true, &folder, &name, err);

	if (rc || mkdirat(folder, name, 0700) == 0)
		return rc;
	/* A file may have come before its folder; an archive may list a folder again. */
	if (errno == EEXIST && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode))
		return 0;
	return refuse(EEXIST, path, err);
}

int below_symlink(struct below *b, const char *target, const char *path, struct error *err)
{
	const char *name;
	int folder, rc = parent(b, path, true, &folder, &name, err);

	if (rc)
		return rc;
	return symlinkat(target, folder, name) == 0 ? 0 : refuse(errno, path, err);
}

int below_open(struct below *b, const char *path, int *fd, struct error *err)
{
	const char *name;
	int folder, rc = parent(b, path, false, &folder, &name, err);

	*fd = -1;
	if (rc)
		return rc;
	*fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return *fd < 0 ? error_errno(err, errno, path, "cannot be read") : 0;
}

int below_set_mtime(struct below *b, const char *path, int64_t mtime, struct error *err)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime } };
	const char *name;
	int folder, rc = parent(b, path, false, &folder, &name, err);

	if (rc)
		return rc;
	return utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) == 0 ?
		       0 :
		       error_errno(err, errno, path, "its time cannot be set");
}

void below_release(struct below *b)
{
	forget_last(b);
}

static int empty_folder(int fd);

int remove_tree(int folder, const char *name)
{
	int fd, rc = 0;

	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return 0;
	fd = openat(folder, name, FOLDER_FLAGS);
	if (fd < 0) /* its mode may be set already */
		fd = fchmodat(folder, name, 0700, 0) == 0 ? openat(folder, name, FOLDER_FLAGS) : -1;
	if (fd >= 0) {
		fchmod(fd, 0700);
		rc = empty_folder(fd);
	}
	return unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? rc : -errno;
}

/*
 * Takes fd. Depth is bounded by the length of a path. Not by readdir(), which wants memory: what is
 * removed here often is what was half made when there was no more of it.
 */
static int empty_folder(int fd)
{
	_Alignas(struct dirent64) char entries[1024];
	ssize_t n;
	int rc = 0;

	while ((n = getdents64(fd, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
			const char *name = entry->d_name;
			int failed = !strcmp(name, ".") || !strcmp(name, "..") ? 0 : remove_tree(fd, name);

			rc = rc ? rc : failed;
			at += entry->d_reclen;
		}
	if (n < 0 && !rc)
		rc = -errno;
	close(fd);
	return rc;
}
