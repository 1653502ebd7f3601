/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixups/host_walk.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#define DEPTH_MAX 64

struct host_walk {
	size_t root_len;
	int (*visit)(void *arg, const struct host_entry *e);
	void *arg;
	struct error *err;
	int depth;
};

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int host_list(const char *path, struct strlist *names, struct error *err)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	int rc = 0;

	if (!dir)
		return error_errno(err, errno, path, "cannot be read");
	for (;;) {
		errno = 0;
		d = readdir(dir);
		if (!d)
			break;
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		rc = strlist_add(names, d->d_name);
		if (rc) {
			rc = error_nomem(err);
			break;
		}
	}
	if (!rc && errno)
		rc = error_errno(err, errno, path, "cannot be read");
	closedir(dir);
	if (names->count)
		qsort(names->items, names->count, sizeof(*names->items), by_bytes);
	return rc;
}

static int walk_folder(struct host_walk *w, const char *path);

static int walk_entry(struct host_walk *w, const char *path)
{
	struct host_entry e = { .path = path, .name = path + w->root_len };
	struct stat st;
	int rc;

	if (lstat(path, &st) < 0)
		return error_errno(w->err, errno, path, "cannot be read");
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
		return 0;
	e.type = S_ISREG(st.st_mode) ? HOST_FILE : S_ISDIR(st.st_mode) ? HOST_FOLDER : HOST_LINK;
	e.size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	rc = w->visit(w->arg, &e);
	return rc || e.type != HOST_FOLDER ? rc : walk_folder(w, path);
}

static int walk_folder(struct host_walk *w, const char *path)
{
	struct strlist names = STRLIST_INIT;
	int rc;

	if (w->depth++ >= DEPTH_MAX)
		return error_set(w->err, -ERR_LIMIT, path, "folders are nested too deeply");
	rc = host_list(path, &names, w->err);
	for (size_t i = 0; !rc && i < names.count; i++) {
		char *below = NULL;

		if (asprintf(&below, "%s/%s", path, names.items[i]) < 0)
			rc = error_nomem(w->err);
		else
			rc = walk_entry(w, below);
		free(below);
	}
	strlist_release(&names);
	w->depth--;
	return rc;
}

int host_walk(const char *root, int (*visit)(void *arg, const struct host_entry *e), void *arg,
	      struct error *err)
{
	struct host_walk w = {
		.root_len = strlen(root) + 1, .visit = visit, .arg = arg, .err = err
	};

	return walk_folder(&w, root);
}
