/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every selection file of $MKROOT_REAL_DATA, read; what is in it was counted with awk and grep,
 * for .sel by lines between "+Ins:" and "-Ins:".
 */
#include <glob.h>
#include <stdlib.h>

#include "selections_support.h"

struct expected {
	const char *file, *name, *version;
	enum selection_kind kind;
	size_t parts;     /* 0: the file is one selection */
	size_t plain;     /* packages for every locale, with those of all parts */
	size_t localised; /* packages for some locale */
	size_t others;    /* with alternatives: "a (b)" */
	size_t weak;      /* packages that are recommended or optional */
};

static const struct expected files[] = {
	{ "suse-8.1/descr/Basis-Sound.sel", "Basis-Sound", "3.0", SELECTION_SEL, 0, 12, 0, 0, 0 },
	{ "suse-8.1/descr/Games.sel", "Games", "3.0", SELECTION_SEL, 0, 50, 0, 0, 0 },
	{ "suse-8.1/descr/Minimal+X11.sel", "Minimal+X11", "3.0", SELECTION_SEL, 0, 169, 19, 0, 0 },
	{ "suse-8.1/descr/Minimal.sel", "Minimal", "3.0", SELECTION_SEL, 0, 164, 19, 0, 0 },
	{ "suse-8.1/descr/SuSE-Documentation.sel", "SuSE-Documentation", "3.0", SELECTION_SEL,
	  0, 6, 134, 25, 0 },
	{ "suse-8.1/descr/X11.sel", "X11", "3.0", SELECTION_SEL, 0, 64, 18, 0, 0 },
	{ "suse-8.1/descr/default.sel", "default", "3.0", SELECTION_SEL, 0, 257, 44, 0, 0 },
	{ "suse-8.0-selections/Minimal.sel", "Minimal", "2.1", SELECTION_SEL, 0, 209, 3, 0, 0 },
	{ "suse-8.0-selections/default.sel", "default", "2.1", SELECTION_SEL, 0, 404, 60, 6, 0 },
	{ "selections/Mobile-10.0-109.i586.sel", "Mobile", "4.0", SELECTION_SEL, 0, 38, 0, 0, 0 },
	{ "selections/SuSE-Documentation-10.0-109.noarch.sel", "SuSE-Documentation", "4.0",
	  SELECTION_SEL, 0, 4, 37, 33, 0 },
	{ "selections/base-10-33.i586.pat", "base", "5.0", SELECTION_PATTERN, 0, 0, 0, 0, 553 },
	/* A group and an environment that names it. */
	{ "selections/comps-f19.xml", "3d-printing", NULL, SELECTION_GROUP, 2, 2, 0, 0, 0 },
	{ "selections/comps_00.xml", "test-group", NULL, SELECTION_GROUP, 0, 1, 0, 0, 0 },
	{ "selections/libzypp-testsuite-parser-tests-yum-pattern-1.xml", "foobar", NULL,
	  SELECTION_PATTERN, 0, 1, 0, 0, 0 },
	/* Names of files, one a line: a plain list of that many. */
	{ "selections/selections", NULL, NULL, SELECTION_LIST, 0, 36, 0, 0, 0 },
};

#define FILE_COUNT (sizeof(files) / sizeof(*files))

static void count(const struct selection *s, struct expected *found)
{
	for (size_t i = 0; i < s->install_count; i++) {
		const struct selection_list *l = &s->install[i];

		*(*l->locale ? &found->localised : &found->plain) += l->names.count;
		for (size_t k = 0; k < l->names.count; k++)
			found->others += strchr(l->names.items[k], '(') != NULL;
	}
	found->weak += s->weak_install.count;
}

static void read_one(const char *data, const struct expected *want)
{
	struct expected found = { .file = want->file };
	struct error err = ERROR_INIT;
	struct selection *s, *first;
	char *path;

	assert_true(asprintf(&path, "%s/%s", data, want->file) > 0);
	if (selection_read(path, &s, &err))
		fail_msg("%s: %s", path, err.what);
	first = s->part_count ? s->parts[0] : s;
	count(s, &found);
	for (size_t i = 0; i < s->part_count; i++)
		count(s->parts[i], &found);
	found.parts = s->part_count;
	print_message("%s: %zu packages, %zu for locales, %zu with alternatives, %zu weak; "
		      "%zu parts\n", want->file, found.plain, found.localised, found.others,
		      found.weak, found.parts);
	assert_int_equal(first->kind, want->kind);
	if (want->name)
		assert_string_equal(first->name, want->name);
	if (want->version)
		assert_string_equal(s->version, want->version);
	assert_int_equal(found.parts, want->parts);
	assert_int_equal(found.plain, want->plain);
	assert_int_equal(found.localised, want->localised);
	assert_int_equal(found.others, want->others);
	assert_int_equal(found.weak, want->weak);
	selection_free(s);
	free(path);
}

/* No file of these folders is left out above. */
static size_t files_there(const char *data)
{
	static const char *const patterns[] = { "suse-8.1/descr/*.sel", "suse-8.0-selections/*",
						"selections/*" };
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		glob_t found;
		char *path;

		assert_true(asprintf(&path, "%s/%s", data, patterns[i]) > 0);
		assert_int_equal(glob(path, 0, NULL, &found), 0);
		n += found.gl_pathc;
		globfree(&found);
		free(path);
	}
	return n;
}

static const char *real_data(void)
{
	const char *data = getenv("MKROOT_REAL_DATA");

	if (!data) {
		print_message("skipped: MKROOT_REAL_DATA is not set\n");
		skip();
	}
	return data;
}

static void reads_every_file(void **state)
{
	const char *data = real_data();

	assert_int_equal(files_there(data), FILE_COUNT);
	for (size_t i = 0; i < FILE_COUNT; i++)
		read_one(data, &files[i]);
}

static void reads_what_is_in_them(void **state)
{
	const char *data = real_data();
	struct error err = ERROR_INIT;
	struct selection *s;
	char *path;

	assert_true(asprintf(&path, "%s/selections/Mobile-10.0-109.i586.sel", data) > 0);
	assert_int_equal(selection_read(path, &s, &err), 0);
	assert_names(&s->requires, "X11|Laptop");
	assert_string_equal(s->summary, "Mobile Computing");
	selection_free(s);
	free(path);
	assert_true(asprintf(&path, "%s/suse-8.1/descr/default.sel", data) > 0);
	assert_int_equal(selection_read(path, &s, &err), 0);
	assert_names(&s->recommends, "SuSE-Documentation|Kde-Desktop|Office|X11");
	assert_names(&s->conflicts, "Minimal+X11|Minimal|Alles");
	assert_string_equal(s->category, "baseconf");
	selection_free(s);
	free(path);
	assert_true(asprintf(&path, "%s/selections/comps-f19.xml", data) > 0);
	assert_int_equal(selection_read(path, &s, &err), 0);
	assert_int_equal(s->parts[1]->kind, SELECTION_ENVIRONMENT);
	assert_names(&s->parts[0]->install[0].names, "blender|cura");
	assert_names(&s->parts[1]->requires, "base-x");
	assert_names(&s->parts[1]->weak_requires, "3d-printing");
	selection_free(s);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_file),
		cmocka_unit_test(reads_what_is_in_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
