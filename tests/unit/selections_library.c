/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that stand inside of files, and what such selections install. */
#include "selections_support.h"

#include <errno.h>

struct file {
	const char *path, *text;
};

static const struct file files[] = {
	{ "/m/Minimal.sel", "=Ver: 3.0\n=Sel: Minimal\n+Ins:\nbash\n-Ins:\n" },
	{ "/m/mail-10.1-25.i586.pat", "=Ver: 5.0\n=Pat: mail 10.1 25 i586\n+Req:\nbasesystem\n-Req:\n"
				      "+Rec:\ngames\n-Rec:\n+Prq:\npostfix\n-Prq:\n+Prc:\nmutt\n-Prc:\n" },
	{ "/m/all.pat", "=Ver: 5.0\n=Pat: base\n+Prv:\nbasesystem\n-Prv:\n+Prq:\nglibc\n-Prq:\n"
			"=Pat: games\n=Vis: false\n+Prq:\nchess\n-Prq:\n" },
	{ "/m/comps.xml",
	  "<comps><group><id>core</id><default>true</default><packagelist>"
	  "<packagereq>coreutils</packagereq><packagereq type='optional'>nano</packagereq>"
	  "<packagereq type='conditional' requires='kde'>core-kde</packagereq>"
	  "<packagereq type='conditional' requires='kde'>gone</packagereq></packagelist></group>"
	  "<group><id>web</id><name>Web Server</name><default>false</default><packagelist>"
	  "<packagereq>httpd</packagereq></packagelist></group>"
	  "<group><id>tools</id><default>false</default><packagelist>"
	  "<packagereq>strace</packagereq></packagelist></group>"
	  "<environment><id>server</id><name>A server</name><grouplist><groupid>core</groupid>"
	  "<groupid>web</groupid><groupid>nowhere</groupid></grouplist>"
	  "<optionlist><groupid>tools</groupid></optionlist></environment></comps>" },
	{ "/m/none.xml", "<comps><group><id>x1</id><default>false</default></group>"
			 "<group><id>x2</id><default>false</default></group></comps>" },
};

static int read_file(void *arg, const char *path, struct selection **out, struct error *err)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!strcmp(files[i].path, path))
			return selection_parse(files[i].text, strlen(files[i].text), path, out, err);
	return error_set(err, -ERR_NOT_FOUND, path, "not in the test");
}

static bool has_package(void *arg, const char *name)
{
	return strcmp(name, "gone") != 0;
}

static struct strlist names;
static const struct selection_library library = { &names, read_file, NULL };

static int setup(void **state)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strlist_add(&names, files[i].path))
			return -1;
	return 0;
}

static int teardown(void **state)
{
	strlist_release(&names);
	return 0;
}

struct expected {
	const char *packages, *missing, *conditional;
};

static void check(const char *argument, bool weak, struct expected want)
{
	struct selection_query q = { NULL, has_package, selection_load, (void *)&library, true, weak };
	struct selection_result r;
	struct error err = ERROR_INIT;
	struct selection *s;

	if (selection_open(&library, argument, &s, &err))
		fail_msg("%s: %s", argument, err.what);
	if (selection_resolve(s, &q, &r, &err))
		fail_msg("%s: %s", argument, err.what);
	assert_names(&r.packages, want.packages);
	assert_names(&r.missing_selections, want.missing);
	assert_names(&r.conditional, want.conditional);
	assert_int_equal(r.conditional.count, r.conditions.count);
	selection_result_release(&r);
	selection_free(s);
}

static void test_files_and_parts(void **state)
{
	check("minimal", false, (struct expected){ "bash", "", "" });
	check("MAIL", false, (struct expected){ "postfix|glibc", "", "" });
	check("mail", true, (struct expected){ "postfix|mutt|glibc|chess", "", "" });
	/* one that is found inside, by what it provides, too */
	check("games", false, (struct expected){ "chess", "", "" });
	check("basesystem", false, (struct expected){ "glibc", "", "" });
	check("all.pat#games", false, (struct expected){ "chess", "", "" });
	/* the file: what is visible, what is marked */
	check("all", false, (struct expected){ "glibc", "", "" });
	check("comps.xml", false, (struct expected){ "coreutils", "", "core-kde" });
}

static void test_groups(void **state)
{
	check("core", false, (struct expected){ "coreutils", "", "core-kde" });
	check("core", true, (struct expected){ "coreutils|nano", "", "core-kde" });
	check("web server", false, (struct expected){ "httpd", "", "" });
	check("^server", false,
	      (struct expected){ "coreutils|httpd", "nowhere (required by server)", "core-kde" });
	check("comps.xml#a server", true,
	      (struct expected){ "coreutils|nano|httpd|strace", "nowhere (required by server)",
				 "core-kde" });
}

static void test_capability(void **state)
{
	check("pattern:base", false, (struct expected){ "pattern() = base", "", "" });
	assert_true(selection_is_capability("pattern:x"));
	assert_false(selection_is_capability("pattern:"));
	assert_false(selection_is_capability("pattern:a b"));
	assert_false(selection_is_capability("pattern:a = b"));
	assert_false(selection_is_capability("mypattern:a"));
}

/* A list names them all in the same way. */
static void test_references(void **state)
{
	static const char list[] = "@core\n@^server\n@all.pat#games\n@minimal\npattern:x\n-httpd\n";
	struct selection_query q = { NULL, has_package, selection_load, (void *)&library, true, false };
	struct selection *s = parse(list);
	struct error err = ERROR_INIT;
	struct selection_result r;

	if (selection_resolve(s, &q, &r, &err))
		fail_msg("%s", err.what);
	assert_names(&r.packages, "pattern() = x|coreutils|chess|bash");
	assert_names(&r.removed, "httpd");
	selection_result_release(&r);
	selection_free(s);
}

static void refuse_name(const char *argument, int code, const char *part)
{
	struct selection_query q = { NULL, has_package, selection_load, (void *)&library, true, false };
	struct selection *s = NULL;
	struct selection_result r;
	struct error err = ERROR_INIT;
	int rc = selection_open(&library, argument, &s, &err);
	char *text;

	if (!rc)
		rc = selection_resolve(s, &q, &r, &err);
	assert_int_equal(rc, code);
	text = error_text(&err);
	if (!strstr(text, part))
		fail_msg("'%s' does not say '%s'", text, part);
	free(text);
	error_release(&err);
	selection_free(s);
}

static void test_refused(void **state)
{
	refuse_name("none.xml", -ERR_NOT_FOUND,
		    "'/m/none.xml': has 2 selections, and none of them is the default");
	refuse_name("none.xml", -ERR_NOT_FOUND, "name one: 'FILE#x1'");
	refuse_name("all.pat#game", -ERR_NOT_FOUND, "did you mean 'games'?");
	refuse_name("minimal#game", -ERR_NOT_FOUND, "'/m/Minimal.sel': has no selection 'game'");
	refuse_name("minmal", -ERR_NOT_FOUND, "did you mean 'Minimal'?");
	refuse_name("^core", -ERR_NOT_FOUND, "no such selection");
	refuse_name("nofile.xml#core", -ERR_NOT_FOUND, "no such selection");
	refuse_name("./nofile.xml#core", -ENOENT, "cannot be read");
}

/* Del of a list holds for what is conditional, too; conflicts hold between patterns. */
static void test_removed_and_excluded(void **state)
{
	struct selection_query q = { NULL, has_package, selection_load, (void *)&library, true, true };
	struct selection *s = parse("@core\n-core-kde\n");
	struct error err = ERROR_INIT;
	struct selection_result r;

	assert_int_equal(selection_resolve(s, &q, &r, &err), 0);
	assert_names(&r.conditional, "");
	selection_result_release(&r);
	selection_free(s);
	s = parse("=Ver: 5.0\n=Pat: a\n+Rec:\nb\n-Rec:\n=Pat: b\n=Vis: false\n+Con:\nA\n-Con:\n");
	assert_int_equal(selection_resolve(s, &q, &r, &err), 0);
	assert_names(&r.missing_selections, "b (recommended by a, excluded by a)");
	selection_result_release(&r);
	selection_free(s);
	s = parse("=Ver: 5.0\n=Pat: a\n=Cat: Base\n=Pat: b\n=Cat: Base\n+Con:\nA\n-Con:\n");
	assert_int_equal(selection_resolve(s, &q, &r, &err), -ERR_CONFLICT);
	assert_string_equal(err.what, "cannot be installed beside 'a': they exclude each other");
	error_release(&err);
	selection_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_and_parts),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_capability),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_removed_and_excluded),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
