/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The n-th allocation fails, for every n: reading a selection, a profile and a
 * command line must each say so and lose nothing.
 */
#include "tests/unit/nomem.h"

#include "fixups/fixup.h"
#include "mkroot/profile.h"
#include "pkg/bdb.h"
#include "selections/selection.h"

const struct fixup fixup_table[] = {
	{ "swap", "makes a swap file", NULL, NULL },
	{ "fstab", "writes /etc/fstab", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};

const struct fixup *fixup_find(const char *name)
{
	return strcmp(name, "swap") ? NULL : fixup_table;
}

static const char sel[] =
	"=Ver: 4.0\n=Sel: A 1\n=Sum: x\n=Cat: base\n+Req:\nB\n-Req:\n+Ins:\na (b)\nc\n"
	"-Ins:\n+Ins.de:\nd\n-Ins.de:\n+Del:\nx\n-Del:\n";
static const char list[] = "b\n-c\nq-1-2.i586.rpm\n";

static int load(void *arg, const char *name, struct selection **out, struct error *err)
{
	return selection_parse(list, sizeof(list) - 1, name, out, err);
}

static bool has_package(void *arg, const char *name)
{
	return strcmp(name, "a") != 0;
}

static int job_selection(struct error *err)
{
	char *items[] = { (char *)"de" };
	struct strlist locales = { items, 1, 1 };
	struct selection_query query = { &locales, has_package, load, NULL, true, true };
	struct selection_result result;
	struct selection *s;
	int rc = selection_parse(sel, sizeof(sel) - 1, "a.sel", &s, err);

	if (rc)
		return rc;
	rc = selection_resolve(s, &query, &result, err);
	if (!rc)
		selection_result_release(&result);
	selection_free(s);
	return rc;
}

static const char pat[] =
	"=Ver: 5.0\n=Pat: p\n+Rec:\nq\n-Rec:\n+Prq:\nx\n-Prq:\n+Prc:\ny\n-Prc:\n"
	"=Pat: q\n+Prq:\nz (a, b)\n-Prq:\n";
static const char comps[] =
	"<comps><group><id>g</id><name>G</name><packagelist><packagereq>x</packagereq>"
	"<packagereq type='conditional' requires='x'>y</packagereq></packagelist></group>"
	"<environment><id>e</id><grouplist><groupid>g</groupid><groupid>h</groupid></grouplist>"
	"</environment></comps>";

static int read_file(void *arg, const char *path, struct selection **out, struct error *err)
{
	bool first = !strcmp(path, "/m/a.pat");

	return selection_parse(first ? pat : comps, first ? sizeof(pat) - 1 : sizeof(comps) - 1,
			       path, out, err);
}

/* By names that stand inside of files. */
static int job_library(struct error *err)
{
	static const char *const names[] = { "p", "^e", "b.xml#g", "pattern:x" };
	char *items[] = { (char *)"/m/a.pat", (char *)"/m/b.xml" };
	struct strlist files = { items, 2, 2 };
	struct selection_library library = { &files, read_file, NULL };
	struct selection_query query = { NULL, NULL, selection_load, &library, true, true };
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(names) / sizeof(names[0]); i++) {
		struct selection_result result;
		struct selection *s;

		rc = selection_open(&library, names[i], &s, err);
		if (rc)
			break;
		rc = selection_resolve(s, &query, &result, err);
		if (!rc)
			selection_result_release(&result);
		selection_free(s);
	}
	return rc;
}

static const char conf[] = "[system]\narch = i586\narches = i586 i386 noarch\nhostname = h\n"
			   "[fixups]\napply = all swap\n[media]\nlocation = a\nkeyring = /b\n"
			   "[packages]\nselection = x\n";

static int job_profile(struct error *err)
{
	char *media[] = { (char *)"m" };
	const struct options o = {
		.free_bytes = OPTIONS_BYTES_UNSET,
		.swap = 0,
		.arch = "i386",
		.filesystem = "ext4",
		.hostname = "z",
		.media = { media, 1, 1 },
	};
	struct profile p;
	int rc = profile_init(&p, err);

	if (!rc)
		rc = profile_parse(&p, conf, "x/y.conf", err);
	if (!rc)
		rc = profile_settle(&p, &o, err);
	profile_release(&p);
	return rc;
}

static int job_options(struct error *err)
{
	char *argv[] = { (char *)"mkroot", (char *)"demo", (char *)"x.sel", (char *)"-o",
			 (char *)"i",	   (char *)"-m",   (char *)"d",	    NULL };
	struct options o;
	int rc = options_parse(&o, 7, argv, err);

	options_release(&o);
	return rc;
}

static int count_record(void *arg, uint32_t key, const void *value, size_t size, struct error *err)
{
	*(unsigned int *)arg += size > 0;
	return 0;
}

static int make_and_read_bdb(bool big_endian, struct error *err)
{
	static const uint32_t sizes[] = { 4, 3000, 9000, 100 };
	static const char bytes[9000] = "value";
	struct bdb_writer w = BDB_WRITER_INIT;
	unsigned int count = 0;
	uint8_t *data = NULL;
	size_t size = 0;
	int rc = bdb_begin(&w, sizes, 4, big_endian, err);

	for (uint32_t i = 0; !rc && i < 4; i++)
		bdb_put(&w, i, bytes);
	if (!rc) {
		bdb_finish(&w, (const uint8_t *)bytes, &data, &size);
		rc = bdb_each(data, size, "x", count_record, &count, err);
	}
	if (!rc)
		assert_int_equal(count, 4);
	bdb_release(&w);
	free(data);
	return rc;
}

static int job_bdb(struct error *err)
{
	int rc = make_and_read_bdb(false, err);

	return rc ? rc : make_and_read_bdb(true, err);
}

/* A profile that is not there: -ERR_NOT_FOUND, unless memory fails. */
static int job_missing_profile(struct error *err)
{
	struct datadir data = { NULL, NULL };
	struct profile p;
	int rc = datadir_find(&data, err);

	if (rc) {
		datadir_release(&data);
		return rc;
	}
	rc = profile_init(&p, err);
	if (!rc)
		rc = profile_load(&p, "no-such-profile", &data, err);
	profile_release(&p);
	datadir_release(&data);
	return rc == -ERR_NOT_FOUND ? 0 : rc;
}

static void test_selection(void **state)
{
	nomem_each(job_selection);
}

static void test_library(void **state)
{
	nomem_each(job_library);
}

static void test_profile(void **state)
{
	nomem_each(job_profile);
}

static void test_options(void **state)
{
	nomem_each(job_options);
}

static void test_missing_profile(void **state)
{
	nomem_each(job_missing_profile);
}

static void test_bdb(void **state)
{
	nomem_each(job_bdb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_library),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_missing_profile),
		cmocka_unit_test(test_bdb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
