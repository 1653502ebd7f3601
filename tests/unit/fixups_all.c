/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All fixups one after the other, as mkroot runs them, and once more. */
#include "tests/unit/fix_bench.h"

static const struct fixup_scriptlet scriptlets[] = {
	{ "glibc-2.36-1.x86_64", "post", "/sbin/ldconfig", NULL, -1, -1, NULL },
	{ "aaa_base-9.0-6.x86_64", "post", "/bin/sh", "echo \"$1\"\n", 1, -1, NULL },
};
static const char *const terminals[] = { "vc/0", "tty0", "tty1", "ttyS0", NULL };

static void make_modules(struct fix *f)
{
	assert_int_equal(
		judge_run(&f->out,
			  "cd '%s' && mkdir -p modules/6.1.0/kernel/fs && cd modules/6.1.0 && "
			  "echo ELF >kernel/fs/ext9.ko && ln -s /usr/src build && "
			  "echo kernel/fs/ext9.ko: >modules.dep",
			  f->dir),
		0);
	free((char *)f->settings.modules_dir);
	assert_true(asprintf((char **)&f->settings.modules_dir, "%s/modules", f->dir) >= 0);
}

static void settle(struct fix *f)
{
	make_modules(f);
	f->settings.securetty = terminals;
	f->settings.hostname = "uml.example.org";
	f->settings.swap_bytes = 1 << 20;
	f->settings.shell = "/bin/sash";
	f->settings.scriptlets = scriptlets;
	f->settings.scriptlet_count = 2;
}

/* Run every fixup; gives how many changed something and how many did not. */
static void run_all(struct fix *f, size_t *changed, size_t *skipped)
{
	*changed = *skipped = 0;
	for (const struct fixup *x = fixup_table; x->name; x++) {
		size_t said;

		assert_ok(fix_try(f, x->name, &err));
		said = f->changed.count + f->skipped.count;
		if (!said)
			fail_msg("%s says nothing", x->name);
		if (f->changed.count)
			(*changed)++;
		else
			(*skipped)++;
	}
}

static void check_twice(struct fix *f)
{
	size_t changed, skipped, all = 0;

	fix_close(f);
	assert_int_equal(judge_run(&f->out, "cp '%s' '%s.1'", f->path, f->path), 0);
	fix_open(f);
	run_all(f, &changed, &skipped);
	fix_close(f);
	for (const struct fixup *x = fixup_table; x->name; x++)
		all++;
	assert_int_equal(changed, 0);
	assert_int_equal(skipped, all);
	if (judge_run(&f->out, "cmp '%s' '%s.1'", f->path, f->path))
		fail_msg("the second run changed bytes: %s", f->out.data);
}

static void test_suse(void **state)
{
	struct fix *f = fix_new(*state);
	size_t changed, skipped;

	fix_make_suse(f);
	fix_put(f, "/bin/rpm", "\177ELF rpm", 0755);
	settle(f);
	f->settings.rebuild_database = true;
	run_all(f, &changed, &skipped);
	assert_int_equal(changed, 14); /* all but systemd */
	assert_int_equal(skipped, 1);
	check_twice(f);
	judge_debugfs(&f->out, f->path, "cat /etc/inittab");
	judge_contains(f->out.data, "\n#1:2345:respawn:/sbin/mingetty --noclear tty1\n");
	judge_contains(f->out.data, "\n#3:2345:respawn:/sbin/mingetty tty3\n" CONSOLE_6 "\n#S0:");
	judge_contains(f->out.data, "\nmk:2345:wait:/usr/lib/mkroot/firstboot/run\nl0:0:wait:");
	judge_debugfs(&f->out, f->path, "stat /lib/modules/6.1.0/kernel/fs/ext9.ko");
	judge_contains(f->out.data, "Mode:  0644");
	judge_debugfs(&f->out, f->path, "stat /sh");
	judge_contains(f->out.data, "Links: 2");
	free((char *)f->settings.modules_dir);
	fix_free(f);
}

/* The same on the same image gives the same bytes: no clock, no order of the host's. */
static void test_same_bytes(void **state)
{
	struct fix *f = fix_new(*state);
	size_t changed, skipped;

	fix_make_suse(f);
	fix_close(f);
	assert_int_equal(judge_run(&f->out, "cp '%s' '%s.base'", f->path, f->path), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(judge_run(&f->out, "rm -rf '%s/modules'; cp '%s.base' '%s'",
					   f->dir, f->path, f->path),
				 0);
		settle(f);
		fix_open(f);
		run_all(f, &changed, &skipped);
		fix_close(f);
		assert_int_equal(
			judge_run(&f->out, "cp '%s' '%s.%d'; sleep 1.1", f->path, f->path, i), 0);
	}
	if (judge_run(&f->out, "cmp '%s.0' '%s.1'", f->path, f->path))
		fail_msg("%s", f->out.data);
	free((char *)f->settings.modules_dir);
	fix_free(f);
}

static void test_systemd(void **state)
{
	struct fix *f = fix_new(*state);
	size_t changed, skipped;
	char *target;

	fix_make_systemd(f);
	settle(f);
	run_all(f, &changed, &skipped);
	assert_ok(
		image_readlink(f->image, "/etc/systemd/system/getty@tty1.service", &target, &err));
	assert_string_equal(target, "/dev/null");
	free(target);
	assert_ok(image_readlink(
		f->image, "/etc/systemd/system/sysinit.target.wants/mkroot-firstboot.service",
		&target, &err));
	assert_string_equal(target, "/etc/systemd/system/mkroot-firstboot.service");
	free(target);
	assert_ok(image_readlink(f->image,
				 "/etc/systemd/system/getty.target.wants/getty@tty0.service",
				 &target, &err));
	assert_string_equal(target, "/usr/lib/systemd/system/getty@.service");
	free(target);
	assert_string_equal(fix_text(f, "/etc/hostname"), "uml.example.org\n");
	assert_false(image_exists(f->image, "/etc/HOSTNAME"));
	assert_string_equal(fix_text(f, "/etc/machine-id"), "");
	judge_lacks(fix_text(f, "/etc/fstab"), "/proc");
	check_twice(f);
	free((char *)f->settings.modules_dir);
	fix_free(f);
}

/* Nothing is there and little is asked for: nothing breaks, each says why. */
static void test_empty(void **state)
{
	struct fix *f = fix_new(*state);
	size_t changed, skipped;

	run_all(f, &changed, &skipped);
	assert_int_equal(changed, 1); /* devices */
	judge_contains(fix_skips(f, "inittab"), "no /etc/inittab");
	judge_contains(fix_skips(f, "blogd"), "no /sbin/blogd");
	judge_contains(fix_skips(f, "securetty"), "names no terminals");
	judge_contains(fix_skips(f, "hostname"), "--hostname");
	judge_contains(fix_skips(f, "swap"), "--swap");
	judge_contains(fix_skips(f, "modules"), "--modules");
	judge_contains(fix_skips(f, "sh"), "no static shell");
	check_twice(f);
	settle(f);
	fix_open(f);
	run_all(f, &changed, &skipped);
	judge_contains(fix_skips(f, "firstboot"), "no /bin/sh");
	assert_false(image_exists(f->image, "/usr/lib/mkroot"));
	check_twice(f);
	free((char *)f->settings.modules_dir);
	fix_free(f);
}

/* What need() says is enough: an image with just so much room takes all. */
static void test_need(void **state)
{
	struct fix *f = fix_new(*state);
	struct fixup_need need = { 0 };
	uint64_t before;
	size_t changed, skipped;

	fix_make_suse(f);
	settle(f);
	f->settings.swap_bytes = 8 << 20;
	assert_int_equal(
		judge_run(&f->out, "head -c 5000000 /dev/urandom >'%s/modules/6.1.0/blob'", f->dir),
		0);
	for (const struct fixup *x = fixup_table; x->name; x++)
		if (x->need)
			assert_ok(x->need(&f->settings, &need, &err));
	assert_true(need.bytes > (8 << 20) + 5000000);
	assert_true(need.inodes > 10);
	before = image_free_bytes(f->image);
	run_all(f, &changed, &skipped);
	/* 256 KiB of slack for what has no need(), as mkroot leaves it. */
	assert_true(before - image_free_bytes(f->image) <= need.bytes + (256 << 10));
	free((char *)f->settings.modules_dir);
	fix_free(f);
}

static void test_table(void **state)
{
	for (const struct fixup *x = fixup_table; x->name; x++) {
		assert_ptr_equal(fixup_find(x->name), x);
		assert_non_null(x->apply);
		assert_true(strlen(x->summary) > 10 && strlen(x->summary) < 90);
	}
	assert_null(fixup_find("nonsense"));
}

int main(void)
{
	void *small = (void *)fix_shapes[0], *large = (void *)fix_shapes[1];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_suse, small),
		cmocka_unit_test_prestate(test_suse, large),
		cmocka_unit_test_prestate(test_systemd, small),
		cmocka_unit_test_prestate(test_systemd, large),
		cmocka_unit_test_prestate(test_empty, small),
		cmocka_unit_test_prestate(test_empty, large),
		cmocka_unit_test_prestate(test_need, small),
		cmocka_unit_test_prestate(test_need, large),
		cmocka_unit_test_prestate(test_same_bytes, small),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
