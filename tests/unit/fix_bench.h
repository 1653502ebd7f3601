/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of fixups: an image in the shape of SuSE 9, of a system with
 * systemd, or empty; and one or all fixups on it. e2fsck looks at every result.
 */
#ifndef TESTS_UNIT_FIX_BENCH_H
#define TESTS_UNIT_FIX_BENCH_H

#include "tests/unit/judge.h"

#include "fixups/fixup.h"

#define NOW 1064188800u

static const char *const fix_shapes[] = {
	"-t ext2 -b 1024 -I 128 -O none,filetype,sparse_super,large_file",
	"-t ext4 -b 4096 -O metadata_csum,64bit",
};

#define CONSOLE_24 "C0:2345:respawn:/sbin/agetty ttys/0 9600 xterm"
#define CONSOLE_6  "c0:2345:respawn:/sbin/agetty --noclear 38400 tty0 linux"

struct fix {
	char *dir, *path;
	int fd;
	struct image *image;
	struct fixup_settings settings;
	struct strlist changed, skipped;
	struct strbuf out;
};

JUDGE_FN void fix_open(struct fix *f)
{
	f->fd = open(f->path, O_RDWR | O_CLOEXEC);
	assert_true(f->fd >= 0);
	assert_ok(image_open(&f->image, f->fd, true, NOW, &err));
}

JUDGE_FN void fix_close(struct fix *f)
{
	assert_ok(image_close(f->image, &err));
	f->image = NULL;
	close(f->fd);
	judge_fsck(f->path);
}

JUDGE_FN struct fix *fix_new(const char *shape)
{
	struct fix *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->dir = judge_make_dir();
	assert_true(asprintf(&f->path, "%s/image", f->dir) >= 0);
	judge_mke2fs(f->path, shape, "24M");
	f->settings = (struct fixup_settings){
		.kernel = "6",
		.root_device = "/dev/ubda",
		.filesystem = "ext2",
		.console_line = CONSOLE_6,
		.arch = "x86_64",
	};
	fix_open(f);
	return f;
}

JUDGE_FN void fix_free(struct fix *f)
{
	if (f->image)
		fix_close(f);
	judge_remove_dir(f->dir);
	strlist_release(&f->changed);
	strlist_release(&f->skipped);
	strbuf_release(&f->out);
	free(f->path);
	free(f);
}

/* A file with its parents. */
JUDGE_FN void fix_put(struct fix *f, const char *path, const char *text, uint32_t mode)
{
	const struct image_attr attr = { .mode = mode };
	char *parent = strdup(path);

	*strrchr(parent, '/') = '\0';
	assert_ok(image_mkdir_p(f->image, parent, &err));
	assert_ok(image_write_file(f->image, path, text, strlen(text), &attr, &err));
	free(parent);
}

JUDGE_FN void fix_link(struct fix *f, const char *target, const char *path)
{
	assert_ok(image_symlink(f->image, target, path, &err));
}

/* What the file holds now. */
JUDGE_FN const char *fix_text(struct fix *f, const char *path)
{
	assert_ok(image_read_file(f->image, path, 1 << 20, &f->out, &err));
	return f->out.data;
}

JUDGE_FN int fix_try(struct fix *f, const char *name, struct error *err)
{
	struct fixup_run run = {
		.image = f->image,
		.settings = &f->settings,
		.name = name,
		.changed = &f->changed,
		.skipped = &f->skipped,
	};
	const struct fixup *fixup = fixup_find(name);

	assert_non_null(fixup);
	strlist_release(&f->changed);
	strlist_release(&f->skipped);
	return fixup->apply(&run, err);
}

/* It changes something; gives the first line of the report. */
JUDGE_FN const char *fix_changes(struct fix *f, const char *name)
{
	assert_ok(fix_try(f, name, &err));
	if (!f->changed.count)
		fail_msg("%s changed nothing: %s", name,
			 f->skipped.count ? f->skipped.items[0] : "and says nothing");
	assert_int_equal(strncmp(f->changed.items[0], name, strlen(name)), 0);
	return f->changed.items[0];
}

/* It changes nothing, and says why. */
JUDGE_FN const char *fix_skips(struct fix *f, const char *name)
{
	assert_ok(fix_try(f, name, &err));
	if (f->changed.count)
		fail_msg("%s changed: %s", name, f->changed.items[0]);
	assert_true(f->skipped.count > 0);
	assert_int_equal(strncmp(f->skipped.items[0], name, strlen(name)), 0);
	return f->skipped.items[0];
}

#define SUSE_INITTAB                                                                               \
	"# /etc/inittab\n"                                                                         \
	"id:3:initdefault:\n"                                                                      \
	"si::bootwait:/etc/init.d/boot\n"                                                          \
	"\n"                                                                                       \
	"l0:0:wait:/etc/init.d/rc 0\n"                                                             \
	"l1:1:wait:/etc/init.d/rc 1\n"                                                             \
	"l2:2:wait:/etc/init.d/rc 2\n"                                                             \
	"l3:3:wait:/etc/init.d/rc 3\n"                                                             \
	"l6:6:wait:/etc/init.d/rc 6\n"                                                             \
	"ca::ctrlaltdel:/sbin/shutdown -r -t 4 now\n"                                              \
	"1:2345:respawn:/sbin/mingetty --noclear tty1\n"                                           \
	"2:2345:respawn:/sbin/mingetty tty2\n"                                                     \
	"3:2345:respawn:/sbin/mingetty tty3\n"                                                     \
	"#S0:12345:respawn:/sbin/agetty -L 9600 ttyS0 vt102\n"                                     \
	"# end"

/* As packages leave it, with usr-merge. */
JUDGE_FN void fix_make_suse(struct fix *f)
{
	assert_ok(image_mkdir_p(f->image, "/usr/bin", &err));
	assert_ok(image_mkdir_p(f->image, "/usr/sbin", &err));
	assert_ok(image_mkdir_p(f->image, "/usr/lib", &err));
	assert_ok(image_mkdir_p(f->image, "/var/log", &err));
	fix_link(f, "usr/bin", "/bin");
	fix_link(f, "usr/sbin", "/sbin");
	fix_link(f, "usr/lib", "/lib");
	fix_put(f, "/bin/true", "\177ELF true", 0755);
	fix_put(f, "/bin/sh", "\177ELF sh", 0755);
	fix_put(f, "/bin/sash", "\177ELF sash", 0755);
	fix_put(f, "/sbin/init", "\177ELF init", 0755);
	fix_put(f, "/sbin/blogd", "\177ELF blogd", 0755);
	fix_put(f, "/sbin/agetty", "\177ELF agetty", 0755);
	fix_put(f, "/etc/inittab", SUSE_INITTAB, 0644);
	fix_put(f, "/etc/HOSTNAME", "linux.local\n", 0644);
	fix_put(f, "/etc/securetty", "# terminals\ntty1\n", 0600);
	fix_put(f, "/etc/fstab",
		"proc\t/proc\tproc\tdefaults\t0 0\n/dev/hda1 / reiserfs noatime 1 1\n"
		"usbdevfs /proc/bus/usb usbdevfs noauto 0 0\n",
		0644);
	fix_put(f, "/etc/init.d/boot", "#!/bin/sh\n", 0754);
	fix_put(f, "/etc/init.d/boot.clock", "#!/bin/sh\n", 0755);
	fix_put(f, "/etc/init.d/boot.local", "#! /bin/sh\n# yours\nexit 0\n\n", 0744);
	assert_ok(image_mkdir_p(f->image, "/etc/init.d/boot.d", &err));
	assert_ok(image_mkdir_p(f->image, "/etc/init.d/rc3.d", &err));
	fix_link(f, "init.d", "/etc/rc.d");
	fix_link(f, "../boot.clock", "/etc/init.d/boot.d/S05boot.clock");
	fix_link(f, "../boot.clock", "/etc/init.d/boot.d/K20boot.clock");
	fix_link(f, "../boot.swap", "/etc/init.d/boot.d/S10boot.swap");
	fix_link(f, "../cron", "/etc/init.d/rc3.d/S10cron");
	fix_link(f, "../cron", "/etc/init.d/rc3.d/K12cron");
	fix_link(f, "../sshd", "/etc/init.d/rc3.d/S12sshd");
	fix_put(f, "/etc/init.d/rc3.d/README", "not a link\n", 0644);
}

JUDGE_FN void fix_make_systemd(struct fix *f)
{
	assert_ok(image_mkdir_p(f->image, "/usr/bin", &err));
	assert_ok(image_mkdir_p(f->image, "/usr/sbin", &err));
	fix_link(f, "usr/bin", "/bin");
	fix_link(f, "usr/sbin", "/sbin");
	fix_put(f, "/bin/sh", "\177ELF sh", 0755);
	fix_put(f, "/usr/lib/systemd/systemd", "\177ELF systemd", 0755);
	fix_put(f, "/usr/lib/systemd/system/getty@.service", "[Unit]\n", 0644);
	fix_link(f, "../lib/systemd/systemd", "/sbin/init");
	fix_put(f, "/etc/passwd", "root::0:0::/root:/bin/sh\n", 0644);
	assert_ok(image_mkdir_p(f->image, "/etc/sysctl.d", &err));
}

#endif
