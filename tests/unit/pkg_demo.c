/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The demo media, when they are built: tree and folder of the same packages agree. */
#include "pkg_fixture.h"

#include <rpm/rpmts.h>

#include "pkg/order.h"
#include "pkg/solve.h"

static const char *const arches[] = { "x86_64", "i686", "i586", "i486", "i386", NULL };
static struct strlist names = STRLIST_INIT;
static char *media;

/* Names between "+Ins:" and "-Ins:". */
static int read_names(const char *path)
{
	char line[256];
	bool inside = false;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "-Ins:"))
			inside = false;
		if (inside && *line && strlist_add(&names, line))
			break;
		if (!strcmp(line, "+Ins:"))
			inside = true;
	}
	fclose(f);
	return names.count ? 0 : -1;
}

static int demo_setup(void **state)
{
	const char *given = getenv("MKROOT_DEMO_MEDIA");
	char *selection = NULL;
	int rc;

	media = strdup(given ? given : "build/media/demo");
	if (!media || asprintf(&selection, "%s/suse/setup/descr/Minimal.sel", media) < 0)
		return -1;
	/* Without names every test says that it is skipped. */
	rc = read_names(selection);
	free(selection);
	return rc && given ? -1 : pkg_init(NULL);
}

static int demo_teardown(void **state)
{
	strlist_release(&names);
	free(media);
	return 0;
}

static void need_media(void)
{
	if (!names.count) {
		print_message("skipped: no demo media in %s (make media)\n", media);
		skip();
	}
}

static void solve(const char *folder, struct solve_result *result)
{
	struct solve_request request = { .names = &names };
	struct error err = ERROR_INIT;
	struct resolver *r;
	char *path;

	assert_true(asprintf(&path, "%s%s", media, folder) > 0);
	assert_int_equal(resolver_new(&r, arches, &err), 0);
	if (resolver_add_media(r, path, &err) || resolver_run(r, &request, result, &err))
		fail_msg("%s: %s: %s", path, err.subject ? err.subject : "", err.what);
	resolver_free(r);
	free(path);
}

static void read_headers(struct package_list *l)
{
	rpmts ts = rpmtsCreate();

	rpmtsSetVSFlags(ts, RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES);
	for (size_t i = 0; i < l->count; i++) {
		FD_t fd = Fopen(l->items[i]->path, "r.ufdio");

		assert_non_null(fd);
		assert_int_equal(rpmReadPackageFile(ts, fd, NULL, &l->items[i]->header), RPMRC_OK);
		Fclose(fd);
	}
	rpmtsFree(ts);
}

static void test_tree_is_folder(void **state)
{
	struct solve_result tree, folder;

	need_media();
	solve("", &tree);
	solve("/suse", &folder);
	assert_true(tree.packages.count >= names.count - tree.unknown.count);
	assert_int_equal(tree.packages.count, folder.packages.count);
	assert_int_equal(tree.unknown.count, folder.unknown.count);
	for (size_t i = 0; i < tree.packages.count; i++) {
		const struct package *p = tree.packages.items[i], *q = folder.packages.items[i];

		assert_string_equal(p->nevra, q->nevra);
		assert_string_equal(p->path, q->path);
		assert_int_equal(p->size, q->size);
		assert_int_equal(p->requested, q->requested);
		assert_non_null(p->checksum);
		assert_null(q->checksum);
	}
	solve_result_release(&tree);
	solve_result_release(&folder);
}

/* Upside down in, the same order out. */
static void test_order(void **state)
{
	struct solve_result one, two;
	size_t n;

	need_media();
	solve("", &one);
	solve("", &two);
	n = one.packages.count;
	read_headers(&one.packages);
	read_headers(&two.packages);
	for (size_t i = 0; i < n / 2; i++) {
		struct package *p = two.packages.items[i];

		two.packages.items[i] = two.packages.items[n - 1 - i];
		two.packages.items[n - 1 - i] = p;
	}
	assert_int_equal(package_list_order(&one.packages, NULL), 0);
	assert_int_equal(package_list_order(&two.packages, NULL), 0);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(one.packages.items[i]->nevra, two.packages.items[i]->nevra);
	solve_result_release(&one);
	solve_result_release(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_is_folder),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, demo_setup, demo_teardown);
}
