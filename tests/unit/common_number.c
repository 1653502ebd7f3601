/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/number.h"

#define JUNK 12345

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		int rc;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 10, 0, 0 },
		{ "10", 0, 10, 0, 10 },
		{ "11", 0, 10, -ERR_LIMIT, 0 },
		{ "4", 5, 10, -ERR_LIMIT, 0 },
		{ "007", 0, 10, 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX, -ERR_LIMIT, 0 },
		{ "99999999999999999999999", 0, UINT64_MAX, -ERR_LIMIT, 0 },
		{ "", 0, 10, -ERR_FORMAT, 0 },
		{ "-1", 0, 10, -ERR_FORMAT, 0 },
		{ "+1", 0, 10, -ERR_FORMAT, 0 },
		{ " 1", 0, 10, -ERR_FORMAT, 0 },
		{ "1 ", 0, 10, -ERR_FORMAT, 0 },
		{ "1x", 0, 10, -ERR_FORMAT, 0 },
		{ "0x1", 0, 10, -ERR_FORMAT, 0 },
		{ "1.5", 0, 10, -ERR_FORMAT, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t out = JUNK;

		print_message("'%s'\n", cases[i].text);
		assert_int_equal(number_parse(cases[i].text, cases[i].min, cases[i].max, &out),
				 cases[i].rc);
		assert_int_equal(out, cases[i].value);
	}
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} cases[] = {
		{ "512", 0, 512 },
		{ "1K", 0, 1024 },
		{ "1k", 0, 1024 },
		{ "3M", 0, 3u << 20 },
		{ "3MiB", 0, 3u << 20 },
		{ "2G", 0, UINT64_C(2) << 30 },
		{ "1T", 0, UINT64_C(1) << 40 },
		{ "1t", 0, UINT64_C(1) << 40 },
		{ "16777215T", 0, UINT64_C(16777215) << 40 },
		{ "16777216T", -ERR_LIMIT, 0 },
		{ "18446744073709551615K", -ERR_LIMIT, 0 },
		{ "", -ERR_FORMAT, 0 },
		{ "K", -ERR_FORMAT, 0 },
		{ "1KB", -ERR_FORMAT, 0 },
		{ "1 M", -ERR_FORMAT, 0 },
		{ "1MM", -ERR_FORMAT, 0 },
		{ "1Mi", -ERR_FORMAT, 0 },
		{ "1P", -ERR_FORMAT, 0 },
		{ "1.5G", -ERR_FORMAT, 0 },
		{ "-1G", -ERR_FORMAT, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t out = JUNK;

		print_message("'%s'\n", cases[i].text);
		assert_int_equal(size_parse(cases[i].text, 0, UINT64_MAX, &out), cases[i].rc);
		assert_int_equal(out, cases[i].value);
	}
}

static void test_size_range(void **state)
{
	uint64_t out = JUNK;

	assert_int_equal(size_parse("1M", 1u << 20, 1u << 20, &out), 0);
	assert_int_equal(out, 1u << 20);
	assert_int_equal(size_parse("1M", (1u << 20) + 1, UINT64_MAX, &out), -ERR_LIMIT);
	assert_int_equal(out, 0);
	assert_int_equal(size_parse("1M", 0, (1u << 20) - 1, &out), -ERR_LIMIT);
}

static void test_format(void **state)
{
	char buf[32];

	assert_string_equal(size_format(0, buf, sizeof(buf)), "0 B");
	assert_string_equal(size_format(1023, buf, sizeof(buf)), "1023 B");
	assert_string_equal(size_format(1024, buf, sizeof(buf)), "1.0 KiB");
	assert_string_equal(size_format(5u << 20, buf, sizeof(buf)), "5.0 MiB");
	assert_string_equal(size_format((5u << 20) + (1u << 19), buf, sizeof(buf)), "5.5 MiB");
	assert_string_equal(size_format(UINT64_C(3) << 30, buf, sizeof(buf)), "3.0 GiB");
	assert_string_equal(size_format(UINT64_MAX, buf, sizeof(buf)), "16777216.0 TiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_size_range),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
