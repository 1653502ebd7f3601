/* SPDX-License-Identifier: GPL-2.0-or-later */
/* COW disks of this tree and those of uml-utilities. */
#include "tests/unit/cow_bench.h"

static void test_edit(void **state)
{
	struct bench b;
	struct cow *cow;
	struct image *image;
	struct stat st;

	bench_init(&b, FOUR_K, "64M");
	bench_create(&b);
	assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
	assert_ok(image_open_cow(&image, cow, true, NOW, &err));
	assert_ok(image_mkdir_p(image, "/etc", &err));
	assert_ok(image_write_file(image, "/etc/hostname", "r1\n", 3, NULL, &err));
	assert_ok(image_close(image, &err));
	assert_ok(cow_close(cow, &err));
	bench_moo(&b);
	judge_fsck(b.merged);
	judge_debugfs(&b.out, b.merged, "cat /etc/hostname");
	assert_string_equal(b.out.data, "r1\n");
	bench_compare(&b, 0);
	assert_int_equal(stat(b.cow, &st), 0);
	assert_int_equal(st.st_size, 8192 + 16384 + (64 << 20));
	assert_true(st.st_blocks * 512 < 100000);
	bench_release(&b);
}

/* The header and the bitmap of an empty disk are those that uml_mkcow makes. */
static void test_mkcow(void **state)
{
	struct bench b;

	bench_init(&b, FOUR_K, "64M");
	bench_create(&b);
	assert_int_equal(judge_run(&b.out, "uml_mkcow '%s/theirs' '%s'", b.dir, b.base), 0);
	/* Theirs has junk behind the name's end. */
	assert_int_equal(judge_run(&b.out, "cmp -n $((32 + 1 + %zu)) '%s' '%s/theirs'",
				   strlen(b.base), b.cow, b.dir),
			 0);
	assert_int_equal(judge_run(&b.out, "cmp -i 8192 '%s' '%s/theirs'", b.cow, b.dir), 0);
	assert_int_equal(judge_run(&b.out, "mv '%s/theirs' '%s'", b.dir, b.cow), 0);
	bench_moo(&b);
	bench_compare(&b, 0);
	bench_release(&b);
}


static uint64_t state_of_random = 88172645463325252ull;

static uint64_t random_below(uint64_t limit)
{
	state_of_random ^= state_of_random << 13;
	state_of_random ^= state_of_random >> 7;
	state_of_random ^= state_of_random << 17;
	return state_of_random % limit;
}

/* Also a link that leads nowhere. */
static bool is_there(struct image *image, const char *path)
{
	struct image_stat st;

	return image_lstat(image, path, &st, NULL) == 0;
}

/* Any of the edits; what it does depends on the number and on what is there alone. */
static int one_edit(struct image *image, uint64_t seed, struct error *err)
{
	static unsigned char data[300000];
	char path[64], other[64];
	size_t n;

	state_of_random = seed * 2654435761u + 99;
	snprintf(path, sizeof(path), "/d%d/f%d", (int)random_below(4), (int)random_below(12));
	snprintf(other, sizeof(other), "/d%d/g%d", (int)random_below(4), (int)random_below(12));
	n = random_below(sizeof(data));
	memset(data, random_below(8) ? (int)seed | 1 : 0, n);
	switch (random_below(8)) {
	case 0:
		return is_there(image, path) ? image_remove(image, path, err) : 0;
	case 1:
		return is_there(image, path) && !is_there(image, other) ?
			       image_rename(image, path, other, err) :
			       0;
	case 2:
		return is_there(image, other) ? image_remove(image, other, err) :
						    image_symlink(image, path, other, err);
	case 3:
		return is_there(image, path) ?
			       0 :
			       image_write_dense(image, path, n, data, n / 2, NULL, err);
	default:
		return image_write_file(image, path, data, n, NULL, err);
	}
}

static void edits(struct image *image, int from, int to)
{
	for (int i = from; i < to; i++)
		assert_ok(one_edit(image, (uint64_t)i, &err));
}

/* 200 edits through a COW, opened anew now and then, and the same on a plain copy. */
static void test_many_edits(void **state)
{
	static const char *const shapes[] = {
		FOUR_K, "-t ext2 -b 1024 -I 128 -O none,filetype,sparse_super",
		"-t ext4 -b 4096 -O metadata_csum,64bit",
	};

	for (size_t shape = 0; shape < 3; shape++) {
		struct bench b;
		struct image *image;
		struct cow *cow;
		char plain[200];
		int fd;

		bench_init(&b, shapes[shape], "24M");
		snprintf(plain, sizeof(plain), "%s/plain.img", b.dir);
		fd = open(b.base, O_RDWR | O_CLOEXEC);
		assert_ok(image_open(&image, fd, true, NOW, &err));
		for (int i = 0; i < 4; i++) {
			char name[8];

			snprintf(name, sizeof(name), "/d%d", i);
			assert_ok(image_mkdir(image, name, NULL, &err));
		}
		edits(image, 1000, 1020);
		assert_ok(image_close(image, &err));
		close(fd);
		assert_int_equal(judge_run(&b.out, "cp -p '%s' '%s'", b.base, plain), 0);
		bench_create(&b);
		for (int i = 0; i < 200; i += 50) {
			assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
			assert_ok(image_open_cow(&image, cow, true, NOW, &err));
			edits(image, i, i + 50);
			assert_ok(image_close(image, &err));
			assert_ok(cow_close(cow, &err));
			fd = open(plain, O_RDWR | O_CLOEXEC);
			assert_ok(image_open(&image, fd, true, NOW, &err));
			edits(image, i, i + 50);
			assert_ok(image_close(image, &err));
			close(fd);
		}
		bench_moo(&b);
		bench_compare(&b, 0);
		judge_fsck(b.merged);
		if (judge_run(&b.out, "cmp '%s' '%s'", plain, b.merged))
			fail_msg("%s", b.out.data);
		/* Our own merging, to a new file and in place. */
		unlink(b.merged);
		assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
		assert_ok(cow_merge(cow, b.merged, &err));
		assert_ok(cow_close(cow, &err));
		assert_int_equal(judge_run(&b.out, "cmp '%s' '%s'", plain, b.merged), 0);
		assert_ok(cow_merge_in_place(b.cow, NULL, &err));
		assert_int_equal(judge_run(&b.out, "cmp '%s' '%s'", plain, b.base), 0);
		bench_compare(&b, 0);
		bench_release(&b);
	}
}

/* Any ranges of bytes, against a plain file; holes are made where zeros are. */
static void test_ranges(void **state)
{
	enum { SIZE = 3 * 1024 * 1024 + 700 };
	static unsigned char plain[SIZE], is[SIZE], data[200000];
	struct bench b = { .dir = judge_make_dir() };
	uint64_t start, end, last = 0;
	struct cow *cow;
	int fd;

	snprintf(b.base, sizeof(b.base), "%s/base.img", b.dir);
	snprintf(b.cow, sizeof(b.cow), "%s/disk.cow", b.dir);
	snprintf(b.merged, sizeof(b.merged), "%s/merged.img", b.dir);
	for (size_t i = 0; i < SIZE; i++)
		plain[i] = i / 4096 % 3 ? (unsigned char)(i / 512 + 1) : 0;
	fd = open(b.base, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(pwrite(fd, plain, SIZE, 0), SIZE);
	close(fd);
	bench_create(&b);
	state_of_random = 4711;
	for (int round = 0; round < 8; round++) {
		assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
		for (int i = 0; i < 40; i++) {
			uint64_t at = random_below(SIZE);
			size_t n = random_below(i % 3 ? 2000 : sizeof(data));

			n = n < SIZE - at ? n : SIZE - at;
			memset(data, i % 4 ? (int)random_below(256) : 0, n);
			memcpy(plain + at, data, n);
			if (i % 8 == 4)
				assert_ok(cow_zero(cow, at, n, &err));
			else
				assert_ok(cow_pwrite(cow, at, data, n, &err));
			if (i % 8 == 4)
				memset(plain + at, 0, n);
			assert_ok(cow_pread(cow, at, is, n, &err));
			assert_memory_equal(is, plain + at, n);
		}
		assert_ok(cow_pread(cow, 0, is, SIZE, &err));
		assert_memory_equal(is, plain, SIZE);
		assert_ok(cow_close(cow, &err));
	}
	bench_moo(&b);
	bench_compare(&b, 0);
	assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
	assert_ok(cow_merge(cow, b.merged, &err));
	assert_ok(cow_close(cow, &err));
	fd = open(b.merged, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, is, SIZE, 0), SIZE);
	assert_memory_equal(is, plain, SIZE);
	assert_int_equal(lseek(fd, 0, SEEK_END), SIZE);
	close(fd);
	/* Runs are ascending, apart, and whole pages of the guest. */
	assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
	for (start = end = 0; end < SIZE; last = end) {
		assert_ok(cow_next_run(cow, end, &start, &end, &err));
		assert_true(start > last || last == 0);
		assert_int_equal(start == SIZE ? 0 : start % 4096, 0);
		assert_int_equal(end == SIZE ? 0 : end % 4096, 0);
	}
	assert_ok(cow_close(cow, &err));
	/* What is there already takes no room when it is written anew. */
	assert_int_equal(judge_run(&b.out, "cp '%s' '%s/before'", b.cow, b.dir), 0);
	assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
	assert_ok(cow_pwrite(cow, 0, plain, SIZE, &err));
	assert_ok(cow_close(cow, &err));
	assert_int_equal(judge_run(&b.out, "cmp '%s' '%s/before'", b.cow, b.dir), 0);
	bench_release(&b);
}

/* A disk of 1 TB: neither time nor memory for what is not there. */
static void test_large(void **state)
{
	struct bench b = { .dir = judge_make_dir() };
	static const uint64_t places[] = { 0, (1ull << 32) - 4096, 1ull << 32, 5ull << 30,
					   (1ull << 40) - 4096 };
	uint64_t start, end = 0;
	struct timespec t0, t1;
	struct cow *cow;
	struct stat st;

	snprintf(b.base, sizeof(b.base), "%s/base.img", b.dir);
	snprintf(b.cow, sizeof(b.cow), "%s/disk.cow", b.dir);
	snprintf(b.merged, sizeof(b.merged), "%s/merged.img", b.dir);
	assert_int_equal(judge_run(&b.out, "truncate -s 1T '%s'", b.base), 0);
	bench_create(&b);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
	for (size_t i = 0; i < 5; i++)
		assert_ok(cow_pwrite(cow, places[i], "here", 4, &err));
	assert_ok(cow_close(cow, &err));
	assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
	for (size_t i = 0; i < 5; i++) {
		assert_ok(cow_next_run(cow, end, &start, &end, &err));
		assert_int_equal(start, places[i]);
		if (places[i] == (1ull << 32) - 4096) {
			assert_int_equal(end, (1ull << 32) + 4096);
			i++;
		}
	}
	assert_int_equal(end, 1ull << 40);
	assert_ok(cow_merge(cow, b.merged, &err));
	assert_ok(cow_close(cow, &err));
	assert_ok(cow_merge_in_place(b.cow, NULL, &err));
	clock_gettime(CLOCK_MONOTONIC, &t1);
	assert_true(t1.tv_sec - t0.tv_sec < 20);
	assert_int_equal(stat(b.merged, &st), 0);
	assert_int_equal(st.st_size, 1ll << 40);
	assert_true(st.st_blocks < 1000);
	assert_int_equal(stat(b.base, &st), 0);
	assert_true(st.st_blocks < 1000);
	assert_int_equal(stat(b.cow, &st), 0);
	assert_true(st.st_blocks < 1000);
	assert_int_equal(judge_run(&b.out, "tail -c 4096 '%s' | head -c 4", b.merged), 0);
	assert_string_equal(b.out.data, "here");
	bench_release(&b);
}

struct runs {
	uint64_t used, last;
	int count;
};

static int count_run(void *arg, uint64_t start, uint64_t end)
{
	struct runs *r = arg;

	assert_true(start < end && (r->count == 0 || start > r->last));
	r->used += end - start;
	r->last = end;
	r->count++;
	return 0;
}

static void test_used(void **state)
{
	static const char *const shapes[] = { FOUR_K, "-t ext2 -b 1024 -O none,filetype",
					      "-t ext4 -b 4096" };
	static const uint64_t extra = 8192;

	for (size_t shape = 0; shape < 3; shape++) {
		struct runs plain = { 0 }, on_cow = { 0 }, dirty = { 0 };
		struct image *image;
		struct cow *cow;
		struct bench b;
		uint64_t want, size;
		int fd;

		bench_init(&b, shapes[shape], "64M");
		size = (64 << 20) + extra;
		assert_int_equal(truncate(b.base, (off_t)size), 0);
		bench_create(&b);
		fd = open(b.base, O_RDWR | O_CLOEXEC);
		assert_ok(image_open(&image, fd, false, NOW, &err));
		want = size - image_free_bytes(image);
		assert_ok(image_used_runs(image, size, count_run, &plain, &err));
		assert_int_equal(plain.used, want);
		assert_int_equal(plain.last, size);
		assert_ok(image_close(image, &err));
		assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
		assert_ok(image_open_cow(&image, cow, true, NOW, &err));
		assert_ok(image_write_dense(image, "/dense", 10 << 20, NULL, 0, NULL, &err));
		want = size - image_free_bytes(image);
		assert_ok(image_used_runs(image, size, count_run, &on_cow, &err));
		assert_int_equal(on_cow.used, want);
		assert_true(on_cow.used > plain.used + (10 << 20) - 1);
		assert_ok(image_close(image, &err));
		assert_ok(cow_close(cow, &err));
		/* Not unmounted cleanly: everything may be in use. */
		assert_int_equal(judge_run(&b.out, "debugfs -w -R 'ssv state 0' '%s'", b.base), 0);
		assert_ok(image_open(&image, fd, false, NOW, &err));
		assert_ok(image_used_runs(image, size, count_run, &dirty, &err));
		assert_int_equal(dirty.used, size);
		assert_int_equal(dirty.count, 1);
		assert_ok(image_close(image, &err));
		close(fd);
		bench_release(&b);
	}
}

static void test_check_base(void **state)
{
	static const struct {
		const char *options;
		int code;
	} cases[] = { { FOUR_K, 0 },
		      { "-t ext2 -b 1024", -ERR_UNSUPPORTED },
		      { "-t ext2 -b 2048", -ERR_UNSUPPORTED },
		      { "-t ext4 -b 4096", 0 } };

	for (size_t i = 0; i < 4; i++) {
		struct bench b;
		int fd;

		bench_init(&b, cases[i].options, "8M");
		fd = open(b.base, O_RDWR | O_CLOEXEC);
		if (cases[i].code)
			assert_fails(cow_check_base(fd, b.base, &err), cases[i].code);
		else
			assert_ok(cow_check_base(fd, b.base, &err));
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_ok(cow_check_base(fd, b.base, &err));
		close(fd);
		bench_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edit),	   cmocka_unit_test(test_mkcow),
		cmocka_unit_test(test_many_edits), cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_large),	   cmocka_unit_test(test_used),
		cmocka_unit_test(test_check_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
