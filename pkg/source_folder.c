/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of this machine: its files are given as they lie there. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pkg/source.h"

#define FOLDERS_MAX 10000 /* folders below one location */

struct folder {
	char root[PATH_MAX]; /* the location without any link */
};

/* A walk over all folders below one; each folder is entered once, so links may loop. */
struct walk {
	const struct source *source;
	const char *suffix;
	struct strlist pending; /* folders, relative */
	struct strlist *files;
	struct {
		dev_t dev;
		ino_t ino;
	} *seen;
	size_t seen_count, seen_capacity;
	bool only_first; /* stop at the first file */
};

static int folder_detect(const char *location, struct strbuf *why)
{
	struct stat st;

	if (!stat(location, &st) && S_ISDIR(st.st_mode))
		return 1;
	return strbuf_adds(why, "not a folder");
}

static int folder_open(struct source *s, struct error *err)
{
	struct folder *f = calloc(1, sizeof(*f));

	s->data = f;
	if (!f)
		return error_nomem(err);
	if (!realpath(s->location, f->root) || access(s->location, R_OK | X_OK))
		return error_errno(err, errno, s->location, "cannot open the folder");
	return 0;
}

static void folder_close(struct source *s)
{
	free(s->data);
}

/*
 * Metadata of a medium may not lead to files beside it, through links either. What
 * is not there leads nowhere.
 */
static int check_inside(const struct source *s, const char *path, const char *local,
			struct error *err)
{
	const struct folder *f = s->data;
	size_t n = strlen(f->root);
	char real[PATH_MAX];

	if (!realpath(local, real))
		return errno == ENOENT || errno == ENOTDIR ?
			       0 :
			       error_errno(err, errno, local, "cannot open");
	if (!strncmp(real, f->root, n) && (real[n] == '/' || !real[n] || n == 1))
		return 0;
	return error_set(err, -ERR_ESCAPE, local, "leaves the media by a link, to '%s'", real);
}

static int folder_fetch(struct source *s, struct source_file *files, size_t count,
			const struct source_progress *progress, struct error *err)
{
	struct stat st;
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++) {
		char *local = source_label(s, files[i].path);

		if (!local)
			return error_nomem(err);
		rc = check_inside(s, files[i].path, local, err);
		if (!rc && stat(local, &st)) {
			bool absent = errno == ENOENT || errno == ENOTDIR;

			if (!absent || !files[i].optional)
				rc = error_errno(err, errno, local, "cannot open");
			free(local);
		} else {
			files[i].local = local;
		}
	}
	return rc;
}

static int folder_has(struct source *s, const char *path, bool is_folder, struct error *err)
{
	char *local = source_label(s, path);
	struct stat st;
	int rc;

	if (!local)
		return error_nomem(err);
	rc = !stat(local, &st) && (is_folder ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
	free(local);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int folder_list(struct source *s, const char *folder, struct strlist *names,
		       struct error *err)
{
	char *local = source_label(s, folder);
	struct dirent *e;
	DIR *dir = local ? opendir(local) : NULL;
	struct stat st;
	int rc = 0;

	if (!dir)
		rc = local ? error_errno(err, errno, local, "cannot open the folder") :
			     error_nomem(err);
	while (!rc && (errno = 0, e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (fstatat(dirfd(dir), e->d_name, &st, 0))
			continue;
		if (strlist_addf(names, "%s%s", e->d_name, S_ISDIR(st.st_mode) ? "/" : ""))
			rc = error_nomem(err);
	}
	if (!rc && errno)
		rc = error_errno(err, errno, local, "cannot read the folder");
	if (dir)
		closedir(dir);
	free(local);
	if (names->count)
		qsort(names->items, names->count, sizeof(*names->items), by_name);
	return rc;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && !strcasecmp(name + n - k, suffix);
}

/* 1: entered before, 0: new, negative: no memory. */
static int walk_seen(struct walk *w, const struct stat *st)
{
	for (size_t i = 0; i < w->seen_count; i++)
		if (w->seen[i].dev == st->st_dev && w->seen[i].ino == st->st_ino)
			return 1;
	if (array_grow((void **)&w->seen, w->seen_count, &w->seen_capacity, sizeof(*w->seen)))
		return -ENOMEM;
	w->seen[w->seen_count].dev = st->st_dev;
	w->seen[w->seen_count++].ino = st->st_ino;
	return 0;
}

static int walk_entry(struct walk *w, int dir, const char *folder, const char *name,
		      struct error *err)
{
	bool wanted = has_suffix(name, w->suffix);
	struct stat st;
	char *path;
	int rc;

	if (asprintf(&path, "%s%s%s", folder, *folder ? "/" : "", name) < 0)
		return error_nomem(err);
	if (fstatat(dir, name, &st, 0)) {
		int saved = errno;
		char *label = wanted ? source_label(w->source, path) : NULL;

		/* A link that leads nowhere matters only when it pretends to be a package. */
		rc = wanted ? error_errno(err, saved, label, "cannot read") : 0;
		free(label);
		free(path);
		return rc;
	}
	if (S_ISDIR(st.st_mode))
		rc = strlist_take(&w->pending, path);
	else if (S_ISREG(st.st_mode) && wanted)
		rc = strlist_take(w->files, path);
	else {
		free(path);
		return 0;
	}
	return rc ? error_nomem(err) : 0;
}

static int walk_folder(struct walk *w, const char *folder, struct error *err)
{
	char *local = source_label(w->source, folder);
	DIR *dir = local ? opendir(local) : NULL;
	struct dirent *e;
	struct stat st;
	int rc = 0;

	if (!local)
		return error_nomem(err);
	if (!dir || fstat(dirfd(dir), &st))
		rc = error_errno(err, errno, local, "cannot open the folder");
	else
		rc = walk_seen(w, &st);
	if (rc == -ENOMEM)
		error_nomem(err);
	if (!rc && w->seen_count > FOLDERS_MAX)
		rc = error_set(err, -ERR_LIMIT, local, "more than %d folders", FOLDERS_MAX);
	while (!rc && (errno = 0, e = readdir(dir))) {
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			rc = walk_entry(w, dirfd(dir), folder, e->d_name, err);
		if (w->only_first && w->files->count)
			break;
	}
	if (!rc && dir && errno)
		rc = error_errno(err, errno, local, "cannot read the folder");
	if (dir)
		closedir(dir);
	free(local);
	return rc == 1 ? 0 : rc;
}

static int folder_find(struct source *s, const char *suffix, bool only_first, struct strlist *paths,
		       struct error *err)
{
	struct walk w = { s, suffix, .files = paths, .only_first = only_first };
	int rc = strlist_add(&w.pending, "") ? error_nomem(err) : 0;

	while (!rc && w.pending.count && !(only_first && paths->count)) {
		char *folder = w.pending.items[--w.pending.count];

		rc = walk_folder(&w, folder, err);
		free(folder);
	}
	if (paths->count)
		qsort(paths->items, paths->count, sizeof(*paths->items), by_name);
	strlist_release(&w.pending);
	free(w.seen);
	return rc;
}

static int folder_visit(struct source *s, const struct strlist *paths, source_need *need,
			source_visit *visit, void *arg, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < paths->count && !rc; i++) {
		char *local = source_label(s, paths->items[i]);

		rc = local ? visit(arg, i, local, err) : error_nomem(err);
		free(local);
	}
	return rc;
}

static char *folder_local(const struct source *s, const char *path)
{
	return source_label(s, path);
}

const struct source_ops source_folder = {
	.name = "folder",
	.detect = folder_detect,
	.open = folder_open,
	.close = folder_close,
	.fetch = folder_fetch,
	.has = folder_has,
	.list = folder_list,
	.find = folder_find,
	.visit = folder_visit,
	.local = folder_local,
};
