/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The power is cut at every call that changes a file: the old disk or the new, never neither. */
#include "tests/unit/cow_bench.h"
#include "tests/unit/power.h"

#define DISK (4u << 20)

struct scene {
	struct bench b;
	char other[160]; /* a copy of the base, or the merged disk */
	unsigned char before[DISK], after[DISK];
};

static struct scene scene;

static void read_file(const char *path, unsigned char disk[DISK])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, disk, DISK, 0), DISK);
	close(fd);
}

static int read_cow(unsigned char disk[DISK])
{
	struct cow *cow;
	int rc = cow_open(&cow, scene.b.cow, NULL, 0, NULL);

	if (rc)
		return rc;
	rc = cow_pread(cow, 0, disk, DISK, NULL);
	cow_abandon(cow);
	return rc;
}

static int edit(void *arg)
{
	struct error err = ERROR_INIT;
	struct cow *cow;
	struct image *image;
	int rc = cow_open(&cow, scene.b.cow, NULL, COW_WRITE, &err);

	if (rc)
		return rc;
	rc = image_open_cow(&image, cow, true, NOW, &err);
	for (int i = 0; !rc && i < 6; i++) {
		static unsigned char data[30000];
		char path[16];

		snprintf(path, sizeof(path), "/f%d", i);
		memset(data, arg ? 'A' + i : 'a' + i, sizeof(data));
		rc = image_write_file(image, path, data, sizeof(data) - (size_t)i * 999, NULL,
				      &err);
	}
	if (!rc)
		rc = image_close(image, &err);
	return rc ? rc : cow_close(cow, &err);
}

static int link_short(void *arg)
{
	return cow_relink(scene.b.cow, scene.other, NULL, NULL);
}

/* Names that do not fit the first sector. */
static int link_long(void *arg)
{
	char name[2000];

	memset(name, '/', sizeof(name));
	snprintf(name + 1000, sizeof(name) - 1000, "%s", scene.other);
	return cow_relink(scene.b.cow, scene.other, name, NULL);
}

static int merge_new(void *arg)
{
	struct cow *cow;
	int rc = cow_open(&cow, scene.b.cow, NULL, 0, NULL);

	if (rc)
		return rc;
	rc = cow_merge(cow, scene.other, NULL);
	cow_abandon(cow);
	return rc;
}

static int merge_in_place(void *arg)
{
	return cow_merge_in_place(scene.b.cow, NULL, NULL);
}

/* A base, and a COW with files; the same bytes each time. */
static void set_up(void)
{
	struct bench *b = &scene.b;

	bench_init(b, FOUR_K, "4M");
	assert_int_equal(judge_run(&b->out, "touch -d @1500000000 '%s'", b->base), 0);
	bench_create(b);
	assert_ok(edit(NULL));
	assert_ok(read_cow(scene.before));
	snprintf(scene.other, sizeof(scene.other), "%s/other", b->dir);
}

/* Nothing but files that have names of their own. A name of output.c's may stay where it replaces. */
static void check_litter(bool other)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(judge_run(&out, "ls -A '%s' | grep -v '^[.]'", scene.b.dir), 0);
	if (strcmp(out.data, other ? "base.img\ndisk.cow\nother\n" : "base.img\ndisk.cow\n") != 0)
		fail_msg("litter: %s", out.data);
	judge_run(&out, "ls -A '%s' | grep -c '^[.]'", scene.b.dir);
	assert_true(strcmp(out.data, "0\n") == 0 || strcmp(out.data, "1\n") == 0);
	strbuf_release(&out);
}

static void check_power(void)
{
	assert_false(power->torn);
	assert_false(power->unsynced);
}

static void test_edit(void **state)
{
	static unsigned char is[DISK];
	bool done = false;
	long cuts = 0, news = 0;
	int result;

	for (long at = 1; !done; at++) {
		set_up();
		done = power_run(at, edit, &scene, &result);
		check_power();
		assert_ok(read_cow(is));
		if (done) {
			assert_int_equal(result, 0);
			assert_memory_not_equal(is, scene.before, DISK);
		}
		if (at == 1)
			assert_memory_equal(is, scene.before, DISK);
		if (memcmp(is, scene.before, DISK) != 0) {
			bench_moo(&scene.b);
			judge_fsck(scene.b.merged);
			judge_debugfs(&scene.b.out, scene.b.merged, "cat /f5");
			assert_int_equal(scene.b.out.len, 30000 - 5 * 999);
			assert_int_equal(scene.b.out.data[100], 'F');
			assert_int_equal(unlink(scene.b.merged), 0);
			news++;
		}
		check_litter(false);
		cuts += !done;
		bench_release(&scene.b);
	}
	/* Many cuts before the new disk is there, and some behind its renaming. */
	assert_true(cuts > 10 && news >= 2 && cuts > news);
}

static void try_relink(int (*work)(void *arg))
{
	static unsigned char is[DISK];
	bool done = false;
	int result;

	for (long at = 1; !done; at++) {
		char *name;
		struct cow *cow;

		set_up();
		assert_int_equal(judge_run(&scene.b.out, "cp '%s' '%s'", scene.b.base, scene.other),
				 0);
		done = power_run(at, work, NULL, &result);
		check_power();
		assert_ok(read_cow(is));
		assert_memory_equal(is, scene.before, DISK);
		assert_ok(cow_open(&cow, scene.b.cow, NULL, 0, &err));
		name = realpath(cow_backing(cow), NULL);
		if (done)
			assert_string_equal(name, scene.other);
		else
			assert_true(!strcmp(name, scene.other) || !strcmp(name, scene.b.base));
		free(name);
		cow_abandon(cow);
		check_litter(true);
		bench_release(&scene.b);
		assert_true(!done || (at > 1 && result == 0));
	}
}

static void test_relink(void **state)
{
	try_relink(link_short);
	try_relink(link_long);
}

static void test_merge_new(void **state)
{
	static unsigned char is[DISK];
	bool done = false, there;
	int result;

	for (long at = 1; !done; at++) {
		set_up();
		done = power_run(at, merge_new, NULL, &result);
		check_power();
		there = access(scene.other, F_OK) == 0;
		assert_true(!done || (there && at > 3 && result == 0));
		if (there) {
			read_file(scene.other, is);
			assert_memory_equal(is, scene.before, DISK);
			judge_fsck(scene.other);
		}
		assert_ok(read_cow(is));
		assert_memory_equal(is, scene.before, DISK);
		check_litter(there);
		bench_release(&scene.b);
	}
}

static void test_merge_in_place(void **state)
{
	static unsigned char is[DISK];
	bool done = false;
	int result, halves = 0;

	for (long at = 1; !done; at++) {
		int rc;

		set_up();
		done = power_run(at, merge_in_place, NULL, &result);
		check_power();
		rc = read_cow(is);
		read_file(scene.b.base, scene.after);
		if (rc) {
			/* The new base with the old COW: refused, and the same again finishes. */
			assert_int_equal(rc, -ERR_CONFLICT);
			assert_memory_equal(scene.after, scene.before, DISK);
			halves++;
			assert_ok(cow_merge_in_place(scene.b.cow, NULL, &err));
			assert_ok(read_cow(is));
		}
		assert_memory_equal(is, scene.before, DISK);
		if (done) {
			struct cow *cow;
			uint64_t start, end;

			assert_int_equal(result, 0);
			assert_memory_equal(scene.after, scene.before, DISK);
			judge_fsck(scene.b.base);
			assert_ok(cow_open(&cow, scene.b.cow, NULL, 0, &err));
			assert_ok(cow_next_run(cow, 0, &start, &end, &err));
			assert_int_equal(start, DISK);
			cow_abandon(cow);
		}
		check_litter(false);
		bench_release(&scene.b);
	}
	assert_true(halves > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_relink),
		cmocka_unit_test(test_merge_new),
		cmocka_unit_test(test_merge_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
