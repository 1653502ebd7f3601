/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of image/cow.h: a base with a filesystem, a COW on it, and uml_moo as judge. */
#ifndef TESTS_UNIT_COW_BENCH_H
#define TESTS_UNIT_COW_BENCH_H

#include "tests/unit/judge.h"

#include "image/cow.h"

#define NOW 1064188800u
#define FOUR_K "-t ext2 -b 4096 -I 128 -O none,filetype,sparse_super,large_file"

struct bench {
	char *dir;
	char base[160], cow[160], merged[160];
	struct strbuf out;
};

JUDGE_FN void bench_init(struct bench *b, const char *options, const char *size)
{
	*b = (struct bench){ .dir = judge_make_dir() };
	snprintf(b->base, sizeof(b->base), "%s/base.img", b->dir);
	snprintf(b->cow, sizeof(b->cow), "%s/disk.cow", b->dir);
	snprintf(b->merged, sizeof(b->merged), "%s/merged.img", b->dir);
	judge_mke2fs(b->base, options, size);
}

JUDGE_FN void bench_release(struct bench *b)
{
	judge_remove_dir(b->dir);
	strbuf_release(&b->out);
}

JUDGE_FN void bench_create(struct bench *b)
{
	int fd = open(b->cow, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_ok(cow_create(fd, b->base, NULL, &err));
	assert_int_equal(close(fd), 0);
}

/* The disk as uml_moo sees it, in b->merged; a plain file, not ours to judge. */
JUDGE_FN void bench_moo(struct bench *b)
{
	unlink(b->merged);
	if (judge_run(&b->out, "uml_moo '%s' '%s'", b->cow, b->merged))
		fail_msg("uml_moo: %s", b->out.data);
}

/* Everything that the COW reads is what uml_moo made of it. */
JUDGE_FN void bench_compare(struct bench *b, unsigned int flags)
{
	static unsigned char is[1 << 20], should[1 << 20];
	struct cow *cow;
	uint64_t size;
	int fd;

	assert_ok(cow_open(&cow, b->cow, NULL, flags, &err));
	fd = open(b->merged, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	/* uml_moo forgets a last sector that is not whole. */
	size = cow_size(cow) / 512 * 512;
	assert_int_equal(lseek(fd, 0, SEEK_END), size);
	for (uint64_t at = 0; at < size;) {
		ssize_t n = pread(fd, should, sizeof(should), (off_t)at);

		assert_true(n > 0);
		assert_ok(cow_pread(cow, at, is, (size_t)n, &err));
		assert_memory_equal(is, should, (size_t)n);
		at += (uint64_t)n;
	}
	close(fd);
	assert_ok(cow_close(cow, &err));
}

#endif
