/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extents, windows, their digests, and the pipeline that they go through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "labpack/extents.h"
#include "labpack/source.h"

static void extents_join_and_cut(void **state)
{
	struct extents a = EXTENTS_INIT, b = EXTENTS_INIT, both = EXTENTS_INIT;

	assert_int_equal(extents_add(&a, 0, 10), 0);
	assert_int_equal(extents_add(&a, 10, 20), 0);
	assert_int_equal(extents_add(&a, 30, 30), 0);
	assert_int_equal(extents_add(&a, 30, 40), 0);
	assert_int_equal(extents_add(&a, 35, 50), -EINVAL);
	assert_int_equal(a.count, 2);
	assert_int_equal(extents_bytes(&a), 30);
	assert_int_equal(extents_find(&a, 19), 0);
	assert_int_equal(extents_find(&a, 20), 1);
	assert_int_equal(extents_find(&a, 40), 2);
	assert_int_equal(extents_add(&b, 5, 35), 0);
	assert_int_equal(extents_intersect(&a, &b, &both), 0);
	assert_int_equal(both.count, 2);
	assert_int_equal(both.items[0].start, 5);
	assert_int_equal(both.items[0].end, 20);
	assert_int_equal(both.items[1].start, 30);
	assert_int_equal(both.items[1].end, 35);
	extents_release(&a);
	extents_release(&b);
	extents_release(&both);
}

static void extents_become_coarser(void **state)
{
	struct extents e = EXTENTS_INIT;

	/* Gaps of 4096, and every tenth one a large one. */
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(extents_add(&e, i * 8192 + i / 10 * 1000000,
					     i * 8192 + 4096 + i / 10 * 1000000), 0);
	extents_coarsen(&e, 150);
	assert_int_equal(e.count, 100);
	extents_coarsen(&e, 1);
	assert_int_equal(e.count, 1);
	assert_int_equal(e.items[0].end, 999 * 8192 + 4096 + 99 * 1000000);
	extents_release(&e);
}

static void runs_of_a_window(void **state)
{
	struct window w = { .data = calloc(1, WINDOW_SIZE), .length = 3 * 4096 + 100 };
	size_t start, end;

	assert_non_null(w.data);
	window_scan(&w);
	assert_true(w.empty);
	assert_false(window_run(&w, 0, &start, &end));
	w.data[4096] = 1;
	w.data[3 * 4096 + 99] = 1;
	w.data[3 * 4096 + 100] = 7; /* behind the end: does not count, and is cleared */
	window_scan(&w);
	assert_int_equal(w.data[3 * 4096 + 100], 0);
	assert_true(window_run(&w, 0, &start, &end));
	assert_int_equal(start, 4096);
	assert_int_equal(end, 8192);
	assert_true(window_run(&w, end, &start, &end));
	assert_int_equal(start, 3 * 4096);
	assert_int_equal(end, 3 * 4096 + 100);
	assert_false(window_run(&w, end, &start, &end));
	assert_int_equal(window_digest(&w, NULL), 0);
	assert_int_equal(w.bytes, 4096 + 100);
	free(w.data);
}

/* A change of one byte anywhere is another digest; so is a block that moved. */
static void digests_differ(void **state)
{
	struct window w = { .data = calloc(1, WINDOW_SIZE), .length = WINDOW_SIZE };
	unsigned char first[DIGEST_SIZE];

	assert_non_null(w.data);
	w.data[5000] = 1;
	window_scan(&w);
	assert_int_equal(window_digest(&w, NULL), 0);
	memcpy(first, w.digest, DIGEST_SIZE);
	w.data[5000] = 0;
	w.data[5000 + 4096] = 1;
	window_scan(&w);
	assert_int_equal(window_digest(&w, NULL), 0);
	assert_memory_not_equal(first, w.digest, DIGEST_SIZE);
	w.data[5000 + 4096] = 0;
	w.data[5000] = 1;
	window_scan(&w);
	assert_int_equal(window_digest(&w, NULL), 0);
	assert_memory_equal(first, w.digest, DIGEST_SIZE);
	w.offset = WINDOW_SIZE;
	assert_int_equal(window_digest(&w, NULL), 0);
	assert_memory_not_equal(first, w.digest, DIGEST_SIZE);
	free(w.data);
}

/* Where a COW's base is and how old does not count; all else does. */
static void cow_heads(void **state)
{
	static const unsigned char magic[] = { 'O', 'O', 'O', 'M', 0, 0, 0, 3 };
	struct window w = { .data = calloc(1, WINDOW_SIZE), .length = WINDOW_SIZE };
	unsigned char first[DIGEST_SIZE];

	assert_non_null(w.data);
	memcpy(w.data, magic, sizeof(magic));
	window_scan(&w);
	assert_int_equal(window_digest(&w, NULL), 0);
	memcpy(first, w.digest, DIGEST_SIZE);
	memset(w.data + 8, 'm', 4);
	memset(w.data + 32, 'p', 8192 - 32);
	window_scan(&w);
	assert_int_equal(window_digest(&w, NULL), 0);
	assert_memory_equal(first, w.digest, DIGEST_SIZE);
	assert_int_equal(w.data[32], 'p');
	assert_int_equal(w.data[8], 'm');
	assert_int_equal(w.used[0], 3);
	w.data[12] = 1;
	assert_int_equal(window_digest(&w, NULL), 0);
	assert_memory_not_equal(first, w.digest, DIGEST_SIZE);
	w.data[12] = 0;
	w.data[8192] = 1;
	window_scan(&w);
	assert_int_equal(window_digest(&w, NULL), 0);
	assert_memory_not_equal(first, w.digest, DIGEST_SIZE);
	free(w.data);
}

struct log {
	uint64_t next, fail_at;
	size_t retired;
};

static int late_work(void *arg, struct window *w, struct error *err)
{
	struct log *log = arg;

	if (w->offset % 3 == 0)
		usleep(300);
	if (w->offset >= log->fail_at)
		return error_set(err, -EIO, "window", "%llu", (unsigned long long)w->offset);
	return 0;
}

static int in_order(void *arg, struct window *w, struct error *err)
{
	struct log *log = arg;

	assert_int_equal(w->offset, log->next);
	log->next++;
	log->retired++;
	return 0;
}

static int send(struct pipeline *p, uint64_t count, struct error *err)
{
	for (uint64_t i = 0; i < count; i++) {
		struct window *w;
		int rc = pipeline_get(p, &w, err);

		if (rc)
			return rc;
		w->offset = i;
		pipeline_submit(p);
	}
	return pipeline_drain(p, err);
}

static void pipeline_keeps_order(void **state)
{
	for (unsigned int threads = 0; threads < 4; threads++) {
		struct log log = { .fail_at = UINT64_MAX };
		struct pipeline *p;

		assert_int_equal(pipeline_new(&p, threads, NULL), 0);
		pipeline_begin(p, &(struct pipeline_ops){ late_work, in_order, &log });
		assert_int_equal(send(p, 200, NULL), 0);
		assert_int_equal(log.retired, 200);
		log = (struct log){ .fail_at = UINT64_MAX };
		pipeline_begin(p, &(struct pipeline_ops){ late_work, in_order, &log });
		assert_int_equal(send(p, 3, NULL), 0);
		pipeline_free(p);
	}
}

/* The error is always the first one by order, and nothing behind it is retired. */
static void pipeline_first_error(void **state)
{
	for (unsigned int threads = 0; threads < 4; threads++) {
		struct log log = { .fail_at = 50 };
		struct error err = ERROR_INIT;
		struct pipeline *p;

		assert_int_equal(pipeline_new(&p, threads, NULL), 0);
		pipeline_begin(p, &(struct pipeline_ops){ late_work, in_order, &log });
		assert_int_equal(send(p, 200, &err), -EIO);
		assert_string_equal(err.what, "50");
		pipeline_cancel(p);
		assert_int_equal(log.retired, 50);
		error_release(&err);
		pipeline_free(p);
	}
}

static int read_work(void *arg, struct window *w, struct error *err)
{
	return source_read(arg, w, err);
}

static int probe_work(void *arg, struct window *w, struct error *err)
{
	memset(w->data, 'x', WINDOW_SIZE);
	return source_probe(arg, w, err);
}

/* A byte anywhere in a block makes it used, also behind what is looked at first. */
static void probing_finds_what_reading_finds(void **state)
{
	char path[] = "/tmp/labpack-source.XXXXXX";
	int fd = mkstemp(path);
	struct extents used = EXTENTS_INIT, read_found;
	struct error err = ERROR_INIT;
	struct pipeline *p;
	struct source s;
	uint64_t size = 2 * WINDOW_SIZE + 5000;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	for (uint64_t i = 0; i < size; i += 12289)
		assert_int_equal(pwrite(fd, (char[4096]){ [0] = (char)(i % 3) }, 4096, (off_t)i), 4096);
	for (uint64_t i = 63; i < size; i += 40001)
		assert_int_equal(pwrite(fd, "x", 1, (off_t)i), 1);
	close(fd);
	assert_int_equal(pipeline_new(&p, 1, NULL), 0);
	assert_int_equal(source_open(&s, AT_FDCWD, path, NULL), 0);
	/* As of a filesystem with blocks of 1024 bytes. */
	for (uint64_t i = 0; i < size - 3000; i += 7168)
		assert_int_equal(extents_add(&used, i, i + 3072), 0);
	assert_int_equal(extents_add(&used, size - 3, size), 0);
	for (int limited = 0; limited < 2; limited++) {
		if (limited)
			assert_int_equal(source_limit(&s, &used, NULL), 0);
		assert_int_equal(source_scan(&s, p, read_work, &s, 1000, NULL, NULL), 0);
		read_found = s.data;
		s.data = (struct extents)EXTENTS_INIT;
		assert_int_equal(source_scan(&s, p, probe_work, &s, 1000, NULL, NULL), 0);
		assert_true(read_found.count > 50);
		assert_int_equal(s.data.count, read_found.count);
		assert_memory_equal(s.data.items, read_found.items,
				    read_found.count * sizeof(read_found.items[0]));
		extents_release(&read_found);
	}
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(source_scan(&s, p, probe_work, &s, 1000, NULL, &err), -EIO);
	error_release(&err);
	extents_release(&used);
	source_close(&s);
	pipeline_free(p);
	unlink(path);
}

/* Zeros that take blocks are found, what lies outside of the limit counts as zeros. */
static void sources(void **state)
{
	char path[] = "/tmp/labpack-source.XXXXXX";
	int fd = mkstemp(path);
	struct extents used = EXTENTS_INIT;
	struct pipeline *p;
	struct source s;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 5 * 1048576 + 10), 0);
	assert_int_equal(pwrite(fd, "a", 1, 4096), 1);
	assert_int_equal(pwrite(fd, (char[8192]){ 0 }, 8192, 2 * 1048576), 8192);
	assert_int_equal(pwrite(fd, "stale", 5, 3 * 1048576), 5);
	assert_int_equal(pwrite(fd, "z", 1, 5 * 1048576 + 9), 1);
	close(fd);
	assert_int_equal(pipeline_new(&p, 2, NULL), 0);
	assert_int_equal(source_open(&s, AT_FDCWD, path, NULL), 0);
	assert_int_equal(extents_add(&used, 0, 3 * 1048576), 0);
	assert_int_equal(extents_add(&used, 4 * 1048576, 6 * 1048576), 0);
	assert_int_equal(source_limit(&s, &used, NULL), 0);
	assert_int_equal(source_scan(&s, p, read_work, &s, 100, NULL, NULL), 0);
	assert_int_equal(s.data.count, 2);
	assert_int_equal(s.data.items[0].start, 4096);
	assert_int_equal(s.data.items[0].end, 8192);
	assert_int_equal(s.data.items[1].start, 5 * 1048576);
	assert_int_equal(s.data.items[1].end, 5 * 1048576 + 10);
	assert_int_equal(source_unchanged(&s, NULL), 0);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(source_unchanged(&s, NULL), -EIO);
	extents_release(&used);
	source_close(&s);
	pipeline_free(p);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extents_join_and_cut), cmocka_unit_test(extents_become_coarser),
		cmocka_unit_test(runs_of_a_window),	cmocka_unit_test(digests_differ),
		cmocka_unit_test(cow_heads),		cmocka_unit_test(pipeline_keeps_order),
		cmocka_unit_test(pipeline_first_error), cmocka_unit_test(sources),
		cmocka_unit_test(probing_finds_what_reading_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
