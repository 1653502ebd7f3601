/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg_fixture.h"

#include "pkg/solve.h"

static const char *const i586[] = { "i586", "i486", "i386", NULL };
static const char *const x86_64[] = { "x86_64", "i686", "i586", NULL };

/* A record of a packages file; lists are lines. */
#define PACKAGE(nevra, file, more) "=Pkg: " nevra "\n" more "=Loc: 1 " file "\n=Siz: 10 20\n"
#define REQ(lines) "+Req:\n" lines "\n-Req:\n"
#define PRV(lines) "+Prv:\n" lines "\n-Prv:\n"
#define CON(lines) "+Con:\n" lines "\n-Con:\n"
#define OBS(lines) "+Obs:\n" lines "\n-Obs:\n"
#define REC(lines) "+Rec:\n" lines "\n-Rec:\n"
#define A(more) PACKAGE("a 1 1 i586", "a.rpm", more)
#define B(more) PACKAGE("b 1 1 i586", "b.rpm", more)
#define C(more) PACKAGE("c 1 1 i586", "c.rpm", more)

static struct resolver *open_tree(const char *packages, const char *const *arches)
{
	struct error err = ERROR_INIT;
	char *path = fixture_path("m");
	struct resolver *r;

	fixture_tree("m", packages);
	assert_int_equal(resolver_new(&r, arches, &err), 0);
	if (resolver_add_media(r, path, &err))
		fail_msg("%s", err.what);
	free(path);
	return r;
}

static void add_words(struct strlist *l, const char *words)
{
	char *copy = strdup(words), *save = NULL;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		assert_int_equal(strlist_add(l, w), 0);
	free(copy);
}

static char *join_words(const struct strlist *l)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(strbuf_addf(&text, "%s%s", i ? " " : "", l->items[i]), 0);
	return strbuf_take(&text);
}

struct query {
	const char *names, *required, *excluded;
	bool nodeps, recommends;
	/* What is expected: NEVRAs ('*' marks the requested); or the code and parts of its text. */
	const char *packages, *unknown, *foreign;
	int code;
	const char *text[4];
};

static void check_result(const struct query *q, const struct solve_result *result)
{
	struct strlist found = STRLIST_INIT;
	char *text;

	for (size_t i = 0; i < result->packages.count; i++)
		assert_int_equal(strlist_addf(&found, "%s%s",
					      result->packages.items[i]->requested ? "*" : "",
					      result->packages.items[i]->nevra),
				 0);
	text = join_words(&found);
	assert_string_equal(text, q->packages ? q->packages : "");
	free(text);
	strlist_release(&found);
	text = join_words(&result->unknown);
	assert_string_equal(text, q->unknown ? q->unknown : "");
	free(text);
	text = join_words(&result->foreign);
	assert_string_equal(text, q->foreign ? q->foreign : "");
	free(text);
}

static void check(struct resolver *r, const struct query *q)
{
	struct strlist names = STRLIST_INIT, required = STRLIST_INIT, excluded = STRLIST_INIT;
	struct solve_request request = { .names = &names, .required = &required,
					 .excluded = &excluded, .nodeps = q->nodeps,
					 .recommends = q->recommends };
	struct solve_result result;
	struct error err = ERROR_INIT;
	int code;

	add_words(&names, q->names ? q->names : "");
	add_words(&required, q->required ? q->required : "");
	add_words(&excluded, q->excluded ? q->excluded : "");
	code = resolver_run(r, &request, &result, &err);
	if (code != q->code)
		fail_msg("code %d, not %d: %s", code, q->code, err.what ? err.what : "");
	check_result(q, &result);
	if (code)
		for (int i = 0; i < 4 && q->text[i]; i++)
			assert_contains(err.what, q->text[i]);
	error_release(&err);
	solve_result_release(&result);
	strlist_release(&names);
	strlist_release(&required);
	strlist_release(&excluded);
}

static void check_tree(const char *packages, const char *const *arches, const struct query *q)
{
	struct resolver *r = open_tree(packages, arches);

	check(r, q);
	resolver_free(r);
}

static void test_chain(void **state)
{
	check_tree(A(REQ("b")) B(REQ("libc.so.6")) C(PRV("libc.so.6"))
			   PACKAGE("d 1 1 i586", "d.rpm", ""),
		   i586, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586 c-1-1.i586" });
}

static void test_alternatives(void **state)
{
	struct resolver *r = open_tree(A(REQ("mta")) B(PRV("mta")) C(PRV("mta")), i586);

	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586" });
	check(r, &(struct query){ .names = "a c", .packages = "*a-1-1.i586 *c-1-1.i586" });
	check(r, &(struct query){ .names = "a", .excluded = "b",
				  .packages = "*a-1-1.i586 c-1-1.i586" });
	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586" });
	resolver_free(r);
}

static void test_conflict(void **state)
{
	struct resolver *r = open_tree(A(CON("mta")) B(PRV("mta")) C(REQ("b")), i586);

	check(r, &(struct query){ .names = "a b", .code = -ERR_SOLVE,
				  .text = { "(1 problem):\n",
					    "\n  a-1-1.i586 conflicts with mta, provided by b-1-1.i586:",
					    " --exclude b, or --exclude a, or --nodeps" } });
	check(r, &(struct query){ .names = "a c", .code = -ERR_SOLVE,
				  .text = { "a-1-1.i586 conflicts with mta, provided by b-1-1.i586:",
					    "--exclude a", "--exclude c" } });
	resolver_free(r);
	check_tree(A(OBS("b")) B(""), i586,
		   &(struct query){ .names = "a b", .code = -ERR_SOLVE,
				    .text = { "a-1-1.i586 replaces b, provided by b-1-1.i586" } });
}

static void test_unsolvable(void **state)
{
	struct resolver *r = open_tree(A(REQ("libfoo.so.1")) B(REQ("c")) C(REQ("bar >= 2"))
					       PACKAGE("bar 1 1 i586", "bar.rpm", ""),
				       i586);

	check(r, &(struct query){
			 .names = "a", .code = -ERR_SOLVE,
			 .text = { "dependencies cannot be satisfied (1 problem):\n"
				   "  nothing provides libfoo.so.1 needed by a-1-1.i586: --exclude a, "
				   "or add media that have libfoo.so.1, or --nodeps" } });
	/* All of them at once; what leads there is left out by its own name. */
	check(r, &(struct query){ .names = "a b bar", .code = -ERR_SOLVE,
				  .text = { "(2 problems):",
					    "nothing provides libfoo.so.1 needed by a-1-1.i586",
					    "nothing provides bar >= 2 needed by c-1-1.i586: "
					    "--exclude b, or" } });
	check(r, &(struct query){ .names = "a b bar", .excluded = "a b",
				  .packages = "*bar-1-1.i586" });
	check(r, &(struct query){ .names = "a b bar", .nodeps = true,
				  .packages = "*a-1-1.i586 *b-1-1.i586 *bar-1-1.i586" });
	resolver_free(r);
}

static void test_exclusion(void **state)
{
	struct resolver *r = open_tree(A(REQ("b")) B("") C(""), i586);

	check(r, &(struct query){ .names = "a", .excluded = "b", .code = -ERR_SOLVE,
				  .text = { "nothing provides b needed by a-1-1.i586 "
					    "(only b-1-1.i586, which is excluded)" } });
	check(r, &(struct query){ .names = "a c", .excluded = "a", .packages = "*c-1-1.i586" });
	check(r, &(struct query){ .names = "a c", .excluded = "a-1-1.i586 nosuch",
				  .packages = "*c-1-1.i586" });
	check(r, &(struct query){ .names = "c", .required = "a", .excluded = "a",
				  .code = -ERR_NOT_FOUND, .text = { "a (it is excluded)" } });
	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586" });
	resolver_free(r);
}

static void test_architectures(void **state)
{
	static const char packages[] =
		PACKAGE("a 1 1 i386", "a3.rpm", "") PACKAGE("a 1 1 i586", "a5.rpm", "")
		PACKAGE("a 1 1 ppc", "ap.rpm", "") PACKAGE("b 1 1 noarch", "b.rpm", "")
		PACKAGE("c 1 1 ppc", "c.rpm", "") PACKAGE("c 1 1 s390", "cs.rpm", "")
		PACKAGE("d 1 1 i586", "d.rpm", REQ("c")) PACKAGE("s 1 1 src", "s.rpm", "");
	struct resolver *r = open_tree(packages, i586);

	check(r, &(struct query){ .names = "a b", .packages = "*a-1-1.i586 *b-1-1.noarch" });
	check(r, &(struct query){ .names = "a c s", .packages = "*a-1-1.i586", .unknown = "s",
				  .foreign = "c (arch ppc, s390 only)" });
	check(r, &(struct query){ .names = "c", .code = -ERR_NOT_FOUND,
				  .text = { "none of the packages: c (arch ppc, s390 only)" } });
	check(r, &(struct query){ .names = "a", .required = "c", .code = -ERR_NOT_FOUND,
				  .text = { "c (arch ppc, s390 only)" } });
	check(r, &(struct query){ .names = "d", .code = -ERR_SOLVE,
				  .text = { "nothing provides c needed by d-1-1.i586 (only "
					    "c-1-1.ppc, which is of a foreign architecture)" } });
	check(r, &(struct query){ .names = "a.i386", .packages = "*a-1-1.i386" });
	check(r, &(struct query){ .names = "a.ppc b", .packages = "*b-1-1.noarch",
				  .foreign = "a.ppc (arch ppc only)" });
	assert_int_equal(resolver_package_count(r), 7);
	assert_true(resolver_has_name(r, "a"));
	assert_false(resolver_has_name(r, "c"));
	assert_false(resolver_has_name(r, "s"));
	assert_false(resolver_has_name(r, "nosuch"));
	resolver_free(r);
}

/* The i686 library beside the x86_64 one, but never in place of a package that is asked for. */
static void test_multilib(void **state)
{
	static const char packages[] =
		PACKAGE("lib 1 1 x86_64", "l6.rpm", PRV("lib.so()(64bit)"))
		PACKAGE("lib 1 1 i686", "l3.rpm", PRV("lib.so"))
		PACKAGE("a 1 1 x86_64", "a.rpm", REQ("lib.so()(64bit)"))
		PACKAGE("b 1 1 x86_64", "b.rpm", REQ("lib.so"))
		PACKAGE("bad 1 1 x86_64", "b6.rpm", REQ("nosuch")) PACKAGE("bad 1 1 i686", "b3.rpm", "");
	struct resolver *r = open_tree(packages, x86_64);

	check(r, &(struct query){ .names = "lib", .packages = "*lib-1-1.x86_64" });
	check(r, &(struct query){ .names = "a b",
				  .packages = "*a-1-1.x86_64 *b-1-1.x86_64 lib-1-1.i686 "
					      "lib-1-1.x86_64" });
	check(r, &(struct query){ .names = "a b lib-1-1.i686",
				  .packages = "*a-1-1.x86_64 *b-1-1.x86_64 *lib-1-1.i686 "
					      "lib-1-1.x86_64" });
	check(r, &(struct query){ .names = "bad", .code = -ERR_SOLVE,
				  .text = { "nothing provides nosuch needed by bad-1-1.x86_64" } });
	check(r, &(struct query){ .names = "bad.i686", .packages = "*bad-1-1.i686" });
	check(r, &(struct query){ .names = "lib.x86_64 lib.i686",
				  .packages = "*lib-1-1.i686 *lib-1-1.x86_64" });
	resolver_free(r);
}

static void test_versions(void **state)
{
	static const char packages[] =
		PACKAGE("a 1.9 1 i586", "a1.rpm", "") PACKAGE("a 1.10 1 i586", "a2.rpm", "")
		PACKAGE("a 1.10~rc1 9 i586", "a3.rpm", "") PACKAGE("b 1:1 1 i586", "b1.rpm", "")
		PACKAGE("b 2 1 i586", "b2.rpm", "") PACKAGE("c 1 1 i586", "c.rpm", REQ("a < 1.10"));
	struct resolver *r = open_tree(packages, i586);

	check(r, &(struct query){ .names = "a b", .packages = "*a-1.10-1.i586 *b-1:1-1.i586" });
	check(r, &(struct query){ .names = "a b", .nodeps = true,
				  .packages = "*a-1.10-1.i586 *b-1:1-1.i586" });
	check(r, &(struct query){ .names = "a c", .packages = "*a-1.10~rc1-9.i586 *c-1-1.i586" });
	resolver_free(r);
}

static void test_names(void **state)
{
	static const char packages[] =
		PACKAGE("aaa_base 9.0 6 i586", "a.rpm", "") PACKAGE("aaa_base 9.0 7 i586", "b.rpm", "")
		PACKAGE("aaa 1 1 i586", "c.rpm", PRV("feature = 3\n/bin/aaa\n/usr/lib/aaa"))
		PACKAGE("aaa-b 2 2 noarch", "d.rpm", "") PACKAGE("e 3:4 5 i586", "e.rpm", "");
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
	check(r, &(struct query){ .names = "x y", .code = -ERR_NOT_FOUND,
				  .text = { "the media have none of the packages: x, y" } });
	check(r, &(struct query){ .names = "x a y", .required = "y z", .code = -ERR_NOT_FOUND,
				  .text = { "not on the media: y, z" } });
	check(r, &(struct query){ .names = "a", .required = "b",
				  .packages = "*a-1-1.i586 *b-1-1.i586" });
	check(r, &(struct query){ .names = "a a a", .packages = "*a-1-1.i586" });
	check(r, &(struct query){ .code = -ERR_NOT_FOUND, .text = { "no package is asked for" } });
	resolver_free(r);
}

static void test_weak(void **state)
{
	struct resolver *r = open_tree(A(REC("b\nnosuch")) B("") C("+Sug:\nb\n-Sug:\n"), i586);

	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586" });
	check(r, &(struct query){ .names = "a", .recommends = true,
				  .packages = "*a-1-1.i586 b-1-1.i586" });
	check(r, &(struct query){ .names = "c", .recommends = true, .packages = "*c-1-1.i586" });
	resolver_free(r);
}

static void test_rich(void **state)
{
	struct resolver *r = open_tree(A(REQ("(b or c)")) B("") C(""), i586);

	check(r, &(struct query){ .names = "a c", .packages = "*a-1-1.i586 *c-1-1.i586" });
	check(r, &(struct query){ .names = "a", .excluded = "b",
				  .packages = "*a-1-1.i586 c-1-1.i586" });
	resolver_free(r);
}

/* As in 8.1: no self-provides, paths only in Prv, and the packages' files are not there. */
static void test_paths(void **state)
{
	struct resolver *r = open_tree(A(REQ("/bin/sh\nrpmlib(PayloadIsBzip2) <= 3.0.5-1\nb = 1-1"))
					       B(PRV("/bin/sh")) C(REQ("/usr/bin/nosuch")),
				       i586);

	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586" });
	check(r, &(struct query){ .names = "c", .code = -ERR_SOLVE,
				  .text = { "nothing provides /usr/bin/nosuch needed by c" } });
	resolver_free(r);
}

static void test_rpm_features(void **state)
{
	struct resolver *r = open_tree(A(REQ("rpmlib(VersionedDependencies) <= 3.0.3-1"))
					       B(REQ("rpmlib(TimeTravel) <= 9.9-1"))
					       C(REQ("rpmlib(PayloadIsXz) >= 99")),
				       i586);

	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586" });
	check(r, &(struct query){ .names = "b c", .code = -ERR_UNSUPPORTED,
				  .text = { "\n  b-1-1.i586 needs rpmlib(TimeTravel) <= 9.9-1",
					    "\n  c-1-1.i586 needs rpmlib(PayloadIsXz) >= 99" } });
	check(r, &(struct query){ .names = "b", .nodeps = true, .code = -ERR_UNSUPPORTED,
				  .text = { "\n  b-1-1.i586 needs rpmlib(TimeTravel)" } });
	resolver_free(r);
}

/* Of one family a lesser architecture is a mistake, unless it is asked for. */
static void test_lesser_architecture(void **state)
{
	struct resolver *r = open_tree(A(REQ("b")) PACKAGE("b 1 1 i586", "b5.rpm", REQ("nosuch"))
					       PACKAGE("b 1 1 i386", "b3.rpm", ""),
				       i586);

	check(r, &(struct query){ .names = "a", .code = -ERR_SOLVE,
				  .text = { "b-1-1.i386 is for a lesser architecture",
					    "nothing provides nosuch needed by b-1-1.i586",
					    "--exclude a", "--add b-1-1.i386" } });
	check(r, &(struct query){ .names = "a b-1-1.i386",
				  .packages = "*a-1-1.i586 *b-1-1.i386" });
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
			check(r, &(struct query){ .names = k ? "a nosuch" : "nosuch a",
						  .packages = "*a-1-1.i586 b-1-1.i586",
						  .unknown = "nosuch" });
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
	check(r, &(struct query){ .names = "a",
				  .packages = "*a-1-1.i586 b-2-1.i586 c-1-1.i586" });
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
	struct resolver *r = open_tree(
		"=Pkg: a 1 2 i586\n=Loc: 1 a.rpm dir\n=Siz: 1234 5678\n"
		"=Cks: SHA1 965ba5faeea815d41ba308ffd193b78505b26c1c\n" B(""), i586);
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
		   &(struct query){ .names = "a", .code = -ERR_FORMAT,
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
	assert_int_equal(result.unknown.count + result.foreign.count, 12);
	assert_true(result.packages.count >= 152);
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
		TEST(test_chain), TEST(test_alternatives), TEST(test_conflict),
		TEST(test_unsolvable), TEST(test_exclusion), TEST(test_architectures),
		TEST(test_multilib), TEST(test_versions), TEST(test_names),
		TEST(test_unknown_names), TEST(test_weak), TEST(test_rich), TEST(test_paths),
		TEST(test_rpm_features), TEST(test_lesser_architecture), TEST(test_same_result), TEST(test_several_media),
		TEST(test_package_fields), TEST(test_no_location), TEST(test_bad_architectures),
		TEST(test_real_minimal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
