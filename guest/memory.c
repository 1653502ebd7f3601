/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/strbuf.h"

#define ROOM (256ULL << 20) /* what a guest may come to need: containers often have 64 MB in /dev/shm */

/* A file without a name in the folder, or -1. */
static int open_nameless(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char path[PATH_MAX];

	/* Not every filesystem can do that. */
	if (fd >= 0 || (size_t)snprintf(path, sizeof(path), "%s/mkroot.XXXXXX", folder) >= sizeof(path))
		return fd;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* Tried as the guest's kernel will do it: mount options alone do not tell everything. */
static bool can_execute(const char *folder)
{
	int fd = open_nameless(folder);
	bool can = false;
	void *page;

	if (fd < 0)
		return false;
	if (ftruncate(fd, 1) == 0) {
		page = mmap(NULL, 1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
		can = page != MAP_FAILED;
		if (can)
			munmap(page, 1);
	}
	close(fd);
	return can;
}

static bool has_room(const char *folder, uint64_t bytes)
{
	struct statvfs fs;

	return statvfs(folder, &fs) == 0 && bytes / fs.f_frsize < fs.f_bavail;
}

/* Everybody who is asked, in one line for the user. */
static int none_fits(const char *const *places, size_t n, struct error *err)
{
	struct strbuf tried = STRBUF_INIT;
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++) {
		if (places[i] && places[i][0] == '/')
			rc = strbuf_addf(&tried, "%s%s", tried.len ? ", " : "", places[i]);
	}
	if (rc) {
		rc = error_nomem(err);
	} else {
		rc = error_set(err, -ERR_GUEST, tried.data,
			       "no guest can run, for nothing may be executed there");
		if (err)
			error_hint(err, "set TMPDIR to a folder that is not mounted noexec, or take "
					"--scripts=firstboot");
	}
	strbuf_release(&tried);
	return rc;
}

int guest_memory_folder(const char **folder, struct error *err)
{
	const char *const places[] = { "/dev/shm", getenv("TMPDIR"), "/tmp", "/var/tmp" };
	const size_t n = sizeof(places) / sizeof(places[0]);
	const char *full = NULL;

	*folder = NULL;
	for (size_t i = 0; i < n && !*folder; i++) {
		if (!places[i] || places[i][0] != '/' || !can_execute(places[i]))
			continue;
		if (has_room(places[i], ROOM))
			*folder = places[i];
		else if (!full)
			full = places[i];
	}
	/* It is sparse: a guest that needs little may still fit. */
	if (!*folder)
		*folder = full;
	return *folder ? 0 : none_fits(places, n, err);
}
