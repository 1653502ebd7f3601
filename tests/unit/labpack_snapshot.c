/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots when the power is cut at every call that changes a file: all disks old, or all new. */
#include "tests/unit/cow_bench.h"
#include "tests/unit/power.h"

#include "labpack/command.h"
#include "labpack/cow.h"
#include "labpack/snapshot.h"

struct scene {
	struct bench b;
	bool shared; /* with a disk outside of disks/ */
};

static struct scene scene;
static struct bench template;

static int command(const struct command *c, const char *operand, struct error *err)
{
	char quiet[] = "-q", *words[] = { quiet, (char *)operand };
	bool differs = false;

	/* Not every command has the option. */
	if (c == &command_drop)
		return c->run(1, words + 1, &differs, err);
	return c->run(2, words, &differs, err);
}

/* What a guest might write into all disks. */
static void write_state(const char *state)
{
	static const char *const names[] = { "disks/r1.cow", "disks/r2.cow" };

	for (int i = 0; i < 2; i++) {
		struct cow *cow;

		assert_ok(cow_open(&cow, names[i], NULL, COW_WRITE, &err));
		for (uint64_t at = 0; at < 20; at++)
			assert_ok(cow_pwrite(cow, at * 100000, state, 1, &err));
		assert_ok(cow_close(cow, &err));
	}
	if (scene.shared)
		assert_int_equal(judge_run(&scene.b.out, "yes %s | head -c 50000 >shared.img", state),
				 0);
}

static char read_byte(const char *name)
{
	struct cow *cow;
	char byte = 0;

	if (strstr(name, ".cow")) {
		assert_ok(cow_open(&cow, name, NULL, 0, &err));
		assert_ok(cow_pread(cow, 19 * 100000, &byte, 1, &err));
		assert_ok(cow_close(cow, &err));
	} else {
		int fd = open(name, O_RDONLY | O_CLOEXEC);

		assert_int_equal(pread(fd, &byte, 1, 49998), 1);
		close(fd);
	}
	return byte;
}

static void set_up(bool shared)
{
	struct bench *b = &scene.b;
	int fd;

	*b = (struct bench){ .dir = judge_make_dir() };
	snprintf(b->base, sizeof(b->base), "%s/base.img", b->dir);
	/* mke2fs syncs, which takes its time. */
	assert_int_equal(judge_run(&b->out, "cp '%s' '%s'", template.base, b->base), 0);
	scene.shared = shared;
	assert_int_equal(chdir(b->dir), 0);
	assert_int_equal(judge_run(&b->out, "mkdir disks; printf 'LAB[base]=base.img\\nr1[0]=A\\n"
					    "r2[0]=A\\nr1[ubd1]=shared.img\\n%s' >lab.conf",
				   shared ? "r2[ubd1]=shared.img\\n" : ""),
			 0);
	for (int i = 1; i <= 2; i++) {
		char name[32];

		snprintf(name, sizeof(name), "disks/r%d.cow", i);
		fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		assert_ok(cow_create_noted(fd, name, b->base, &err));
		close(fd);
	}
	write_state("A");
}

static void tear_down(void)
{
	assert_int_equal(chdir("/"), 0);
	bench_release(&scene.b);
}

static int take(void *arg)
{
	return command(&command_snapshot, "one", NULL);
}

static int roll(void *arg)
{
	return command(&command_rollback, "one", NULL);
}

static int forget(void *arg)
{
	return command(&command_drop, "one", NULL);
}

static void check_no_litter(void)
{
	struct strbuf *out = &scene.b.out;

	/* A hidden name of output.c's is the only thing that may be left, in the lab itself. */
	judge_run(out, "find . -name '.[!.]*' ! -name '.shared.img.*'; ls -d *before* 2>/dev/null");
	if (out->len)
		fail_msg("left: %s", out->data);
}

static void test_snapshot(void **state)
{
	bool done = false;
	int result;

	for (long at = 1; !done; at++) {
		struct strlist names = STRLIST_INIT;

		set_up(true);
		done = power_run(at, take, NULL, &result);
		assert_false(power->unsynced || power->torn);
		assert_ok(snapshot_list(&names, &err));
		if (done)
			assert_int_equal(result, 0);
		assert_true(!done || names.count == 1);
		/* Whole, or not there; the next one is not in its way. */
		if (!names.count)
			assert_ok(command(&command_snapshot, "one", &err));
		else
			assert_fails(command(&command_snapshot, "one", &err), -EEXIST);
		assert_int_equal(read_byte("snapshots/one/disks/r1.cow"), 'A');
		assert_int_equal(read_byte("snapshots/one/disks/r2.cow"), 'A');
		assert_int_equal(read_byte("snapshots/one/shared.img"), 'A');
		assert_int_equal(judge_run(&scene.b.out, "cmp disks/r1.cow snapshots/one/disks/r1.cow"),
				 0);
		check_no_litter();
		strlist_release(&names);
		tear_down();
	}
}

static void try_rollback(bool shared)
{
	bool done = false;
	int result, olds = 0, news = 0;

	for (long at = 1; !done; at++) {
		bool marked;
		char is;

		set_up(shared);
		assert_ok(command(&command_snapshot, "one", &err));
		write_state("B");
		done = power_run(at, roll, NULL, &result);
		assert_false(power->unsynced || power->torn);
		marked = access(SNAPSHOT_ROLLBACK, F_OK) == 0;
		is = read_byte("disks/r1.cow");
		assert_true(is == 'A' || is == 'B');
		assert_int_equal(read_byte("disks/r2.cow"), is);
		if (shared && !marked)
			assert_int_equal(read_byte("shared.img"), is);
		if (done) {
			assert_int_equal(result, 0);
			assert_int_equal(is, 'A');
			check_no_litter();
		}
		olds += is == 'B';
		news += is == 'A';
		if (marked) {
			/* Nothing else goes on before it is finished. */
			assert_true(shared && !done);
			assert_int_equal(judge_run(&scene.b.out, "cp -a snapshots/one snapshots/two"),
					 0);
			assert_fails(command(&command_rollback, "two", &err), -EBUSY);
		}
		assert_ok(command(&command_rollback, "one", &err));
		assert_int_equal(read_byte("disks/r1.cow"), 'A');
		assert_int_equal(read_byte("disks/r2.cow"), 'A');
		if (shared)
			assert_int_equal(read_byte("shared.img"), 'A');
		check_no_litter();
		tear_down();
	}
	assert_true(olds > 10 && news > 3);
}

static void test_rollback(void **state)
{
	try_rollback(false);
	try_rollback(true);
}

static void test_drop(void **state)
{
	bool done = false;
	int result;

	for (long at = 1; !done; at++) {
		struct strlist names = STRLIST_INIT;

		set_up(true);
		assert_ok(command(&command_snapshot, "one", &err));
		done = power_run(at, forget, NULL, &result);
		assert_ok(snapshot_list(&names, &err));
		assert_true(!done || (result == 0 && !names.count));
		if (names.count)
			assert_int_equal(read_byte("snapshots/one/disks/r2.cow"), 'A');
		assert_ok(command(&command_snapshot, "two", &err));
		check_no_litter();
		strlist_release(&names);
		tear_down();
	}
}

/* Folders cannot change places on this filesystem: still nothing is lost. */
static void test_without_exchange(void **state)
{
	set_up(false);
	assert_ok(command(&command_snapshot, "one", &err));
	write_state("B");
	assert_int_equal(rename("disks", SNAPSHOT_BEFORE), 0);
	assert_ok(command(&command_snapshot, "two", &err));
	assert_int_equal(read_byte("disks/r1.cow"), 'B');
	/* Cut off behind the second step. */
	assert_int_equal(judge_run(&scene.b.out, "cp -a disks '%s'", SNAPSHOT_BEFORE), 0);
	assert_ok(command(&command_rollback, "one", &err));
	assert_int_equal(read_byte("disks/r1.cow"), 'A');
	check_no_litter();
	tear_down();
}

/* Machines that run, bases that changed or moved, machines that came and went. */
static void test_refusals(void **state)
{
	struct cow *cow;

	set_up(true);
	assert_fails(command(&command_rollback, "one", &err), -ERR_NOT_FOUND);
	assert_fails(command(&command_snapshot, "../x", &err), -ERR_USAGE);
	assert_fails(command(&command_snapshot, ".x", &err), -ERR_USAGE);
	assert_fails(command(&command_snapshot, "", &err), -ERR_USAGE);
	assert_ok(command(&command_snapshot, "one", &err));
	write_state("B");
	assert_ok(cow_open(&cow, "disks/r2.cow", NULL, COW_WRITE, &err));
	assert_fails(command(&command_snapshot, "two", &err), -EBUSY);
	assert_fails(command(&command_rollback, "one", &err), -EBUSY);
	cow_abandon(cow);
	/* The base moves with the lab: what the snapshot holds follows. */
	assert_int_equal(judge_run(&scene.b.out, "cp base.img new.img; rm base.img; mv new.img "
						 "base.img; touch -d @1234567890 base.img"),
			 0);
	assert_ok(command(&command_rollback, "one", &err));
	assert_int_equal(read_byte("disks/r2.cow"), 'A');
	/* A disk that the snapshot does not know stays, one that is gone comes back. */
	assert_int_equal(judge_run(&scene.b.out, "cp disks/r1.cow disks/r3.cow; rm disks/r1.cow"), 0);
	assert_ok(command(&command_rollback, "one", &err));
	assert_int_equal(read_byte("disks/r1.cow"), 'A');
	assert_int_equal(read_byte("disks/r3.cow"), 'A');
	/* The base got other bytes: nothing changes. */
	write_state("B");
	assert_int_equal(judge_run(&scene.b.out, "echo other | dd of=base.img bs=1 seek=500000 "
						 "conv=notrunc; touch -d @1234567891 base.img"),
			 0);
	assert_fails(command(&command_rollback, "one", &err), -ERR_CONFLICT);
	assert_int_equal(judge_run(&scene.b.out, "touch -d @1234567890 base.img"), 0);
	assert_int_equal(read_byte("disks/r1.cow"), 'B');
	check_no_litter();
	tear_down();
}

static int make_template(void **state)
{
	/* Hundreds of labs are made: in memory where that can be. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	bench_init(&template, FOUR_K, "2M");
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
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_rollback),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_without_exchange),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, make_template, remove_template);
}
