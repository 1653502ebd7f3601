/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack clone: the new lab.conf, and the power cut at every step. */
#include "tests/unit/cow_bench.h"
#include "tests/unit/power.h"

#include "labpack/clone.h"
#include "labpack/command.h"
#include "labpack/cow.h"
#include "labpack/snapshot.h"

static void try_conf(const char *text, const char *want, size_t notes)
{
	struct strlist told = STRLIST_INIT;
	struct strbuf out = STRBUF_INIT;
	struct lab *lab, *after;
	bool changed;

	assert_ok(lab_parse(&lab, text, strlen(text), "test", 0, &err));
	assert_ok(clone_conf(&out, text, strlen(text), lab_machine_find(lab, "r1"), "r9", &changed,
			     &told, &err));
	assert_string_equal(out.data, want);
	assert_int_equal(told.count, notes);
	assert_ok(lab_parse(&after, out.data, out.len, "test", 0, &err));
	assert_non_null(lab_machine_find(after, "r9"));
	assert_int_equal(after->machine_count, lab->machine_count + 1);
	lab_free(after);
	lab_free(lab);
	strlist_release(&told);
	strbuf_release(&out);
}

static void test_conf(void **state)
{
	try_conf("r1[0]=A\n", "r1[0]=A\nr9[0]=A\n", 0);
	try_conf("r1[0]=A", "r1[0]=A\nr9[0]=A\n", 0);
	try_conf("# r1[0]=no\n r1[0]=\"A\" # why\nr10[0]=A\nr1[mem]='32M'\n\nr2[0]=A\n",
		 "# r1[0]=no\n r1[0]=\"A\" # why\nr10[0]=A\nr1[mem]='32M'\n r9[0]=\"A\" # why\n"
		 "r9[mem]='32M'\n\nr2[0]=A\n", 0);
	try_conf("r1[0]=A/02:00:00:00:00:01\r\nr1[1]=B\r\n",
		 "r1[0]=A/02:00:00:00:00:01\r\nr1[1]=B\r\nr9[0]=A\r\nr9[1]=B\r\n", 1);
	try_conf("LAB_MACHINES=\"r10, r1,r2\"\nr1[0]=A\nr2[0]=A\nr10[0]=A\n",
		 "LAB_MACHINES=\"r10, r1,r9,r2\"\nr1[0]=A\nr9[0]=A\nr2[0]=A\nr10[0]=A\n", 0);
	try_conf("r1[0]=A\nr1[serial1]=r2:serial1\nr2[0]=A\n",
		 "r1[0]=A\nr1[serial1]=r2:serial1\nr9[0]=A\nr2[0]=A\n", 1);
	/* A disk of one machine becomes the clone's own; one of two has a third user. */
	try_conf("r1[0]=A\nr1[ubd1]=own.img\nr1[ubd1-size]=4M\nr1[ubd2]=both.img\nr2[ubd2]=both.img\n"
		 "r1[ubd2-size]=1M\n",
		 "r1[0]=A\nr1[ubd1]=own.img\nr1[ubd1-size]=4M\nr1[ubd2]=both.img\nr2[ubd2]=both.img\n"
		 "r1[ubd2-size]=1M\nr9[0]=A\nr9[ubd1]=disks/r9-ubd1.img\nr9[ubd1-size]=4M\n"
		 "r9[ubd2]=both.img\nr9[ubd2-size]=1M\n",
		 0);
}

static struct bench b, template;

static void set_up(bool folder_only)
{
	b = (struct bench){ .dir = judge_make_dir() };
	snprintf(b.base, sizeof(b.base), "%s/base.img", b.dir);
	assert_int_equal(judge_run(&b.out, "cp '%s' '%s'", template.base, b.base), 0);
	assert_int_equal(chdir(b.dir), 0);
	assert_int_equal(judge_run(&b.out,
				   "mkdir -p disks r1/etc; echo text >r1/etc/motd; ln -s motd r1/etc/link; "
				   "echo ':' >r1.startup; echo data >own.img; "
				   "printf 'LAB[base]=base.img\\n%s' >lab.conf",
				   folder_only ? "" : "r1[0]=A\\nr1[ubd1]=own.img\\n"),
			 0);
	if (!folder_only) {
		int fd = open("disks/r1.cow", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

		assert_ok(cow_create_noted(fd, "disks/r1.cow", b.base, &err));
		close(fd);
	}
}

static int clone(struct error *err)
{
	char machine[] = "r1", name[] = "r9", *words[] = { machine, name };
	bool differs;

	return command_clone.run(2, words, &differs, err);
}

static int cloned(void *arg)
{
	struct error err = ERROR_INIT;
	int rc = clone(&err);

	/* This base has no system that build could give names to. */
	return rc == -ERR_FS || rc == -ENOENT ? 0 : rc;
}

static void check_clone(bool folder_only)
{
	struct strbuf *out = &b.out;

	assert_int_equal(judge_run(out, "cmp r1/etc/motd r9/etc/motd && cmp r1.startup r9.startup && "
					"[ \"$(readlink r9/etc/link)\" = motd ]; "
					"ls -A | tr '\\n' ' '"),
			 0);
	if (folder_only) {
		assert_string_equal(out->data, "base.img disks lab.conf own.img r1 r1.startup r9 "
					       "r9.startup ");
		return;
	}
	judge_contains(out->data, "base.img disks");
	judge_lacks(out->data, ".clone");
	assert_int_equal(judge_run(out, "cmp own.img disks/r9-ubd1.img && [ -e disks/r9.cow ] && "
					"grep -c r9 lab.conf"),
			 0);
	assert_string_equal(out->data, "2\n");
}

static void try_power(bool folder_only)
{
	bool done = false;
	int result, olds = 0;

	for (long at = 1; !done; at++) {
		struct error err = ERROR_INIT;
		struct lab *lab;
		int rc;

		set_up(folder_only);
		done = power_run(at, cloned, NULL, &result);
		assert_false(power->torn);
		if (done)
			assert_int_equal(result, 0);
		assert_int_equal(lab_read(&lab, ".", 0, NULL), 0);
		olds += !lab_machine_find(lab, "r9");
		lab_free(lab);
		/* Again: it is finished, or it was done. */
		rc = clone(&err);
		assert_true(rc == 0 || rc == -EEXIST || rc == -ENOENT || rc == -ERR_FS);
		assert_true(!done || rc == -EEXIST);
		error_release(&err);
		check_clone(folder_only);
		assert_int_equal(chdir("/"), 0);
		bench_release(&b);
	}
	assert_true(olds > 5);
}

static void test_power(void **state)
{
	try_power(false);
	try_power(true);
}

static void test_refusals(void **state)
{
	struct cow *cow;
	char name[] = "r1", bad[] = "no/name", *words[] = { name, bad };
	bool differs;

	set_up(false);
	assert_fails(command_clone.run(2, words, &differs, &err), -ERR_USAGE);
	words[1] = name;
	assert_fails(command_clone.run(2, words, &differs, &err), -EEXIST);
	assert_int_equal(judge_run(&b.out, "touch disks/r9.cow"), 0);
	assert_fails(clone(&err), -EEXIST);
	assert_int_equal(judge_run(&b.out, "rm disks/r9.cow"), 0);
	assert_ok(cow_open(&cow, "disks/r1.cow", NULL, COW_WRITE, &err));
	assert_fails(clone(&err), -EBUSY);
	cow_abandon(cow);
	assert_int_equal(judge_run(&b.out, "ls -A | tr '\\n' ' '"), 0);
	assert_string_equal(b.out.data, "base.img disks lab.conf own.img r1 r1.startup ");
	assert_int_equal(chdir("/"), 0);
	bench_release(&b);
}

static int make_template(void **state)
{
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	bench_init(&template, FOUR_K, "2M");
	/* A system that labpack build finds its way in. */
	assert_int_equal(judge_run(&template.out,
				   "cd '%s' && echo 'id:2:initdefault:' >inittab && debugfs -w -R 'mkdir "
				   "etc' base.img && debugfs -w -R 'write inittab etc/inittab' base.img",
				   template.dir),
			 0);
	return 0;
}

static int remove_template(void **state)
{
	bench_release(&template);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, make_template, remove_template);
}
