/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "common/error.h"

static void assert_text(const struct error *err, const char *expected)
{
	char *text = error_text(err);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void test_whole_message(void **state)
{
	struct error err = ERROR_INIT;

	assert_int_equal(error_set(&err, -ERR_DIGEST, "devs-9.0-4.i586.rpm",
				   "payload digest does not match"),
			 -ERR_DIGEST);
	assert_int_equal(error_hint(&err, "the file is damaged; delete it and fetch %s", "again"),
			 -ERR_DIGEST);
	assert_text(&err, "'devs-9.0-4.i586.rpm': payload digest does not match "
			  "(the file is damaged; delete it and fetch again)");
	assert_int_equal(err.code, -ERR_DIGEST);
	error_release(&err);
	assert_int_equal(err.code, 0);
	assert_null(err.subject);
	assert_null(err.what);
	assert_null(err.hint);
	error_release(&err);
}

static void test_without_subject(void **state)
{
	struct error err = ERROR_INIT;

	assert_int_equal(error_nomem(&err), -ENOMEM);
	assert_text(&err, "out of memory");
	error_release(&err);
}

static void test_system_error(void **state)
{
	struct error err = ERROR_INIT;

	assert_int_equal(error_errno(&err, ENOENT, "/x", "cannot open the %s", "media"), -ENOENT);
	assert_text(&err, "'/x': cannot open the media: No such file or directory");
	error_release(&err);
}

/* The later error replaces the whole earlier one, its hint too; the subject may be the old one's.
 */
static void test_replaced(void **state)
{
	struct error err = ERROR_INIT;

	error_set(&err, -ERR_FORMAT, "first", "bad");
	error_hint(&err, "hint");
	error_set(&err, -ERR_LIMIT, err.subject, "worse");
	assert_int_equal(err.code, -ERR_LIMIT);
	assert_text(&err, "'first': worse");
	error_hint(&err, "one");
	error_hint(&err, "two");
	assert_text(&err, "'first': worse (two)");
	error_release(&err);
}

static void test_nobody_listens(void **state)
{
	assert_int_equal(error_set(NULL, -ERR_FORMAT, "x", "y"), -ERR_FORMAT);
	assert_int_equal(error_errno(NULL, EACCES, "x", "y"), -EACCES);
	assert_int_equal(error_nomem(NULL), -ENOMEM);
	assert_true(error_hint(NULL, "z") < 0);
	error_release(NULL);
}

/* No memory for the text: the code's own text is left. */
static void test_code_alone(void **state)
{
	struct error err = { -ERR_SIGNATURE, NULL, NULL, NULL };

	assert_text(&err, "signature not accepted");
	assert_string_equal(error_name(-ENOSPC), "No space left on device");
	assert_string_equal(error_name(-9999), "unknown error");
	for (int code = ERR_FORMAT; code <= ERR_GUEST; code++) {
		assert_string_not_equal(error_name(code), "unknown error");
		assert_string_equal(error_name(code), error_name(-code));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_message),  cmocka_unit_test(test_without_subject),
		cmocka_unit_test(test_system_error),   cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_nobody_listens), cmocka_unit_test(test_code_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
