/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hidden folder that an archive is unpacked into. It is locked as long as its extract runs, so
 * that one whose extract was killed can be told, and the next one removes it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/extract.h"

#define PREFIX ".labpack-"

static bool is_hidden_name(const char *name)
{
	size_t n;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return false;
	name += strlen(PREFIX);
	n = strspn(name, "0123456789");
	if (!n || name[n] != '-')
		return false;
	name += n + 1;
	n = strspn(name, "0123456789");
	return n && !name[n];
}

/* Ours, and nobody's any more. What cannot be removed stays; the next one will try again. */
static int sweep_one(struct extraction *x, const char *name, struct error *err)
{
	int fd = openat(x->parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = 0;
	struct stat st;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    remove_tree(x->parent_fd, name) == 0 &&
	    strlist_addf(&x->notes, "'%s': what a killed extract had left, removed", name))
		rc = error_nomem(err);
	close(fd);
	return rc;
}

static int sweep(struct extraction *x, struct error *err)
{
	int fd = openat(x->parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (!rc && (entry = readdir(dir)))
		if (is_hidden_name(entry->d_name))
			rc = sweep_one(x, entry->d_name, err);
	closedir(dir);
	return rc;
}

/* Another extract may have swept it away before it was locked. */
static bool lock_it(int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return false;
	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

int extract_hide(struct extraction *x, struct error *err)
{
	int rc = sweep(x, err);

	for (unsigned int i = 0; i < 1000 && x->temp_fd < 0 && !rc; i++) {
		free(x->temp);
		if (asprintf(&x->temp, PREFIX "%d-%u", (int)getpid(), i) < 0) {
			x->temp = NULL;
			return error_nomem(err);
		}
		if (mkdirat(x->parent_fd, x->temp, 0700) != 0) {
			if (errno != EEXIST)
				rc = error_errno(err, errno, x->parent, "cannot make a folder");
			continue;
		}
		x->temp_fd = openat(x->parent_fd, x->temp,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (x->temp_fd >= 0 && !lock_it(x->temp_fd)) {
			close(x->temp_fd);
			x->temp_fd = -1;
		}
	}
	if (x->temp_fd >= 0)
		return 0;
	free(x->temp);
	x->temp = NULL;
	return rc ? rc : error_set(err, -EEXIST, x->parent, "cannot make a folder");
}
