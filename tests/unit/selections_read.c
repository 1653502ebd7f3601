/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The readers of selections: what they take, and what they refuse with which line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "selections/selection.h"

#define TEXT(s) s, sizeof(s) - 1

static struct selection *parse(const char *data, size_t size)
{
	struct error err = ERROR_INIT;
	struct selection *s = NULL;
	int rc = selection_parse(data, size, "test.sel", &s, &err);

	if (rc)
		fail_msg("%s", err.what);
	assert_non_null(s);
	return s;
}

static void refuse(const char *data, size_t size, int code, const char *part)
{
	struct error err = ERROR_INIT;
	struct selection *s = (void *)1;

	assert_int_equal(selection_parse(data, size, "test.sel", &s, &err), code);
	assert_null(s);
	assert_int_equal(err.code, code);
	assert_string_equal(err.subject, "test.sel");
	if (!strstr(err.what, part))
		fail_msg("'%s' does not say '%s'", err.what, part);
	error_release(&err);
}

static void assert_names(const struct strlist *l, const char *expected)
{
	struct strbuf all = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(strbuf_addf(&all, "%s%s", i ? "|" : "", l->items[i]), 0);
	assert_string_equal(all.data ? all.data : "", expected);
	strbuf_release(&all);
}

static const char minimal[] = "# a comment\n"
			      "\n"
			      "=Ver: 3.0\n"
			      "=Sel:  Minimal + X11 \n"
			      "=Sum.de: Minimal-System\n"
			      "=Sum: Minimum system\n"
			      "=Sum.cs: Minim\xc3\xa1ln\xc3\xad\n"
			      "+Des.en:\n"
			      "=Sel: this is text\n"
			      "-Ins:\n"
			      "-Des.EN:\n"
			      "+Con:\ndefault\nStandard\n-Con:\n"
			      "+Req:\n-Req:\n"
			      "=Cat: baseconf\n"
			      "=Vis: FALSE\n"
			      "=Ord: 01\n"
			      "=Unknown.x_Y: whatever\n"
			      "+Ins:\n"
			      "  bash \n"
			      "\n"
			      "# not a name\n"
			      "-strange\n"
			      "mta (postfix, sendmail)\t\n"
			      "-Del:\n"
			      "-ins:\n"
			      "+Ins.de:\nkde3-i18n-de\n-Ins.de:\n"
			      "+Ins.default:\nkde3-i18n-en\n-Ins.default:\n"
			      "+Del:\nvim\n-Del:\n";

static void check_minimal(const struct selection *s)
{
	assert_string_equal(s->version, "3.0");
	assert_string_equal(s->name, "Minimal + X11");
	assert_string_equal(s->summary, "Minimum system");
	assert_string_equal(s->category, "baseconf");
	assert_false(s->visible);
	assert_names(&s->conflicts, "default|Standard");
	assert_names(&s->requires, "");
	assert_int_equal(s->install_count, 3);
	assert_string_equal(s->install[0].locale, "");
	assert_names(&s->install[0].names, "bash|-strange|mta (postfix, sendmail)|-Del:");
	assert_string_equal(s->install[1].locale, "de");
	assert_names(&s->install[1].names, "kde3-i18n-de");
	assert_string_equal(s->install[2].locale, "default");
	assert_int_equal(s->remove_count, 1);
	assert_names(&s->remove[0].names, "vim");
}

static void test_version_3(void **state)
{
	struct selection *s = parse(TEXT(minimal));

	check_minimal(s);
	selection_free(s);
}

static void test_same_with_bom_and_crlf(void **state)
{
	struct strbuf b = STRBUF_INIT;
	struct selection *s;

	assert_int_equal(strbuf_adds(&b, "\xef\xbb\xbf"), 0);
	for (const char *p = minimal; *p; p++)
		assert_int_equal(strbuf_add(&b, *p == '\n' ? "\r\n" : p, *p == '\n' ? 2 : 1), 0);
	s = parse(b.data, b.len);
	check_minimal(s);
	selection_free(s);
	/* no newline at the end */
	s = parse(b.data, b.len - 2);
	check_minimal(s);
	selection_free(s);
	strbuf_release(&b);
}

static void test_version_4_names(void **state)
{
	static const struct {
		const char *sel, *name;
	} cases[] = {
		{ "Mobile", "Mobile" },
		{ "Mobile i586", "Mobile" },
		{ "Mobile 10.0 109", "Mobile" },
		{ "Mobile\t10.0 109  i586", "Mobile" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct strbuf b = STRBUF_INIT;
		struct selection *s;

		assert_int_equal(
			strbuf_addf(&b, "=Ver: 4.0\n=Sel:  %s\n+Rec:\nX11\n-Rec:\n", cases[i].sel),
			0);
		s = parse(b.data, b.len);
		assert_string_equal(s->name, cases[i].name);
		assert_names(&s->recommends, "X11");
		selection_free(s);
		strbuf_release(&b);
	}
	refuse(TEXT("=Ver: 4.0\n=Sel: a b c d e\n"), -ERR_FORMAT, "line 2: '=Sel:' has 5 words");
}

static void test_sel_errors(void **state)
{
	refuse(TEXT("=Sel: x\n"), -ERR_FORMAT, "line 1: the first tag is not '=Ver:'");
	refuse(TEXT("#c\n+Ins:\na\n-Ins:\n=Ver: 3.0\n"), -ERR_FORMAT,
	       "line 2: the first tag is not");
	refuse(TEXT("=Ver: 3.0\n=Sum: a\n=Sum.de: b\n=sum: c\n"), -ERR_FORMAT,
	       "line 4: 'sum' is repeated (first in line 2)");
	refuse(TEXT("=Ver: 3.0\n+Ins.de:\n-Ins.de:\n+Ins.DE:\n-Ins.DE:\n"), -ERR_FORMAT,
	       "line 4: 'Ins.DE' is repeated (first in line 2)");
	refuse(TEXT("=Ver: 3.0\n\n+Ins:\na\n-Ins.de:\n"), -ERR_FORMAT,
	       "line 3: '+Ins:' has no end '-Ins:'");
	refuse(TEXT("=Ver: 3.0\nbash\n"), -ERR_FORMAT, "line 2: neither");
	refuse(TEXT("=Ver: 3.0\n-Ins:\n"), -ERR_FORMAT, "line 2: '-Ins:' ends nothing");
	refuse(TEXT("=Ver: 3.0\n+Ins: bash\n-Ins:\n"), -ERR_FORMAT, "line 2: text behind '+Ins:'");
	refuse(TEXT("=Ver: 3.0\n=Ins: bash\n"), -ERR_FORMAT, "line 2: a list is written '+Ins:'");
	refuse(TEXT("=Ver: 3.0\n+Sel:\nx\n-Sel:\n"), -ERR_FORMAT,
	       "line 2: one value is written '=Sel:");
	refuse(TEXT("=Ver: 3.0\n=Vis: maybe\n"), -ERR_FORMAT, "line 2: '=Vis:' is true or false");
	refuse(TEXT("=Ver: 3.0\n=Sel:\n"), -ERR_FORMAT, "line 2: empty name");
	refuse(TEXT("=Ver: 3.0\n+Ins:\na b\n-Ins:\n"), -ERR_FORMAT,
	       "line 3: blank in the name 'a b'");
	refuse(TEXT("=Ver: 3.0\n+Ins:\na\x1b[31m\n-Ins:\n"), -ERR_FORMAT,
	       "line 3: control byte 0x1b");
	refuse(TEXT("=Ver: 3.0\n+Ins:\na (b\n-Ins:\n"), -ERR_FORMAT,
	       "line 3: alternatives are written");
	refuse(TEXT("=Ver: 3.0\n+Ins:\na (b,)\n-Ins:\n"), -ERR_FORMAT, "line 3: empty name");
	refuse(TEXT("=Ver: 3.0\n+Ins:\n(b)\n-Ins:\n"), -ERR_FORMAT, "line 3: empty name");
	refuse(TEXT("=Ver: 3.0\n+Ins:\na (b c)\n-Ins:\n"), -ERR_FORMAT,
	       "line 3: blank in the name 'b c'");
	refuse(TEXT("=Ver: 3.0\n+Ins:\na (b) c\n-Ins:\n"), -ERR_FORMAT, "line 3: alternatives");
}

static void test_unsupported_versions(void **state)
{
	refuse(TEXT("=Ver: 2.0\n=Pkg: a 1 1 i586\n"), -ERR_UNSUPPORTED,
	       "line 1: '=Ver: 2.0' is not known; 2.1, 3.0, 4.0 and 5.0 are read");
	refuse(TEXT("=Ver: \x1b]0;x\x07\n"), -ERR_UNSUPPORTED, "'=Ver: ?]0;x?' is not known");
	refuse(TEXT("# c\n\nVersion: 1.0\n"), -ERR_UNSUPPORTED,
	       "line 3: 'Version: 1.0' is not known");
	refuse(TEXT("<?xml version=\"1.0\"?>\n<svg/>\n"), -ERR_UNSUPPORTED,
	       "line 2: <svg> is no list of packages");
	refuse(TEXT("\x1f\x8b\x08\0\0"), -ERR_FORMAT, "is compressed; unpack it first");
}

static void test_plain_list(void **state)
{
	struct selection *s = parse(TEXT("# the talk's list\n"
					 "bash # the shell\n"
					 "\taaa_base-9.0-6.i586.rpm\n"
					 "suse/i586/devs-9.0-4.i586.rpm\n"
					 "mta (postfix, sendmail)\n"
					 "a#b\n"
					 "perl(POSIX)\n"
					 "-vim\n"
					 "-gone-1.0-1.noarch.rpm\n"
					 "@Minimal+X11"));

	assert_null(s->version);
	assert_null(s->name);
	assert_int_equal(s->install_count, 1);
	assert_names(&s->install[0].names, "bash|aaa_base-9.0-6.i586|devs-9.0-4.i586|"
					   "mta (postfix, sendmail)|a#b|perl(POSIX)");
	assert_names(&s->remove[0].names, "vim|gone-1.0-1.noarch");
	assert_names(&s->references, "Minimal+X11");
	selection_free(s);
}

static void test_list_errors(void **state)
{
	refuse(TEXT(""), -ERR_FORMAT, "no package is named");
	refuse(TEXT("# nothing\n\n"), -ERR_FORMAT, "no package is named");
	refuse(TEXT("a\nb c\n"), -ERR_FORMAT, "line 2: blank in the name 'b c'");
	refuse(TEXT("a\n-\n"), -ERR_FORMAT, "line 2: empty name");
	refuse(TEXT("a\n@\n"), -ERR_FORMAT, "line 2: empty name");
	refuse(TEXT("a\n\nx\0y\n"), -ERR_FORMAT, "line 3: NUL byte");
	refuse(TEXT("a\n=Ver: 3.0\n"), -ERR_FORMAT, "line 2: '=Ver: 3.0' belongs into a selection");
	refuse(TEXT("bash.rpm\n"), -ERR_FORMAT,
	       "line 1: 'bash.rpm' is not name-version-release.arch.rpm");
	refuse(TEXT("bash-1-2.src.rpm\n"), -ERR_FORMAT,
	       "line 1: 'bash-1-2.src.rpm' is a source package");
	refuse(TEXT("a-1.i586.rpm\n"), -ERR_FORMAT, "is not name-version-release");
	refuse(TEXT("\xff\xfe"
		    "a\0"),
	       -ERR_FORMAT, "line 1: NUL byte");
	refuse(TEXT("a\n\x07\n"), -ERR_FORMAT, "line 2: control byte 0x07");
}

static void test_limits(void **state)
{
	size_t size = (16u << 20) + 1;
	char *data = malloc(size);
	struct strbuf b = STRBUF_INIT;

	assert_non_null(data);
	memset(data, 'a', size);
	refuse(data, size, -ERR_LIMIT, "larger than 16 MiB");
	refuse(data, size - 1, -ERR_LIMIT, "line 1: name of 16777216 bytes (at most 1024)");
	free(data);

	assert_int_equal(strbuf_adds(&b, "=Ver: 3.0\n"), 0);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(strbuf_addf(&b, "=Sum.l%d: x\n", i), 0);
	refuse(b.data, b.len, -ERR_LIMIT, "more than 4096 tags");
	strbuf_release(&b);

	assert_int_equal(strbuf_adds(&b, "=Ver: 3.0\n+Req:\n"), 0);
	for (int i = 0; i < 1001; i++)
		assert_int_equal(strbuf_addf(&b, "s%d\n", i), 0);
	refuse(b.data, b.len, -ERR_LIMIT, "line 1003: more than 1000 selections");
	strbuf_release(&b);
}

static void test_read_file(void **state)
{
	char folder[] = "/tmp/mkroot-test-XXXXXX", *path = NULL;
	struct error err = ERROR_INIT;
	struct selection *s;
	FILE *f;

	assert_non_null(mkdtemp(folder));
	assert_true(asprintf(&path, "%s/a.sel", folder) > 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(minimal, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(selection_read(path, &s, &err), 0);
	check_minimal(s);
	selection_free(s);
	assert_int_equal(selection_read(folder, &s, &err), -EISDIR);
	assert_string_equal(err.what, "is a folder, not a selection");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(selection_read(path, &s, &err), -ENOENT);
	assert_string_equal(err.subject, path);
	assert_int_equal(rmdir(folder), 0);
	error_release(&err);
	free(path);
}

/* The list of the talk has 94 packages. */
static void test_shipped_selection(void **state)
{
	struct error err = ERROR_INIT;
	struct selection *s;

	if (access("selections/suse9-uml.sel", R_OK)) {
		print_message("skipped: selections/suse9-uml.sel is not in the working folder\n");
		skip();
	}
	if (selection_read("selections/suse9-uml.sel", &s, &err))
		fail_msg("%s", err.what);
	assert_int_equal(s->install_count, 1);
	assert_int_equal(s->install[0].names.count, 94);
	assert_int_equal(s->remove_count, 0);
	selection_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_3),
		cmocka_unit_test(test_same_with_bom_and_crlf),
		cmocka_unit_test(test_version_4_names),
		cmocka_unit_test(test_sel_errors),
		cmocka_unit_test(test_unsupported_versions),
		cmocka_unit_test(test_plain_list),
		cmocka_unit_test(test_list_errors),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_read_file),
		cmocka_unit_test(test_shipped_selection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
