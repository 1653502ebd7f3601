/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "mkroot/parallel.h"

#define COUNT 1000

static atomic_int seen[COUNT];
static size_t fail_from = COUNT, fail_step = 1;

static int work(void *arg, size_t index, struct error *err)
{
	atomic_fetch_add(&seen[index], 1);
	if (index >= fail_from && (index - fail_from) % fail_step == 0)
		return error_set(err, -EIO, NULL, "index %zu", index);
	return 0;
}

static void reset(size_t from, size_t step)
{
	for (size_t i = 0; i < COUNT; i++)
		atomic_store(&seen[i], 0);
	fail_from = from;
	fail_step = step;
}

static void test_every_index_once(void **state)
{
	static const unsigned int jobs[] = { 0, 1, 2, 7, 64 };

	for (size_t j = 0; j < sizeof(jobs) / sizeof(jobs[0]); j++) {
		struct parallel p = { .jobs = jobs[j], .work = work };
		struct error err = ERROR_INIT;

		reset(COUNT, 1);
		assert_int_equal(parallel_run(&p, COUNT, &err), 0);
		assert_int_equal(p.failed, 0);
		for (size_t i = 0; i < COUNT; i++)
			assert_int_equal(atomic_load(&seen[i]), 1);
	}
}

static void test_lowest_failure_is_told(void **state)
{
	for (int round = 0; round < 50; round++) {
		struct parallel p = { .jobs = 8, .keep_going = true, .work = work };
		struct error err = ERROR_INIT;

		reset(17, 100);
		assert_int_equal(parallel_run(&p, COUNT, &err), -EIO);
		assert_int_equal(p.failed, 10);
		assert_string_equal(err.what, "index 17");
		error_release(&err);
	}
}

static void test_failure_stops_the_rest(void **state)
{
	struct parallel p = { .jobs = 1, .work = work };
	struct error err = ERROR_INIT;

	reset(3, 1);
	assert_int_equal(parallel_run(&p, COUNT, &err), -EIO);
	assert_string_equal(err.what, "index 3");
	assert_int_equal(atomic_load(&seen[4]), 0);
	error_release(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_index_once),
		cmocka_unit_test(test_lowest_failure_is_told),
		cmocka_unit_test(test_failure_stops_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
