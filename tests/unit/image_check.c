/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What image_check() and cow_check() find, held against e2fsck. */
#include "tests/unit/cow_bench.h"

#include "image/check.h"

static const char *const shapes[] = {
	FOUR_K, "-t ext2 -b 1024 -I 128 -O none,filetype", "-t ext4 -b 4096",
	"-t ext3 -b 1024 -O resize_inode", "-t ext4 -b 1024 -O metadata_csum,64bit,^flex_bg",
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* Files of several blocks, folders, links, and room that was given back. */
static void fill(const char *path)
{
	static unsigned char data[700000];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char many[300] = "";
	struct image *image;

	memset(data, 'f', sizeof(data));
	memset(many, 'l', sizeof(many) - 1);
	assert_ok(image_open(&image, fd, true, NOW, &err));
	assert_ok(image_mkdir_p(image, "/a/b/c", &err));
	assert_ok(image_write_file(image, "/a/large", data, sizeof(data), NULL, &err));
	assert_ok(image_write_file(image, "/a/b/small", data, 30, NULL, &err));
	assert_ok(image_link(image, "/a/large", "/a/b/c/again", &err));
	assert_ok(image_symlink(image, "large", "/a/link", &err));
	assert_ok(image_symlink(image, many, "/a/long", &err));
	assert_ok(image_write_file(image, "/gone", data, 50000, NULL, &err));
	assert_ok(image_remove(image, "/gone", &err));
	assert_ok(image_close(image, &err));
	close(fd);
}

static void look(const char *path, struct check *c)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct image *image;

	*c = (struct check)CHECK_INIT;
	assert_ok(image_open(&image, fd, false, NOW, &err));
	assert_ok(image_check(image, c, &err));
	assert_ok(image_close(image, &err));
	close(fd);
}

static void test_sound(void **state)
{
	for (size_t i = 0; i < SHAPES; i++) {
		struct check c;
		struct bench b;

		bench_init(&b, shapes[i], "20M");
		fill(b.base);
		judge_fsck(b.base);
		look(b.base, &c);
		if (c.error_count || c.notes.count)
			fail_msg("%s: %s", shapes[i],
				 c.error_count ? c.errors.items[0] : c.notes.items[0]);
		check_release(&c);
		bench_release(&b);
	}
}

/* Damage by debugfs; e2fsck must see it, too. */
static void test_damage(void **state)
{
	static const struct {
		const char *request, *finding;
	} cases[] = {
		{ "clri /a/b/small", "not in use" },
		{ "sif /a/b/small block[0] 7000000", "not there" },
		{ "sif /a/large blocks 99", "sectors and says 99" },
		{ "sif /a/b/small links_count 7", "has 1 names and says 7" },
		{ "sif /a/b links_count 9", "names and says 9" },
		{ "unlink /a/b/small", "has 0 names and says 1" },
		{ "freei /a/b/small", "not in use" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct check c;
		struct bench b;
		bool found = false;

		bench_init(&b, FOUR_K, "20M");
		fill(b.base);
		assert_int_equal(judge_run(&b.out, "debugfs -w -R '%s' '%s'", cases[i].request,
					   b.base),
				 0);
		assert_int_not_equal(judge_run(&b.out, "e2fsck -fn '%s'", b.base), 0);
		look(b.base, &c);
		for (size_t k = 0; k < c.errors.count; k++)
			found = found || strstr(c.errors.items[k], cases[i].finding);
		if (!found)
			fail_msg("%s: %s", cases[i].request,
				 c.errors.count ? c.errors.items[0] : "nothing found");
		check_release(&c);
		bench_release(&b);
	}
}

/* Two files with one block, and a block that is in use and marked as free. */
static void test_blocks(void **state)
{
	struct check c;
	struct bench b;
	unsigned int block;

	bench_init(&b, FOUR_K, "20M");
	fill(b.base);
	judge_debugfs(&b.out, b.base, "bmap /a/large 3");
	assert_int_equal(sscanf(b.out.data, "%u", &block), 1);
	assert_int_equal(judge_run(&b.out, "debugfs -w -R 'sif /a/b/small block[0] %u' '%s'",
				   block, b.base),
			 0);
	look(b.base, &c);
	assert_true(c.error_count > 0);
	judge_contains(c.errors.items[0], "which something else has, too");
	check_release(&c);
	assert_int_equal(judge_run(&b.out, "debugfs -w -R 'freeb %u' '%s'", block, b.base), 0);
	look(b.base, &c);
	judge_contains(c.errors.items[0], "is marked as free");
	/* The same on a disk that was cut off is left to its guest. */
	check_release(&c);
	assert_int_equal(judge_run(&b.out, "debugfs -w -R 'ssv state 0' '%s'", b.base), 0);
	look(b.base, &c);
	assert_int_equal(c.error_count, 0);
	assert_int_equal(c.notes.count, 2);
	judge_contains(c.notes.items[0], "not unmounted cleanly");
	check_release(&c);
	bench_release(&b);
}

/* One that is not understood is told of, and nothing said against it. */
static void test_bigalloc(void **state)
{
	struct check c;
	struct bench b;

	bench_init(&b, "-t ext4 -b 4096 -O bigalloc", "64M");
	look(b.base, &c);
	assert_int_equal(c.error_count, 0);
	assert_int_equal(c.notes.count, 1);
	judge_contains(c.notes.items[0], "bigalloc");
	check_release(&c);
	bench_release(&b);
}

static void check_cow(struct bench *b, const char *error, const char *note)
{
	struct check c = CHECK_INIT;

	assert_ok(cow_check(b->cow, NULL, &c, &err));
	if (error) {
		assert_true(c.errors.count > 0);
		judge_contains(c.errors.items[0], error);
	} else if (c.error_count) {
		fail_msg("%s", c.errors.items[0]);
	}
	if (note) {
		assert_true(c.notes.count > 0);
		judge_contains(c.notes.items[0], note);
	} else if (!error) {
		assert_int_equal(c.notes.count, 0);
	}
	check_release(&c);
}

static void put_byte(const char *path, off_t at, unsigned char byte)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void test_cow(void **state)
{
	struct bench b;

	bench_init(&b, FOUR_K, "20M");
	fill(b.base);
	bench_create(&b);
	check_cow(&b, NULL, NULL);
	/* A hole of the COW stands in for the superblock. */
	put_byte(b.cow, 8192, 0x0f);
	check_cow(&b, NULL, "no ext2");
	put_byte(b.cow, 8192, 0);
	assert_int_equal(truncate(b.cow, 8192 + 8192), 0);
	check_cow(&b, NULL, "shorter than its disk");
	put_byte(b.cow, 8192 + 3, 1);
	check_cow(&b, "it is cut short: 512 bytes", NULL);
	unlink(b.cow);
	assert_int_equal(truncate(b.base, (20 << 20) + 512 * 3), 0);
	bench_create(&b);
	check_cow(&b, NULL, NULL);
	put_byte(b.cow, 8192 + 5120, 0x1f);
	check_cow(&b, "behind the disk's end", NULL);
	put_byte(b.cow, 8192 + 5120, 0);
	assert_int_equal(truncate(b.base, 20 << 20), 0);
	check_cow(&b, "base.img': has 20971520 bytes", NULL);
	assert_int_equal(unlink(b.base), 0);
	check_cow(&b, "cannot be opened", NULL);
	bench_release(&b);
	/* With blocks of 1024 bytes, pages of both files are what UML misreads. */
	bench_init(&b, "-t ext2 -b 1024", "20M");
	bench_create(&b);
	put_byte(b.cow, 8192 + 1000, 0x03);
	check_cow(&b, "1 pages are of both files", NULL);
	bench_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_bigalloc),
		cmocka_unit_test(test_cow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
