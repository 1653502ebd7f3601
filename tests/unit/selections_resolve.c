/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From selections to packages, and from names to selections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "selections/selection.h"

/* A little distribution: selections by name, and the packages of the media. */
struct world {
	const char *const (*selections)[2]; /* name, text; ends with NULL */
	const char *const *packages;	    /* ends with NULL; NULL: everything exists */
	int loads;
};

static bool has_package(void *arg, const char *name)
{
	struct world *w = arg;

	if (!w->packages)
		return true;
	for (size_t i = 0; w->packages[i]; i++)
		if (!strcmp(w->packages[i], name))
			return true;
	return false;
}

static int load(void *arg, const char *name, struct selection **out, struct error *err)
{
	struct world *w = arg;

	*out = NULL;
	w->loads++;
	for (size_t i = 0; w->selections && w->selections[i][0]; i++)
		if (!strcasecmp(w->selections[i][0], name))
			return selection_parse(w->selections[i][1], strlen(w->selections[i][1]),
					       name, out, err);
	return error_set(err, -ERR_NOT_FOUND, name, "no such selection");
}

static void assert_names(const struct strlist *l, const char *expected)
{
	struct strbuf all = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(strbuf_addf(&all, "%s%s", i ? "|" : "", l->items[i]), 0);
	assert_string_equal(all.data ? all.data : "", expected);
	strbuf_release(&all);
}

static struct selection *parse(const char *text)
{
	struct error err = ERROR_INIT;
	struct selection *s = NULL;

	if (selection_parse(text, strlen(text), "test", &s, &err))
		fail_msg("%s", err.what);
	return s;
}

struct expected {
	const char *packages, *unknown, *removed, *missing;
};

static void check(struct world *w, const char *text, const char *locale, bool recommends,
		  struct expected want)
{
	struct strlist locales = STRLIST_INIT;
	struct selection_query q = { &locales, has_package, load, w, recommends, false };
	struct selection_result r;
	struct error err = ERROR_INIT;
	struct selection *s = parse(text);

	if (locale)
		assert_int_equal(strlist_add(&locales, locale), 0);
	if (selection_resolve(s, &q, &r, &err))
		fail_msg("%s", err.what);
	assert_int_equal(err.code, 0);
	assert_names(&r.packages, want.packages);
	assert_names(&r.unknown, want.unknown);
	assert_names(&r.removed, want.removed);
	assert_names(&r.missing_selections, want.missing);
	selection_result_release(&r);
	selection_free(s);
	strlist_release(&locales);
}

static void refuse(struct world *w, const char *text, int code, const char *part)
{
	struct selection_query q = { NULL, has_package, load, w, true, false };
	struct selection_result r;
	struct error err = ERROR_INIT;
	struct selection *s = parse(text);
	char *message;

	assert_int_equal(selection_resolve(s, &q, &r, &err), code);
	message = error_text(&err);
	if (!strstr(message, part))
		fail_msg("'%s' does not say '%s'", message, part);
	free(message);
	error_release(&err);
	selection_free(s);
}

static const char kde[] = "=Ver: 3.0\n=Sel: Kde\n+Ins:\nkdebase\n-Ins:\n"
			  "+Ins.de_AT:\nkde-at\n-Ins.de_AT:\n+Ins.de:\nkde-de\n-Ins.de:\n"
			  "+Ins.default:\nkde-en\n-Ins.default:\n";

static void test_locales(void **state)
{
	struct world w = { NULL, NULL, 0 };

	check(&w, kde, NULL, true, (struct expected){ "kdebase", "", "", "" });
	check(&w, kde, "de_AT.UTF-8", true, (struct expected){ "kdebase|kde-at", "", "", "" });
	check(&w, kde, "DE_at", true, (struct expected){ "kdebase|kde-at", "", "", "" });
	check(&w, kde, "de_CH@euro", true, (struct expected){ "kdebase|kde-de", "", "", "" });
	check(&w, kde, "fr_FR", true, (struct expected){ "kdebase|kde-en", "", "", "" });
	check(&w, kde, "d", true, (struct expected){ "kdebase|kde-en", "", "", "" });
}

static void test_alternatives_and_unknown(void **state)
{
	static const char *const packages[] = { "postfix", "bash", "b", NULL };
	struct world w = { NULL, packages, 0 };

	check(&w,
	      "=Ver: 3.0\n=Sel: M\n+Ins:\nmta (sendmail, postfix)\nbash (zsh)\n"
	      "a-b-c\nx (y, z)\nb\nb\n-Ins:\n",
	      NULL, true, (struct expected){ "postfix|bash|b", "a-b-c (M)|x (y, z) (M)", "", "" });
	/* what a person wrote may be an exact package or a capability: the solver decides */
	check(&w, "bash-1-2.i586.rpm\n/bin/sh\nperl(POSIX)\nnothing\n", NULL, true,
	      (struct expected){ "bash-1-2.i586|/bin/sh|perl(POSIX)", "nothing (plain list)", "",
				 "" });
}

static void test_removal_wins(void **state)
{
	static const char *const selections[][2] = {
		{ "Base", "=Ver: 3.0\n=Sel: Base\n+Ins:\nvim\nbash\n-Ins:\n" },
		{ NULL, NULL },
	};
	struct world w = { selections, NULL, 0 };

	check(&w, "@Base\n-vim\nvim\nls\n", NULL, true,
	      (struct expected){ "ls|bash", "", "vim", "" });
	check(&w,
	      "=Ver: 3.0\n=Sel: X\n+Req:\nBASE\n-Req:\n+Del:\nvim (bash)\n-Del:\n"
	      "+Ins:\nls\n-Ins:\n",
	      NULL, true, (struct expected){ "ls", "", "vim|bash", "" });
}

static void test_requires_and_loops(void **state)
{
	static const char *const selections[][2] = {
		{ "A", "=Ver: 3.0\n=Sel: A\n+Req:\nB\n-Req:\n+Ins:\na\n-Ins:\n" },
		{ "B", "=Ver: 3.0\n=Sel: B\n+Req:\nA\nb\nC\n-Req:\n+Rec:\nD\nnowhere\n-Rec:\n"
		       "+Ins:\nb\na\n-Ins:\n" },
		{ "C", "=Ver: 4.0\n=Sel: C 1 2\n+Prv:\nvirtual\n-Prv:\n+Ins:\nc\n-Ins:\n" },
		{ "D", "=Ver: 3.0\n=Sel: D\n+Req:\nvirtual\ngone\n-Req:\n+Ins:\nd\n-Ins:\n" },
		{ "x.sel", "@y.sel\nx\n" },
		{ "y.sel", "@X.SEL\ny\n" },
		{ NULL, NULL },
	};
	struct world w = { selections, NULL, 0 };

	check(&w, selections[0][1], NULL, true,
	      (struct expected){ "a|b|c|d", "", "",
				 "nowhere (recommended by B)|gone (required by D)" });
	assert_int_equal(w.loads, 5);
	check(&w, selections[0][1], NULL, false, (struct expected){ "a|b|c", "", "", "" });
	check(&w, "@x.sel\n@A\n", NULL, false, (struct expected){ "x|a|y|b|c", "", "", "" });
	refuse(&w, "@x.sel\n@none\n", -ERR_NOT_FOUND,
	       "'none': no such selection ('@none' in a list)");
}

static void test_bases_exclude_each_other(void **state)
{
	static const char *const selections[][2] = {
		{ "Minimal", "=Ver: 3.0\n=Sel: Minimal\n=Cat: baseconf\n+Ins:\nm\n-Ins:\n" },
		{ "Full", "=Ver: 3.0\n=Sel: Full\n=Cat: BASE\n+Ins:\nf\n-Ins:\n" },
		{ "Game",
		  "=Ver: 3.0\n=Sel: Game\n=Cat: addon\n+Rec:\nFull\n-Rec:\n+Ins:\ng\n-Ins:\n" },
		{ "Serious", "=Ver: 3.0\n=Sel: Serious\n+Con:\nGAME\n-Con:\n+Ins:\ns\n-Ins:\n" },
		{ NULL, NULL },
	};
	struct world w = { selections, NULL, 0 };

	refuse(&w, "@Minimal\n@Full\n", -ERR_CONFLICT,
	       "'Full': cannot be installed beside 'Minimal': both are base selections");
	refuse(&w, "@Serious\n@Game\n", -ERR_CONFLICT,
	       "'Game': cannot be installed beside 'Serious'");
	refuse(&w, "@Game\n@Serious\n", -ERR_CONFLICT,
	       "'Serious': cannot be installed beside 'Game'");
	check(&w, "@Minimal\n@minimal\n@Game\n", NULL, true,
	      (struct expected){ "m|g", "", "",
				 "Full (recommended by Game, excluded by Minimal)" });
	check(&w, "@Game\n", NULL, true, (struct expected){ "g|f", "", "", "" });
}

static void test_several_at_once(void **state)
{
	struct world w = { NULL, NULL, 0 };
	struct selection_query q = { NULL, NULL, load, &w, true, false };
	struct selection *a = parse("a\nb\n-c\n"), *b = parse("c\nb\nd\n");
	const struct selection *both[] = { a, b };
	struct selection_result r;
	struct error err = ERROR_INIT;

	assert_int_equal(selection_resolve_all(both, 2, &q, &r, &err), 0);
	assert_names(&r.packages, "a|b|d");
	assert_names(&r.removed, "c");
	selection_result_release(&r);
	selection_free(a);
	selection_free(b);
}

static void test_a_broken_reference_is_an_error(void **state)
{
	static const char *const selections[][2] = {
		{ "Bad", "=Ver: 3.0\n=Sel: Bad\n+Ins:\n" },
		{ NULL, NULL },
	};
	struct world w = { selections, NULL, 0 };

	refuse(&w, "=Ver: 3.0\n=Sel: A\n+Req:\nBad\n-Req:\n", -ERR_FORMAT,
	       "line 3: '+Ins:' has no end");
}

/* Twelve hundred selections that nobody has, in lists that are short enough each. */
static void test_too_many_selections(void **state)
{
	static const char *const blocks[] = { "Req", "Rec" };
	struct world w = { NULL, NULL, 0 };
	struct strbuf b = STRBUF_INIT;

	assert_int_equal(strbuf_adds(&b, "=Ver: 3.0\n=Sel: A\n"), 0);
	for (size_t k = 0; k < 2; k++) {
		assert_int_equal(strbuf_addf(&b, "+%s:\n", blocks[k]), 0);
		for (int i = 0; i < 600; i++)
			assert_int_equal(strbuf_addf(&b, "%s%d\n", blocks[k], i), 0);
		assert_int_equal(strbuf_addf(&b, "-%s:\n", blocks[k]), 0);
	}
	refuse(&w, b.data, -ERR_LIMIT, "'A': names more than 1000 selections");
	assert_int_equal(w.loads, 1000);
	strbuf_release(&b);
}

static void test_many_names_stay_fast(void **state)
{
	struct world w = { NULL, NULL, 0 };
	struct selection_query q = { NULL, has_package, load, &w, true, false };
	struct strbuf b = STRBUF_INIT;
	struct selection_result r;
	struct error err = ERROR_INIT;
	struct selection *s;

	for (int i = 0; i < 200000; i++)
		assert_int_equal(strbuf_addf(&b, "p%d\n", i % 150000), 0);
	s = parse(b.data);
	assert_int_equal(selection_resolve(s, &q, &r, &err), 0);
	assert_int_equal(r.packages.count, 150000);
	selection_result_release(&r);
	selection_free(s);
	strbuf_release(&b);
}

static void find(const struct strlist *files, const char *name, const char *expected)
{
	struct error err = ERROR_INIT;
	char *path = NULL;

	if (selection_find(name, files, &path, &err))
		fail_msg("%s: %s", name, err.what);
	assert_string_equal(path, expected);
	free(path);
}

static void test_find(void **state)
{
	static const char *const files[] = {
		"/m/Minimal.sel",   "/m/Minimal+X11.sel", "/m/Mobile-10.0-109.i586.sel",
		"/m/a/MINIMAL.sel", "/d/suse9-uml.sel",	  "/d/minimal.sel",
		"/d/x-1-2.sel",
	};
	struct strlist l = STRLIST_INIT;
	struct error err = ERROR_INIT;
	char *path;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_int_equal(strlist_add(&l, files[i]), 0);
	find(&l, "Minimal.sel", "/m/Minimal.sel");
	find(&l, "minimal.sel", "/d/minimal.sel");
	find(&l, "minimal", "/d/minimal.sel");
	find(&l, "mINIMAL.SEL", "/m/Minimal.sel");
	find(&l, "MINIMAL", "/m/a/MINIMAL.sel");
	find(&l, "minimal+x11", "/m/Minimal+X11.sel");
	find(&l, "mobile", "/m/Mobile-10.0-109.i586.sel");
	find(&l, "mobile.sel", "/m/Mobile-10.0-109.i586.sel");
	find(&l, "Mobile-10.0-109.i586", "/m/Mobile-10.0-109.i586.sel");
	find(&l, "suse9-uml", "/d/suse9-uml.sel");
	find(&l, "x-1-2", "/d/x-1-2.sel");
	assert_int_equal(selection_find("x", &l, &path, &err), -ERR_NOT_FOUND);
	assert_null(path);
	assert_int_equal(selection_find("minmal", &l, &path, &err), -ERR_NOT_FOUND);
	assert_non_null(strstr(err.hint, "did you mean 'Minimal'?"));
	assert_int_equal(selection_find("qqqqqqqqqq", &l, &path, &err), -ERR_NOT_FOUND);
	assert_non_null(strstr(err.hint, "the media and mkroot have 7"));
	strlist_release(&l);
	assert_int_equal(selection_find("x", &l, &path, &err), -ERR_NOT_FOUND);
	assert_non_null(strstr(err.hint, "the media brings none"));
	error_release(&err);
}

static void test_locate(void **state)
{
	char folder[] = "/tmp/mkroot-test-XXXXXX", *file = NULL, *path;
	struct strlist l = STRLIST_INIT;
	struct selection_library library = { &l, NULL, NULL };
	struct error err = ERROR_INIT;
	struct selection *s;
	FILE *f;

	assert_non_null(mkdtemp(folder));
	assert_true(asprintf(&file, "%s/Minimal.sel", folder) > 0);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs("bash\n", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(strlist_add(&l, file), 0);

	assert_int_equal(selection_locate("minimal", &l, &path, &err), 0);
	assert_string_equal(path, file);
	free(path);
	assert_int_equal(selection_locate(file, &l, &path, &err), 0);
	assert_string_equal(path, file);
	free(path);
	assert_int_equal(selection_locate("./nowhere/minimal", &l, &path, &err), -ENOENT);
	assert_null(path);
	assert_int_equal(selection_load(&library, "MINIMAL", &s, &err), 0);
	assert_names(&s->install[0].names, "bash");
	selection_free(s);
	assert_int_equal(selection_load(&library, "none", &s, &err), -ERR_NOT_FOUND);

	assert_int_equal(unlink(file), 0);
	assert_int_equal(selection_load(&library, "MINIMAL", &s, &err), -ENOENT);
	assert_int_equal(rmdir(folder), 0);
	error_release(&err);
	strlist_release(&l);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locales),
		cmocka_unit_test(test_alternatives_and_unknown),
		cmocka_unit_test(test_removal_wins),
		cmocka_unit_test(test_requires_and_loops),
		cmocka_unit_test(test_bases_exclude_each_other),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_a_broken_reference_is_an_error),
		cmocka_unit_test(test_too_many_selections),
		cmocka_unit_test(test_many_names_stay_fast),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_locate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
