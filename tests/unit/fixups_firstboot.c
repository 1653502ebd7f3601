/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of scriptlets, its hooks, and the runner itself: taken out of the
 * image, its paths turned into a folder, and run with every shell there is.
 */
#include "tests/unit/fix_bench.h"

static const struct fixup_scriptlet scriptlets[] = {
	{ "one-1-1.noarch", "pre", "/bin/sh", "echo first \"$1\" \"$2\" \"$#\"\n", 1, -1, NULL },
	{ "two:2-2.noarch", "triggerin", "/bin/sh -e",
	  "echo second \"$1\" \"$2\"\nfalse\necho no\n", 1, 0, NULL },
	{ "three-3-3.noarch", "post", "/bin/echo third", NULL, -1, -1, NULL },
	{ "four-4-4.noarch", "post", "/no/such/program", "x\n", 1, -1, NULL },
	{ "five-5-5.noarch", "filetriggerin", "/bin/sh",
	  "while read -r l; do echo \"got $l\"; done\n", 1, -1, "/a b\n/c\n" },
	{ "six-6-6.noarch", "post", "/bin/sh", "read -r x; echo \"read '$x' in $PWD\"; exit 7\n", 1,
	  -1, NULL },
	{ "seven-7-7.noarch", "post", "/bin/sh", "sleep 60\n", 1, -1, NULL },
	{ "eight-8-8.noarch", "posttrans", "<lua>", "io.stdout:write('lua ', arg[2], '\\n')\n", 1,
	  -1, NULL },
};
enum { SCRIPTLETS = sizeof(scriptlets) / sizeof(scriptlets[0]) };

static struct fix *make(void *shape)
{
	struct fix *f = fix_new(shape);

	fix_make_suse(f);
	f->settings.scriptlets = scriptlets;
	f->settings.scriptlet_count = SCRIPTLETS;
	return f;
}

static void test_queue(void **state)
{
	struct fix *f = make(*state);
	struct image_stat st;

	judge_contains(fix_changes(f, "firstboot"),
		       "8 scriptlets queued for the first boot, by /etc/inittab");
	judge_contains(fix_skips(f, "firstboot"), "already");
	assert_string_equal(fix_text(f, "/usr/lib/mkroot/firstboot/0002-two_2-2.noarch-triggerin"),
			    scriptlets[1].body);
	judge_contains(
		fix_text(f, "/usr/lib/mkroot/firstboot/queue"),
		"0002-two_2-2.noarch-triggerin\ttwo:2-2.noarch\ttriggerin\tyes\t1 0\t/bin/sh -e\n"
		"0003-three-3-3.noarch-post\tthree-3-3.noarch\tpost\tno\t-\t/bin/echo third\n");
	assert_string_equal(
		fix_text(f, "/usr/lib/mkroot/firstboot/0005-five-5-5.noarch-filetriggerin.in"),
		"/a b\n/c\n");
	assert_ok(image_stat(f->image, "/usr/lib/mkroot/firstboot/run", &st, &err));
	assert_int_equal(st.mode, S_IFREG | 0755);
	/* Behind the boot script, before all runlevels. */
	judge_contains(fix_text(f, "/etc/inittab"),
		       "si::bootwait:/etc/init.d/boot\n\n"
		       "mk:2345:wait:/usr/lib/mkroot/firstboot/run\nl0:0:wait:");
	f->settings.scriptlet_count = 0;
	judge_contains(fix_skips(f, "firstboot"), "no scriptlets");
	fix_free(f);
}

static void test_hooks(void **state)
{
	struct fix *f = fix_new(*state);

	f->settings.scriptlets = scriptlets;
	f->settings.scriptlet_count = SCRIPTLETS;
	judge_contains(fix_skips(f, "firstboot"), "no /bin/sh");
	fix_put(f, "/bin/sh", "\177ELF", 0755);
	judge_contains(fix_skips(f, "firstboot"), "no /etc/inittab and no systemd");
	assert_false(image_exists(f->image, "/usr"));
	/* A debian-like inittab, whose first entry of a runlevel is a getty. */
	fix_put(f, "/etc/inittab",
		"si::sysinit:/etc/init.d/rcS\n~~:S:wait:/sbin/sulogin\n"
		"# gettys\n1:2345:respawn:/sbin/getty 38400 tty1\n",
		0644);
	fix_changes(f, "firstboot");
	judge_contains(fix_text(f, "/etc/inittab"),
		       "# gettys\nmk:2345:wait:/usr/lib/mkroot/firstboot/run\n1:");
	fix_free(f);
	f = fix_new(*state);
	f->settings.scriptlets = scriptlets;
	f->settings.scriptlet_count = SCRIPTLETS;
	fix_make_systemd(f);
	judge_contains(fix_changes(f, "firstboot"), "a unit of systemd");
	judge_contains(fix_text(f, "/etc/systemd/system/mkroot-firstboot.service"),
		       "\nExecStart=/usr/lib/mkroot/firstboot/run\n");
	fix_free(f);
}

/*
 * The guest's folders become folders below `root`, and 300 seconds become 2.
 * Every path must have been turned, or the runner would work on this machine.
 */
static void take_out(struct fix *f)
{
	fix_close(f);
	assert_int_equal(
		judge_run(
			&f->out,
			"set -e; root='%s/root'; rm -rf \"$root\"; "
			"mkdir -p \"$root/etc/init.d\" \"$root/var\" \"$root/usr/lib\"; "
			"debugfs -R \"rdump /usr/lib/mkroot $root/usr/lib\" '%s' 2>/dev/null; "
			"debugfs -R \"dump /etc/inittab $root/etc/inittab\" '%s' 2>/dev/null; "
			"cd \"$root/usr/lib/mkroot/firstboot\"; "
			"sed -i \"s,/usr/lib/mkroot,$root&,; s,/var/log,$root&,g; "
			"s,/etc/,$root&,g; "
			"s,^limit=300,limit=2,; s,cd / ,cd $root ,\" run; "
			"sed -i \"s,/etc/,$root&,g\" after/* 2>/dev/null || true; "
			"sed -i \"s,/usr/lib/mkroot,$root&,\" \"$root/etc/inittab\"; "
			"chmod 755 run; "
			"grep -qx \"dir=$root/usr/lib/mkroot/firstboot\" run; "
			"grep -q \"cd $root ||\" run; "
			"! grep -E '(^|[^t])/(etc|var)/|(^|[^t])/usr/lib' run after/* 2>/dev/null",
			f->dir, f->path, f->path),
		0);
}

static void check_log(struct fix *f, bool lua)
{
	assert_int_equal(judge_run(&f->out, "cat '%s/root/var/log/mkroot-firstboot.log'", f->dir),
			 0);
	judge_contains(f->out.data, "--- one-1-1.noarch pre (/bin/sh)\nfirst 1  1\n--- exit 0\n");
	judge_contains(f->out.data,
		       "--- two:2-2.noarch triggerin (/bin/sh -e)\nsecond 1 0\n--- exit 1\n");
	judge_contains(f->out.data, "third\n--- exit 0\n");
	judge_contains(f->out.data, "--- skipped: the system has no /no/such/program\n");
	judge_contains(f->out.data, "got /a b\ngot /c\n--- exit 0\n");
	judge_contains(f->out.data, "read '' in ");
	judge_contains(f->out.data, "/root\n--- exit 7\n");
	judge_contains(f->out.data, ": stopped after 2 seconds\n");
	judge_contains(f->out.data, lua ? "lua 1\n" : "--- skipped: the system has no rpm\n");
	judge_contains(f->out.data, lua ? "\n=== 7 run, 3 failed, 1 skipped\n"
					: "\n=== 6 run, 3 failed, 2 skipped\n");
}

/* prepare is done to the runner first: a shell command in its folder. */
static void run_with(struct fix *f, const char *shell, const char *prepare, bool lua)
{
	take_out(f);
	assert_int_equal(
		judge_run(&f->out, "cd '%s/root/usr/lib/mkroot/firstboot' && %s", f->dir, prepare),
		0);
	assert_int_equal(judge_run(&f->out, "grep -c mkroot '%s/root/etc/inittab'", f->dir), 0);
	assert_int_equal(judge_run(&f->out, "cd / && %s '%s/root/usr/lib/mkroot/firstboot/run'",
				   shell, f->dir),
			 0);
	judge_contains(f->out.data, " skipped\n");
	check_log(f, lua);
	/* Nothing of it is left, and inittab is as it was. */
	assert_int_equal(judge_run(&f->out, "ls '%s/root/usr/lib'", f->dir), 0);
	assert_string_equal(f->out.data, "");
	assert_int_equal(judge_run(&f->out, "cat '%s/root/etc/inittab'", f->dir), 0);
	assert_string_equal(f->out.data, SUSE_INITTAB "\n");
	fix_open(f);
}

static void test_run(void **state)
{
	static const char *const shells[] = { "dash", "bash --posix", "busybox sh" };
	struct fix *f = make(*state);
	bool lua;

	fix_changes(f, "firstboot");
	lua = judge_run(&f->out, "rpm --version") == 0;
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (judge_run(&f->out, "%s -c :", shells[i]))
			print_message("skipped: no %s here\n", shells[i]);
		else
			run_with(f, shells[i], ":", lua);
	}
	/* A guest without the program timeout: the shell watches by itself. */
	run_with(f, "dash", "sed -i 's/if timeout .*; then/if false; then/' run", lua);
	fix_free(f);
}

/* The power fails in the third scriptlet: the next boot goes on with it, and not before. */
static void test_power_failure(void **state)
{
	struct fix *f = make(*state);

	fix_changes(f, "firstboot");
	f->settings.scriptlet_count = SCRIPTLETS;
	take_out(f);
	assert_int_equal(
		judge_run(
			&f->out,
			"cd '%s/root/usr/lib/mkroot/firstboot' && rm 0001-* 0002-* && "
			"sh ./run >/dev/null && "
			"cat '%s/root/var/log/mkroot-firstboot.log'",
			f->dir, f->dir),
		0);
	judge_lacks(f->out.data, "first 1");
	judge_contains(f->out.data, "third\n--- exit 0\n");
	fix_open(f);
	fix_free(f);
}

/* Links that scriptlets put back are taken away again. */
static void test_after(void **state)
{
	static const struct fixup_scriptlet links = {
		"insserv-1-1.noarch",
		"post",
		"/bin/sh",
		"cd etc/init.d && mkdir rc3.d boot.d && ln -s ../cron rc3.d/S10cron && "
		": >rc3.d/S20file && ln -s ../boot.clock boot.d/S05boot.clock && "
		"ln -s ../boot.swap boot.d/S10boot.swap\n",
		1,
		-1,
		NULL
	};
	struct fix *f = make(*state);

	f->settings.scriptlets = &links;
	f->settings.scriptlet_count = 1;
	fix_changes(f, "runlevel");
	fix_changes(f, "bootclock");
	fix_changes(f, "firstboot");
	take_out(f);
	assert_int_equal(
		judge_run(
			&f->out,
			"cd '%s/root' && sh usr/lib/mkroot/firstboot/run && "
			"ls etc/init.d/rc3.d etc/init.d/boot.d",
			f->dir),
		0);
	judge_contains(f->out.data, "scriptlets: 1 run, 0 failed, 0 skipped");
	judge_contains(f->out.data, "S20file");
	judge_contains(f->out.data, "S10boot.swap");
	judge_lacks(f->out.data, "S10cron");
	judge_lacks(f->out.data, "boot.clock");
	fix_open(f);
	fix_free(f);
}

/* Where the log cannot be written nothing runs, and the queue waits. */
static void test_read_only(void **state)
{
	struct fix *f = make(*state);

	fix_changes(f, "firstboot");
	take_out(f);
	assert_int_equal(judge_run(&f->out,
				   "cd '%s/root' && mkdir -p var/log/mkroot-firstboot.log && "
				   "sh usr/lib/mkroot/firstboot/run",
				   f->dir),
			 1);
	judge_contains(f->out.data, "wait for the next boot");
	assert_int_equal(
		judge_run(&f->out, "ls '%s/root/usr/lib/mkroot/firstboot' | wc -l", f->dir), 0);
	assert_string_equal(f->out.data, "11\n");
	fix_open(f);
	fix_free(f);
}

static void test_shellcheck(void **state)
{
	struct fix *f = make(*state);

	fix_changes(f, "firstboot");
	fix_changes(f, "runlevel");
	take_out(f);
	assert_int_equal(judge_run(&f->out, "sh -n '%s/root/usr/lib/mkroot/firstboot/run'", f->dir),
			 0);
	if (judge_run(&f->out, "shellcheck --version"))
		print_message("skipped: no shellcheck here\n");
	else if (judge_run(&f->out,
			   "cd '%s/root/usr/lib/mkroot/firstboot' && shellcheck -s sh run after/*",
			   f->dir))
		fail_msg("%s", f->out.data);
	fix_open(f);
	fix_free(f);
}

int main(void)
{
	void *small = (void *)fix_shapes[0], *large = (void *)fix_shapes[1];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_queue, small),
		cmocka_unit_test_prestate(test_queue, large),
		cmocka_unit_test_prestate(test_hooks, small),
		cmocka_unit_test_prestate(test_run, small),
		cmocka_unit_test_prestate(test_power_failure, small),
		cmocka_unit_test_prestate(test_after, small),
		cmocka_unit_test_prestate(test_read_only, small),
		cmocka_unit_test_prestate(test_shellcheck, small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
