/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host with reflinks: everything that copies disks takes them, and the disks
 * are the same. Few filesystems have any, so FICLONE is played by a copy here,
 * and what must not be copied besides is counted.
 */
#include "tests/unit/cow_bench.h"

#include <dlfcn.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "labpack/command.h"
#include "labpack/cow.h"

static bool has_reflinks;
static unsigned int links;
static uint64_t written; /* bytes by others than FICLONE */

static ssize_t real_pwrite(int fd, const void *buf, size_t n, off_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);

	if (!real) {
		void *found = dlsym(RTLD_NEXT, "pwrite64");

		memcpy(&real, &found, sizeof(real));
	}
	return real(fd, buf, n, at);
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t at)
{
	written += n;
	return real_pwrite(fd, buf, n, at);
}

/* The whole file, holes and all. */
static int play_clone(int to, int from)
{
	static char buf[65536];
	off_t end = lseek(from, 0, SEEK_END);

	if (ftruncate(to, end) != 0)
		return -1;
	for (off_t at = 0; (at = lseek(from, at, SEEK_DATA)) >= 0;) {
		ssize_t n = pread(from, buf, sizeof(buf), at);

		if (n <= 0 || real_pwrite(to, buf, (size_t)n, at) != n)
			return -1;
		at += n;
	}
	links++;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	long arg;

	va_start(ap, request);
	arg = va_arg(ap, long);
	va_end(ap);
	if (request == FICLONE && has_reflinks)
		return play_clone(fd, (int)arg);
	errno = EOPNOTSUPP;
	return -1;
}

static void set_up(struct bench *b)
{
	struct image *image;
	struct cow *cow;
	static unsigned char data[200000];

	bench_init(b, FOUR_K, "8M");
	bench_create(b);
	memset(data, 'd', sizeof(data));
	assert_ok(cow_open(&cow, b->cow, NULL, COW_WRITE, &err));
	assert_ok(image_open_cow(&image, cow, true, NOW, &err));
	assert_ok(image_write_file(image, "/one", data, sizeof(data), NULL, &err));
	assert_ok(image_close(image, &err));
	assert_ok(cow_close(cow, &err));
	links = 0;
	written = 0;
}

/* Writing a COW clones it and writes what is new; old versions are copied. */
static void test_write(void **state)
{
	struct cow *cow;
	struct bench b;

	set_up(&b);
	bench_moo(&b);
	has_reflinks = true;
	assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
	assert_int_equal(links, 1);
	assert_true(written < 10000);
	assert_ok(cow_pwrite(cow, 5000000, "new", 3, &err));
	assert_ok(cow_close(cow, &err));
	assert_true(written < 20000);
	assert_int_equal(judge_run(&b.out, "printf new | dd of='%s' bs=1 seek=5000000 conv=notrunc",
				   b.merged),
			 0);
	bench_compare(&b, 0);
	bench_moo(&b);
	bench_compare(&b, 0);
	bench_release(&b);
}

/* The base is cloned; what the COW holds goes over it, zeros too. */
static void test_merge(void **state)
{
	struct cow *cow;
	struct bench b;
	char ours[200];

	has_reflinks = false;
	set_up(&b);
	assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
	/* The superblock's copy and a table of the base become zeros in the COW. */
	assert_ok(cow_zero(cow, 4096, 8192, &err));
	assert_ok(cow_close(cow, &err));
	bench_moo(&b);
	has_reflinks = true;
	links = 0;
	written = 0;
	snprintf(ours, sizeof(ours), "%s/ours", b.dir);
	assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
	assert_ok(cow_merge(cow, ours, &err));
	assert_ok(cow_close(cow, &err));
	assert_int_equal(links, 1);
	assert_int_equal(judge_run(&b.out, "cmp '%s' '%s'", ours, b.merged), 0);
	assert_ok(cow_merge_in_place(b.cow, NULL, &err));
	assert_int_equal(links, 2);
	assert_int_equal(judge_run(&b.out, "cmp '%s' '%s'", b.base, b.merged), 0);
	bench_release(&b);
}

static int run(const struct command *c, const char *name, struct error *err)
{
	char quiet[] = "-q", *words[] = { quiet, (char *)name };
	bool differs;

	return c->run(2, words, &differs, err);
}

static void test_snapshot(void **state)
{
	struct cow *cow;
	struct bench b;

	has_reflinks = false;
	set_up(&b);
	assert_int_equal(chdir(b.dir), 0);
	assert_int_equal(judge_run(&b.out, "mkdir disks; mv disk.cow disks/r1.cow; printf "
					   "'LAB[base]=base.img\\nr1[0]=A\\n' >lab.conf"),
			 0);
	has_reflinks = true;
	assert_ok(run(&command_snapshot, "one", &err));
	assert_int_equal(links, 1);
	assert_int_equal(written, 0);
	assert_int_equal(judge_run(&b.out, "cmp disks/r1.cow snapshots/one/disks/r1.cow"), 0);
	assert_ok(cow_open(&cow, "disks/r1.cow", NULL, COW_WRITE, &err));
	assert_ok(cow_pwrite(cow, 0, "other", 5, &err));
	assert_ok(cow_close(cow, &err));
	assert_int_equal(judge_run(&b.out, "cmp disks/r1.cow snapshots/one/disks/r1.cow"), 1);
	written = 0;
	assert_ok(run(&command_rollback, "one", &err));
	assert_int_equal(written, 0);
	assert_int_equal(judge_run(&b.out, "cmp disks/r1.cow snapshots/one/disks/r1.cow"), 0);
	assert_int_equal(chdir("/"), 0);
	bench_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
