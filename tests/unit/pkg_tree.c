/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SuSE media trees. */
#include "pkg_open.h"

static void test_bad_packages(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "the file is empty" },
		{ "# nothing\n", "no '=Ver:'" },
		{ "garbage\n", "line 1: not a tag: 'garbage'" },
		{ "\x1f\x8b\x08\n", "line 1: not a tag" },
		{ "=Pkg: a 1 1 i586\n", "line 1: '=Ver:' must come first" },
		{ "+Req:\n-Req:\n", "line 1: '=Ver:' must come first" },
		{ "=Ver: 3.0\n", "line 1: version not known: ' 3.0'" },
		{ "=Ver: 2.0\n=Pkg: a 1 i586\n", "line 2: not 'name version release arch'" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586 x\n", "line 2: not 'name version release arch'" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n+Req:\nb\n", "line 3: no end of '+Req:'" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n+Req:\nb\n-Prv:\n", "line 3: no end of '+Req:'" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Siz: 1", "line 3: the file ends within a line" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\nLoc: 1\n", "line 3: not a tag" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Lo\n", "line 3: not a tag" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Loc:1 a.rpm\n", "line 3: no blank after the tag" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Loc: 1\n", "line 3: not 'medium file [folder]'" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Loc: 0 a.rpm\n", "line 3: medium number" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Loc: 99999999999999999999 a.rpm\n",
		  "line 3: medium number" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Loc: 1 ../../x.rpm\n", "line 3: location leaves" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Loc: 1 a.rpm ..\n", "line 3: location leaves" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n+Req:\na b c d e\n-Req:\n",
		  "line 4: bad dependency" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n+Req:\na ~ 1\n-Req:\n",
		  "line 4: unknown relation" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Cks: SHA1 123\n", "line 3: bad checksum length" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Cks: XYZ 123\n", "line 3: unknown checksum type" },
		{ "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Shr: b 1\n", "line 3: bad =Shr line" },
	};

	fixture_tree("m", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_text("m/suse/setup/descr/packages", cases[i].text);
		assert_refused("m", -ERR_FORMAT, "m/suse/setup/descr/packages'", cases[i].message);
	}
	fixture_write("m/suse/setup/descr/packages", "=Ver: 2.0\n=Pkg: a\0 1 1\n", 24);
	assert_refused("m", -ERR_FORMAT, "packages'", "line 2: not text");
}

static void test_long_lines(void **state)
{
	struct strbuf text = STRBUF_INIT;

	fixture_tree("m", PACKAGE("a"));
	assert_int_equal(strbuf_adds(&text, "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Grp: "), 0);
	for (int i = 0; i < 60000; i++)
		assert_int_equal(strbuf_adds(&text, "x"), 0);
	assert_int_equal(strbuf_adds(&text, "\n=Loc: 1 a.rpm\n"), 0);
	fixture_write("m/suse/setup/descr/packages", text.data, text.len);
	assert_packages("m", "a", "m/suse/i586/a.rpm");
	memset(text.data + text.len - 15, 'x', 15);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(strbuf_adds(&text, "x"), 0);
	fixture_write("m/suse/setup/descr/packages", text.data, text.len);
	assert_refused("m", -ERR_FORMAT, "packages'", "line 3: longer than 65536 bytes");
	strbuf_release(&text);
}

/* Tags without a value, unknown tags, comments, blocks with a language: all are passed over. */
static void test_odd_but_right(void **state)
{
	fixture_tree("m", "##----\n=Lan: en\n=Pkg: a 1 1 i586\n=Grp:\n=Xyz: what\n+Des.en:\n"
			  "-Des:\n=Pkg: no 1 1 i586\n-Des.en:\n\n+Req:\n-Req:\n=Loc: 1 a.rpm\n");
	assert_packages("m", "a", "m/suse/i586/a.rpm");
}

static void test_bad_content(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *message;
	} cases[] = {
		{ "", -ERR_FORMAT, "no DESCRDIR line" },
		{ "DESCRDIR a\n", -ERR_FORMAT, "no DATADIR line" },
		{ "DATADIR a\n", -ERR_FORMAT, "no DESCRDIR line" },
		{ "DATADIR a\nDESCRDIR\n", -ERR_FORMAT, "line 2: DESCRDIR without a value" },
		{ "DATADIR a\nDATADIR b\n", -ERR_FORMAT, "line 2: a second DATADIR" },
		{ "DATADIR a/../../b\n", -ERR_FORMAT, "line 1: DATADIR 'a/../../b' leaves" },
		{ "META SHA1 12 packages\n", -ERR_FORMAT, "line 1: '12' is no SHA1 checksum" },
		{ "META SHA1\n", -ERR_FORMAT, "line 1: not 'META ALGORITHM" },
		{ "META ROT13 12 packages\n", -ERR_UNSUPPORTED, "line 1: unknown checksum" },
	};

	fixture_tree("m", PACKAGE("a"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_text("m/content", cases[i].text);
		assert_refused("m", cases[i].code, "m/content'", cases[i].message);
	}
	fixture_write("m/content", "DATADIR a\0b\n", 12);
	assert_refused("m", -ERR_FORMAT, "m/content'", "not a text file");
	fixture_text("m/content", "DATADIR data\nDESCRDIR nowhere\n");
	assert_refused("m", -ENOENT, "m/nowhere/packages'", "No such file");
	fixture_mkdir("n/content");
	assert_refused("n", -ERR_NOT_FOUND, "/n'", "no SuSE media tree: no 'content'");
	fixture_mkdir("o/suse/setup/descr/packages");
	fixture_text("o/content", "DATADIR suse\nDESCRDIR suse/setup/descr\n");
	assert_refused("o", -ERR_FORMAT, "o/suse/setup/descr/packages'", "not a regular file");
}

static void test_content_sum(void **state)
{
	fixture_tree("m", PACKAGE("a"));
	fixture_text("m/suse/setup/descr/packages", "=Ver: 2.0\n" PACKAGE("a"));
	fixture_text("m/content", "DATADIR suse\nDESCRDIR suse/setup/descr\n"
				  "META SHA1 ffffffffffffffffffffffffffffffffffffffff  packages\n");
	assert_refused("m", -ERR_DIGEST, "descr/packages'", "SHA1 checksum does not match");
	fixture_text("m/suse/setup/descr/packages", "=Ver: 2.0\n=Pkg: a 1 1 i586\n=Loc: 1 a.rpm\n");
	fixture_text(
		"m/content",
		"DATADIR suse\nDESCRDIR suse/setup/descr\n"
		"META SHA1 2269c622d6b2d7aae530535a91d37c91741c945b  packages\nHASH SHA1 00  other\n");
	assert_packages("m", "a", "m/suse/i586/a.rpm");
}

static void write_gz(const char *name, const char *text)
{
	char *path = fixture_path(name);
	FD_t f = Fopen(path, "w.gzdio");

	assert_non_null(f);
	assert_int_equal(Fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(Fclose(f), 0);
	free(path);
}

static void test_compressed(void **state)
{
	char *plain = NULL, *gz;
	struct stat st;

	fixture_tree("m", "");
	plain = fixture_path("m/suse/setup/descr/packages");
	gz = fixture_path("m/suse/setup/descr/packages.gz");
	assert_int_equal(unlink(plain), 0);
	write_gz("m/suse/setup/descr/packages.gz", "=Ver: 2.0\n" PACKAGE("a") PACKAGE("b"));
	assert_packages("m", "a b", "m/suse/i586/a-1-1.i586.rpm m/suse/i586/b-1-1.i586.rpm");
	assert_int_equal(stat(gz, &st), 0);
	assert_int_equal(truncate(gz, st.st_size - 12), 0);
	assert_refused("m", -ERR_FORMAT, "packages.gz'", "cannot be read to its end");
	free(plain);
	free(gz);
}

/* Other folder names than those of SuSE 9, and no package's file there. */
static void test_tree_folders(void **state)
{
	fixture_text("m/content", "PRODUCT\tSuSE Linux\nDESCRDIR descr\nDATADIR   data/\n");
	fixture_text("m/media.1/media", "SuSE Linux AG\n20020822115500\n3\n");
	fixture_text("m/media.1/products", "/ SuSE-Linux-8.1 8.1\n");
	fixture_text("m/descr/packages", "=Ver: 2.0\n" PACKAGE("a") "=Pkg: b 2 1 i386\n"
								    "=Loc: 1 b-2-1.rpm sub\n");
	assert_packages("m", "a b", "m/data/i586/a-1-1.i586.rpm m/data/sub/b-2-1.rpm");
}

static void test_product_folder(void **state)
{
	fixture_tree("m/updates", PACKAGE("a"));
	fixture_text("m/media.1/products", "updates Some-Updates 1\n");
	assert_packages("m", "a", "m/updates/suse/i586/a-1-1.i586.rpm");
	/* Real add-on media name "/" and lie in a folder all the same. */
	fixture_text("m/media.1/products", "/ openSUSE 11.1-0\n");
	assert_packages("m", "a", "m/updates/suse/i586/a-1-1.i586.rpm");
	fixture_text("m/media.1/products", "../m/updates X 1\n");
	assert_refused("m", -ERR_FORMAT, "media.1/products'",
		       "line 1: product folder '../m/updates'");
	fixture_text("e/media.1/products", "/ X 1\n");
	assert_refused("e", -ERR_FORMAT, "/e'", "without 'content'");
}

static void test_two_products(void **state)
{
	fixture_tree("m/one", PACKAGE("a"));
	fixture_tree("m/two", PACKAGE("b"));
	fixture_text("m/media.1/products", "one X 1\ntwo Y 1\n");
	assert_packages("m", "a b",
			"m/one/suse/i586/a-1-1.i586.rpm m/two/suse/i586/b-1-1.i586.rpm");
}

#define TWO_MEDIA                                                                                  \
	PACKAGE("a")                                                                               \
	"=Pkg: b 1 1 i586\n=Loc: 2 b.rpm\n=Pkg: c 1 1 noarch\n=Loc: 3 c.rpm\n"

static void test_several_media(void **state)
{
	fixture_tree("CD1", TWO_MEDIA);
	/* Not there: the name tells on which medium it should be. */
	assert_packages("CD1", "a b", "CD1/suse/i586/a-1-1.i586.rpm CD2/suse/i586/b.rpm");
	fixture_text("CD2/suse/i586/b.rpm", "");
	fixture_text("CD3/suse/noarch/c.rpm", "");
	assert_packages("CD1", "a b c",
			"CD1/suse/i586/a-1-1.i586.rpm CD2/suse/i586/b.rpm CD3/suse/noarch/c.rpm");
	/* Merged into one folder wins over siblings. */
	fixture_text("CD1/suse/i586/b.rpm", "");
	assert_packages("CD1", "b", "CD1/suse/i586/b.rpm");
}

static void test_merged_media(void **state)
{
	fixture_tree("dvd", TWO_MEDIA);
	assert_packages("dvd", "b c", "dvd/suse/i586/b.rpm dvd/suse/noarch/c.rpm");
}

static void test_folder_of_media(void **state)
{
	fixture_tree("set/CD1", TWO_MEDIA);
	fixture_text("set/CD1/media.1/media", "");
	fixture_text("set/CD2/suse/i586/b.rpm", "");
	assert_packages("set", "a b", "set/CD1/suse/i586/a-1-1.i586.rpm set/CD2/suse/i586/b.rpm");
}

static void assert_selections(const char *name, const char *expected)
{
	struct error err = ERROR_INIT;
	struct resolver *r = open_media(name, 0, &err);
	const struct strlist *l = resolver_selections(r);
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(
			strbuf_addf(&text, "%s%s", i ? " " : "", strrchr(l->items[i], '/') + 1), 0);
	assert_string_equal(text.data ? text.data : "", expected);
	strbuf_release(&text);
	resolver_free(r);
}

static void test_selections(void **state)
{
	fixture_tree("m", PACKAGE("a"));
	assert_selections("m", "");
	fixture_text("m/suse/setup/descr/Minimal.sel", "");
	fixture_text("m/suse/setup/descr/X11.sel", "");
	fixture_text("m/suse/setup/descr/default.pat", "");
	assert_selections("m", "Minimal.sel X11.sel default.pat");
	fixture_text("m/suse/setup/descr/selections", "X11.sel\n../X11.sel\ngone.sel\n");
	assert_selections("m", "X11.sel default.pat");
	fixture_text("m/suse/setup/descr/base.pat.gz", "");
	fixture_text("m/suse/setup/descr/patterns", "base.pat.gz\n../base.pat\ngone.pat\n");
	assert_selections("m", "X11.sel base.pat.gz");
}

static void test_real_data(void **state)
{
	const char *data = getenv("MKROOT_REAL_DATA");
	static const char *const folders[] = { "suse-8.1", "susetags-addon",
					       "susetags-addon/updates" };
	static const char *const names[] = { "sash", "dnsmasq", "dnsmasq" };
	static const size_t least[] = { 700, 1, 1 };

	if (!data) {
		print_message("skipped: MKROOT_REAL_DATA is not set\n");
		skip();
	}
	for (int i = 0; i < 3; i++) {
		struct error err = ERROR_INIT;
		struct resolver *r;
		char *path;

		assert_true(asprintf(&path, "%s/%s", data, folders[i]) > 0);
		assert_int_equal(resolver_new(&r, i586, &err), 0);
		if (resolver_add_media(r, path, &err))
			fail_msg("%s: %s", path, err.what);
		assert_true(resolver_package_count(r) >= least[i]);
		assert_true(resolver_has_name(r, names[i]));
		resolver_free(r);
		free(path);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bad_packages),  TEST(test_long_lines),     TEST(test_odd_but_right),
		TEST(test_bad_content),	  TEST(test_content_sum),    TEST(test_compressed),
		TEST(test_tree_folders),  TEST(test_product_folder), TEST(test_two_products),
		TEST(test_several_media), TEST(test_merged_media),   TEST(test_folder_of_media),
		TEST(test_selections),	  TEST(test_real_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
