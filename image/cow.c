/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and closing COW disks. */
#include "image/cow_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL_FLAGS (COW_WRITE | COW_NO_LOCK | COW_IGNORE_MTIME | COW_NO_BACKING)

const struct cow_info *cow_info(const struct cow *cow)
{
	return &cow->info;
}

uint64_t cow_size(const struct cow *cow)
{
	return cow->info.size;
}

const char *cow_backing(const struct cow *cow)
{
	return cow->base_path;
}

void cow_abandon(struct cow *cow)
{
	if (!cow)
		return;
	if (cow->own_fd && cow->fd >= 0)
		close(cow->fd);
	if (cow->lock_fd >= 0)
		close(cow->lock_fd);
	if (cow->base_fd >= 0)
		close(cow->base_fd);
	output_abort(&cow->out);
	cow_info_release(&cow->info);
	free(cow->path);
	free(cow->base_path);
	free(cow->map);
	free(cow);
}

int cow_flush(struct cow *cow, struct error *err)
{
	return cow->writable ? cow_map_flush(cow, err) : 0;
}

int cow_close(struct cow *cow, struct error *err)
{
	int rc;

	if (!cow)
		return 0;
	rc = cow_flush(cow, err);
	if (!rc && cow->out.fd >= 0)
		rc = output_commit(&cow->out, err);
	cow_abandon(cow);
	return rc;
}

static int new_cow(struct cow **cow, int fd, const char *path, struct error *err)
{
	struct cow *c = calloc(1, sizeof(*c));

	*cow = NULL;
	if (!c)
		return error_nomem(err);
	c->fd = fd;
	c->base_fd = c->lock_fd = -1;
	c->out = (struct output)OUTPUT_INIT;
	c->path = strdup(path);
	c->map = calloc(COW_MAP_SLOTS, sizeof(*c->map));
	if (!c->path || !c->map) {
		cow_abandon(c);
		return error_nomem(err);
	}
	*cow = c;
	return 0;
}

int cow_check_backing(const struct cow *cow, uint64_t size, int64_t mtime, unsigned int flags,
		      struct error *err)
{
	int rc;

	if (size != cow->info.size) {
		rc = error_set(err, -ERR_CONFLICT, cow->base_path,
			       "has %llu bytes, but '%s' was made on one of %llu bytes",
			       (unsigned long long)size, cow->path,
			       (unsigned long long)cow->info.size);
		error_hint(err, "it is not the backing file of this COW disk, or has changed");
		return rc;
	}
	/* 32 bits are what a header has room for. */
	if (!(flags & COW_IGNORE_MTIME) && (uint32_t)mtime != (uint32_t)cow->info.mtime) {
		rc = error_set(err, -ERR_CONFLICT, cow->base_path,
			       "was modified after '%s' was made on it", cow->path);
		error_hint(err, "when only its time changed, by copying, use labpack cow rebase");
		return rc;
	}
	return 0;
}

/* Header, base and bitmap of cow->fd. */
static int load(struct cow *cow, const char *backing, unsigned int flags, struct error *err)
{
	int64_t mtime;
	uint64_t size;
	int rc = cow_header_read(cow->fd, cow->path, &cow->info, err);

	if (rc)
		return rc;
	cow->sectors = (cow->info.size + COW_SECTOR - 1) / COW_SECTOR;
	if (flags & COW_NO_BACKING)
		return 0;
	cow->base_path = strdup(backing ? backing : cow->info.backing);
	if (!cow->base_path)
		return error_nomem(err);
	rc = cow_base_open(cow->base_path, &cow->base_fd, &size, &mtime, err);
	if (!rc && !(flags & COW_NO_LOCK))
		rc = disk_lock(cow->base_fd, false, cow->base_path, err);
	return rc ? rc : cow_check_backing(cow, size, mtime, flags, err);
}

int cow_open_fd(struct cow **cow, int fd, const char *path, const char *backing,
		unsigned int flags, struct error *err)
{
	int rc;

	*cow = NULL;
	if (flags & ~(unsigned int)ALL_FLAGS)
		return error_set(err, -EINVAL, path, "unknown flags");
	rc = new_cow(cow, fd, path, err);
	if (rc)
		return rc;
	rc = load(*cow, backing, flags, err);
	if (!rc && (flags & COW_WRITE) && ((*cow)->info.version < 3 || (*cow)->info.shifted))
		rc = error_set(err, -ERR_UNSUPPORTED, path, "only version 3 can be written");
	(*cow)->writable = flags & COW_WRITE;
	if (rc) {
		cow_abandon(*cow);
		*cow = NULL;
	}
	return rc;
}

/*
 * Somebody may put another file in its place between opening and locking: then
 * the lock is not worth anything, and it is tried again with that one.
 */
int cow_open_locked(const char *path, unsigned int flags, int *fd, struct error *err)
{
	bool exclusive = flags & COW_WRITE;
	struct stat is, should;
	int rc = 0;

	for (int tries = 0; tries < 8; tries++) {
		*fd = open(path, (exclusive ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
		if (*fd < 0)
			return error_errno(err, errno, path, "cannot be opened");
		if (!(flags & COW_NO_LOCK))
			rc = disk_lock(*fd, exclusive, path, err);
		if (!rc && fstat(*fd, &is) < 0)
			rc = error_errno(err, errno, path, "cannot look at it");
		if (!rc && stat(path, &should) == 0 && is.st_dev == should.st_dev &&
		    is.st_ino == should.st_ino)
			return 0;
		close(*fd);
		*fd = -1;
		if (rc)
			return rc;
	}
	return error_set(err, -EBUSY, path, "is being replaced all the time");
}

/* Everything that `from` holds, into the empty file fd, as version 3 with these facts. */
static int copy_held(struct cow *from, int fd, struct cow_info *facts, struct error *err)
{
	bool same = from->info.version == 3 && !from->info.shifted &&
		    from->info.alignment == COW_UNIT && cow_reflink(from->fd, fd);
	struct cow *to = NULL;
	uint64_t start, end;
	int rc = cow_header_write(fd, from->path, facts, err);

	if (!rc && from->info.has_digest)
		rc = cow_set_digest(fd, from->path, from->info.digest, err);
	if (rc || same)
		return rc;
	rc = cow_open_fd(&to, fd, from->path, NULL, COW_WRITE | COW_NO_BACKING, err);
	if (rc)
		return rc;
	for (start = end = 0; !rc;) {
		rc = cow_next_run(from, end, &start, &end, err);
		if (rc || start == end)
			break;
		rc = cow_copy_range(from->fd, from->info.data_offset + start, fd,
				    to->info.data_offset + start, end - start);
		if (rc)
			error_errno(err, -rc, from->path, "cannot be copied");
		else
			rc = cow_map_set(to, start / COW_SECTOR,
					 (end + COW_SECTOR - 1) / COW_SECTOR, err);
	}
	return rc ? (cow_abandon(to), rc) : cow_close(to, err);
}

/* From here on cow reads and writes a copy, which takes the name at the end. */
static int switch_to_copy(struct cow *cow, const struct cow_info *facts, struct error *err)
{
	struct cow_info copy = *facts;
	struct stat st;
	int rc = cow_check_length(cow, err);

	/* The copy has its full length, so nobody would see any more that something was lost. */
	if (!rc)
		rc = output_open(&cow->out, cow->path, err);
	if (rc)
		return rc;
	if (fstat(cow->fd, &st) < 0)
		return error_errno(err, errno, cow->path, "cannot look at it");
	output_resemble(&cow->out, &st);
	copy.backing = strdup(facts->backing);
	rc = copy.backing ? copy_held(cow, cow->out.fd, &copy, err) : error_nomem(err);
	if (rc) {
		free(copy.backing);
		return rc;
	}
	free(cow->info.backing);
	cow->info = copy;
	cow->lock_fd = cow->fd;
	cow->fd = cow->out.fd;
	cow->own_fd = false;
	memset(cow->map, 0, COW_MAP_SLOTS * sizeof(*cow->map));
	cow->writable = true;
	return 0;
}

int cow_open(struct cow **cow, const char *path, const char *backing, unsigned int flags,
	     struct error *err)
{
	char *real = NULL;
	int fd, rc;

	*cow = NULL;
	if (flags & ~(unsigned int)ALL_FLAGS)
		return error_set(err, -EINVAL, path, "unknown flags");
	/* A symbolic link stays, and the file that it leads to is replaced. */
	if (flags & COW_WRITE) {
		real = realpath(path, NULL);
		if (!real)
			return error_errno(err, errno, path, "cannot be opened");
	}
	rc = cow_open_locked(real ? real : path, flags, &fd, err);
	if (!rc) {
		rc = new_cow(cow, fd, real ? real : path, err);
		if (rc)
			close(fd);
	}
	free(real);
	if (rc)
		return rc;
	(*cow)->own_fd = true;
	rc = load(*cow, backing, flags, err);
	if (!rc && (flags & COW_WRITE))
		rc = switch_to_copy(*cow, &(*cow)->info, err);
	if (rc) {
		cow_abandon(*cow);
		*cow = NULL;
	}
	return rc;
}

/* The header's facts for this base. */
static int new_facts(const struct cow *cow, const char *base, const char *recorded,
		     struct cow_info *facts, struct error *err)
{
	int fd, rc;

	*facts = cow->info;
	facts->backing = NULL;
	rc = cow_base_open(base, &fd, &facts->size, &facts->mtime, err);
	if (rc)
		return rc;
	close(fd);
	if (facts->size != cow->info.size)
		return error_set(err, -ERR_CONFLICT, base,
				 "has %llu bytes, but '%s' was made on one of %llu bytes",
				 (unsigned long long)facts->size, cow->path,
				 (unsigned long long)cow->info.size);
	facts->backing = recorded ? strdup(recorded) : realpath(base, NULL);
	return facts->backing ? 0 : error_errno(err, errno, base, "its real path is not known");
}

int cow_relink(const char *path, const char *base, const char *recorded, struct error *err)
{
	struct cow_info facts = { 0 };
	struct cow *cow;
	char *real;
	int fd, rc;

	real = realpath(path, NULL);
	if (!real)
		return error_errno(err, errno, path, "cannot be opened");
	rc = cow_open_locked(real, COW_WRITE, &fd, err);
	if (!rc) {
		rc = new_cow(&cow, fd, real, err);
		if (rc)
			close(fd);
	}
	free(real);
	if (rc)
		return rc;
	cow->own_fd = true;
	rc = load(cow, NULL, COW_NO_BACKING, err);
	if (!rc)
		rc = new_facts(cow, base, recorded, &facts, err);
	if (!rc && cow_header_patches(&cow->info, facts.backing))
		rc = cow_header_patch(cow->fd, cow->path, &facts, err);
	else if (!rc)
		rc = switch_to_copy(cow, &facts, err);
	cow_info_release(&facts);
	return rc ? (cow_abandon(cow), rc) : cow_close(cow, err);
}
