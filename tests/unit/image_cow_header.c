/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of COW disks: all versions, and what they must not say. */
#include "tests/unit/cow_bench.h"

#define DISK (1u << 20)
#define MTIME 1700000000u

static void put(unsigned char *p, uint64_t n, int bytes, bool little)
{
	for (int i = 0; i < bytes; i++)
		p[little ? i : bytes - 1 - i] = (unsigned char)(n >> 8 * i);
}

/* A base of DISK bytes 'b', with the time that the headers say. */
static void make_base(struct bench *b, uint64_t size)
{
	struct timespec times[2] = { { .tv_sec = MTIME }, { .tv_sec = MTIME } };
	static unsigned char bytes[DISK + 4096];
	int fd;

	assert_true(size <= sizeof(bytes));
	memset(bytes, 'b', sizeof(bytes));

	*b = (struct bench){ .dir = judge_make_dir() };
	snprintf(b->base, sizeof(b->base), "%s/base.img", b->dir);
	snprintf(b->cow, sizeof(b->cow), "%s/disk.cow", b->dir);
	snprintf(b->merged, sizeof(b->merged), "%s/merged.img", b->dir);
	fd = open(b->base, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, 0), size);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

/* The kinds of headers, and where the bitmap is then. */
enum kind { V1, V1_BIG, V2, V3, V3_512, SHIFTED, SHIFTED_BIG, KINDS };

static const struct {
	const char *name;
	unsigned int version, bitmap, data;
	bool shifted;
} kinds[KINDS] = {
	[V1] = { "version 1", 1, 280, 1024, false },
	[V1_BIG] = { "version 1 of a big-endian host", 1, 280, 1024, false },
	[V2] = { "version 2", 2, 4120, 4608, false },
	[V3] = { "version 3", 3, 8192, 12288, false },
	[V3_512] = { "version 3 by sectors", 3, 4608, 5120, false },
	[SHIFTED] = { "shifted version 3", 3, 8192, 12288, true },
	[SHIFTED_BIG] = { "shifted version 3 of a big-endian host", 3, 8192, 12288, true },
};

static size_t make_header(unsigned char head[4200], enum kind kind, const char *name)
{
	bool little = kind == V1;

	memset(head, 0, 4200);
	put(head, 0x4f4f4f4d, 4, little);
	put(head + 4, kinds[kind].version, 4, little);
	switch (kind) {
	case V1:
	case V1_BIG:
		memcpy(head + 8, name, strlen(name));
		put(head + 264, MTIME, 4, little);
		put(head + 268, DISK, 8, little);
		put(head + 276, 512, 4, little);
		return 280;
	case V2:
		memcpy(head + 8, name, strlen(name));
		put(head + 4104, MTIME, 4, false);
		put(head + 4108, DISK, 8, false);
		put(head + 4116, 512, 4, false);
		return 4120;
	case V3:
	case V3_512:
		put(head + 8, MTIME, 4, false);
		put(head + 12, DISK, 8, false);
		put(head + 20, 512, 4, false);
		put(head + 24, kind == V3 ? 4096 : 512, 4, false);
		memcpy(head + 32, name, strlen(name));
		return 4128;
	default:
		put(head + (kind == SHIFTED ? 8 : 12), MTIME, 4, false);
		put(head + 16, DISK, 8, false);
		put(head + 24, 512, 4, false);
		put(head + 28, 4096, 4, false);
		memcpy(head + 36, name, strlen(name));
		return 4136;
	}
}

/* Sectors 3 and 2047 are held. */
static void make_cow(struct bench *b, enum kind kind)
{
	unsigned char head[4200], sector[512];
	size_t n = make_header(head, kind, b->base);
	int fd = open(b->cow, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	memset(sector, 'c', sizeof(sector));
	assert_int_equal(pwrite(fd, head, n, 0), n);
	assert_int_equal(pwrite(fd, "\x08", 1, kinds[kind].bitmap), 1);
	assert_int_equal(pwrite(fd, "\x80", 1, kinds[kind].bitmap + 255), 1);
	assert_int_equal(pwrite(fd, sector, 512, kinds[kind].data + 3 * 512), 512);
	assert_int_equal(pwrite(fd, sector, 512, kinds[kind].data + 2047 * 512), 512);
	close(fd);
}

static void check_disk(struct bench *b)
{
	static unsigned char disk[DISK];
	struct cow *cow;
	uint64_t start, end;

	assert_ok(cow_open(&cow, b->cow, NULL, 0, &err));
	assert_ok(cow_pread(cow, 0, disk, DISK, &err));
	for (size_t i = 0; i < DISK; i++)
		assert_int_equal(disk[i], i / 512 == 3 || i / 512 == 2047 ? 'c' : 'b');
	assert_ok(cow_next_run(cow, 0, &start, &end, &err));
	assert_int_equal(start, 3 * 512);
	assert_int_equal(end, 4 * 512);
	assert_ok(cow_next_run(cow, end, &start, &end, &err));
	assert_int_equal(start, 2047 * 512);
	assert_int_equal(end, DISK);
	assert_ok(cow_next_run(cow, end, &start, &end, &err));
	assert_int_equal(start, DISK);
	assert_int_equal(end, DISK);
	assert_ok(cow_close(cow, &err));
}

static void test_versions(void **state)
{
	for (int kind = 0; kind < KINDS; kind++) {
		struct bench b;
		struct cow *cow;

		make_base(&b, DISK);
		make_cow(&b, kind);
		print_message("%s\n", kinds[kind].name);
		assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
		assert_int_equal(cow_info(cow)->version, kinds[kind].version);
		assert_int_equal(cow_info(cow)->shifted, kinds[kind].shifted);
		assert_int_equal(cow_info(cow)->mtime, MTIME);
		assert_int_equal(cow_info(cow)->bitmap_offset, kinds[kind].bitmap);
		assert_int_equal(cow_info(cow)->data_offset, kinds[kind].data);
		assert_string_equal(cow_info(cow)->backing, b.base);
		assert_ok(cow_close(cow, &err));
		check_disk(&b);
		/* uml_moo reads today's; its own reading of the others has its own mistakes. */
		if (kind == V3) {
			bench_moo(&b);
			bench_compare(&b, 0);
		}
		/* Written, all become today's version. */
		assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
		assert_ok(cow_close(cow, &err));
		check_disk(&b);
		assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
		assert_int_equal(cow_info(cow)->version, 3);
		assert_false(cow_info(cow)->shifted);
		assert_int_equal(cow_info(cow)->alignment, 4096);
		assert_ok(cow_close(cow, &err));
		bench_moo(&b);
		bench_compare(&b, 0);
		bench_release(&b);
	}
}

/* Old versions forget the bits of up to seven sectors at the end: they are the base's. */
static void test_forgotten_bits(void **state)
{
	static const uint64_t size = DISK + 5 * 512;
	unsigned char head[4200], sector[512];
	struct bench b;
	struct cow *cow;
	int fd;

	make_base(&b, size);
	make_header(head, V2, b.base);
	put(head + 4108, size, 8, false);
	fd = open(b.cow, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(pwrite(fd, head, 4120, 0), 4120);
	assert_int_equal(pwrite(fd, "\x1f", 1, 4120 + 256), 1);
	assert_int_equal(ftruncate(fd, (off_t)(4608 + size)), 0);
	close(fd);
	assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
	assert_int_equal(cow_info(cow)->bitmap_size, 256);
	assert_ok(cow_pread(cow, DISK, sector, 512, &err));
	assert_int_equal(sector[0], 'b');
	assert_ok(cow_close(cow, &err));
	bench_release(&b);
}

struct lie {
	const char *what;
	unsigned int offset, bytes;
	uint64_t value;
	int code;
};

static void test_lies(void **state)
{
	static const struct lie lies[] = {
		{ "magic", 0, 1, 'X', -ERR_FORMAT },
		{ "version 0", 4, 4, 0, -ERR_UNSUPPORTED },
		{ "version 4", 4, 4, 4, -ERR_UNSUPPORTED },
		{ "version 2^32 - 1", 4, 4, 0xffffffff, -ERR_UNSUPPORTED },
		{ "no size", 12, 8, 0, -ERR_LIMIT },
		{ "size 2^64 - 1", 12, 8, UINT64_MAX, -ERR_LIMIT },
		{ "size 2^63", 12, 8, 1ull << 63, -ERR_LIMIT },
		{ "bitmap behind the end", 12, 8, 1ull << 50, -ERR_FORMAT },
		{ "greatest size", 12, 8, INT64_MAX / 2, -ERR_FORMAT },
		{ "size of another base", 12, 8, DISK - 512, -ERR_CONFLICT },
		{ "mtime", 8, 4, MTIME + 1, -ERR_CONFLICT },
		{ "sector size 0", 20, 4, 0, -ERR_UNSUPPORTED },
		{ "sector size 4096", 20, 4, 4096, -ERR_UNSUPPORTED },
		{ "alignment 0", 24, 4, 0, -ERR_LIMIT },
		{ "alignment 2^31", 24, 4, 1u << 31, -ERR_LIMIT },
		{ "alignment behind the end", 24, 4, 16u << 20, -ERR_FORMAT },
		{ "format", 28, 4, 1, -ERR_UNSUPPORTED },
	};
	struct bench b;
	struct cow *cow;

	make_base(&b, DISK);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		unsigned char value[8];
		int fd;

		make_cow(&b, V3);
		put(value, lies[i].value, (int)lies[i].bytes, false);
		fd = open(b.cow, O_RDWR | O_CLOEXEC);
		assert_int_equal(pwrite(fd, value, lies[i].bytes, lies[i].offset),
				 lies[i].bytes);
		close(fd);
		print_message("%s\n", lies[i].what);
		assert_fails(cow_open(&cow, b.cow, NULL, 0, &err), lies[i].code);
	}
	bench_release(&b);
}

static void test_names(void **state)
{
	unsigned char head[4200];
	char name[4200];
	struct bench b;
	struct cow *cow;
	int fd;

	make_base(&b, DISK);
	make_cow(&b, V3);
	fd = open(b.cow, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	/* A name without an end, and none at all. */
	memset(name, 'n', sizeof(name));
	assert_int_equal(pwrite(fd, name, 4096, 32), 4096);
	assert_fails(cow_open(&cow, b.cow, NULL, 0, &err), -ERR_FORMAT);
	make_header(head, V3, "");
	assert_int_equal(pwrite(fd, head, 4128, 0), 4128);
	/* Fields of zeros where a shifted header would have its own. */
	assert_fails(cow_open(&cow, b.cow, NULL, 0, &err), -ERR_UNSUPPORTED);
	/* The longest name is one byte shorter than its room. */
	name[4096] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_fails(cow_create(fd, b.base, name, &err), -ENAMETOOLONG);
	name[4095] = '\0';
	assert_ok(cow_create(fd, b.base, name, &err));
	assert_fails(cow_open(&cow, b.cow, NULL, 0, &err), -ENAMETOOLONG);
	assert_ok(cow_open(&cow, b.cow, b.base, 0, &err));
	assert_string_equal(cow_info(cow)->backing, name);
	assert_ok(cow_close(cow, &err));
	/* Cut at every length up to the bitmap's end: never a crash, never a success. */
	for (off_t n = 12287; n >= 0; n -= n > 8300 ? 97 : n > 4200 ? 501 : 41) {
		assert_int_equal(ftruncate(fd, n), 0);
		if (n >= 8192 + 256)
			continue;
		assert_fails(cow_open(&cow, b.cow, b.base, 0, &err), -ERR_FORMAT);
	}
	close(fd);
	assert_fails(cow_open(&cow, b.dir, NULL, 0, &err), -EINVAL);
	assert_fails(cow_open(&cow, b.base, NULL, 0, &err), -ERR_FORMAT);
	assert_fails(cow_open(&cow, "/nowhere", NULL, 0, &err), -ENOENT);
	assert_fails(cow_open(&cow, b.cow, NULL, 1 << 20, &err), -EINVAL);
	bench_release(&b);
}

/* Held sectors that are not in the file: what is there is read, the rest is an error. */
static void test_cut_data(void **state)
{
	unsigned char sector[512];
	struct bench b;
	struct cow *cow;

	make_base(&b, DISK);
	make_cow(&b, V3);
	assert_int_equal(truncate(b.cow, 12288 + 1000 * 512), 0);
	assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
	assert_ok(cow_pread(cow, 3 * 512, sector, 512, &err));
	assert_int_equal(sector[511], 'c');
	assert_fails(cow_pread(cow, 2047 * 512, sector, 512, &err), -ERR_FORMAT);
	assert_fails(cow_pread(cow, DISK - 511, sector, 512, &err), -ERR_LIMIT);
	assert_fails(cow_pread(cow, UINT64_MAX - 5, sector, 512, &err), -ERR_LIMIT);
	assert_fails(cow_pwrite(cow, 0, sector, 512, &err), -EROFS);
	cow_abandon(cow);
	/* The base became shorter after it was opened. */
	make_cow(&b, V3);
	assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
	assert_int_equal(truncate(b.base, 4096), 0);
	assert_fails(cow_pread(cow, 8192, sector, 512, &err), -ERR_CONFLICT);
	cow_abandon(cow);
	assert_fails(cow_open(&cow, b.cow, NULL, COW_IGNORE_MTIME, &err), -ERR_CONFLICT);
	bench_release(&b);
}

static void test_digest(void **state)
{
	unsigned char digest[32];
	struct bench b;
	struct cow *cow;
	int fd;

	make_base(&b, DISK);
	for (int kind = 0; kind < KINDS; kind++) {
		memset(digest, 'd' + kind, sizeof(digest));
		make_cow(&b, kind);
		fd = open(b.cow, O_RDWR | O_CLOEXEC);
		if (kinds[kind].bitmap < 8192) {
			assert_fails(cow_set_digest(fd, b.cow, digest, &err), -ERR_UNSUPPORTED);
			close(fd);
			continue;
		}
		assert_ok(cow_set_digest(fd, b.cow, digest, &err));
		close(fd);
		check_disk(&b);
		/* It stays through rewriting, and through a new name. */
		assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
		assert_ok(cow_close(cow, &err));
		assert_ok(cow_relink(b.cow, b.base, NULL, &err));
		assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
		assert_true(cow_info(cow)->has_digest);
		assert_memory_equal(cow_info(cow)->digest, digest, 32);
		assert_ok(cow_close(cow, &err));
		check_disk(&b);
	}
	bench_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),  cmocka_unit_test(test_forgotten_bits),
		cmocka_unit_test(test_lies),	  cmocka_unit_test(test_names),
		cmocka_unit_test(test_cut_data),  cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
