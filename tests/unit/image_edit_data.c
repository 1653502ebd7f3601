/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contents of files, on every shape of filesystem. */
#include "tests/unit/edit_bench.h"

static void test_files(void **state)
{
	static const size_t sizes[] = { 0,     1,     1023,  1024,   4095,    4096,    4097,
					12288, 12289, 65536, 300000, 1048576, 1048577, 3000001 };
	struct bench *b = bench_new(*state, "24M");
	char path[64];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *data = pattern(sizes[i], (unsigned int)i, i % 2);

		snprintf(path, sizeof(path), "/f%zu", i);
		assert_ok(image_write_file(b->image, path, data, sizes[i], NULL, &err));
		check_file(b, path, data, sizes[i]);
		free(data);
	}
	bench_close(b);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *data = pattern(sizes[i], (unsigned int)i, i % 2);

		snprintf(path, sizeof(path), "/f%zu", i);
		check_by_debugfs(b, path, data, sizes[i]);
		free(data);
	}
	bench_free(b);
}

static void test_holes(void **state)
{
	struct bench *b = bench_new(*state, "24M");
	uint64_t before = free_blocks(b);
	unsigned char *data = calloc(1, 8 << 20);

	assert_ok(image_write_file(b->image, "/zeros", data, 8 << 20, NULL, &err));
	assert_int_equal(free_blocks(b), before);
	data[5 << 20] = 1;
	assert_ok(image_write_file(b->image, "/one", data, 8 << 20, NULL, &err));
	assert_true(before - free_blocks(b) <= 4 * 4096);
	bench_close(b);
	check_by_debugfs(b, "/one", data, 8 << 20);
	free(data);
	bench_free(b);
}

static void test_replace(void **state)
{
	struct bench *b = bench_new(*state, "24M");
	struct image_attr attr = { .mode = 04751, .uid = 70000, .gid = 5, .mtime = 1234 };
	struct image_attr other = { .mode = 0600, .uid = 1, .gid = 1 };
	unsigned char *big = pattern(2000000, 7, false);
	struct image_stat st;
	uint64_t before, one;

	assert_ok(image_write_file(b->image, "/f", "x", 1, &attr, &err));
	assert_ok(image_lstat(b->image, "/f", &st, &err));
	assert_int_equal(st.mode, S_IFREG | 04751);
	assert_int_equal(st.uid, 70000);
	assert_int_equal(st.gid, 5);
	assert_int_equal(st.mtime, 1234);
	assert_int_equal(st.size, 1);
	one = free_blocks(b);
	before = st.ino;
	assert_ok(image_link(b->image, "/f", "/g", &err));
	assert_ok(image_write_file(b->image, "/g", big, 2000000, &other, &err));
	check_file(b, "/f", big, 2000000);
	assert_ok(image_stat(b->image, "/f", &st, &err));
	assert_int_equal(st.ino, before);
	assert_int_equal(st.mode, S_IFREG | 04751);
	assert_int_equal(st.uid, 70000);
	assert_int_equal(st.mtime, NOW);
	assert_int_equal(st.nlink, 2);
	bench_reopen(b);
	assert_ok(image_write_file(b->image, "/f", "y", 1, NULL, &err));
	assert_int_equal(free_blocks(b), one);
	check_file(b, "/g", "y", 1);
	assert_ok(image_write_file(b->image, "/f", "", 0, NULL, &err));
	check_file(b, "/g", "", 0);
	free(big);
	bench_free(b);
}

static void test_dense(void **state)
{
	struct bench *b = bench_new(*state, "100M");
	const uint64_t size = 80 << 20; /* beyond the double indirect block of 1 KiB blocks */
	unsigned char *junk = pattern(3 << 20, 3, false), head[5000], buf[4096];
	struct image_attr attr = { .mode = 0600 };
	uint64_t before = free_blocks(b);
	size_t done;
	unsigned int blocks;
	struct stat st;

	/* Blocks that held something else must read as zeros. */
	assert_ok(image_write_file(b->image, "/junk", junk, 3 << 20, NULL, &err));
	assert_ok(image_remove(b->image, "/junk", &err));
	memset(head, 'H', sizeof(head));
	assert_ok(image_write_dense(b->image, "/swap", size, head, sizeof(head), &attr, &err));
	assert_true(before - free_blocks(b) >= size);
	assert_ok(image_read_at(b->image, "/swap", 4999, buf, 4096, &done, &err));
	assert_int_equal(done, 4096);
	assert_int_equal(buf[0], 'H');
	for (int i = 1; i < 4096; i++)
		assert_int_equal(buf[i], 0);
	for (uint64_t at = 8192; at < 4 << 20; at += 4096) {
		assert_ok(image_read_at(b->image, "/swap", at, buf, 4096, &done, &err));
		assert_true(buf[0] == 0 && !memcmp(buf, buf + 1, 4095));
	}
	assert_ok(image_read_at(b->image, "/swap", size - 10, buf, 4096, &done, &err));
	assert_int_equal(done, 10);
	bench_close(b);
	/* Each block is mapped, and yet the host's file stays sparse. */
	ask(b, "blocks /swap");
	blocks = 0;
	for (char *p = b->out.data; *p; p++)
		blocks += *p == ' ' && p[1] >= '0' && p[1] <= '9';
	assert_true(blocks + 1 >= size / (strstr(b->shape->name, "1k") ? 1024 : 4096));
	assert_int_equal(stat(b->path, &st), 0);
	assert_true(st.st_blocks * 512LL < 24 << 20);
	free(junk);
	bench_free(b);
}

static void test_no_space(void **state)
{
	struct bench *b = bench_new(*state, "6M");
	unsigned char *data = pattern(8 << 20, 1, false);
	uint64_t before;
	char path[400];
	int rc, n;

	assert_ok(image_write_file(b->image, "/keep", data, 300000, NULL, &err));
	before = free_blocks(b);
	assert_fails(image_write_file(b->image, "/big", data, 8 << 20, NULL, &err), -ERR_NO_SPACE);
	assert_fails(image_write_file(b->image, "/keep", data, 8 << 20, NULL, &err), -ERR_NO_SPACE);
	assert_fails(image_write_dense(b->image, "/sw", 8 << 20, NULL, 0, NULL, &err),
		     -ERR_NO_SPACE);
	assert_int_equal(free_blocks(b), before);
	assert_false(image_exists(b->image, "/big"));
	check_file(b, "/keep", data, 300000);
	bench_reopen(b);
	/* To the last block, in steps, so that every kind of block is once the one that is missing.
	 */
	for (n = 0, rc = 0; !rc && n < 2000; n++) {
		snprintf(path, sizeof(path), "/x%d", n);
		rc = image_write_file(b->image, path, data, 20000, NULL, NULL);
	}
	assert_int_equal(rc, -ERR_NO_SPACE);
	for (rc = 0; !rc && n < 4000; n++) {
		memset(path, 'q', 200);
		snprintf(path + 200, 100, "%d", n);
		path[0] = '/';
		rc = n % 2 ? image_mkdir(b->image, path, NULL, NULL)
			   : image_symlink(b->image, path + 1, path, NULL);
	}
	assert_int_equal(rc, -ERR_NO_SPACE);
	check_file(b, "/keep", data, 300000);
	bench_reopen(b);
	assert_fails(image_write_file(b->image, "/keep", data, 300001, NULL, &err), -ERR_NO_SPACE);
	for (rc = 0; !rc && n < 8000; n++) {
		memset(path, 'r', 200);
		snprintf(path + 200, 100, "%d", n);
		path[0] = '/';
		rc = image_mknod(b->image, path, S_IFIFO, 0, 0, NULL, NULL);
	}
	assert_int_equal(rc, -ERR_NO_SPACE);
	free(data);
	bench_free(b);
}

static void test_stream(void **state)
{
	struct bench *b = bench_new(*state, "24M");
	struct source s = { 5000000, 'a', false }, broken = { 3000000, 'b', true };
	uint64_t before;
	char buf[16];
	size_t done;
	struct image_stat st;

	assert_ok(image_write_stream(b->image, "/s", source_read, &s, NULL, &err));
	assert_ok(image_stat(b->image, "/s", &st, &err));
	assert_int_equal(st.size, 5000000);
	before = free_blocks(b);
	assert_fails(image_write_stream(b->image, "/s", source_read, &broken, NULL, &err), -EIO);
	broken.left = 3000000;
	assert_fails(image_write_stream(b->image, "/t", source_read, &broken, NULL, &err), -EIO);
	assert_int_equal(free_blocks(b), before);
	assert_false(image_exists(b->image, "/t"));
	assert_ok(image_read_at(b->image, "/s", 4999990, buf, 16, &done, &err));
	assert_int_equal(done, 10);
	assert_memory_equal(buf, "aaaaaaaaaa", 10);
	bench_free(b);
}

/* A file over thousands of single blocks: deep extent trees, full indirect blocks. */
static void test_fragments(void **state)
{
	struct bench *b = bench_new(*state, "12M -N 8192");
	unsigned char *data = pattern(8 << 20, 11, false);
	uint64_t room;
	char path[64];
	int n, rc = 0;

	assert_ok(image_mkdir(b->image, "/d", NULL, &err));
	for (n = 0; !rc && n < 6000; n++) {
		snprintf(path, sizeof(path), "/d/%d", n);
		rc = image_write_file(b->image, path, data, 1000, NULL, NULL);
	}
	for (int i = 0; i < n - 1; i += 2) {
		snprintf(path, sizeof(path), "/d/%d", i);
		assert_ok(image_remove(b->image, path, &err));
	}
	room = free_blocks(b);
	room = room > 8 << 20 ? 8 << 20 : room;
	room -= room / 16;
	assert_ok(image_write_file(b->image, "/big", data, room, NULL, &err));
	bench_reopen(b);
	check_file(b, "/big", data, room);
	bench_close(b);
	check_by_debugfs(b, "/big", data, room);
	bench_open(b);
	room = free_blocks(b);
	assert_ok(image_remove(b->image, "/big", &err));
	assert_true(free_blocks(b) > room);
	free(data);
	bench_free(b);
}

/* Random edits against a model in memory. */
static void test_random(void **state)
{
	struct bench *b = bench_new(*state, "16M");
	struct {
		unsigned int seed;
		size_t n;
		bool there;
	} model[24] = { 0 };
	uint32_t x = 12345;
	char path[32], to[32];

	for (int step = 0; step < 600; step++) {
		unsigned int i, j;

		x = x * 1664525u + 1013904223u;
		i = (x >> 8) % 24;
		j = (x >> 16) % 24;
		snprintf(path, sizeof(path), "/r%u", i);
		snprintf(to, sizeof(to), "/r%u", j);
		if ((x >> 28) < 9) {
			size_t n = (x >> 4) % ((x >> 27) & 1 ? 400000 : 6000);
			unsigned char *data = pattern(n, x, false);

			assert_ok(image_write_file(b->image, path, data, n, NULL, &err));
			model[i].seed = x;
			model[i].n = n;
			model[i].there = true;
			free(data);
		} else if ((x >> 28) < 12) {
			int rc = image_remove(b->image, path, NULL);

			assert_int_equal(rc, model[i].there ? 0 : -ENOENT);
			model[i].there = false;
		} else if (model[i].there && i != j) {
			assert_ok(image_rename(b->image, path, to, &err));
			model[j] = model[i];
			model[i].there = false;
		}
		if (step % 200 == 199)
			bench_reopen(b);
	}
	for (unsigned int i = 0; i < 24; i++) {
		struct image_stat st;
		unsigned char *data;

		snprintf(path, sizeof(path), "/r%u", i);
		assert_int_equal(image_exists(b->image, path), model[i].there);
		if (!model[i].there)
			continue;
		assert_ok(image_stat(b->image, path, &st, &err));
		assert_int_equal(st.size, model[i].n);
		data = pattern(model[i].n, model[i].seed, false);
		check_file(b, path, data, model[i].n);
		free(data);
	}
	bench_free(b);
}

int main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		{ "files", test_files },	 { "holes", test_holes },
		{ "replace", test_replace },	 { "dense", test_dense },
		{ "no-space", test_no_space },	 { "stream", test_stream },
		{ "fragments", test_fragments }, { "random", test_random },
	};

	return bench_run(tests, sizeof(tests) / sizeof(tests[0]), argc > 1 ? argv[1] : NULL);
}
