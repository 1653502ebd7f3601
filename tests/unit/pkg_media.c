/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders of RPMs, and what is no media at all. */
#include "pkg_open.h"

static void test_nothing_there(void **state)
{
	assert_refused("none", -ERR_NOT_FOUND, "/none'", "no such folder");
	fixture_mkdir("empty/sub");
	assert_refused("empty", -ERR_NOT_FOUND, "no SuSE media tree: no 'content'",
		       "no folder of RPMs: no *.rpm");
	fixture_text("file", "x");
	assert_refused("file", -ERR_NOT_FOUND, "/file'", "not a folder");
	fixture_tree("tree", "");
	assert_refused("tree", -ERR_NOT_FOUND, "/tree'", "no packages");
}

static void test_folder(void **state)
{
	struct fixture_rpm a = { .nevra = "a 1 1 i586" };
	struct fixture_rpm b = { .nevra = "b 1 1 noarch" };
	struct fixture_rpm src = { .nevra = "c 1 1 i586", .is_source = true };
	struct error err = ERROR_INIT;
	struct resolver *r;

	fixture_rpm("m/a.rpm", &a);
	fixture_rpm("m/x/y/z/b.rpm", &b);
	fixture_rpm("m/x/c.src.rpm", &src);
	fixture_text("m/x/readme", "no package");
	fixture_text("m/x/content", "of something else");
	assert_packages("m", "a b", "m/a.rpm m/x/y/z/b.rpm");
	r = open_media("m", 0, &err);
	assert_int_equal(resolver_package_count(r), 2);
	assert_true(resolver_has_name(r, "b"));
	assert_false(resolver_has_name(r, "c"));
	resolver_free(r);
}

static void test_folder_of_sources(void **state)
{
	struct fixture_rpm src = { .nevra = "c 1 1 i586", .is_source = true };

	fixture_rpm("m/c.src.rpm", &src);
	assert_refused("m", -ERR_NOT_FOUND, "/m'", "source packages only (1)");
}

static void test_folder_links(void **state)
{
	struct fixture_rpm a = { .nevra = "a 1 1 i586" };
	char *loop, *link, *target;

	fixture_rpm("other/real.rpm", &a);
	fixture_mkdir("m/sub");
	loop = fixture_path("m/sub/loop");
	link = fixture_path("m/sub/a.rpm");
	target = fixture_path("other/real.rpm");
	assert_int_equal(symlink("..", loop), 0);
	assert_int_equal(symlink(target, link), 0);
	assert_packages("m", "a", "m/sub/a.rpm");
	assert_int_equal(unlink(target), 0);
	assert_refused("m", -ENOENT, "m/sub/a.rpm'", "No such file");
	free(loop);
	free(link);
	free(target);
}

/* Which of two equal packages is taken must not depend on the folder's order. */
static void test_folder_order(void **state)
{
	struct fixture_rpm a = { .nevra = "a 1 1 i586" };

	fixture_rpm("one/z.rpm", &a);
	fixture_rpm("one/b.rpm", &a);
	fixture_rpm("one/k.rpm", &a);
	fixture_rpm("two/k.rpm", &a);
	fixture_rpm("two/b.rpm", &a);
	fixture_rpm("two/z.rpm", &a);
	assert_packages("one", "a", "one/b.rpm");
	assert_packages("two", "a", "two/b.rpm");
}

static void test_folder_damage(void **state)
{
	struct fixture_rpm a = { .nevra = "a 1 1 i586" };
	char *path;

	fixture_rpm("m/good.rpm", &a);
	fixture_text("m/bad.rpm", "this is no package");
	assert_refused("m", -ERR_FORMAT, "m/bad.rpm'", "not an RPM package");
	fixture_text("m/bad.rpm", "");
	assert_refused("m", -ERR_FORMAT, "m/bad.rpm'", "not an RPM package");
	fixture_rpm("m/bad.rpm", &a);
	path = fixture_path("m/bad.rpm");
	assert_int_equal(truncate(path, 300), 0);
	assert_refused("m", -ERR_FORMAT, "m/bad.rpm'", "not an RPM package");
	assert_int_equal(truncate(path, 97), 0);
	assert_refused("m", -ERR_FORMAT, "m/bad.rpm'", "not an RPM package");
	free(path);
}

/* As rpm 3 wrote them; libsolv alone would lose their files and what they replace. */
static void test_folder_old(void **state)
{
	struct fixture_rpm a = { .nevra = "a 1 1 i586",
				 .requires = "/usr/bin/b feature",
				 .is_old = true };
	struct fixture_rpm b = { .nevra = "b 1 1 i586",
				 .provides = "feature",
				 .files = "/usr/bin/b /etc/b",
				 .obsoletes = "old-b",
				 .is_old = true };
	struct fixture_rpm c = { .nevra = "old-b 1 1 i586" };
	struct strlist names = STRLIST_INIT;
	struct solve_request request = { .names = &names };
	struct solve_result result;
	struct error err = ERROR_INIT;
	struct resolver *r;

	fixture_rpm("m/a.rpm", &a);
	fixture_rpm("m/b.rpm", &b);
	fixture_rpm("m/c.rpm", &c);
	r = open_media("m", 0, &err);
	assert_int_equal(strlist_add(&names, "a"), 0);
	if (resolver_run(r, &request, &result, &err))
		fail_msg("%s", err.what);
	assert_int_equal(result.packages.count, 2);
	assert_string_equal(result.packages.items[1]->nevra, "b-1-1.i586");
	solve_result_release(&result);
	assert_int_equal(strlist_add(&names, "old-b"), 0);
	assert_int_equal(resolver_run(r, &request, &result, &err), -ERR_SOLVE);
	assert_contains(err.what, "b-1-1.i586 replaces old-b, provided by old-b-1-1.i586");
	error_release(&err);
	strlist_release(&names);
	resolver_free(r);
}

/* Every byte of a small package turned over: an error or a package, never a crash. */
static void test_folder_mutations(void **state)
{
	struct fixture_rpm a = { .nevra = "a 1 1 i586", .requires = "x y", .provides = "p q" };
	struct strbuf data = STRBUF_INIT;
	char *path;
	FILE *f;

	fixture_rpm("m/a.rpm", &a);
	path = fixture_path("m/a.rpm");
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(strbuf_reserve(&data, 65536), 0);
	data.len = fread(data.data, 1, 65536, f);
	fclose(f);
	assert_true(data.len > 500);
	for (size_t i = 0; i < data.len; i++) {
		struct error err = ERROR_INIT;
		struct resolver *r;
		char *m = fixture_path("m");

		data.data[i] ^= 0x55;
		fixture_write("m/a.rpm", data.data, data.len);
		data.data[i] ^= 0x55;
		assert_int_equal(resolver_new(&r, i586, NULL), 0);
		if (resolver_add_media(r, m, &err))
			assert_contains(err.subject, "/m");
		else
			assert_int_equal(resolver_package_count(r), 1);
		resolver_free(r);
		error_release(&err);
		free(m);
	}
	strbuf_release(&data);
	free(path);
}

static void test_unreadable(void **state)
{
	struct fixture_rpm a = { .nevra = "a 1 1 i586" };
	char *sub;

	if (!geteuid()) {
		print_message("skipped: root may read everything\n");
		skip();
	}
	fixture_rpm("m/a.rpm", &a);
	fixture_mkdir("m/sub");
	sub = fixture_path("m/sub");
	assert_int_equal(chmod(sub, 0), 0);
	assert_refused("m", -EACCES, "m/sub'", "Permission denied");
	assert_int_equal(chmod(sub, 0755), 0);
	free(sub);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_there), TEST(test_folder),	       TEST(test_folder_of_sources),
		TEST(test_folder_links),  TEST(test_folder_order),     TEST(test_folder_damage),
		TEST(test_folder_old),	  TEST(test_folder_mutations), TEST(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
