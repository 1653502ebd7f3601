/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mkroot/owners.h"

static uint32_t user(struct owners *o, const char *name)
{
	uint32_t id = 99;

	assert_int_equal(owners_user(o, name, &id), 0);
	return id;
}

static void add_passwd(struct owners *o, const char *text)
{
	assert_int_equal(owners_add_passwd(o, text, strlen(text)), 0);
}

static void test_lookup(void **state)
{
	struct owners o;
	uint32_t gid;

	assert_int_equal(owners_init(&o), 0);
	add_passwd(&o, "root:x:0:0:root:/root:/bin/bash\nlp:x:4:7::/:\nnobody:x:65534:65533::/:/bin/false");
	assert_int_equal(owners_add_group(&o, "tty:x:5:\n", 9), 0);
	assert_int_equal(user(&o, "lp"), 4);
	assert_int_equal(user(&o, "nobody"), 65534);
	assert_int_equal(user(&o, "root"), 0);
	assert_int_equal(owners_group(&o, "tty", &gid), 0);
	assert_int_equal(gid, 5);
	owners_release(&o);
}

static void test_malformed_lines_are_skipped(void **state)
{
	struct owners o;

	assert_int_equal(owners_init(&o), 0);
	add_passwd(&o, "\n#no:x:1:1\n+nis:x:2:2\n:x:3:3\nshort:x\nneg:x:-4:1\nbig:x:4294967296:1\n"
		       "last:x:4294967295:1\nblank:x: 5:1\ngood:x:6");
	assert_int_equal(user(&o, "good"), 6);
	assert_int_equal(user(&o, "short"), 0);
	assert_int_equal(user(&o, "neg"), 0);
	assert_int_equal(user(&o, "big"), 0);
	assert_int_equal(user(&o, "last"), 0);
	assert_int_equal(user(&o, "blank"), 0);
	owners_release(&o);
}

static void test_first_definition_holds(void **state)
{
	struct owners o;

	assert_int_equal(owners_init(&o), 0);
	add_passwd(&o, "a:x:10:1\na:x:11:1\n");
	add_passwd(&o, "a:x:12:1\n");
	assert_int_equal(user(&o, "a"), 10);
	owners_release(&o);
}

static void test_one_warning_per_unknown_name(void **state)
{
	struct strlist warnings = STRLIST_INIT;
	struct owners o;
	uint32_t gid;

	assert_int_equal(owners_init(&o), 0);
	assert_int_equal(user(&o, "postfix"), 0);
	assert_int_equal(user(&o, "postfix"), 0);
	assert_int_equal(user(&o, "root"), 0);
	assert_int_equal(owners_group(&o, "maildrop", &gid), 0);
	assert_int_equal(owners_warn(&o, &warnings), 0);
	assert_int_equal(warnings.count, 2);
	assert_string_equal(warnings.items[0],
			    "user 'postfix' is not in the image's /etc/passwd: 2 files are root's");
	assert_string_equal(warnings.items[1],
			    "group 'maildrop' is not in the image's /etc/group: 1 file is root's");
	strlist_release(&warnings);
	owners_release(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_malformed_lines_are_skipped),
		cmocka_unit_test(test_first_definition_holds),
		cmocka_unit_test(test_one_warning_per_unknown_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
