/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The n-th allocation fails, for every n, in create, list, verify, diff and extract: each
 * time -ENOMEM, nothing leaks, no file is half written and none is left. What the libraries
 * below it ask for themselves succeeds: libarchive ends the program where it cannot go on.
 */
/* The dynamic loader: what a thread needs is kept with its stack for the next one. */
#define NOMEM_SPARED "libarchive", "libcrypto", "libext2fs", "libzstd", "liblzma", "ld-linux",
#include "tests/unit/lab_bench.h"
#include "tests/unit/nomem.h"

#include "labpack/command.h"

static struct bench b;

static int run(const struct command *c, struct error *err, const char *const words[4])
{
	char *argv[4];
	int argc = 0;
	bool differs = false;

	while (argc < 4 && words[argc]) {
		argv[argc] = (char *)words[argc];
		argc++;
	}
	return c->run(argc, argv, &differs, err);
}

#define RUN(command, ...) run(&command_##command, err, (const char *const[4]){ __VA_ARGS__ })

static int job_create(struct error *err)
{
	return RUN(create, "-q", "--no-kernel", "new.tar", "lab");
}

static int job_create_zst(struct error *err)
{
	return RUN(create, "-q", "--no-kernel", "new.tar.zst", "lab");
}

static int job_list(struct error *err)
{
	int rc = RUN(list, "old.tar");

	return rc ? rc : RUN(list, "--json", "old.tar");
}

static int job_verify(struct error *err)
{
	int rc = RUN(verify, "-q", "old.tar.zst");

	return rc ? rc : RUN(verify, "--json", "old.tar");
}

static int job_verify_folder(struct error *err)
{
	return RUN(verify, "-q", "there");
}

static int job_diff(struct error *err)
{
	int rc = RUN(diff, "old.tar", "there");

	return rc ? rc : RUN(diff, "--json", "lab", "there");
}

static int job_extract(struct error *err)
{
	return RUN(extract, "-q", "old.tar", "new");
}

/* Nothing but what was there before; a job that worked has its result, which goes. */
static void check_left(const char *name, long n, bool done)
{
	const char *made = strstr(name, "zst") ? "new.tar.zst" : strstr(name, "create") ? "new.tar" :
			   !strcmp(name, "extract")					? "new" :
											  NULL;

	if (made && done && access(made, F_OK) != 0)
		fail_msg("%s: allocation %ld: no error, and no '%s'", name, n, made);
	if (done && made)
		assert_int_equal(judge_run(&b.out, "rm -r %s", made), 0);
	assert_int_equal(judge_run(&b.out, "ls -A"), 0);
	if (strcmp(b.out.data, "lab\nold.tar\nold.tar.zst\nthere\n") != 0)
		fail_msg("%s: allocation %ld leaves: %s", name, n, b.out.data);
}

static void try_job(const char *name, int (*job)(struct error *err))
{
	struct error err = ERROR_INIT;
	long n = 0, survived = 0;
	int rc;

	job = nomem_hear(job);
	assert_int_equal(job(&err), 0); /* what is allocated once and kept is allocated now */
	error_release(&err);
	check_left(name, -1, true);
	do {
		rc = nomem_run(job, n++, &err);
		survived += nomem_has_failed && rc == 0;
		if (rc && !(nomem_has_failed && rc == -ENOMEM))
			fail_msg("%s: allocation %ld: result %d", name, n - 1, rc);
		if (nomem_live)
			fail_msg("%s: allocation %ld: %zu blocks leak", name, n - 1, nomem_live);
		check_left(name, n - 1, rc == 0);
	} while (nomem_has_failed);
	print_message("%s: %ld allocations, %ld of them not needed\n", name, n - 1, survived);
	assert_true(n > 10);
}

static void test_all(void **state)
{
	static const struct {
		const char *name;
		int (*job)(struct error *err);
	} jobs[] = {
		{ "create", job_create }, { "create zst", job_create_zst },
		{ "list", job_list },	  { "verify", job_verify },
		{ "verify a folder", job_verify_folder },
		{ "diff", job_diff },
		{ "extract", job_extract },
	};

	for (size_t i = 0; NOMEM_CAN && i < sizeof(jobs) / sizeof(jobs[0]); i++)
		try_job(jobs[i].name, jobs[i].job);
	if (!NOMEM_CAN)
		print_message("skipped: a sanitizer has the allocator\n");
}

static int set_up(void **state)
{
	bench_init(&b, FOUR_K, "2M");
	assert_int_equal(chdir(b.dir), 0);
	assert_int_equal(mkdir("top", 0755), 0);
	assert_int_equal(chdir("top"), 0);
	bench_lab(&b, "lab");
	assert_int_equal(judge_run(&b.out, "mkdir -p lab/r1/etc && echo x >lab/r1/etc/x && ln -s x lab/r1/etc/y"), 0);
	assert_ok(run(&command_create, &err, (const char *const[4]){ "-q", "--no-kernel", "old.tar", "lab" }));
	assert_ok(run(&command_create, &err, (const char *const[4]){ "-q", "--no-kernel", "old.tar.zst", "lab" }));
	assert_ok(run(&command_extract, &err, (const char *const[4]){ "-q", "old.tar", "there" }));
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
