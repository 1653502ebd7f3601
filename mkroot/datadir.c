/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/datadir.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LEVELS 6 /* from build/san/bin to the source tree it is three */

static int set(struct datadir *d, const char *root, const char *profiles, const char *selections,
	       struct error *err)
{
	if (asprintf(&d->profiles, "%s/%s", root, profiles) < 0)
		d->profiles = NULL;
	if (asprintf(&d->selections, "%s/%s", root, selections) < 0)
		d->selections = NULL;
	return d->profiles && d->selections ? 0 : error_nomem(err);
}

static bool exists(const char *root, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", root, name);

	return n > 0 && (size_t)n < sizeof(path) && !stat(path, &st);
}

/* Cut the last component off; false at the root. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

int datadir_find(struct datadir *d, struct error *err)
{
	const char *env = getenv("MKROOT_DATADIR");
	char program[PATH_MAX], folder[PATH_MAX];
	ssize_t n;

	*d = (struct datadir){ NULL, NULL };
	if (env && *env)
		return set(d, env, "profiles", "selections", err);
	n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (n > 0) {
		program[n] = '\0';
		go_up(program);
		memcpy(folder, program, (size_t)n + 1);
		for (int i = 0; i < MAX_LEVELS && go_up(folder); i++)
			if (exists(folder, "mkroot/profiles/generic.conf"))
				return set(d, folder, "mkroot/profiles", "selections", err);
		if (go_up(program) && exists(program, "share/mkroot/profiles"))
			return set(d, program, "share/mkroot/profiles", "share/mkroot/selections",
				   err);
	}
	return set(d, MKROOT_DATADIR, "profiles", "selections", err);
}

void datadir_release(struct datadir *d)
{
	free(d->profiles);
	free(d->selections);
	*d = (struct datadir){ NULL, NULL };
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t a = strlen(text), b = strlen(suffix);

	return a > b && !strcmp(text + a - b, suffix);
}

int datadir_list(const char *folder, const char *suffix, struct strlist *out, struct error *err)
{
	DIR *dir = opendir(folder);
	size_t first = out->count;
	struct dirent *entry;
	int rc = 0;

	if (!dir && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!dir)
		return error_errno(err, errno, folder, "cannot be opened");
	while (!rc) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (entry->d_name[0] != '.' && ends_with(entry->d_name, suffix) &&
		    strlist_addf(out, "%s/%s", folder, entry->d_name))
			rc = error_nomem(err);
	}
	if (!rc && errno)
		rc = error_errno(err, errno, folder, "cannot be read");
	closedir(dir);
	if (out->count > first)
		qsort(out->items + first, out->count - first, sizeof(*out->items), by_bytes);
	return rc;
}
