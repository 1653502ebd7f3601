/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache: where it lies, finding and adding. */
#include "pkg/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pkg/cache_internal.h"

void cache_object_name(const char *sha256, char *buf)
{
	snprintf(buf, CACHE_OBJECT_NAME, "objects/%.2s/%.64s", sha256, sha256);
}

int cache_write_error(const struct cache *c, int saved_errno, const char *what, struct error *err)
{
	int rc = error_errno(err, saved_errno, c->folder, "%s", what);

	if (err && (saved_errno == ENOSPC || saved_errno == EDQUOT || saved_errno == EFBIG))
		error_hint(err, "make room, or try 'mkroot cache clean', or --no-cache");
	else if (err)
		error_hint(err, "--no-cache does without it");
	return rc;
}

/* ${XDG_CACHE_HOME:-~/.cache}/mkroot; a relative one does not count. */
static char *users_folder(void)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const struct passwd *pw;
	char *folder;
	int n;

	if (base && *base == '/') {
		n = asprintf(&folder, "%s/mkroot", base);
	} else {
		if (!home || *home != '/') {
			pw = getpwuid(getuid());
			home = pw && pw->pw_dir ? pw->pw_dir : "/nonexistent";
		}
		n = asprintf(&folder, "%s/.cache/mkroot", home);
	}
	return n < 0 ? NULL : folder;
}

/* mkdir -p; what is made is for the user alone. */
static int make_folders(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST && errno != EROFS && errno != EACCES) {
			*slash = '/';
			return -errno;
		}
		*slash = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

static int open_folder(struct cache *c, struct error *err)
{
	static const char *const parts[] = { "objects", "index" };
	int rc = make_folders(c->folder);

	if (!rc) {
		c->dir = open(c->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = c->dir < 0 ? -errno : 0;
	}
	for (size_t i = 0; !rc && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (mkdirat(c->dir, parts[i], 0700) && errno != EEXIST)
			rc = -errno;
	if (!rc) {
		c->lock = openat(c->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		rc = c->lock < 0 ? -errno : 0;
	}
	/* Whoever cleans is done in a moment. */
	while (!rc && flock(c->lock, LOCK_SH))
		if (errno != EINTR)
			rc = -errno;
	return rc ? cache_write_error(c, -rc, "cannot use the cache", err) : 0;
}

int cache_open(struct cache **out, const char *folder, struct error *err)
{
	struct cache *c = calloc(1, sizeof(*c));
	int rc;

	*out = NULL;
	if (!c)
		return error_nomem(err);
	c->dir = c->lock = -1;
	c->folder = folder ? strdup(folder) : users_folder();
	rc = c->folder ? open_folder(c, err) : error_nomem(err);
	if (rc) {
		cache_close(c);
		return rc;
	}
	*out = c;
	return 0;
}

void cache_close(struct cache *c)
{
	if (!c)
		return;
	if (c->lock >= 0)
		close(c->lock);
	if (c->dir >= 0)
		close(c->dir);
	free(c->folder);
	free(c);
}

const char *cache_folder(const struct cache *c)
{
	return c->folder;
}

size_t cache_damaged(const struct cache *c)
{
	return c->damaged;
}

void cache_entry_release(struct cache_entry *e)
{
	free(e->path);
	free(e->etag);
	free(e->last_modified);
	free(e->origin);
	*e = (struct cache_entry){ 0 };
}

/* 1: the object is there and is what its name says. */
static int check_object(struct cache *c, const struct cache_entry *e)
{
	char name[CACHE_OBJECT_NAME], sha256[FETCH_SHA256_HEX + 1];
	struct stat st;
	int fd, ok;

	cache_object_name(e->sha256, name);
	fd = openat(c->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return 0;
	ok = !fstat(fd, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == e->size &&
	     fetch_digest_fd(fd, sha256) == 0 && !strcmp(sha256, e->sha256);
	close(fd);
	if (!ok) {
		c->damaged++;
		unlinkat(c->dir, name, 0);
	}
	return ok;
}

static int set_path(const struct cache *c, struct cache_entry *e)
{
	char name[CACHE_OBJECT_NAME];

	cache_object_name(e->sha256, name);
	return asprintf(&e->path, "%s/%s", c->folder, name) < 0 ? -ENOMEM : 0;
}

int cache_find(struct cache *c, const char *key, struct cache_entry *e, struct error *err)
{
	char name[6 + FETCH_SHA256_HEX + 1] = "index/";
	struct cache_record r = { 0 };
	int rc;

	*e = (struct cache_entry){ 0 };
	if (fetch_digest_text(key, name + 6))
		return error_nomem(err);
	rc = cache_record_read(c, name + 6, &r);
	if (rc < 0)
		return error_nomem(err);
	if (rc && strcmp(r.key, key) != 0)
		rc = 0;
	if (rc && !check_object(c, &r.entry)) {
		unlinkat(c->dir, name, 0);
		rc = 0;
	}
	if (rc) {
		/* The time of the last use; a cache that cannot be written is of use all the same. */
		if (utimensat(c->dir, name, NULL, 0) != 0)
			errno = 0;
		*e = r.entry;
		r.entry = (struct cache_entry){ 0 };
		if (set_path(c, e)) {
			cache_entry_release(e);
			rc = error_nomem(err);
		}
	}
	cache_record_release(&r);
	return rc;
}

int cache_temp(struct cache *c, struct cache_temp *t, struct error *err)
{
	t->path = NULL;
	t->fd = openat(c->dir, "objects", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (t->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return cache_write_error(c, errno, "cannot create a file in the cache", err);
	if (asprintf(&t->path, "%s/objects/.tmp.XXXXXX", c->folder) < 0) {
		t->path = NULL;
		return error_nomem(err);
	}
	t->fd = mkostemp(t->path, O_CLOEXEC);
	if (t->fd >= 0)
		return 0;
	free(t->path);
	t->path = NULL;
	return cache_write_error(c, errno, "cannot create a file in the cache", err);
}

void cache_temp_abort(struct cache_temp *t)
{
	if (t->fd >= 0)
		close(t->fd);
	if (t->path)
		unlink(t->path);
	free(t->path);
	*t = (struct cache_temp){ .fd = -1 };
}

/* Under its final name, unless another mkroot was first: the bytes are the same. */
static int name_object(struct cache *c, struct cache_temp *t, const char *sha256)
{
	char name[CACHE_OBJECT_NAME], proc[64];
	int rc;

	cache_object_name(sha256, name);
	name[10] = '\0';
	if (mkdirat(c->dir, name, 0700) && errno != EEXIST)
		return -errno;
	name[10] = '/';
	if (fchmod(t->fd, 0400))
		return -errno;
	if (t->path) {
		rc = renameat(AT_FDCWD, t->path, c->dir, name);
		if (!rc) {
			free(t->path);
			t->path = NULL;
		}
		return rc ? -errno : 0;
	}
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", t->fd);
	if (linkat(AT_FDCWD, proc, c->dir, name, AT_SYMLINK_FOLLOW) && errno != EEXIST)
		return -errno;
	return 0;
}

int cache_point(struct cache *c, const char *key, const struct cache_entry *e, struct error *err)
{
	struct cache_record r = { .entry = *e };
	int rc;

	r.key = strdup(key);
	rc = r.key ? cache_record_write(c, &r, err) : error_nomem(err);
	free(r.key);
	return rc;
}

int cache_add(struct cache *c, struct cache_temp *t, const char *const *keys, size_t key_count,
	      struct cache_entry *e, struct error *err)
{
	int rc = name_object(c, t, e->sha256);

	if (rc)
		rc = cache_write_error(c, -rc, "cannot name the fetched file", err);
	for (size_t i = 0; !rc && i < key_count; i++)
		if (keys[i])
			rc = cache_point(c, keys[i], e, err);
	if (!rc && set_path(c, e))
		rc = error_nomem(err);
	cache_temp_abort(t);
	return rc;
}
