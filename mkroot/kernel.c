/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/kernel.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_NAME "linux"
#define KERNEL_MAX  ((off_t)1 << 30)

/* Every User-Mode Linux knows this word of its command line, and little else does. */
static const char mark[] = "umid=";

static int refuse(const char *path, const char *why, struct error *err)
{
	error_set(err, -ERR_GUEST, path, "%s", why);
	return error_hint(err, "--kernel names another; --scripts=firstboot needs none");
}

/* A script may know how to start one; of a program, be sure before it is started. */
static int check_bytes(const char *path, const unsigned char *data, size_t n, bool wide,
		       struct error *err)
{
	if (n > 2 && !memcmp(data, "#!", 2))
		return 0;
	if (n < EI_NIDENT || memcmp(data, ELFMAG, SELFMAG) != 0 ||
	    !memmem(data, n, mark, sizeof(mark) - 1))
		return refuse(path, "is no kernel of User-Mode Linux", err);
	if ((data[EI_CLASS] == ELFCLASS64) != wide)
		return refuse(path,
			      wide ? "the kernel is of 32 bits, and the image's programs are of 64" :
				     "the kernel is of 64 bits, and the image's programs are of 32",
			      err);
	return 0;
}

static int check_kernel(const char *path, bool wide, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	struct stat st;
	void *data;

	if (fd < 0)
		return error_errno(err, errno, path, "the kernel cannot be read");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || access(path, X_OK) != 0 || !st.st_size ||
	    st.st_size > KERNEL_MAX) {
		close(fd);
		return refuse(path, "is no file that could be run as a kernel", err);
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	rc = data == MAP_FAILED ? error_errno(err, errno, path, "the kernel cannot be read") :
				  check_bytes(path, data, (size_t)st.st_size, wide, err);
	if (data != MAP_FAILED)
		munmap(data, (size_t)st.st_size);
	close(fd);
	return rc;
}

/* The first of PATH that would do; what would not is passed over. */
static int search(bool wide, char **path, struct error *err)
{
	const char *folders = getenv("PATH");
	size_t n;

	for (; folders && *folders; folders += n + (folders[n] == ':')) {
		n = strcspn(folders, ":");
		if (!n || folders[0] != '/')
			continue;
		if (asprintf(path, "%.*s/" KERNEL_NAME, (int)n, folders) < 0) {
			*path = NULL;
			return error_nomem(err);
		}
		if (check_kernel(*path, wide, NULL) == 0)
			return 0;
		free(*path);
		*path = NULL;
	}
	return 0;
}

int kernel_find(const char *named, bool wide, char **path, struct error *err)
{
	int rc;

	*path = NULL;
	if (!named) {
		named = getenv("MKROOT_KERNEL");
		if (named && !*named)
			return 0;
	}
	if (!named)
		return search(wide, path, err);
	rc = check_kernel(named, wide, err);
	if (rc)
		return rc;
	*path = realpath(named, NULL);
	return *path ? 0 : error_errno(err, errno, named, "the kernel cannot be found");
}
