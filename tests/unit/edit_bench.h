/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of image/edit.h: each runs on every shape of filesystem, and
 * e2fsck and debugfs say whether the result is right.
 */
#ifndef TESTS_UNIT_EDIT_BENCH_H
#define TESTS_UNIT_EDIT_BENCH_H

#include "tests/unit/judge.h"

#include "image/edit.h"

#define NOW 1064188800u

struct shape {
	const char *name, *options;
};

static const struct shape shapes[] = {
	{ "ext2-1k-128", "-t ext2 -b 1024 -I 128 -O none,filetype,sparse_super,large_file" },
	{ "ext2-4k-128", "-t ext2 -b 4096 -I 128 -O none,filetype,sparse_super,large_file" },
	{ "ext2-1k-128-ea",
	  "-t ext2 -b 1024 -I 128 -O none,filetype,ext_attr,dir_index,large_file" },
	{ "ext3-1k-256", "-t ext3 -b 1024 -I 256" },
	{ "ext4-1k", "-t ext4 -b 1024 -O metadata_csum,64bit" },
	{ "ext4-4k", "-t ext4 -b 4096 -O metadata_csum,64bit" },
};

struct bench {
	const struct shape *shape;
	char *dir, *path;
	int fd;
	struct image *image;
	struct strbuf out;
};

JUDGE_FN void bench_open(struct bench *b)
{
	b->fd = open(b->path, O_RDWR | O_CLOEXEC);
	assert_true(b->fd >= 0);
	assert_ok(image_open(&b->image, b->fd, true, NOW, &err));
}

JUDGE_FN void bench_close(struct bench *b)
{
	assert_ok(image_close(b->image, &err));
	b->image = NULL;
	close(b->fd);
	judge_fsck(b->path);
}

JUDGE_FN void bench_reopen(struct bench *b)
{
	bench_close(b);
	bench_open(b);
}

JUDGE_FN struct bench *bench_new(const struct shape *shape, const char *size)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->shape = shape;
	b->dir = judge_make_dir();
	assert_true(asprintf(&b->path, "%s/image", b->dir) >= 0);
	judge_mke2fs(b->path, shape->options, size);
	bench_open(b);
	return b;
}

JUDGE_FN void bench_free(struct bench *b)
{
	if (b->image)
		bench_close(b);
	judge_remove_dir(b->dir);
	free(b->path);
	strbuf_release(&b->out);
	free(b);
}

static const char *ask(struct bench *b, const char *request)
{
	judge_debugfs(&b->out, b->path, request);
	return b->out.data;
}

/* Bytes that differ from block to block; some blocks are zero when holes is set. */
JUDGE_FN unsigned char *pattern(size_t n, unsigned int seed, bool holes)
{
	unsigned char *p = malloc(n + 1);
	uint32_t x = seed * 2654435761u + 1;

	assert_non_null(p);
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (unsigned char)(x >> 24) | 1;
		if (holes && (i / 4096) % 3 == 1)
			p[i] = 0;
	}
	return p;
}

JUDGE_FN void check_file(struct bench *b, const char *path, const void *data, size_t n)
{
	struct strbuf got = STRBUF_INIT;

	assert_ok(image_read_file(b->image, path, n, &got, &err));
	assert_int_equal(got.len, n);
	assert_memory_equal(got.data, data, n);
	strbuf_release(&got);
}

/* The same, but debugfs reads. */
JUDGE_FN void check_by_debugfs(struct bench *b, const char *path, const void *data, size_t n)
{
	char *dump = NULL, *request = NULL;
	struct stat st;
	unsigned char *got;
	int fd;

	assert_true(asprintf(&dump, "%s/dump", b->dir) >= 0);
	assert_true(asprintf(&request, "dump %s %s", path, dump) >= 0);
	ask(b, request);
	fd = open(dump, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, n);
	got = malloc(n + 1);
	assert_int_equal(read(fd, got, n + 1), n);
	assert_memory_equal(got, data, n);
	close(fd);
	unlink(dump);
	free(got);
	free(request);
	free(dump);
}

JUDGE_FN uint64_t free_blocks(struct bench *b)
{
	return image_free_bytes(b->image);
}

struct source {
	size_t left;
	unsigned char byte;
	bool fails;
};

JUDGE_FN long source_read(void *arg, void *buf, size_t n)
{
	struct source *s = arg;

	if (s->left == 0)
		return s->fails ? -EIO : 0;
	/* Odd pieces, as a decompressor gives them. */
	n = n < 70001 ? n : 70001;
	n = n < s->left ? n : s->left;
	memset(buf, s->byte, n);
	s->left -= n;
	return (long)n;
}

struct bench_test {
	const char *name;
	CMUnitTestFunction test;
};

/* Run count tests on each shape; filter is NULL or names some, as in "dense*". */
JUDGE_FN int bench_run(const struct bench_test *tests, size_t count, const char *filter)
{
	enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]), MOST = 32 };
	static struct CMUnitTest all[MOST * SHAPES];
	static char names[MOST * SHAPES][64];
	size_t n = count * SHAPES;

	if (count > MOST)
		return 1;
	for (size_t i = 0; i < n; i++) {
		const struct shape *shape = &shapes[i % SHAPES];

		snprintf(names[i], sizeof(names[i]), "%s %s", tests[i / SHAPES].name, shape->name);
		all[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = tests[i / SHAPES].test,
			.initial_state = (void *)shape,
		};
	}
	if (filter)
		cmocka_set_test_filter(filter);
	return _cmocka_run_group_tests("image_edit", all, n, NULL, NULL);
}

#endif
