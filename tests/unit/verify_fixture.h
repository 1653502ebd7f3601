/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of package_verify(): a small package in a private folder. */
#ifndef TESTS_UNIT_VERIFY_FIXTURE_H
#define TESTS_UNIT_VERIFY_FIXTURE_H

#include "pkg/verify.h"
#include "tests/unit/rpmfile.h"

static const struct rpmfile_entry verify_entries[] = {
	{ .path = "/etc/motd", .mode = 0100644, .content = "hello\n", .flags = 1 },
	{ .path = "/usr/bin/a", .mode = 0100755, .content = "#!/bin/sh\n", .inode = 7 },
	{ .path = "/usr/bin/b", .mode = 0100755, .content = "#!/bin/sh\n", .inode = 7 },
	{ .path = "/usr/lib/l", .mode = 0120777, .target = "../bin/a" },
	{ .path = "/var/log/g", .mode = 0100600, .flags = 64 },
};

#define ENTRIES .entries = verify_entries, \
		.count = sizeof(verify_entries) / sizeof(verify_entries[0])

static char *dir, *file;

JUDGE_FN int setup(void **state)
{
	struct error err = ERROR_INIT;

	dir = judge_make_dir();
	if (asprintf(&file, "%s/p-1-1.noarch.rpm", dir) < 0)
		return -1;
	return pkg_init(&err);
}

JUDGE_FN int teardown(void **state)
{
	judge_remove_dir(dir);
	free(file);
	return 0;
}

/* Verify `file`, without v by digests alone, old ones too; the code and, when refused, the text. */
JUDGE_FN int verify(struct verifier *v, struct package *p, char **text)
{
	struct error err = ERROR_INIT;
	struct verifier *own = NULL;
	int rc;

	if (!v) {
		assert_int_equal(verifier_new(&own, &err), 0);
		assert_int_equal(verifier_allow_digest(own, "md5", &err), 0);
		v = own;
	}
	if (!p->path)
		p->path = strdup(file);
	rc = package_verify(v, p, &err);
	if (text)
		*text = rc ? error_text(&err) : NULL;
	assert_int_equal(rc, err.code);
	error_release(&err);
	verifier_free(own);
	return rc;
}

JUDGE_FN void expect_refused(int code, const char *part)
{
	struct package *p = package_new();
	char *text = NULL;

	assert_int_equal(verify(NULL, p, &text), code);
	assert_null(p->header);
	judge_contains(text, part);
	free(text);
	package_free(p);
}

JUDGE_FN void expect_file_refused(const struct rpmfile *t, int code, const char *part)
{
	rpmfile_write(file, t);
	expect_refused(code, part);
}

/* Paths of the demo media's packages, one a line; false when it is not built. */
JUDGE_FN bool demo_packages(struct strbuf *list, const char **media)
{
	*media = getenv("MKROOT_DEMO_MEDIA");
	if (!*media)
		*media = "build/media/demo";
	judge_run(list, "find '%s' -name '*.rpm' 2>/dev/null | sort", *media);
	if (list->len)
		return true;
	print_message("skipped: no demo media in '%s' (make media)\n", *media);
	strbuf_release(list);
	return false;
}

#endif
