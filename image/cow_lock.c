/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UML's locks on disks: fcntl() on the whole file, for writing on a COW or a
 * plain disk, for reading on a base. Ours belong to the descriptor (OFD), so
 * that closing another descriptor of the same file does not lose them.
 */
#include "image/cow.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct flock whole(bool exclusive)
{
	return (struct flock){ .l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };
}

static int find_holder(int fd, bool exclusive, bool *busy, int *pid)
{
	struct flock lock = whole(exclusive);

	*busy = false;
	*pid = 0;
	if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
		return -errno;
	*busy = lock.l_type != F_UNLCK;
	*pid = *busy && lock.l_pid > 0 ? lock.l_pid : 0;
	return 0;
}

int disk_lock(int fd, bool exclusive, const char *path, struct error *err)
{
	struct flock lock = whole(exclusive);
	int pid, rc;
	bool busy;

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return error_errno(err, errno, path, "cannot be locked");
	rc = error_set(err, -EBUSY, path, "is in use");
	if (find_holder(fd, exclusive, &busy, &pid) == 0 && pid)
		error_hint(err, "process %d has it locked; halt the machine first", pid);
	else
		error_hint(err, "halt the machine first");
	return rc;
}

int disk_in_use(const char *path, bool exclusive, bool *busy, int *pid, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;

	*busy = false;
	*pid = 0;
	if (fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	rc = find_holder(fd, exclusive, busy, pid);
	close(fd);
	return rc ? error_errno(err, -rc, path, "its lock cannot be seen") : 0;
}
