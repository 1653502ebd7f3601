/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders of the host with all that is in them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/collect.h"

#define DEPTH_MAX 64

static const char *const archive_suffixes[] = { ".tar", ".tar.zst", ".tar.xz", ".tar.gz",
						".tzst", ".txz", ".tgz", ".iso" };

static bool is_archive(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(archive_suffixes) / sizeof(archive_suffixes[0]); i++) {
		size_t k = strlen(archive_suffixes[i]);

		if (n > k && strcmp(name + n - k, archive_suffixes[i]) == 0)
			return true;
	}
	return false;
}

/* Of the lab's own folder: what is not the lab. *why is for the user, NULL when nobody misses it. */
static bool stays_behind(const struct collection *c, const char *path, const struct stat *st,
			 const char **why)
{
	*why = NULL;
	/* The last are snapshots, clones and rollbacks that are being made. */
	if (!strcmp(path, "run") || !strcmp(path, MANIFEST_NAME) ||
	    !strncmp(path, "snapshots/.", 11) || !strncmp(path, ".clone-", 7) ||
	    !strncmp(path, ".disks-", 7))
		return true;
	if (!strcmp(path, "snapshots") && !c->o->snapshots) {
		*why = "stays behind (use --with-snapshots)";
		return true;
	}
	if (c->o->output && st->st_dev == c->o->output->st_dev && st->st_ino == c->o->output->st_ino)
		return true;
	if (!strchr(path, '/') && S_ISREG(st->st_mode) && is_archive(path)) {
		*why = "an archive stays behind";
		return true;
	}
	return false;
}

static int add_link(struct collection *c, const char *source, const char *path,
		    const struct stat *st, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(source, target, sizeof(target) - 1);
	struct pack_member m = { .type = MANIFEST_LINK, .mode = 0777, .mtime = st->st_mtim.tv_sec };
	int rc;

	if (n < 0)
		return error_errno(err, errno, source, "cannot be read");
	target[n] = '\0';
	rc = member_link_check(path, target, err);
	if (rc)
		return rc;
	m.path = strdup(path);
	m.target = strdup(target);
	return pack_add(&c->pack, &m, err);
}

static int add_folder(struct collection *c, const char *path, const struct stat *st,
		      struct error *err)
{
	struct pack_member m = { .type = MANIFEST_FOLDER,
				 .mode = st->st_mode & 07777,
				 .mtime = st->st_mtim.tv_sec };

	m.path = strdup(path);
	return pack_add(&c->pack, &m, err);
}

static int walk(struct collection *c, const char *source, const char *path, bool whole_lab,
		unsigned int depth, struct error *err);

static int visit(struct collection *c, const char *source, const char *path, bool whole_lab,
		 unsigned int depth, struct error *err)
{
	const char *why;
	struct stat st;
	int rc;

	if (lstat(source, &st) != 0)
		return error_errno(err, errno, source, "cannot be read");
	if (strlist_find(&c->disks, path) >= 0)
		return 0;
	if (whole_lab && stays_behind(c, path, &st, &why))
		return why && collect_note(c, path, "%s", why) ? error_nomem(err) : 0;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return collect_file(c, source, path, false, NULL, NULL, err);
	case S_IFLNK:
		return add_link(c, source, path, &st, err);
	case S_IFDIR:
		rc = add_folder(c, path, &st, err);
		return rc ? rc : walk(c, source, path, whole_lab, depth + 1, err);
	default:
		return collect_note(c, path, "stays behind: it is no file, folder or link") ?
			       error_nomem(err) :
			       0;
	}
}

static int walk(struct collection *c, const char *source, const char *path, bool whole_lab,
		unsigned int depth, struct error *err)
{
	struct dirent *entry;
	DIR *dir;
	int rc = 0;

	if (depth > DEPTH_MAX)
		return error_set(err, -ERR_LIMIT, source, "folders are nested too deep");
	dir = opendir(source);
	if (!dir)
		return error_errno(err, errno, source, "cannot be read");
	while (!rc && (errno = 0, entry = readdir(dir))) {
		char *below = NULL, *file = NULL;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (asprintf(&file, "%s/%s", source, entry->d_name) < 0)
			file = NULL;
		if (asprintf(&below, "%s%s%s", path, *path ? "/" : "", entry->d_name) < 0)
			below = NULL;
		rc = file && below ? visit(c, file, below, whole_lab, depth, err) : error_nomem(err);
		free(file);
		free(below);
	}
	if (!rc && errno)
		rc = error_errno(err, errno, source, "cannot be read");
	closedir(dir);
	return rc;
}

int collect_folder(struct collection *c, struct error *err)
{
	return walk(c, c->lab->folder, "", true, 0, err);
}

int collect_tree(struct collection *c, const char *source, const char *path, struct error *err)
{
	return visit(c, source, path, false, 0, err);
}
