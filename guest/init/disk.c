/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image as the guest's disk: mounting, looking after it, letting go of it. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest/init/init.h"

#define MAX_MOUNTS 256

static bool is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void mount_on(const char *what, const char *folder, const char *options)
{
	if (is_folder(folder))
		(void)mount(what, folder, what, MS_NOSUID | MS_NOEXEC, options);
}

/* An image with nodes of its own keeps what jobs make there; others get the few that everybody needs. */
static void give_devices(void)
{
	static const struct {
		const char *path;
		unsigned int minor;
	} nodes[] = { { TARGET "/dev/null", 3 },   { TARGET "/dev/zero", 5 },
		      { TARGET "/dev/full", 7 },   { TARGET "/dev/random", 8 },
		      { TARGET "/dev/urandom", 9 } };
	struct stat st;

	if (!is_folder(TARGET "/dev") ||
	    (lstat(nodes[0].path, &st) == 0 && S_ISCHR(st.st_mode)))
		return;
	if (mount("dev", TARGET "/dev", "tmpfs", MS_NOSUID, "mode=755,size=1m"))
		return;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (mknod(nodes[i].path, S_IFCHR | 0666, makedev(1, nodes[i].minor)) == 0)
			chmod(nodes[i].path, 0666);
	(void)(mknod(TARGET "/dev/tty", S_IFCHR | 0666, makedev(5, 0)) ||
	       symlink("/proc/self/fd", TARGET "/dev/fd") ||
	       symlink("/proc/self/fd/0", TARGET "/dev/stdin") ||
	       symlink("/proc/self/fd/1", TARGET "/dev/stdout") ||
	       symlink("/proc/self/fd/2", TARGET "/dev/stderr") ||
	       mkdir(TARGET "/dev/shm", 01777) || mkdir(TARGET "/dev/pts", 0755));
}

static void count(uint64_t *room, uint64_t *used_inodes, uint64_t *free_inodes)
{
	struct statfs fs = { .f_bsize = 0 };

	if (statfs(TARGET, &fs) != 0)
		fs.f_bsize = 0;
	*room = (uint64_t)fs.f_bfree * (uint64_t)fs.f_bsize;
	*free_inodes = fs.f_ffree;
	*used_inodes = fs.f_files - fs.f_ffree;
}

void disk_mount(struct init *in)
{
	uint64_t room, free_inodes;

	mkdir(TARGET, 0755);
	mknod("/disk", S_IFBLK | 0600, makedev(98, 0));
	if (mount("/disk", TARGET, in->filesystem, MS_NOATIME, "") != 0)
		die(in, "the guest's kernel cannot mount the image as %s: %s", in->filesystem,
		    strerror(errno));
	mount_on("proc", TARGET "/proc", "");
	mount_on("sysfs", TARGET "/sys", "");
	give_devices();
	mount_on("devpts", TARGET "/dev/pts", "mode=620");
	count(&room, &in->used_inodes, &free_inodes);
	in->had_room = room >= GUEST_FULL_BYTES && free_inodes;
}

enum guest_end disk_check(const struct init *in)
{
	uint64_t room, used, free_inodes;

	count(&room, &used, &free_inodes);
	if (in->had_room && (room < GUEST_FULL_BYTES || !free_inodes))
		return GUEST_FULL;
	return used < in->used_inodes / 2 ? GUEST_EMPTIED : GUEST_EXITED;
}

/* What is mounted below the image, the last one first. */
static void unmount_below(void)
{
	char *paths[MAX_MOUNTS];
	size_t n = 0;
	FILE *f = setmntent("/proc/mounts", "re");
	struct mntent *m;

	while (f && n < MAX_MOUNTS && (m = getmntent(f)))
		if (!strncmp(m->mnt_dir, TARGET "/", sizeof(TARGET)) && (paths[n] = strdup(m->mnt_dir)))
			n++;
	if (f)
		endmntent(f);
	while (n--) {
		if (umount2(paths[n], UMOUNT_NOFOLLOW) != 0)
			(void)umount2(paths[n], UMOUNT_NOFOLLOW | MNT_DETACH);
		free(paths[n]);
	}
}

void disk_unmount(const struct init *in)
{
	unmount_below();
	sync();
	for (int i = 0; i < 20; i++) {
		if (umount2(TARGET, 0) == 0)
			return;
		usleep(50000);
	}
	if (mount(NULL, TARGET, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0)
		die(in, "the image cannot be unmounted: %s", strerror(errno));
}
