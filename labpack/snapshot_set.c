/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which disks a lab has, their locks, and the names of snapshots. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/suggest.h"
#include "image/cow.h"
#include "labpack/snapshot.h"

int lab_lock(int *fd, struct error *err)
{
	*fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return error_errno(err, errno, ".", "cannot be opened");
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ?
		       error_set(err, -EBUSY, ".", "another labpack works on this lab") :
		       error_errno(err, errno, ".", "cannot be locked");
}

/* Entries of folder that begin with this. */
static int sweep(const char *folder, const char *prefix, struct error *err)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int rc = 0;

	while (d && !rc && (e = readdir(d))) {
		char *path = NULL;

		if (strncmp(e->d_name, prefix, strlen(prefix)) != 0)
			continue;
		if (asprintf(&path, "%s/%s", folder, e->d_name) < 0)
			rc = error_nomem(err);
		else
			rc = tree_remove(path, err);
		free(path);
	}
	if (d)
		closedir(d);
	return rc;
}

/* A rollback without exchange was cut off between its two steps, or behind them. */
static int finish_exchange(struct error *err)
{
	struct stat st;

	if (lstat(SNAPSHOT_BEFORE, &st) != 0)
		return 0;
	if (rename(SNAPSHOT_BEFORE, lstat("disks", &st) == 0 ? ".disks-before" : "disks") != 0)
		return error_errno(err, errno, SNAPSHOT_BEFORE, "cannot be put back");
	return 0;
}

int snapshot_sweep(struct error *err)
{
	int rc = finish_exchange(err);

	if (!rc)
		rc = sweep(SNAPSHOT_FOLDER, ".new-", err);
	if (!rc)
		rc = sweep(SNAPSHOT_FOLDER, ".drop-", err);
	return rc ? rc : sweep(".", ".disks-", err);
}

int snapshot_check_rollback(const char *folder, const char *finishes, struct error *err)
{
	char before[SNAPSHOT_NAME_MAX + 1] = "", *path = NULL;
	int fd, rc = 0;
	ssize_t n = 0;

	if (asprintf(&path, "%s/" SNAPSHOT_ROLLBACK, folder) < 0)
		return error_nomem(err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		n = read(fd, before, sizeof(before) - 1);
	if (fd < 0 ? errno != ENOENT && errno != ENOTDIR : n < 0)
		rc = error_errno(err, errno, path, "cannot be read");
	if (!rc && fd >= 0 && (!finishes || strcmp(before, finishes) != 0)) {
		rc = error_set(err, -EBUSY, before, "a rollback to it was cut off");
		error_hint(err, "labpack rollback %s finishes it", before);
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

int snapshot_check_name(const char *name, struct error *err)
{
	size_t n = strlen(name);
	bool fine = n > 0 && n <= SNAPSHOT_NAME_MAX && *name != '.' && *name != '-';

	for (size_t i = 0; i < n; i++)
		fine = fine && name[i] != '/' && (unsigned char)name[i] > ' ' && name[i] != 0x7f;
	if (fine)
		return 0;
	error_set(err, -ERR_USAGE, name, "cannot name a snapshot");
	return error_hint(err, "up to %d bytes without blanks and '/', not first '.' or '-'",
			  SNAPSHOT_NAME_MAX);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int snapshot_list(struct strlist *names, struct error *err)
{
	DIR *d = opendir(SNAPSHOT_FOLDER);
	struct dirent *e;
	struct stat st;
	int rc = 0;

	if (!d)
		return errno == ENOENT ? 0 : error_errno(err, errno, SNAPSHOT_FOLDER,
							 "cannot be read");
	while (!rc && (e = readdir(d)))
		if (e->d_name[0] != '.' && fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
		    S_ISDIR(st.st_mode))
			rc = strlist_add(names, e->d_name);
	closedir(d);
	if (names->count)
		qsort(names->items, names->count, sizeof(*names->items), compare);
	return rc ? error_nomem(err) : 0;
}

int snapshot_path(const char *name, char **path, struct error *err)
{
	struct suggestion s = suggestion_for(name);
	struct strlist names = STRLIST_INIT;
	int rc = snapshot_check_name(name, err);

	*path = NULL;
	if (!rc)
		rc = snapshot_list(&names, err);
	if (!rc && strlist_find(&names, name) < 0) {
		for (size_t i = 0; i < names.count; i++)
			suggestion_offer(&s, names.items[i]);
		rc = error_set(err, -ERR_NOT_FOUND, name, "there is no such snapshot");
		if (s.best)
			error_hint(err, "did you mean '%s'?", s.best);
	}
	if (!rc && asprintf(path, "%s/%s", SNAPSHOT_FOLDER, name) < 0) {
		*path = NULL;
		rc = error_nomem(err);
	}
	strlist_release(&names);
	return rc;
}

/* A clean relative path? */
static bool is_inside(const char *file)
{
	if (*file == '/')
		return false;
	for (const char *p = file; *p; p += strcspn(p, "/"), p += *p == '/')
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
			return false;
	return true;
}

static int add_outer(struct disk_set *set, const char *file, struct strlist *outside,
		     struct error *err)
{
	struct stat st;

	if (lstat(file, &st) != 0)
		return 0;
	if (!is_inside(file) || !S_ISREG(st.st_mode))
		return outside && strlist_find(outside, file) < 0 && strlist_add(outside, file) ?
			       error_nomem(err) :
			       0;
	if (strlist_find(&set->files, file) >= 0)
		return 0;
	return strlist_add(&set->files, file) ? error_nomem(err) : 0;
}

int disk_set_read(struct disk_set *set, const struct lab *lab, struct strlist *outside,
		  struct error *err)
{
	struct strlist in_disks = STRLIST_INIT, others = STRLIST_INIT;
	int rc = tree_list("disks", &in_disks, &others, err);

	for (size_t i = 0; !rc && i < in_disks.count; i++)
		if (strlist_addf(&set->files, "disks/%s", in_disks.items[i]))
			rc = error_nomem(err);
	for (size_t i = 0; !rc && outside && i < others.count; i++)
		if (strlist_addf(outside, "disks/%s", others.items[i]))
			rc = error_nomem(err);
	strlist_release(&in_disks);
	strlist_release(&others);
	for (size_t i = 0; !rc && i < lab->disk_count; i++)
		rc = add_outer(set, lab->disks[i]->file, outside, err);
	return rc;
}

int disk_set_lock(struct disk_set *set, bool exclusive, struct error *err)
{
	int rc = 0;

	set->locks = malloc((set->files.count + 1) * sizeof(*set->locks));
	if (!set->locks)
		return error_nomem(err);
	for (size_t i = 0; i < set->files.count; i++)
		set->locks[i] = -1;
	for (size_t i = 0; !rc && i < set->files.count; i++) {
		const char *file = set->files.items[i];

		set->locks[i] = open(file, (exclusive ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
		if (set->locks[i] < 0)
			rc = error_errno(err, errno, file, "cannot be opened");
		else
			rc = disk_lock(set->locks[i], exclusive, file, err);
		if (rc == -EBUSY)
			error_hint(err, "a machine runs on it: ./lab stop");
	}
	return rc;
}

void disk_set_release(struct disk_set *set)
{
	for (size_t i = 0; set->locks && i < set->files.count; i++)
		if (set->locks[i] >= 0)
			close(set->locks[i]);
	free(set->locks);
	strlist_release(&set->files);
	*set = (struct disk_set)DISK_SET_INIT;
}
