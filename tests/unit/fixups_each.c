/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each fixup: what it writes, and the images that are not as it expects. */
#include "tests/unit/fix_bench.h"

static void test_blogd(void **state)
{
	struct fix *f = fix_new(*state);
	struct image_stat st;

	judge_contains(fix_skips(f, "blogd"), "no /sbin/blogd");
	fix_make_suse(f);
	judge_contains(fix_changes(f, "blogd"), "/bin/true");
	assert_string_equal(fix_text(f, "/sbin/blogd.orig"), "\177ELF blogd");
	assert_string_equal(fix_text(f, "/sbin/blogd"), "\177ELF true");
	assert_ok(image_stat(f->image, "/sbin/blogd", &st, &err));
	assert_int_equal(st.mode, S_IFREG | 0755);
	judge_contains(fix_skips(f, "blogd"), "already");
	/* A new blogd came after: it is the one to keep. */
	assert_ok(image_write_file(f->image, "/sbin/blogd", "newer", 5, NULL, &err));
	fix_changes(f, "blogd");
	assert_string_equal(fix_text(f, "/sbin/blogd.orig"), "newer");
	fix_free(f);
}

/* A true that looks at its name would be no true under another one. */
static void test_blogd_busybox(void **state)
{
	struct fix *f = fix_new(*state);

	fix_put(f, "/bin/busybox", "\177ELF busybox", 0755);
	fix_put(f, "/sbin/blogd", "\177ELF blogd", 0755);
	fix_link(f, "busybox", "/bin/true");
	judge_contains(fix_changes(f, "blogd"), "nothing is in its place");
	assert_false(image_exists(f->image, "/sbin/blogd"));
	judge_contains(fix_skips(f, "blogd"), "out of the way");
	assert_ok(image_rename(f->image, "/sbin/blogd.orig", "/sbin/blogd", &err));
	fix_link(f, "busybox", "/bin/sh");
	judge_contains(fix_changes(f, "blogd"), "script");
	judge_contains(fix_text(f, "/sbin/blogd"), "#!/bin/sh\nexit 0\n");
	fix_skips(f, "blogd");
	fix_free(f);
}

static void test_inittab(void **state)
{
	struct fix *f = fix_new(*state);

	fix_make_suse(f);
	f->settings.console_line = CONSOLE_24;
	judge_contains(fix_changes(f, "inittab"), "3 mingetty lines");
	judge_contains(f->changed.items[1], CONSOLE_24);
	judge_contains(
		fix_text(f, "/etc/inittab"),
		"\n#2:2345:respawn:/sbin/mingetty tty2\n"
		"#3:2345:respawn:/sbin/mingetty tty3\n" CONSOLE_24
		"\n#S0:");
	judge_contains(f->out.data, "# /etc/inittab\nid:3:initdefault:\nsi::bootwait:");
	judge_contains(fix_skips(f, "inittab"), "already");
	/* Another profile for the same image: the old console's line has another id and stays. */
	f->settings.console_line = "C0:2345:respawn:/sbin/agetty 38400 tty0";
	judge_contains(fix_changes(f, "inittab"), "console's id");
	judge_contains(fix_text(f, "/etc/inittab"), "\n#" CONSOLE_24 "\n");
	f->settings.console_line = "nonsense";
	assert_fails(fix_try(f, "inittab", &err), -ERR_FORMAT);
	f->settings.console_line = NULL;
	judge_contains(fix_skips(f, "inittab"), "no console line");
	fix_free(f);
}

static void test_inittab_getty(void **state)
{
	struct fix *f = fix_new(*state);

	fix_make_suse(f);
	assert_ok(image_remove(f->image, "/sbin/agetty", &err));
	/* No getty at all: the mingetty lines go, and the report says what that means. */
	fix_changes(f, "inittab");
	judge_contains(f->skipped.items[0], "no login");
	judge_lacks(fix_text(f, "/etc/inittab"), "tty0");
	fix_put(f, "/sbin/mingetty", "\177ELF", 0755);
	judge_contains(fix_changes(f, "inittab"), "the getty that the image has");
	judge_contains(fix_text(f, "/etc/inittab"),
		       "\nc0:2345:respawn:/sbin/mingetty --noclear tty0\n");
	fix_skips(f, "inittab");
	judge_contains(fix_text(f, "/etc/inittab"),
		       "\nc0:2345:respawn:/sbin/mingetty --noclear tty0\n");
	fix_free(f);
}

static void test_links(void **state)
{
	struct fix *f = fix_new(*state);

	judge_contains(fix_skips(f, "runlevel"), "no /etc/init.d/rc3.d");
	judge_contains(fix_skips(f, "bootclock"), "no /etc/init.d/boot.d");
	fix_make_suse(f);
	judge_contains(fix_changes(f, "runlevel"), "3 links removed");
	assert_true(image_exists(f->image, "/etc/init.d/rc3.d/README"));
	judge_contains(fix_skips(f, "runlevel"), "no links");
	judge_contains(fix_changes(f, "bootclock"), "2 boot.clock links");
	assert_true(image_exists(f->image, "/etc/init.d/boot.clock"));
	fix_skips(f, "bootclock");
	fix_close(f);
	judge_debugfs(&f->out, f->path, "ls /etc/init.d/boot.d");
	judge_contains(f->out.data, "S10boot.swap");
	judge_lacks(f->out.data, "boot.clock");
	fix_free(f);
}

static void test_securetty(void **state)
{
	static const char *const names[] = { "vc/0", "tty1", "/dev/ttyS0", NULL };
	struct fix *f = fix_new(*state);
	struct image_stat st;

	f->settings.securetty = names;
	judge_contains(fix_skips(f, "securetty"), "no /etc/securetty");
	assert_false(image_exists(f->image, "/etc/securetty"));
	fix_make_suse(f);
	judge_contains(fix_changes(f, "securetty"), "vc/0 ttyS0 added");
	assert_string_equal(fix_text(f, "/etc/securetty"), "# terminals\ntty1\nvc/0\nttyS0\n");
	assert_ok(image_stat(f->image, "/etc/securetty", &st, &err));
	assert_int_equal(st.mode, S_IFREG | 0600);
	fix_skips(f, "securetty");
	fix_free(f);
}

static void test_hostname(void **state)
{
	struct fix *f = fix_new(*state);

	fix_make_suse(f);
	f->settings.hostname = "myuml";
	fix_changes(f, "hostname");
	assert_string_equal(fix_text(f, "/etc/HOSTNAME"), "myuml\n");
	assert_string_equal(fix_text(f, "/etc/hosts"), "127.0.0.1\tlocalhost\n127.0.0.2\tmyuml\n");
	assert_false(image_exists(f->image, "/etc/hostname"));
	fix_skips(f, "hostname");
	f->settings.hostname = "n1.lab.example";
	fix_changes(f, "hostname");
	judge_contains(fix_text(f, "/etc/hosts"), "127.0.0.2\tn1.lab.example n1\n");
	f->settings.hostname = "two words";
	assert_fails(fix_try(f, "hostname", &err), -ERR_FORMAT);
	f->settings.hostname = "-x";
	assert_fails(fix_try(f, "hostname", &err), -ERR_FORMAT);
	fix_free(f);
}

static void test_swap(void **state)
{
	struct fix *f = fix_new(*state);
	char *copy;

	fix_make_suse(f);
	f->settings.swap_bytes = (4 << 20) + 100;
	judge_contains(fix_changes(f, "swap"), "/swapfile of 4.0 MiB");
	fix_skips(f, "swap");
	fix_close(f);
	/* swaplabel and file are the judges of the signature; they read a copy of the file. */
	assert_true(asprintf(&copy, "dump /swapfile %s/swap", f->dir) >= 0);
	judge_debugfs(&f->out, f->path, copy);
	assert_int_equal(judge_run(&f->out, "swaplabel '%s/swap'", f->dir), 0);
	judge_contains(f->out.data, "UUID:");
	assert_int_equal(judge_run(&f->out,
				   "stat -c %%s '%s/swap'; od -An -tu4 -j1024 -N8 '%s/swap'",
				   f->dir, f->dir),
			 0);
	judge_contains(f->out.data, "4194304\n          1       1023\n");
	judge_debugfs(&f->out, f->path, "stat /swapfile");
	judge_contains(f->out.data, "Mode:  0600");
	judge_debugfs(&f->out, f->path, "cat /etc/fstab");
	judge_contains(f->out.data, "\n/swapfile swap swap defaults 0 0\n");
	free(copy);
	fix_open(f);
	f->settings.swap_bytes = 2 << 20;
	judge_contains(fix_changes(f, "swap"), "2.0 MiB");
	f->settings.swap_bytes = 5000;
	assert_fails(fix_try(f, "swap", &err), -ERR_LIMIT);
	f->settings.swap_bytes = 60 << 20;
	assert_fails(fix_try(f, "swap", &err), -ERR_NO_SPACE);
	fix_free(f);
}

static void test_fstab(void **state)
{
	struct fix *f = fix_new(*state);

	fix_make_suse(f);
	judge_contains(fix_changes(f, "fstab"), "lines for /, /dev/pts, /sys");
	assert_string_equal(fix_text(f, "/etc/fstab"),
			    "proc\t/proc\tproc\tdefaults\t0 0\n"
			    "/dev/ubda / ext2 defaults 1 1\n"
			    "usbdevfs /proc/bus/usb usbdevfs noauto 0 0\n"
			    "devpts /dev/pts devpts mode=0620,gid=5 0 0\n"
			    "sysfs /sys sysfs defaults 0 0\n");
	fix_skips(f, "fstab");
	/* Somebody's own options for the right device stay. */
	fix_put(f, "/etc/fstab", "# mine\n/dev/ubda\t/\text2\tnoatime 0 1", 0644);
	fix_changes(f, "fstab");
	judge_contains(fix_text(f, "/etc/fstab"), "# mine\n/dev/ubda\t/\text2\tnoatime 0 1\nproc ");
	f->settings.kernel = "2.4";
	f->settings.root_device = "/dev/ubd/0";
	assert_ok(image_remove(f->image, "/etc/fstab", &err));
	fix_changes(f, "fstab");
	assert_string_equal(fix_text(f, "/etc/fstab"),
			    "/dev/ubd/0 / ext2 defaults 1 1\n"
			    "proc /proc proc defaults 0 0\n"
			    "devpts /dev/pts devpts mode=0620,gid=5 0 0\n");
	fix_free(f);
}

static void test_sysrq(void **state)
{
	struct fix *f = fix_new(*state);
	struct image_stat st;

	judge_contains(fix_skips(f, "sysrq"), "neither");
	fix_make_suse(f);
	fix_changes(f, "sysrq");
	assert_string_equal(fix_text(f, "/etc/init.d/boot.local"),
			    "#! /bin/sh\n# yours\necho 1 > /proc/sys/kernel/sysrq\nexit 0\n\n");
	fix_skips(f, "sysrq");
	assert_ok(image_remove(f->image, "/etc/init.d/boot.local", &err));
	fix_changes(f, "sysrq");
	assert_string_equal(fix_text(f, "/etc/init.d/boot.local"),
			    "#! /bin/sh\necho 1 > /proc/sys/kernel/sysrq\n");
	assert_ok(image_stat(f->image, "/etc/init.d/boot.local", &st, &err));
	assert_int_equal(st.mode, S_IFREG | 0744);
	for (size_t i = 0; i < 2; i++) {
		static const char *const ends[] = { "exit 0 # done\n# vim: set sw=4:\n\t# end\n",
						    "exec /sbin/more\n" };
		char old[128], new[192];

		snprintf(old, sizeof(old), "#!/bin/sh\nexec 2>&1\n%s", ends[i]);
		snprintf(new, sizeof(new), "#!/bin/sh\nexec 2>&1\necho 1 > /proc/sys/kernel/sysrq\n%s",
			 ends[i]);
		fix_put(f, "/etc/init.d/boot.local", old, 0755);
		fix_changes(f, "sysrq");
		assert_string_equal(fix_text(f, "/etc/init.d/boot.local"), new);
	}
	fix_put(f, "/etc/init.d/boot.local", "#!/bin/sh\nexec 2>&1\n", 0755);
	fix_changes(f, "sysrq");
	assert_string_equal(fix_text(f, "/etc/init.d/boot.local"),
			    "#!/bin/sh\nexec 2>&1\necho 1 > /proc/sys/kernel/sysrq\n");
	fix_free(f);
}

static void test_devices(void **state)
{
	struct fix *f = fix_new(*state);
	struct image_stat st;

	fix_put(f, "/dev/null", "in the way", 0644);
	fix_changes(f, "devices");
	fix_skips(f, "devices");
	assert_ok(image_lstat(f->image, "/dev/null", &st, &err));
	assert_true(S_ISREG(st.mode));
	f->settings.kernel = "2.4";
	fix_changes(f, "devices");
	fix_skips(f, "devices");
	fix_close(f);
	judge_debugfs(&f->out, f->path, "stat /dev/ubdb");
	judge_contains(f->out.data, "Type: block special    Mode:  0660");
	judge_contains(f->out.data, "Device major/minor number: 98:16");
	judge_debugfs(&f->out, f->path, "stat /dev/ubd/7");
	judge_contains(f->out.data, "number: 98:112");
	judge_debugfs(&f->out, f->path, "stat /dev/console");
	judge_contains(f->out.data, "Type: character special    Mode:  0600");
	judge_contains(f->out.data, "number: 05:01");
	judge_debugfs(&f->out, f->path, "stat /dev/ttys/0");
	judge_contains(f->out.data, "number: 04:64");
	judge_debugfs(&f->out, f->path, "stat /dev/tty0");
	judge_contains(f->out.data, "number: 04:00");
	fix_free(f);
}

/* A guest of 2.4 finds its disk under both names, whatever kernel boots it. */
static void test_devices_old(void **state)
{
	static const char *const stats[] = { "stat /dev/ubda", "stat /dev/ubd/0" };
	struct fix *f = fix_new(*state);

	f->settings.kernel = "2.4";
	judge_contains(fix_changes(f, "devices"), "2.4");
	fix_skips(f, "devices");
	fix_close(f);
	for (size_t i = 0; i < 2; i++) {
		judge_debugfs(&f->out, f->path, stats[i]);
		judge_contains(f->out.data, "Type: block special    Mode:  0660");
		judge_contains(f->out.data, "Device major/minor number: 98:00");
	}
	judge_debugfs(&f->out, f->path, "stat /dev/ttyS0");
	judge_contains(f->out.data, "number: 04:64");
	fix_free(f);
	f = fix_new(*state);
	fix_changes(f, "devices");
	assert_false(image_exists(f->image, "/dev/ubd"));
	assert_false(image_exists(f->image, "/dev/vc"));
	fix_free(f);
}

static void test_rpmdb(void **state)
{
	struct fix *f = fix_new(*state);

	fix_make_suse(f);
	judge_contains(fix_skips(f, "rpmdb"), "complete");
	f->settings.rebuild_database = true;
	judge_contains(fix_skips(f, "rpmdb"), "no rpm");
	fix_put(f, "/bin/rpm", "\177ELF rpm", 0755);
	judge_contains(fix_skips(f, "rpmdb"), "nothing runs at first boot");
	judge_contains(fix_skips(f, "firstboot"), "no scriptlets");
	assert_false(image_exists(f->image, "/usr/lib/mkroot"));
	/* Without a scriptlet that waits, as after --scripts=uml, it is queued all the same. */
	f->settings.first_boot = true;
	judge_contains(fix_changes(f, "rpmdb"), "queued");
	judge_contains(fix_skips(f, "rpmdb"), "already");
	judge_contains(fix_changes(f, "firstboot"), "0 scriptlets queued");
	assert_true(image_exists(f->image, "/usr/lib/mkroot/firstboot/run"));
	assert_string_equal(fix_text(f, "/usr/lib/mkroot/firstboot/after/rpmdb"),
			    "rpm --rebuilddb\n");
	fix_free(f);
}

static void test_sh(void **state)
{
	struct fix *f = fix_new(*state);
	char *target;

	f->settings.shell = "/bin/sash";
	judge_contains(fix_skips(f, "sh"), "no /bin/sash");
	fix_put(f, "/bin/sash", "\177ELF sash", 0755);
	fix_changes(f, "sh");
	assert_string_equal(fix_text(f, "/sh"), "\177ELF sash");
	fix_skips(f, "sh");
	assert_ok(image_remove(f->image, "/sh", &err));
	fix_put(f, "/sh", "mine", 0755);
	judge_contains(fix_skips(f, "sh"), "another");
	assert_ok(image_remove(f->image, "/sh", &err));
	fix_link(f, "sash", "/bin/ash");
	f->settings.shell = "/bin/ash";
	fix_changes(f, "sh");
	assert_ok(image_readlink(f->image, "/sh", &target, &err));
	assert_string_equal(target, "/bin/ash");
	free(target);
	fix_free(f);
}

static void test_modules(void **state)
{
	struct fix *f = fix_new(*state);
	char *modules, *release;

	fix_make_suse(f);
	assert_true(asprintf(&modules, "%s/m", f->dir) >= 0);
	assert_true(asprintf(&release, "%s/m/2.4.22-6um", f->dir) >= 0);
	f->settings.modules_dir = modules;
	assert_fails(fix_try(f, "modules", &err), -ENOENT);
	assert_int_equal(judge_run(&f->out, "mkdir '%s'", modules), 0);
	assert_fails(fix_try(f, "modules", &err), -ERR_NOT_FOUND);
	assert_int_equal(
		judge_run(
			&f->out,
			"mkdir -p '%s'/kernel/net; mkdir '%s'/other; cd '%s' && "
			"head -c 3000000 /dev/urandom >kernel/net/tun.o && "
			"chmod 600 kernel/net/tun.o && mkfifo pipe && ln -s tun.o kernel/net/tap.o",
			release, modules, release),
		0);
	/* Without modules.dep the guest would load nothing. */
	assert_fails(fix_try(f, "modules", &err), -ERR_NOT_FOUND);
	assert_int_equal(judge_run(&f->out, "echo kernel/other.o: >'%s'/modules.dep", release), 0);
	assert_fails(fix_try(f, "modules", &err), -ERR_NOT_FOUND);
	assert_int_equal(
		judge_run(&f->out,
			  "printf '/lib/modules/2.4.22-6um/kernel/net/tun.o:\\\\\\n\\t/x\\n' "
			  ">'%s'/modules.dep",
			  release),
		0);
	judge_contains(fix_changes(f, "modules"), "of 3 files of 2.4.22-6um copied, 2.9 MiB");
	assert_false(image_exists(f->image, "/lib/modules/other"));
	assert_false(image_exists(f->image, "/lib/modules/2.4.22-6um/pipe"));
	fix_skips(f, "modules");
	f->settings.modules_dir = release;
	fix_skips(f, "modules");
	assert_int_equal(judge_run(&f->out,
				   "printf x | dd of='%s'/kernel/net/tun.o bs=1 seek=2999999 "
				   "conv=notrunc 2>&1",
				   release),
			 0);
	judge_contains(fix_changes(f, "modules"), "1 of 3 files");
	fix_close(f);
	free(modules);
	assert_true(asprintf(&modules, "dump /usr/lib/modules/2.4.22-6um/kernel/net/tun.o %s/dump",
			     f->dir) >= 0);
	judge_debugfs(&f->out, f->path, modules);
	assert_int_equal(judge_run(&f->out, "cmp '%s/dump' '%s/kernel/net/tun.o'", f->dir, release),
			 0);
	judge_debugfs(&f->out, f->path, "stat /usr/lib/modules/2.4.22-6um/kernel/net/tun.o");
	judge_contains(f->out.data, "Mode:  0644");
	judge_contains(f->out.data, "mtime: 0x3f6e3b80"); /* NOW */
	free(modules);
	free(release);
	fix_free(f);
}

/* A choice of modules brings what they need, depmod's lists, and no folder that would be empty. */
static void test_modules_chosen(void **state)
{
	struct strlist names = STRLIST_INIT;
	struct fix *f = fix_new(*state);
	char *release;

	fix_make_suse(f);
	assert_true(asprintf(&release, "%s/m/6.1.0", f->dir) >= 0);
	assert_int_equal(
		judge_run(&f->out,
			  "mkdir -p '%s'/kernel/net/core '%s'/kernel/fs && cd '%s' && "
			  "for m in net/dummy-if net/core/base fs/nfs; do echo x >kernel/$m.ko; done && "
			  "echo 'kernel/mm/inside.ko' >modules.builtin && echo a >modules.alias && "
			  "printf '%%s\\n' 'kernel/net/dummy-if.ko: kernel/net/core/base.ko' "
			  "kernel/net/core/base.ko: kernel/fs/nfs.ko: >modules.dep",
			  release, release, release),
		0);
	f->settings.modules_dir = release;
	f->settings.modules = &names;
	assert_int_equal(strlist_add(&names, "dummy_if"), 0);
	assert_int_equal(strlist_add(&names, "inside"), 0);
	judge_contains(fix_changes(f, "modules"), "of 5 files of 6.1.0 copied");
	assert_true(image_exists(f->image, "/lib/modules/6.1.0/kernel/net/dummy-if.ko"));
	assert_true(image_exists(f->image, "/lib/modules/6.1.0/kernel/net/core/base.ko"));
	assert_true(image_exists(f->image, "/lib/modules/6.1.0/modules.alias"));
	assert_false(image_exists(f->image, "/lib/modules/6.1.0/kernel/fs"));
	assert_int_equal(strlist_add(&names, "dumy_if"), 0);
	assert_fails(fix_try(f, "modules", &err), -ERR_NOT_FOUND);
	strlist_release(&names);
	free(release);
	fix_free(f);
}

int main(void)
{
	static const struct {
		const char *name;
		CMUnitTestFunction test;
	} each[] = {
		{ "blogd", test_blogd },       { "blogd-busybox", test_blogd_busybox },
		{ "inittab", test_inittab },   { "inittab-getty", test_inittab_getty },
		{ "links", test_links },       { "securetty", test_securetty },
		{ "hostname", test_hostname }, { "swap", test_swap },
		{ "fstab", test_fstab },       { "sysrq", test_sysrq },
		{ "devices", test_devices },   { "sh", test_sh },
		{ "modules", test_modules },   { "rpmdb", test_rpmdb },
		{ "modules-chosen", test_modules_chosen },
		{ "devices-old", test_devices_old },
	};
	static struct CMUnitTest tests[2 * sizeof(each) / sizeof(each[0])];

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tests[i] = (struct CMUnitTest){
			.name = each[i / 2].name,
			.test_func = each[i / 2].test,
			.initial_state = (void *)fix_shapes[i % 2],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
