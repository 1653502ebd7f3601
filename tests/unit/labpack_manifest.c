/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manifests: what is printed is read again; names that leave a lab; damaged text; comparing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "labpack/manifest.h"
#include "labpack/unpack.h"

static void add(struct manifest *m, enum manifest_type type, const char *path, const char *target)
{
	struct manifest_entry e = { .type = type, .path = (char *)path, .target = (char *)target };

	if (type == MANIFEST_FILE) {
		e.size = 5000;
		e.data = 4096;
		memset(e.digest, (unsigned char)path[0], DIGEST_SIZE);
	}
	assert_int_equal(manifest_add(m, &e, NULL), 0);
}

static void prints_and_parses(void **state)
{
	struct manifest m = MANIFEST_INIT, again = MANIFEST_INIT;
	struct strbuf text = STRBUF_INIT, second = STRBUF_INIT;
	struct error err = ERROR_INIT;

	add(&m, MANIFEST_LINK, "pc1/a link", "100% of\nit");
	add(&m, MANIFEST_FILE, "disks/gr\xc3\xbcn.cow", NULL);
	add(&m, MANIFEST_FOLDER, "disks", NULL);
	assert_int_equal(manifest_sort(&m, &err), 0);
	assert_int_equal(manifest_print(&m, &text, &err), 0);
	assert_string_equal(text.data, "labpack-manifest 1\n"
				       "folder disks\n"
				       "file 5000 4096 64646464646464646464646464646464 disks/gr\xc3\xbcn.cow\n"
				       "link 100%25%20of%0Ait pc1/a%20link\n"
				       "end 3\n");
	assert_int_equal(manifest_parse(&again, text.data, text.len, "M", &err), 0);
	assert_int_equal(manifest_print(&again, &second, &err), 0);
	assert_string_equal(text.data, second.data);
	assert_non_null(manifest_find(&again, "pc1/a link"));
	assert_null(manifest_find(&again, "pc1"));
	manifest_release(&m);
	manifest_release(&again);
	strbuf_release(&text);
	strbuf_release(&second);
}

static void a_name_twice(void **state)
{
	struct manifest m = MANIFEST_INIT;

	add(&m, MANIFEST_FOLDER, "a", NULL);
	add(&m, MANIFEST_FOLDER, "a", NULL);
	assert_int_equal(manifest_sort(&m, NULL), -ERR_CONFLICT);
	manifest_release(&m);
}

static void damaged_text(void **state)
{
	static const char *const texts[] = {
		"", "labpack-manifest 2\nend 0\n", "labpack-manifest 1\n", "labpack-manifest 1",
		"labpack-manifest 1\nend 1\n", "labpack-manifest 1\nend 0\nx", "labpack-manifest 1\nend 0",
		"labpack-manifest 1\nfolder b\nfolder a\nend 2\n",
		"labpack-manifest 1\nfolder a\nfolder a\nend 2\n",
		"labpack-manifest 1\nfolder ../a\nend 1\n", "labpack-manifest 1\nfolder /a\nend 1\n",
		"labpack-manifest 1\nfolder a/./b\nend 1\n", "labpack-manifest 1\nfolder \nend 1\n",
		"labpack-manifest 1\nfolder a b\nend 1\n", "labpack-manifest 1\nfolder a%2\nend 1\n",
		"labpack-manifest 1\nfolder a%00\nend 1\n", "labpack-manifest 1\nlink a\nend 1\n",
		"labpack-manifest 1\ndevice a\nend 1\n",
		"labpack-manifest 1\nfile 1 2 00000000000000000000000000000000 a\nend 1\n",
		"labpack-manifest 1\nfile 1 1 0000000000000000000000000000000 a\nend 1\n",
		"labpack-manifest 1\nfile 99999999999999999999 1 00000000000000000000000000000000 a\nend 1\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct manifest m = MANIFEST_INIT;
		struct error err = ERROR_INIT;

		assert_int_not_equal(manifest_parse(&m, texts[i], strlen(texts[i]), "M", &err), 0);
		assert_non_null(err.what);
		assert_int_equal(m.count, 0);
		error_release(&err);
	}
}

static void names_and_links(void **state)
{
	static const struct {
		const char *path, *target;
		int rc;
	} cases[] = {
		{ "a/b", NULL, 0 },		 { "..", NULL, -ERR_ESCAPE },
		{ "a/../b", NULL, -ERR_ESCAPE }, { "/a", NULL, -ERR_ESCAPE },
		{ "a//b", NULL, -ERR_FORMAT },	 { "", NULL, -ERR_FORMAT },
		{ "a/", NULL, -ERR_FORMAT },	 { "./a", NULL, -ERR_FORMAT },
		{ "..a/b..", NULL, 0 },
		{ "link", "file", 0 },		 { "link", "../file", -ERR_ESCAPE },
		{ "link", "/etc/passwd", -ERR_ESCAPE },
		{ "pc1/link", "/etc/passwd", 0 }, /* the machine's own */
		{ "disks/link", "/dev/sda", -ERR_ESCAPE },
		{ "pc1/etc/link", "../../shared/x", 0 },
		{ "pc1/etc/link", "../../../x", -ERR_ESCAPE },
		{ "pc1/link", "a/../../../x", -ERR_ESCAPE },
		{ "pc1/link", "a/b/../../../x", 0 },
		{ "pc1/link", "", -ERR_FORMAT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int rc = cases[i].target ?
				 member_link_check(cases[i].path, cases[i].target, NULL) :
				 member_path_check(cases[i].path, cases[i].path, NULL);

		if (rc != cases[i].rc)
			fail_msg("%s -> %s: %d", cases[i].path, cases[i].target, rc);
	}
}

static void note(void *arg, const char *path, const char *words)
{
	strbuf_addf(arg, "%s: %s\n", path, words) ? fail() : (void)0;
}

static void compares(void **state)
{
	struct manifest want = MANIFEST_INIT, have = MANIFEST_INIT;
	struct strbuf told = STRBUF_INIT;
	char *top;

	add(&want, MANIFEST_FOLDER, "a", NULL);
	add(&want, MANIFEST_FILE, "a/gone", NULL);
	add(&want, MANIFEST_FILE, "a/other", NULL);
	add(&want, MANIFEST_LINK, "link", "x");
	add(&want, MANIFEST_FILE, "same", NULL);
	add(&have, MANIFEST_FOLDER, "top", NULL);
	add(&have, MANIFEST_FOLDER, "top/a", NULL);
	add(&have, MANIFEST_FILE, "top/a/new", NULL);
	add(&have, MANIFEST_FILE, "top/a/other", NULL);
	add(&have, MANIFEST_LINK, "top/link", "y");
	add(&have, MANIFEST_FILE, "top/same", NULL);
	memset(have.entries[3].digest, 'a', DIGEST_SIZE);
	have.entries[3].digest[15]++;
	memset(have.entries[5].digest, 's', DIGEST_SIZE);
	assert_int_equal(unpack_top(&have, &top, NULL), 0);
	assert_string_equal(top, "top");
	assert_int_equal(manifest_compare(&want, &have, top, note, &told), 4);
	assert_string_equal(told.data, "a/gone: is missing\na/new: is not in the manifest\n"
				       "a/other: differs from what the manifest says\n"
				       "link: is a link to somewhere else than the manifest says\n");
	free(top);
	strbuf_release(&told);
	manifest_release(&want);
	manifest_release(&have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_and_parses), cmocka_unit_test(a_name_twice),
		cmocka_unit_test(damaged_text),	     cmocka_unit_test(names_and_links),
		cmocka_unit_test(compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
