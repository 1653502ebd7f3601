/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks of a lab: each machine's COW, what lies below, and those beside. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/collect.h"

static int taken(struct collection *c, const char *path)
{
	return strlist_find(&c->disks, path) >= 0;
}

static int keep_fd(struct collection *c, int fd)
{
	if (array_grow((void **)&c->fds, c->fd_count, &c->fd_capacity, sizeof(*c->fds)))
		return -ENOMEM;
	c->fds[c->fd_count++] = fd;
	return 0;
}

static int in_use(const char *file, struct error *err)
{
	error_set(err, -EBUSY, file, "a machine runs on it");
	return error_hint(err, "stop the lab, or use --live");
}

/* Lock a plain disk, or a base that is shared, until the end. */
static int lock(struct collection *c, const char *file, bool exclusive, struct error *err)
{
	int fd = open(file, (exclusive ? O_RDWR : O_RDONLY) | O_CLOEXEC), rc;

	/* A disk that this user may only read is not written by a machine of his either. */
	if (fd < 0 && (errno == EACCES || errno == EROFS)) {
		fd = open(file, O_RDONLY | O_CLOEXEC);
		exclusive = false;
	}
	if (fd < 0)
		return error_errno(err, errno, file, "cannot be read");
	rc = disk_lock(fd, exclusive, file, err);
	if (rc == -EBUSY)
		rc = in_use(file, err);
	if (!rc && keep_fd(c, fd))
		rc = error_nomem(err);
	if (rc)
		close(fd);
	return rc;
}

/* A disk or base without a COW of its own; file as lab.conf names it. */
static int add_plain(struct collection *c, const char *file, bool exclusive, char **path,
		     struct error *err)
{
	char *source = lab_path(c->lab, file);
	int rc = source ? collect_place(c, file, "disks/base", path, err) : error_nomem(err);

	if (!rc && !taken(c, *path)) {
		rc = strlist_add(&c->disks, *path) ? error_nomem(err) : 0;
		if (!rc && (!exclusive || !c->o->stopped || !c->o->stopped->count))
			rc = lock(c, source, exclusive, err);
		if (!rc)
			rc = collect_file(c, source, *path, true, NULL, NULL, err);
	}
	free(source);
	return rc;
}

static int check_base(struct collection *c, const char *base, struct error *err)
{
	int fd, rc;

	if (c->o->old_kernel)
		return 0;
	fd = open(base, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, base, "cannot be read");
	rc = cow_check_base(fd, base, err);
	close(fd);
	return rc;
}

static int keep_cow(struct collection *c, struct cow *cow)
{
	if (array_grow((void **)&c->cows, c->cow_count, &c->cow_capacity, sizeof(struct cow *)))
		return -ENOMEM;
	c->cows[c->cow_count++] = cow;
	return 0;
}

/* Open it, which looks whether it still fits its base, and keep it locked unless nobody writes it. */
static int hold_cow(struct collection *c, const char *file, const char *base, bool still,
		    struct error *err)
{
	struct cow *cow;
	int rc = cow_open(&cow, file, base, still ? COW_NO_LOCK : 0, err);

	if (rc == -EBUSY)
		return in_use(file, err);
	if (rc)
		return rc;
	if (cow_info(cow)->version != 3 || cow_info(cow)->shifted) {
		cow_abandon(cow);
		error_set(err, -ERR_UNSUPPORTED, file, "is a COW disk of an old version");
		return error_hint(err, "'labpack cow rebase' makes it one of version 3");
	}
	rc = cow_check_length(cow, err);
	if (rc || still) {
		cow_abandon(cow);
		return rc;
	}
	rc = keep_cow(c, cow);
	if (rc)
		cow_abandon(cow);
	return rc ? error_nomem(err) : 0;
}

/* A COW at path (below the lab) on the base that lab.conf names. */
static int add_cow(struct collection *c, const char *path, const char *base_file, bool still,
		   struct error *err)
{
	char *file = lab_path(c->lab, path), *base = lab_path(c->lab, base_file), *base_path = NULL;
	int rc = file && base ? 0 : error_nomem(err);

	if (!rc)
		rc = check_base(c, base, err);
	if (!rc)
		rc = hold_cow(c, file, base, still, err);
	if (!rc)
		rc = add_plain(c, base_file, false, &base_path, err);
	if (!rc && strlist_add(&c->disks, path))
		rc = error_nomem(err);
	if (!rc)
		rc = collect_file(c, file, path, true, base, base_path, err);
	free(file);
	free(base);
	free(base_path);
	return rc;
}

/* The base that the header names, when lab.conf names none. */
static int recorded_base(const char *file, char **base, struct error *err)
{
	struct cow *cow;
	int rc = cow_open(&cow, file, NULL, COW_NO_BACKING | COW_NO_LOCK, err);

	*base = NULL;
	if (rc)
		return rc;
	*base = strdup(cow_info(cow)->backing);
	cow_abandon(cow);
	return *base ? 0 : error_nomem(err);
}

static bool is_stopped(const struct collection *c, const struct lab_machine *m)
{
	return c->o->stopped && strlist_find(c->o->stopped, m->name) >= 0;
}

static int add_machine_cow(struct collection *c, const struct lab_machine *m, const char *path,
			   bool snapshot, struct error *err)
{
	char *file = lab_path(c->lab, path), *base = NULL;
	int rc = file ? 0 : error_nomem(err);

	if (!rc && access(file, F_OK) == 0) {
		if (!m->base)
			rc = recorded_base(file, &base, err);
		if (!rc)
			rc = add_cow(c, path, base ? base : m->base,
				     snapshot || is_stopped(c, m), err);
	} else if (!rc && m->base && !snapshot) {
		char *base_path = NULL;

		/* Not built yet: the base travels all the same. */
		rc = add_plain(c, m->base, false, &base_path, err);
		free(base_path);
	}
	free(file);
	free(base);
	return rc;
}

static int machine_disks(struct collection *c, const struct lab_machine *m, struct error *err)
{
	char *path = NULL;
	int rc;

	if (asprintf(&path, "disks/%s.cow", m->name) < 0)
		return error_nomem(err);
	rc = add_machine_cow(c, m, path, false, err);
	free(path);
	return rc;
}

static int extra_disks(struct collection *c, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->lab->disk_count; i++) {
		const struct lab_disk *d = c->lab->disks[i];
		char *path = NULL, *file = lab_path(c->lab, d->file);

		if (!file)
			return error_nomem(err);
		/* One that `labpack build` will make may be missing. */
		if (!d->size || access(file, F_OK) == 0)
			rc = add_plain(c, d->file, true, &path, err);
		free(file);
		free(path);
	}
	return rc;
}

/* "pc1.cow" -> the machine pc1, or NULL. */
static const struct lab_machine *machine_of(const struct collection *c, const char *name)
{
	size_t n = strlen(name);
	char *stem;
	const struct lab_machine *m;

	if (n < 5 || strcmp(name + n - 4, ".cow") != 0)
		return NULL;
	stem = strndup(name, n - 4);
	m = stem ? lab_machine_find(c->lab, stem) : NULL;
	free(stem);
	return m;
}

/* One of nobody, whose base is gone or another one, is a file like any other. */
static int add_loose_cow(struct collection *c, const struct lab_machine *m, const char *path,
			 bool snapshot, struct error *err)
{
	char *file, *base = NULL;
	struct cow *cow;
	int rc;

	if (m)
		return add_machine_cow(c, m, path, snapshot, err);
	file = lab_path(c->lab, path);
	if (!file)
		return error_nomem(err);
	rc = cow_open(&cow, file, NULL, COW_NO_LOCK, err);
	if (!rc) {
		base = strdup(cow_backing(cow));
		cow_abandon(cow);
		rc = base ? add_cow(c, path, base, snapshot, err) : error_nomem(err);
	} else if (rc != -ENOMEM) {
		error_release(err);
		rc = collect_note(c, path, "belongs to no machine and does not fit its base") ?
			     error_nomem(err) :
			     0;
	}
	free(base);
	free(file);
	return rc;
}

/* COW disks of a folder that no machine's line brought in: of snapshots, or left from before. */
static int folder_cows(struct collection *c, const char *folder, bool snapshot, struct error *err)
{
	char *full = lab_path(c->lab, folder), *path = NULL;
	DIR *dir = full ? opendir(full) : NULL;
	struct dirent *entry;
	int rc = full ? 0 : error_nomem(err);

	while (!rc && dir && (entry = readdir(dir))) {
		char *file = NULL;
		int fd;

		free(path);
		path = NULL;
		if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
			path = NULL;
			rc = error_nomem(err);
			break;
		}
		if (taken(c, path))
			continue;
		file = lab_path(c->lab, path);
		fd = file ? open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) : -1;
		if (fd >= 0 && cow_is_cow(fd))
			rc = add_loose_cow(c, machine_of(c, entry->d_name), path, snapshot, err);
		if (fd >= 0)
			close(fd);
		free(file);
	}
	if (dir)
		closedir(dir);
	free(path);
	free(full);
	return rc;
}

static int snapshot_cows(struct collection *c, struct error *err)
{
	char *full = lab_path(c->lab, "snapshots");
	DIR *dir = full ? opendir(full) : NULL;
	struct dirent *entry;
	int rc = full ? 0 : error_nomem(err);

	while (!rc && dir && (entry = readdir(dir))) {
		char *folder = NULL;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&folder, "snapshots/%s/disks", entry->d_name) < 0)
			folder = NULL;
		rc = folder ? folder_cows(c, folder, true, err) : error_nomem(err);
		free(folder);
	}
	if (dir)
		closedir(dir);
	free(full);
	return rc;
}

int collect_disks(struct collection *c, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->lab->machine_count; i++)
		rc = machine_disks(c, c->lab->machines[i], err);
	if (!rc)
		rc = extra_disks(c, err);
	if (!rc)
		rc = folder_cows(c, "disks", false, err);
	if (!rc && c->o->snapshots)
		rc = snapshot_cows(c, err);
	return rc;
}
