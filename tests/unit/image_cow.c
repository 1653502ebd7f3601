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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_mkcow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
