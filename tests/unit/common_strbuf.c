/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "common/strbuf.h"

static void test_grows(void **state)
{
	struct strbuf s = STRBUF_INIT;

	for (int i = 0; i < 1000; i++) {
		assert_int_equal(strbuf_addf(&s, "%d,", i % 10), 0);
		assert_int_equal(s.len, 2 * (size_t)(i + 1));
		assert_int_equal(s.data[s.len], '\0');
	}
	assert_memory_equal(s.data + 1990, "5,6,7,8,9,", 11);
	strbuf_release(&s);
	assert_null(s.data);
	assert_int_equal(s.len, 0);
}

static void test_bytes(void **state)
{
	struct strbuf s = STRBUF_INIT;

	assert_int_equal(strbuf_add(&s, "a\0b", 3), 0);
	assert_int_equal(strbuf_add(&s, NULL, 0), 0);
	assert_int_equal(strbuf_adds(&s, "c"), 0);
	assert_int_equal(s.len, 4);
	assert_memory_equal(s.data, "a\0bc", 5);
	strbuf_release(&s);
}

static void test_take(void **state)
{
	struct strbuf s = STRBUF_INIT;
	char *text = strbuf_take(&s);

	assert_string_equal(text, "");
	free(text);
	assert_int_equal(strbuf_adds(&s, "text"), 0);
	text = strbuf_take(&s);
	assert_string_equal(text, "text");
	assert_null(s.data);
	assert_int_equal(strbuf_adds(&s, "more"), 0);
	assert_string_equal(s.data, "more");
	strbuf_release(&s);
	free(text);
}

/* What cannot be had is refused, and what was there stays. */
static void test_too_much(void **state)
{
	struct strbuf s = STRBUF_INIT;

	assert_int_equal(strbuf_adds(&s, "kept"), 0);
	assert_int_equal(strbuf_reserve(&s, SIZE_MAX), -ENOMEM);
	assert_int_equal(strbuf_reserve(&s, SIZE_MAX - 4), -ENOMEM);
	assert_int_equal(strbuf_reserve(&s, SIZE_MAX / 2), -ENOMEM);
	assert_string_equal(s.data, "kept");
	assert_int_equal(s.len, 4);
	strbuf_release(&s);
}

static void test_array(void **state)
{
	size_t capacity = 0;
	void *items = NULL;

	for (size_t used = 0; used < 1000; used++) {
		assert_int_equal(array_grow(&items, used, &capacity, sizeof(uint64_t)), 0);
		assert_true(capacity > used);
		((uint64_t *)items)[used] = used * used;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(((uint64_t *)items)[i], i * i);
	capacity = SIZE_MAX / 8;
	assert_int_equal(array_grow(&items, capacity, &capacity, sizeof(uint64_t)), -ENOMEM);
	assert_int_equal(capacity, SIZE_MAX / 8);
	free(items);
}

static void test_list(void **state)
{
	struct strlist l = STRLIST_INIT;

	assert_int_equal(strlist_find(&l, "a"), -1);
	assert_int_equal(strlist_add(&l, "a"), 0);
	assert_int_equal(strlist_addf(&l, "%s%d", "b", 2), 0);
	assert_int_equal(strlist_take(&l, strdup("a")), 0);
	assert_int_equal(strlist_take(&l, NULL), -ENOMEM);
	assert_int_equal(l.count, 3);
	assert_int_equal(strlist_find(&l, "a"), 0);
	assert_int_equal(strlist_find(&l, "b2"), 1);
	assert_int_equal(strlist_find(&l, "b"), -1);
	strlist_release(&l);
	assert_int_equal(l.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_take),  cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_array), cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
