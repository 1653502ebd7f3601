/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg_fixture.h"

#include "pkg/order.h"

static void add(struct package_list *l, const struct fixture_rpm *r)
{
	struct package *p = package_new();

	assert_non_null(p);
	p->header = fixture_header(r);
	p->nevra = headerGetAsString(p->header, RPMTAG_NEVRA);
	p->name = headerGetAsString(p->header, RPMTAG_NAME);
	p->arch = headerGetAsString(p->header, RPMTAG_ARCH);
	assert_int_equal(package_list_take(l, p), 0);
}

static void assert_order(const struct package_list *l, const char *expected)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(strbuf_addf(&text, "%s%s", i ? " " : "", l->items[i]->name), 0);
	assert_string_equal(text.data ? text.data : "", expected);
	strbuf_release(&text);
}

/* Every package after those that it needs, from every order of the input. */
static void test_chain(void **state)
{
	static const struct fixture_rpm r[] = {
		{ .nevra = "a 1 1 i586", .requires = "b cap" },
		{ .nevra = "b 1 1 i586", .requires = "c" },
		{ .nevra = "c 1 1 i586", .provides = "cap" },
		{ .nevra = "d 1 1 noarch", .requires = "a" },
	};
	static const int orders[][4] = {
		{ 0, 1, 2, 3 },
		{ 3, 2, 1, 0 },
		{ 1, 3, 0, 2 },
		{ 2, 0, 3, 1 },
	};

	for (int i = 0; i < 4; i++) {
		struct package_list l = PACKAGE_LIST_INIT;

		for (int k = 0; k < 4; k++)
			add(&l, &r[orders[i][k]]);
		assert_int_equal(package_list_order(&l, NULL), 0);
		assert_order(&l, "c b a d");
		package_list_release(&l);
	}
}

static void test_loop(void **state)
{
	static const struct fixture_rpm r[] = {
		{ .nevra = "a 1 1 i586", .requires = "b" },
		{ .nevra = "b 1 1 i586", .requires = "a x" },
		{ .nevra = "x 1 1 i586" },
	};
	char *first = NULL;

	for (int i = 0; i < 3; i++) {
		struct package_list l = PACKAGE_LIST_INIT;
		struct strbuf text = STRBUF_INIT;

		for (int k = 0; k < 3; k++)
			add(&l, &r[(i + k) % 3]);
		assert_int_equal(package_list_order(&l, NULL), 0);
		assert_int_equal(l.count, 3);
		assert_string_equal(l.items[0]->name, "x");
		for (int k = 0; k < 3; k++)
			assert_int_equal(strbuf_addf(&text, " %s", l.items[k]->nevra), 0);
		if (first)
			assert_string_equal(text.data, first);
		else
			first = strdup(text.data);
		strbuf_release(&text);
		package_list_release(&l);
	}
	free(first);
}

static void test_duplicates(void **state)
{
	static const struct fixture_rpm old = { .nevra = "a 1 1 i586" };
	static const struct fixture_rpm new = { .nevra = "a 2 1 i586" };
	struct package_list l = PACKAGE_LIST_INIT;
	struct error err = ERROR_INIT;

	add(&l, &new);
	add(&l, &old);
	assert_int_equal(package_list_order(&l, &err), -ERR_CONFLICT);
	assert_string_equal(err.subject, "a-2-1.i586");
	assert_contains(err.what, "a-1-1.i586");
	assert_int_equal(l.count, 2);
	package_list_release(&l);
	add(&l, &old);
	add(&l, &old);
	assert_int_equal(package_list_order(&l, &err), -ERR_CONFLICT);
	package_list_release(&l);
	error_release(&err);
}

/* The same name in two architectures is no duplicate, whatever librpm thinks of this host. */
static void test_two_architectures(void **state)
{
	static const char *const pairs[][2] = {
		{ "a 1 1 x86_64", "a 1 1 i686" },
		{ "a 1 1 x86_64", "a 2 1 i686" },
		{ "a 1 1 i586", "a 1 1 noarch" },
		{ "a 1 1 i586", "a 2 1 i386" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct package_list l = PACKAGE_LIST_INIT;
		struct error err = ERROR_INIT;

		for (int k = 0; k < 2; k++)
			add(&l, &(struct fixture_rpm){ .nevra = pairs[i][k] });
		if (package_list_order(&l, &err))
			fail_msg("%s and %s: %s", pairs[i][0], pairs[i][1], err.what);
		assert_int_equal(l.count, 2);
		assert_ptr_not_equal(l.items[0], l.items[1]);
		package_list_release(&l);
	}
}

static void test_without_header(void **state)
{
	static const struct fixture_rpm a = { .nevra = "a 1 1 i586" };
	struct package_list l = PACKAGE_LIST_INIT;
	struct error err = ERROR_INIT;

	assert_int_equal(package_list_order(&l, &err), 0);
	add(&l, &a);
	headerFree(l.items[0]->header);
	l.items[0]->header = NULL;
	assert_int_equal(package_list_order(&l, &err), -ERR_RPM);
	assert_string_equal(err.subject, "a-1-1.i586");
	error_release(&err);
	package_list_release(&l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_chain),	   TEST(test_loop),
		TEST(test_duplicates),	   TEST(test_two_architectures),
		TEST(test_without_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
