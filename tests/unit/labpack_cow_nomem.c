/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The n-th allocation fails, for every n, in everything that works on COW
 * disks and snapshots: each time -ENOMEM, nothing leaks, and the disks are
 * whole.
 */
#define NOMEM_SPARED "libcrypto", "libext2fs",
#include "tests/unit/lab_bench.h"
#include "tests/unit/nomem.h"

#include "image/check.h"
#include "labpack/clone.h"
#include "labpack/command.h"
#include "labpack/snapshot.h"

static struct bench b;
static char lab[200], template[200];

static int run(const struct command *c, struct error *err, const char *a, const char *z)
{
	char *words[] = { (char *)a, (char *)z };
	bool differs = false;

	return c->run((a != NULL) + (z != NULL), words, &differs, err);
}

static int job_write(struct error *err)
{
	struct cow *cow;
	int rc = cow_open(&cow, "disks/r1.cow", NULL, COW_WRITE, err);

	if (rc)
		return rc;
	rc = cow_pwrite(cow, 1000000, "x", 1, err);
	return rc ? (cow_abandon(cow), rc) : cow_close(cow, err);
}

static int job_relink(struct error *err)
{
	return cow_relink("disks/r1.cow", "other.img", NULL, err);
}

static int job_check(struct error *err)
{
	struct check c = CHECK_INIT;
	int rc = cow_check("disks/r1.cow", "other.img", &c, err);

	check_release(&c);
	return rc;
}

static int job_info(struct error *err)
{
	return run(&command_cow_info, err, "disks/r1.cow", NULL);
}

static int job_json(struct error *err)
{
	int rc = run(&command_cow_info, err, "--json", "disks/r1.cow");

	return rc ? rc : run(&command_cow_fsck, err, "--json", "disks/r1.cow");
}

static int job_create(struct error *err)
{
	return run(&command_cow_create, err, "new.cow", "base.img");
}

static int job_merge(struct error *err)
{
	return run(&command_cow_merge, err, "disks/r1.cow", "new.img");
}

static int job_in_place(struct error *err)
{
	return run(&command_cow_merge, err, "disks/r1.cow", "--in-place");
}

static int job_rebase(struct error *err)
{
	return run(&command_cow_rebase, err, "disks/r1.cow", "other.img");
}

static int job_snapshot(struct error *err)
{
	return run(&command_snapshot, err, "-q", "two");
}

static int job_snapshots(struct error *err)
{
	return run(&command_snapshots, err, NULL, NULL);
}

static int job_rollback(struct error *err)
{
	return run(&command_rollback, err, "-q", "one");
}

static int job_drop(struct error *err)
{
	return run(&command_drop, err, "one", NULL);
}

static int job_clone(struct error *err)
{
	static const char text[] = "LAB_MACHINES=r1,r2\nr1[0]=A/02:00:00:00:00:01\nr2[0]=A\n"
				   "r1[ubd1]=own.img\nr1[ubd1-size]=1M\nr1[serial1]=r2:serial1\n";
	struct strlist notes = STRLIST_INIT;
	struct strbuf out = STRBUF_INIT;
	struct lab *l = NULL;
	bool changed;
	int rc = lab_parse(&l, text, sizeof(text) - 1, "test", 0, err);

	if (!rc)
		rc = clone_conf(&out, text, sizeof(text) - 1, lab_machine_find(l, "r1"), "r9",
				&changed, &notes, err);
	lab_free(l);
	strlist_release(&notes);
	strbuf_release(&out);
	return rc;
}

/* The same lab in the same place. */
static void restore(void)
{
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(judge_run(&b.out, "rm -rf '%s' && cp -a '%s' '%s'", lab, template, lab), 0);
	assert_int_equal(chdir(lab), 0);
}

static void check_disk(void)
{
	char byte = 0;
	struct cow *cow;

	assert_ok(cow_open(&cow, "disks/r1.cow", NULL, 0, &err));
	assert_ok(cow_pread(cow, 500000, &byte, 1, &err));
	assert_int_equal(byte, 'r');
	assert_ok(cow_close(cow, &err));
}

static void try_job(const char *name, int (*job)(struct error *err), int code)
{
	long n = 0, survived = 0;
	int rc;

	job = nomem_hear(job);
	do {
		struct error err = ERROR_INIT;

		restore();
		rc = nomem_run(job, n++, &err);
		/* vasprintf() does without one of its two. */
		survived += nomem_has_failed && rc == code;
		if (rc != code && !(nomem_has_failed && rc == -ENOMEM))
			fail_msg("%s: allocation %ld: result %d", name, n - 1, rc);
		if (nomem_live)
			fail_msg("%s: allocation %ld: %zu pieces leak", name, n - 1, nomem_live);
		if (nomem_has_failed || code)
			check_disk();
	} while (nomem_has_failed);
	print_message("%s: %ld allocations, %ld of them not needed\n", name, n - 1, survived);
	assert_true(n > 3);
}

static void test_all(void **state)
{
	static const struct {
		const char *name;
		int (*job)(struct error *err);
		int code;
	} jobs[] = {
		{ "write", job_write, 0 },	   { "relink", job_relink, 0 },
		{ "check", job_check, 0 },	   { "info", job_info, 0 },
		{ "create", job_create, 0 },	   { "merge", job_merge, 0 },
		{ "in place", job_in_place, -ERR_CONFLICT }, /* the snapshot has a sibling */
		{ "rebase", job_rebase, 0 },	   { "snapshot", job_snapshot, 0 },
		{ "json", job_json, 0 },	   { "snapshots", job_snapshots, 0 }, { "rollback", job_rollback, 0 },
		{ "drop", job_drop, 0 },	   { "clone", job_clone, 0 },
	};

	for (size_t i = 0; NOMEM_CAN && i < sizeof(jobs) / sizeof(jobs[0]); i++)
		try_job(jobs[i].name, jobs[i].job, jobs[i].code);
	if (!NOMEM_CAN)
		print_message("skipped: the address sanitizer owns the allocator\n");
}

static int set_up(void **state)
{
	bench_init(&b, FOUR_K, "2M");
	snprintf(lab, sizeof(lab), "%s/lab", b.dir);
	snprintf(template, sizeof(template), "%s/template", b.dir);
	bench_lab(&b, lab);
	assert_int_equal(chdir(lab), 0);
	assert_int_equal(judge_run(&b.out, "cp -p base.img other.img"), 0);
	assert_ok(run(&command_snapshot, &err, "-q", "one"));
	assert_int_equal(judge_run(&b.out, "cp -a '%s' '%s'", lab, template), 0);
	return 0;
}

static int tear_down(void **state)
{
	assert_int_equal(chdir("/"), 0);
	bench_release(&b);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
