/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power cuts: every call by which this program changes a file is counted, and
 * the power_at-th one does not happen any more: the process is gone. What the
 * calls before it did is there, as after a kill.
 *
 * A power cut may also lose what was not synced. That is not played but proved:
 * a file must not get a name while it has bytes that were not synced
 * (power_unsynced), and a file that has a name must only be written by single
 * sectors, which a disk writes whole or not at all (power_torn).
 *
 * These definitions stand before libc's for everything that is linked into the test.
 */
#ifndef TESTS_UNIT_POWER_H
#define TESTS_UNIT_POWER_H

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct power {
	long calls, at; /* at 0: never */
	bool unsynced, torn;
};

/* Shared with the child. */
static struct power *power;
static bool power_on;
static bool power_dirty[1024];

static void power_call(void)
{
	if (power_on && ++power->calls == power->at)
		_exit(137);
}

static bool power_real(void *pointer, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(pointer, &found, sizeof(found));
	return found;
}

/* Below a folder, or under a name, that is nobody's yet. */
static bool power_hidden(int fd)
{
	char link[64], name[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = '\0';
	return strstr(name, "/.") != NULL;
}

static void power_write(int fd, off_t offset, size_t n)
{
	struct stat st;

	power_call();
	if (!power_on)
		return;
	if (fstat(fd, &st) == 0 && st.st_nlink > 0 && !power_hidden(fd) &&
	    (n == 0 || offset / 512 != (offset + (off_t)n - 1) / 512))
		power->torn = true;
	if (fd >= 0 && fd < 1024)
		power_dirty[fd] = true;
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off64_t);

	power_write(fd, offset, n);
	return power_real(&real, "pwrite64") ? real(fd, buf, n, offset) : -1;
}

int ftruncate64(int fd, off64_t size)
{
	int (*real)(int, off64_t);

	power_write(fd, 0, 0);
	return power_real(&real, "ftruncate64") ? real(fd, size) : -1;
}

int fallocate64(int fd, int mode, off64_t offset, off64_t n)
{
	int (*real)(int, int, off64_t, off64_t);

	power_write(fd, 0, 0);
	return power_real(&real, "fallocate64") ? real(fd, mode, offset, n) : -1;
}

int fsync(int fd)
{
	power_call();
	if (power_on && fd >= 0 && fd < 1024)
		power_dirty[fd] = false;
	/* The real one would only cost time here. */
	return 0;
}

static void power_name(void)
{
	power_call();
	for (int fd = 0; power_on && fd < 1024; fd++)
		if (power_dirty[fd])
			power->unsynced = true;
}

int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *);

	power_name();
	return power_real(&real, "rename") ? real(from, to) : -1;
}

int linkat(int a, const char *from, int b, const char *to, int flags)
{
	int (*real)(int, const char *, int, const char *, int);

	power_name();
	return power_real(&real, "linkat") ? real(a, from, b, to, flags) : -1;
}

int renameat2(int a, const char *from, int b, const char *to, unsigned int flags)
{
	int (*real)(int, const char *, int, const char *, unsigned int);

	power_name();
	return power_real(&real, "renameat2") ? real(a, from, b, to, flags) : -1;
}

int link(const char *from, const char *to)
{
	int (*real)(const char *, const char *);

	power_call();
	return power_real(&real, "link") ? real(from, to) : -1;
}

int mkdir(const char *name, mode_t mode)
{
	int (*real)(const char *, mode_t);

	power_call();
	return power_real(&real, "mkdir") ? real(name, mode) : -1;
}

int remove(const char *name)
{
	int (*real)(const char *);

	power_call();
	return power_real(&real, "remove") ? real(name) : -1;
}

int unlink(const char *name)
{
	int (*real)(const char *);

	power_call();
	return power_real(&real, "unlink") ? real(name) : -1;
}

/*
 * Run work(arg) in a child whose power fails at the at-th call. True: it came
 * to its end before; *result is its result then.
 */
__attribute__((unused)) static bool power_run(long at, int (*work)(void *arg), void *arg,
					      int *result)
{
	int status;
	pid_t pid;

	if (!power)
		power = mmap(NULL, sizeof(*power), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*power = (struct power){ .at = at };
	pid = fork();
	if (pid == 0) {
		power_on = true;
		_exit(work(arg) ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	*result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return *result != 137;
}

#endif
