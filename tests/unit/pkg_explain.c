/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said when it cannot be installed. */
#include "pkg_query.h"

static void test_conflict(void **state)
{
	struct resolver *r = open_tree(A(CON("mta")) B(PRV("mta")) C(REQ("b")), i586);

	check(r, &(struct query){
			 .names = "a b",
			 .code = -ERR_SOLVE,
			 .text = { "(1 problem):\n",
				   "\n  a-1-1.i586 conflicts with mta, provided by b-1-1.i586:",
				   " --exclude b, or --exclude a, or --nodeps" } });
	check(r,
	      &(struct query){ .names = "a c",
			       .code = -ERR_SOLVE,
			       .text = { "a-1-1.i586 conflicts with mta, provided by b-1-1.i586:",
					 "--exclude a", "--exclude c" } });
	resolver_free(r);
	check_tree(A(OBS("b")) B(""), i586,
		   &(struct query){ .names = "a b",
				    .code = -ERR_SOLVE,
				    .text = { "a-1-1.i586 replaces b, provided by b-1-1.i586" } });
}

static void test_unsolvable(void **state)
{
	struct resolver *r = open_tree(A(REQ("libfoo.so.1")) B(REQ("c")) C(REQ("bar >= 2"))
					       PACKAGE("bar 1 1 i586", "bar.rpm", ""),
				       i586);

	check(r,
	      &(struct query){
		      .names = "a",
		      .code = -ERR_SOLVE,
		      .text = { "dependencies cannot be satisfied (1 problem):\n"
				"  nothing provides libfoo.so.1 needed by a-1-1.i586: --exclude a, "
				"or add media that have libfoo.so.1, or --nodeps" } });
	/* All of them at once; what leads there is left out by its own name. */
	check(r, &(struct query){ .names = "a b bar",
				  .code = -ERR_SOLVE,
				  .text = { "(2 problems):",
					    "nothing provides libfoo.so.1 needed by a-1-1.i586",
					    "nothing provides bar >= 2 needed by c-1-1.i586: "
					    "--exclude b, or" } });
	check(r, &(struct query){
			 .names = "a b bar", .excluded = "a b", .packages = "*bar-1-1.i586" });
	check(r, &(struct query){ .names = "a b bar",
				  .nodeps = true,
				  .packages = "*a-1-1.i586 *b-1-1.i586 *bar-1-1.i586" });
	resolver_free(r);
}

/* Many that lack the same share a line. */
static void test_unsolvable_together(void **state)
{
	struct resolver *r = open_tree(
		A(REQ("x")) B(REQ("x")) C(REQ("a")) PACKAGE("d 1 1 i586", "d.rpm", REQ("y"))
			PACKAGE("e 1 1 i586", "e.rpm", REQ("x"))
				PACKAGE("f 1 1 i586", "f.rpm", REQ("x"))
					PACKAGE("g 1 1 i586", "g.rpm", REQ("x"))
						PACKAGE("h 1 1 i586", "h.rpm", REQ("x")),
		i586);

	check(r,
	      &(struct query){
		      .names = "a b d",
		      .code = -ERR_SOLVE,
		      .text = { "(2 problems):",
				"\n  nothing provides x needed by a-1-1.i586, b-1-1.i586: "
				"--exclude a --exclude b, or add media that have x, or --nodeps",
				"\n  nothing provides y needed by d-1-1.i586: --exclude d, or" } });
	check(r, &(struct query){
			 .names = "a b c d e f g h",
			 .code = -ERR_SOLVE,
			 .text = { "(2 problems):",
				   "x needed by a-1-1.i586, b-1-1.i586, e-1-1.i586, f-1-1.i586 "
				   "and 2 more: add media that have x, or --nodeps",
				   "y needed by d-1-1.i586: --exclude d, or" } });
	check(r,
	      &(struct query){ .names = "a c",
			       .code = -ERR_SOLVE,
			       .text = { "(1 problem):\n  nothing provides x needed by a-1-1.i586: "
					 "--exclude a --exclude c, or" } });
	resolver_free(r);
}

/* Everything that a package lacks, not only the first. */
static void test_unsolvable_all(void **state)
{
	struct resolver *r =
		open_tree(A(REQ("x\nb\ny >= 3") "+Prq:\nx\nz\n-Prq:\n") B(PRV("y = 2")), i586);

	check(r, &(struct query){
			 .names = "a",
			 .code = -ERR_SOLVE,
			 .text = { "(3 problems):", "nothing provides x needed by a-1-1.i586: ",
				   "nothing provides y >= 3 needed by a-1-1.i586: --exclude a",
				   "nothing provides z needed by a-1-1.i586: --exclude a" } });
	resolver_free(r);
}

static void test_exclusion(void **state)
{
	struct resolver *r = open_tree(A(REQ("b")) B("") C(""), i586);

	check(r, &(struct query){ .names = "a",
				  .excluded = "b",
				  .code = -ERR_SOLVE,
				  .text = { "nothing provides b needed by a-1-1.i586 "
					    "(only b-1-1.i586, which is excluded)" } });
	check(r, &(struct query){ .names = "a c", .excluded = "a", .packages = "*c-1-1.i586" });
	check(r, &(struct query){ .names = "a c",
				  .excluded = "a-1-1.i586 nosuch",
				  .packages = "*c-1-1.i586" });
	check(r, &(struct query){ .names = "c",
				  .required = "a",
				  .excluded = "a",
				  .code = -ERR_NOT_FOUND,
				  .text = { "a (it is excluded)" } });
	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586 b-1-1.i586" });
	resolver_free(r);
}

/* The i686 library beside the x86_64 one, but never in place of a package that is asked for. */
static void test_multilib(void **state)
{
	static const char packages[] = PACKAGE("lib 1 1 x86_64", "l6.rpm", PRV("lib.so()(64bit)"))
		PACKAGE("lib 1 1 i686", "l3.rpm", PRV("lib.so"))
			PACKAGE("a 1 1 x86_64", "a.rpm", REQ("lib.so()(64bit)"))
				PACKAGE("b 1 1 x86_64", "b.rpm", REQ("lib.so"))
					PACKAGE("bad 1 1 x86_64", "b6.rpm", REQ("nosuch"))
						PACKAGE("bad 1 1 i686", "b3.rpm", "");
	struct resolver *r = open_tree(packages, x86_64);

	check(r, &(struct query){ .names = "lib", .packages = "*lib-1-1.x86_64" });
	check(r, &(struct query){ .names = "a b",
				  .packages = "*a-1-1.x86_64 *b-1-1.x86_64 lib-1-1.i686 "
					      "lib-1-1.x86_64" });
	check(r, &(struct query){ .names = "a b lib-1-1.i686",
				  .packages = "*a-1-1.x86_64 *b-1-1.x86_64 *lib-1-1.i686 "
					      "lib-1-1.x86_64" });
	check(r, &(struct query){ .names = "bad",
				  .code = -ERR_SOLVE,
				  .text = { "nothing provides nosuch needed by bad-1-1.x86_64" } });
	check(r, &(struct query){ .names = "bad.i686", .packages = "*bad-1-1.i686" });
	/* Another name's architecture does not open that door. */
	check(r, &(struct query){ .names = "bad lib.i686",
				  .code = -ERR_SOLVE,
				  .text = { "nothing provides nosuch needed by bad-1-1.x86_64" } });
	check(r, &(struct query){ .names = "lib.x86_64 lib.i686",
				  .packages = "*lib-1-1.i686 *lib-1-1.x86_64" });
	resolver_free(r);
}

static void test_rpm_features(void **state)
{
	struct resolver *r = open_tree(A(REQ("rpmlib(VersionedDependencies) <= 3.0.3-1"))
					       B(REQ("rpmlib(TimeTravel) <= 9.9-1"))
						       C(REQ("rpmlib(PayloadIsXz) >= 99")),
				       i586);

	check(r, &(struct query){ .names = "a", .packages = "*a-1-1.i586" });
	check(r, &(struct query){ .names = "b c",
				  .code = -ERR_UNSUPPORTED,
				  .text = { "\n  b-1-1.i586 needs rpmlib(TimeTravel) <= 9.9-1",
					    "\n  c-1-1.i586 needs rpmlib(PayloadIsXz) >= 99" } });
	check(r, &(struct query){ .names = "b",
				  .nodeps = true,
				  .code = -ERR_UNSUPPORTED,
				  .text = { "\n  b-1-1.i586 needs rpmlib(TimeTravel)" } });
	resolver_free(r);
}

/* Of one family a lesser architecture is a mistake, unless it is asked for. */
static void test_lesser_architecture(void **state)
{
	struct resolver *r = open_tree(A(REQ("b")) PACKAGE("b 1 1 i586", "b5.rpm", REQ("nosuch"))
					       PACKAGE("b 1 1 i386", "b3.rpm", ""),
				       i586);

	check(r, &(struct query){ .names = "a",
				  .code = -ERR_SOLVE,
				  .text = { "b-1-1.i386 is for a lesser architecture",
					    "nothing provides nosuch needed by b-1-1.i586",
					    "--exclude a", "--add b-1-1.i386" } });
	check(r, &(struct query){ .names = "a b-1-1.i386", .packages = "*a-1-1.i586 *b-1-1.i386" });
	resolver_free(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_conflict),
		TEST(test_unsolvable),
		TEST(test_unsolvable_together),
		TEST(test_unsolvable_all),
		TEST(test_exclusion),
		TEST(test_multilib),
		TEST(test_rpm_features),
		TEST(test_lesser_architecture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
