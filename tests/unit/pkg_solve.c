/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is installed, and from where. */
#include "pkg_query.h"

static void test_chain(void **state)
{
	check_tree(
		A(REQ("b")) B(REQ("libc.so.6")) C(PRV("libc.so.6"))
			PACKAGE("d 1 1 i586", "d.rpm", ""),
		i586,
		&(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586 c-1-1.i586" });
}

static void test_alternatives(void **state)
{
	struct resolver *r = open_tree(A(REQ("mta")) B(PRV("mta")) C(PRV("mta")), i586);

	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586" });
	check(r, &(struct query){ .names = "a c", .packages = "*a-1-1.i586 *c-1-1.i586" });
	check(r, &(struct query){
			 .names = "a", .excluded = "b", .packages = "*a-1-1.i586 c-1-1.i586" });
	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586" });
	resolver_free(r);
}

static void test_architectures(void **state)
{
	static const char packages[] = PACKAGE("a 1 1 i386", "a3.rpm", "")
		PACKAGE("a 1 1 i586", "a5.rpm", "") PACKAGE("a 1 1 ppc", "ap.rpm", "")
			PACKAGE("b 1 1 noarch", "b.rpm", "") PACKAGE("c 1 1 ppc", "c.rpm", "")
				PACKAGE("c 1 1 s390", "cs.rpm", "")
					PACKAGE("d 1 1 i586", "d.rpm", REQ("c"))
						PACKAGE("s 1 1 src", "s.rpm", "");
	struct resolver *r = open_tree(packages, i586);

	check(r, &(struct query){ .names = "a b", .packages = "*a-1-1.i586 *b-1-1.noarch" });
	check(r, &(struct query){ .names = "a c s",
				  .packages = "*a-1-1.i586",
				  .unknown = "s",
				  .foreign = "c (arch ppc, s390 only)" });
	check(r, &(struct query){ .names = "c",
				  .code = -ERR_NOT_FOUND,
				  .text = { "none of the packages: c (arch ppc, s390 only)" } });
	check(r, &(struct query){ .names = "a",
				  .required = "c",
				  .code = -ERR_NOT_FOUND,
				  .text = { "c (arch ppc, s390 only)" } });
	check(r, &(struct query){ .names = "d",
				  .code = -ERR_SOLVE,
				  .text = { "nothing provides c needed by d-1-1.i586 (only "
					    "c-1-1.ppc, which is of a foreign architecture)" } });
	check(r, &(struct query){ .names = "a.i386", .packages = "*a-1-1.i386" });
	check(r, &(struct query){ .names = "a.ppc b",
				  .packages = "*b-1-1.noarch",
				  .foreign = "a.ppc (arch ppc only)" });
	assert_int_equal(resolver_package_count(r), 7);
	assert_true(resolver_has_name(r, "a"));
	assert_false(resolver_has_name(r, "c"));
	assert_false(resolver_has_name(r, "s"));
	assert_false(resolver_has_name(r, "nosuch"));
	resolver_free(r);
}

static void test_versions(void **state)
{
	static const char packages[] = PACKAGE("a 1.9 1 i586", "a1.rpm", "")
		PACKAGE("a 1.10 1 i586", "a2.rpm", "") PACKAGE("a 1.10~rc1 9 i586", "a3.rpm", "")
			PACKAGE("b 1:1 1 i586", "b1.rpm", "") PACKAGE("b 2 1 i586", "b2.rpm", "")
				PACKAGE("c 1 1 i586", "c.rpm", REQ("a < 1.10"));
	struct resolver *r = open_tree(packages, i586);

	check(r, &(struct query){ .names = "a b", .packages = "*a-1.10-1.i586 *b-1:1-1.i586" });
	check(r, &(struct query){ .names = "a b",
				  .nodeps = true,
				  .packages = "*a-1.10-1.i586 *b-1:1-1.i586" });
	check(r, &(struct query){ .names = "a c", .packages = "*a-1.10~rc1-9.i586 *c-1-1.i586" });
	resolver_free(r);
}

static void test_names(void **state)
{
	static const char packages[] = PACKAGE("aaa_base 9.0 6 i586", "a.rpm", "")
		PACKAGE("aaa_base 9.0 7 i586", "b.rpm", "")
			PACKAGE("aaa 1 1 i586", "c.rpm", PRV("feature = 3\n/bin/aaa\n/usr/lib/aaa"))
				PACKAGE("aaa-b 2 2 noarch", "d.rpm", "")
					PACKAGE("e 3:4 5 i586", "e.rpm", "");
	static const struct {
		const char *name, *found;
	} cases[] = {
		{ "aaa_base", "aaa_base-9.0-7.i586" },
		{ "aaa_base-9.0", "aaa_base-9.0-7.i586" },
		{ "aaa_base-9.0-6", "aaa_base-9.0-6.i586" },
		{ "aaa_base-9.0-6.i586", "aaa_base-9.0-6.i586" },
		{ "aaa_base-9.0-6.i586.rpm", "aaa_base-9.0-6.i586" },
		{ "aaa_base-9.0.i586", "aaa_base-9.0-7.i586" },
		{ "aaa_base.i586", "aaa_base-9.0-7.i586" },
		{ "aaa_base.rpm", NULL },
		{ "aaa_base.i586.rpm", "aaa_base-9.0-7.i586" },
		{ "aaa_base.i486", NULL },
		{ "aaa_base-9.0-8", NULL },
		{ "aaa_base-", NULL },
		{ "aaa_base-9.0-", NULL },
		{ "aaa_bas", NULL },
		{ "aaa-b", "aaa-b-2-2.noarch" },
		{ "aaa-b-2", "aaa-b-2-2.noarch" },
		{ "e-4-5", "e-3:4-5.i586" },
		{ "e-3:4-5.i586", "e-3:4-5.i586" },
		{ "e-3:4", "e-3:4-5.i586" },
		{ "feature", "aaa-1-1.i586" },
		{ "/bin/aaa", "aaa-1-1.i586" },
		{ "/usr/lib/aaa", "aaa-1-1.i586" },
		{ "/bin/bbb", NULL },
		{ "(", NULL },
		{ "rpmlib()", NULL },
		{ "rpmlib(PayloadIsXz)", NULL },
	};
	struct resolver *r = open_tree(packages, i586);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct query q = { .names = cases[i].name };
		char *expected = NULL;

		if (cases[i].found) {
			assert_true(asprintf(&expected, "*%s", cases[i].found) > 0);
			q.packages = expected;
		} else {
			q.code = -ERR_NOT_FOUND;
			q.text[0] = cases[i].name;
		}
		check(r, &q);
		free(expected);
	}
	resolver_free(r);
}

static void test_unknown_names(void **state)
{
	struct resolver *r = open_tree(A("") B(""), i586);

	check(r, &(struct query){ .names = "x a y", .packages = "*a-1-1.i586", .unknown = "x y" });
	check(r, &(struct query){ .names = "x y",
				  .code = -ERR_NOT_FOUND,
				  .text = { "the media have none of the packages: x, y" } });
	check(r, &(struct query){ .names = "x a y",
				  .required = "y z",
				  .code = -ERR_NOT_FOUND,
				  .text = { "not on the media: y, z" } });
	check(r, &(struct query){
			 .names = "a", .required = "b", .packages = "*a-1-1.i586 *b-1-1.i586" });
	check(r, &(struct query){ .names = "a a a", .packages = "*a-1-1.i586" });
	check(r, &(struct query){ .code = -ERR_NOT_FOUND, .text = { "no package is asked for" } });
	resolver_free(r);
}

static void test_weak(void **state)
{
	struct resolver *r = open_tree(A(REC("b\nnosuch")) B("") C("+Sug:\nb\n-Sug:\n"), i586);

	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586" });
	check(r, &(struct query){
			 .names = "a", .recommends = true, .packages = "*a-1-1.i586 b-1-1.i586" });
	check(r, &(struct query){ .names = "c", .recommends = true, .packages = "*c-1-1.i586" });
	resolver_free(r);
}

static void test_rich(void **state)
{
	struct resolver *r = open_tree(A(REQ("(b or c)")) B("") C(""), i586);

	check(r, &(struct query){ .names = "a c", .packages = "*a-1-1.i586 *c-1-1.i586" });
	check(r, &(struct query){
			 .names = "a", .excluded = "b", .packages = "*a-1-1.i586 c-1-1.i586" });
	resolver_free(r);
}

/* As in 8.1: no self-provides, paths only in Prv, and the packages' files are not there. */
static void test_paths(void **state)
{
	struct resolver *r = open_tree(A(REQ("/bin/sh\nrpmlib(PayloadIsBzip2) <= 3.0.5-1\nb = 1-1"))
					       B(PRV("/bin/sh")) C(REQ("/usr/bin/nosuch")),
				       i586);

	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586" });
	check(r, &(struct query){ .names = "c",
				  .code = -ERR_SOLVE,
				  .text = { "nothing provides /usr/bin/nosuch needed by c" } });
	resolver_free(r);
}

/* The order of records, of names and of runs does not matter. */
static void test_same_result(void **state)
{
	static const char *const trees[] = {
		A(REQ("mta")) B(PRV("mta")) C(PRV("mta")),
		C(PRV("mta")) B(PRV("mta")) A(REQ("mta")),
		B(PRV("mta")) A(REQ("mta")) C(PRV("mta")),
	};

	for (int i = 0; i < 3; i++) {
		struct resolver *r = open_tree(trees[i], i586);

		for (int k = 0; k < 2; k++)
			check(r, &(struct query){ .names = k ? "a nosuch also" : "nosuch also a",
						  .packages = "*a-1-1.i586 b-1-1.i586",
						  .unknown = "also nosuch" });
		resolver_free(r);
	}
}

static void test_several_media(void **state)
{
	struct error err = ERROR_INIT;
	struct fixture_rpm b = { .nevra = "b 2 1 i586", .requires = "/bin/sh" };
	struct resolver *r = open_tree(A(REQ("b")) B("") C(PRV("/bin/sh")), i586);
	struct strlist names = STRLIST_INIT;
	struct solve_request request = { .names = &names };
	struct solve_result result;
	char *path = fixture_path("folder");

	fixture_rpm("folder/b.rpm", &b);
	assert_int_equal(resolver_add_media(r, path, &err), 0);
	assert_int_equal(resolver_package_count(r), 4);
	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-2-1.i586 c-1-1.i586" });
	assert_int_equal(strlist_add(&names, "a"), 0);
	assert_int_equal(resolver_run(r, &request, &result, &err), 0);
	assert_contains(result.packages.items[1]->path, "/folder/b.rpm");
	assert_true(result.packages.items[1]->size > 100);
	solve_result_release(&result);
	strlist_release(&names);
	resolver_free(r);
	free(path);
}

static void test_package_fields(void **state)
{
	struct resolver *r =
		open_tree("=Pkg: a 1 2 i586\n=Loc: 1 a.rpm dir\n=Siz: 1234 5678\n"
			  "=Cks: SHA1 965ba5faeea815d41ba308ffd193b78505b26c1c\n" B(""),
			  i586);
	struct strlist names = STRLIST_INIT;
	struct solve_request request = { .names = &names };
	struct solve_result result;
	struct package *p;

	add_words(&names, "a b");
	assert_int_equal(resolver_run(r, &request, &result, NULL), 0);
	assert_int_equal(result.packages.count, 2);
	p = result.packages.items[0];
	assert_string_equal(p->nevra, "a-1-2.i586");
	assert_string_equal(p->name, "a");
	assert_string_equal(p->arch, "i586");
	assert_contains(p->path, "/m/suse/dir/a.rpm");
	assert_string_equal(package_file_name(p), "a.rpm");
	assert_int_equal(p->size, 1234);
	assert_string_equal(p->checksum_algo, "sha1");
	assert_string_equal(p->checksum, "965ba5faeea815d41ba308ffd193b78505b26c1c");
	assert_true(p->requested);
	assert_null(p->header);
	p = result.packages.items[1];
	assert_int_equal(p->size, 10);
	assert_null(p->checksum);
	assert_null(p->checksum_algo);
	solve_result_release(&result);
	strlist_release(&names);
	resolver_free(r);
}

static void test_no_location(void **state)
{
	check_tree("=Pkg: a 1 1 i586\n=Siz: 1 2\n", i586,
		   &(struct query){ .names = "a",
				    .code = -ERR_FORMAT,
				    .text = { "no '=Loc:' for package a-1-1.i586" } });
}

static void test_bad_architectures(void **state)
{
	static const char *const bad[] = { "i586:i386", NULL };
	struct error err = ERROR_INIT;
	struct resolver *r;

	assert_int_equal(resolver_new(&r, bad, &err), -ERR_USAGE);
	assert_null(r);
	assert_string_equal(err.subject, "i586:i386");
	error_release(&err);
	resolver_free(NULL);
}

/* The names between "+Ins:" and "-Ins:". */
static void read_minimal(const char *path, struct strlist *names)
{
	char line[256];
	bool inside = false;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (inside && !strcmp(line, "-Ins:"))
			break;
		if (inside && *line)
			assert_int_equal(strlist_add(names, line), 0);
		inside |= !strcmp(line, "+Ins:");
	}
	fclose(f);
}

static const char *const elsewhere[] = {
	"baselibs-32bit", "efibootmgr", "elilo", "glibc-32bit",	"ibmsis", "initviocons",
	"lcs", "mdadm", "pdisk", "s390-tools", "silo", "unitedlinux-release", NULL,
};
static const char *const nowhere[] = {
	"yast2-ldap-client", "yast2-nfs-server", "yast2-nis-server", "yast2-nisplus-client", NULL,
};

static bool is_one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

static void test_real_minimal(void **state)
{
	const char *data = getenv("MKROOT_REAL_DATA");
	static const char *const old[] = { "i586", "i486", "i386", NULL };
	struct strlist names = STRLIST_INIT;
	struct solve_request request = { .names = &names };
	struct error err = ERROR_INIT;
	struct solve_result result;
	struct resolver *r;
	char *tree, *selection;

	if (!data) {
		print_message("skipped: MKROOT_REAL_DATA is not set\n");
		skip();
	}
	assert_true(asprintf(&tree, "%s/suse-8.1", data) > 0);
	assert_true(asprintf(&selection, "%s/descr/Minimal.sel", tree) > 0);
	read_minimal(selection, &names);
	assert_int_equal(names.count, 164);
	assert_int_equal(resolver_new(&r, old, &err), 0);
	assert_int_equal(resolver_add_media(r, tree, &err), 0);
	assert_true(resolver_selections(r)->count >= 6);
	if (resolver_run(r, &request, &result, &err))
		fail_msg("%s", err.what);
	/*
	 * Twelve are of other architectures and products, as SuSE kept one list for all of them;
	 * four are modules of YaST that this distribution does not have at all. grep finds none of
	 * these names in packages.
	 */
	assert_int_equal(result.foreign.count, 0);
	assert_int_equal(result.unknown.count, 12 + 4);
	for (size_t i = 0; i < result.unknown.count; i++)
		assert_true(is_one_of(result.unknown.items[i], elsewhere) !=
			    is_one_of(result.unknown.items[i], nowhere));
	/* 148 of the list and four that they need. */
	assert_int_equal(result.packages.count, 152);
	solve_result_release(&result);
	resolver_free(r);
	strlist_release(&names);
	free(selection);
	free(tree);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_chain),	  TEST(test_alternatives),
		TEST(test_architectures), TEST(test_versions),
		TEST(test_names),	  TEST(test_unknown_names),
		TEST(test_weak),	  TEST(test_rich),
		TEST(test_paths),	  TEST(test_same_result),
		TEST(test_several_media), TEST(test_package_fields),
		TEST(test_no_location),	  TEST(test_bad_architectures),
		TEST(test_real_minimal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
