/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LD_PRELOAD: the FAIL_AT-th call of FAIL_CALL (and no other) fails with
 * FAIL_ERRNO (ENOSPC, EIO or EPERM), and the file FAIL_TOLD is made so that the
 * test knows that it happened. Only the program itself is counted: what it
 * does to descriptors below 3 is not.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

static int fails(const char *call, int fd)
{
	static const struct {
		const char *name;
		int value;
	} errors[] = { { "ENOSPC", ENOSPC }, { "EIO", EIO }, { "EPERM", EPERM } };
	const char *which = getenv("FAIL_CALL"), *at = getenv("FAIL_AT"),
		   *error = getenv("FAIL_ERRNO"), *told = getenv("FAIL_TOLD");

	if (fd < 3 || !which || !at || !error || strcmp(which, call) != 0)
		return 0;
	if (atomic_fetch_add(&calls, 1) + 1 != strtol(at, NULL, 10))
		return 0;
	/* The file alone tells; it stays open, for close() may be what is counted. */
	if (told)
		(void)!open(told, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, error) == 0)
			errno = errors[i].value;
	return 1;
}

#define WRAP(result, name, parameters, arguments, fd)                                              \
	result name parameters;                                                                    \
	result name parameters                                                                     \
	{                                                                                          \
		static result(*real) parameters;                                                   \
                                                                                                   \
		if (!real)                                                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
		return fails(#name, fd) ? (result)-1 : real arguments;                             \
	}

WRAP(ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n), fd)
WRAP(ssize_t, pwrite64, (int fd, const void *buf, size_t n, off64_t at), (fd, buf, n, at), fd)
WRAP(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at), fd)
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size), fd)
WRAP(int, fallocate64, (int fd, int mode, off64_t at, off64_t n), (fd, mode, at, n), fd)
WRAP(int, fsync, (int fd), (fd), fd)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), fd)
WRAP(int, close, (int fd), (fd), fd)
WRAP(int, rename, (const char *from, const char *to), (from, to), 3)
WRAP(int, linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags), 3)
WRAP(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n), fd)
WRAP(ssize_t, pread64, (int fd, void *buf, size_t n, off64_t at), (fd, buf, n, at), fd)
WRAP(int, syncfs, (int fd), (fd), fd)
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times), fd)
WRAP(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode), fd)
