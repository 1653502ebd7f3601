/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at the cache as a whole: list and clean. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/strbuf.h"
#include "pkg/cache_internal.h"

struct listed {
	struct cache_record record;
	char *name; /* in index/ */
	time_t used;
};

struct listing {
	struct listed *items;
	size_t count, capacity;
};

static void listing_release(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++) {
		cache_record_release(&l->items[i].record);
		free(l->items[i].name);
	}
	free(l->items);
}

static int by_key(const void *a, const void *b)
{
	const struct cache_record *x = &((const struct listed *)a)->record;
	const struct cache_record *y = &((const struct listed *)b)->record;

	return strcmp(x->entry.origin ? x->entry.origin : x->key,
		      y->entry.origin ? y->entry.origin : y->key);
}

/* A folder of the cache for reading. NULL and errno. */
static DIR *open_part(const struct cache *c, const char *name)
{
	int fd = openat(c->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static int read_index(struct cache *c, struct listing *l, struct error *err)
{
	DIR *d = open_part(c, "index");
	struct dirent *e;
	struct stat st;
	int rc = 0;

	if (!d)
		return error_errno(err, errno, c->folder, "cannot read the cache's index");
	while (rc >= 0 && (e = readdir(d))) {
		struct listed item = { .used = 0 };

		if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		rc = cache_record_read(c, e->d_name, &item.record);
		if (rc <= 0)
			continue;
		item.used = st.st_mtime;
		item.name = strdup(e->d_name);
		if (!item.name ||
		    array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items))) {
			cache_record_release(&item.record);
			free(item.name);
			rc = -ENOMEM;
			break;
		}
		l->items[l->count++] = item;
	}
	closedir(d);
	return rc < 0 ? error_nomem(err) : 0;
}

int cache_list(struct cache *c, cache_visit *visit, void *arg, struct error *err)
{
	struct listing l = { NULL, 0, 0 };
	int rc = read_index(c, &l, err);

	if (!rc && l.count)
		qsort(l.items, l.count, sizeof(*l.items), by_key);
	for (size_t i = 0; !rc && i < l.count; i++) {
		const struct listed *item = &l.items[i];
		const struct cache_item shown = { item->record.key, item->record.entry.sha256,
						  item->record.entry.origin,
						  item->record.entry.size, item->used };

		rc = visit(arg, &shown);
	}
	listing_release(&l);
	return rc;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Remove keys that are too old; the objects of the others are kept. */
static int clean_index(struct cache *c, uint64_t older_than, struct strlist *keep,
		       struct error *err)
{
	struct listing l = { NULL, 0, 0 };
	int rc = read_index(c, &l, err);
	time_t now = time(NULL);

	for (size_t i = 0; !rc && i < l.count; i++) {
		char path[6 + FETCH_SHA256_HEX + 1];

		if (older_than && now - l.items[i].used < (time_t)older_than) {
			rc = strlist_add(keep, l.items[i].record.entry.sha256) ? error_nomem(err) : 0;
			continue;
		}
		snprintf(path, sizeof(path), "index/%.64s", l.items[i].name);
		if (unlinkat(c->dir, path, 0) && errno != ENOENT)
			rc = error_errno(err, errno, c->folder, "cannot clean the cache");
	}
	listing_release(&l);
	if (keep->count)
		qsort(keep->items, keep->count, sizeof(*keep->items), by_text);
	return rc;
}

/* Remove the files of one folder that are not in keep (sorted); NULL: only temporary ones. */
static int clean_folder(struct cache *c, const char *folder, const struct strlist *keep,
			struct cache_cleaned *done, struct error *err)
{
	DIR *d = open_part(c, folder);
	struct dirent *e;
	struct stat st;
	int rc = 0;

	if (!d)
		return errno == ENOTDIR ? 0 :
					  error_errno(err, errno, c->folder, "cannot clean the cache");
	while (!rc && (e = readdir(d))) {
		const char *name = e->d_name;
		bool temporary = !strncmp(name, ".tmp.", 5);

		if (fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) || S_ISDIR(st.st_mode) ||
		    (!temporary && (!keep || (keep->count &&
					      bsearch(&name, keep->items, keep->count,
						      sizeof(*keep->items), by_text)))))
			continue;
		if (unlinkat(dirfd(d), name, 0))
			rc = error_errno(err, errno, c->folder, "cannot clean the cache");
		done->objects += !temporary;
		done->bytes += (uint64_t)st.st_size;
	}
	closedir(d);
	return rc;
}

static int clean_objects(struct cache *c, const struct strlist *keep, struct cache_cleaned *done,
			 struct error *err)
{
	DIR *d = open_part(c, "objects");
	char folder[16];
	struct dirent *e;
	int rc = 0;

	if (!d)
		return error_errno(err, errno, c->folder, "cannot clean the cache");
	while (!rc && (e = readdir(d))) {
		if (strlen(e->d_name) != 2 || e->d_name[0] == '.')
			continue;
		snprintf(folder, sizeof(folder), "objects/%.2s", e->d_name);
		rc = clean_folder(c, folder, keep, done, err);
		if (!rc && unlinkat(c->dir, folder, AT_REMOVEDIR))
			errno = 0; /* not empty: what is kept */
	}
	closedir(d);
	return rc;
}

int cache_clean(struct cache *c, uint64_t older_than, struct cache_cleaned *done,
		struct error *err)
{
	struct strlist keep = STRLIST_INIT;
	int rc;

	*done = (struct cache_cleaned){ 0, 0 };
	if (flock(c->lock, LOCK_EX | LOCK_NB)) {
		error_set(err, -ERR_CONFLICT, c->folder, "another mkroot uses the cache");
		return err ? error_hint(err, "try again when it has finished") : -ERR_CONFLICT;
	}
	rc = clean_index(c, older_than, &keep, err);
	if (!rc)
		rc = clean_folder(c, "index", NULL, done, err);
	if (!rc)
		rc = clean_folder(c, "objects", NULL, done, err);
	if (!rc)
		rc = clean_objects(c, &keep, done, err);
	strlist_release(&keep);
	if (flock(c->lock, LOCK_SH) && !rc)
		rc = error_errno(err, errno, c->folder, "cannot use the cache");
	return rc;
}
