/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The n-th allocation fails, for every n, while report, bill of materials and lock are written, and while
 * a lock is compared: -ENOMEM, or the same bytes as ever. A lock of something else is never accepted.
 */
#include "tests/unit/nomem.h"
#include "tests/unit/image_support.h"

#include "mkroot/build.h"

static struct build b;
static struct options o;
static char folder[] = "/tmp/mkroot-unit.XXXXXX";
static const char *const names[] = { "report.json", "sbom.json", "lock.json" };
static char first[3][20000];

/* Of an old package: words in Latin-1, a licence that is no SPDX expression, an epoch. */
static void fill_package(struct package *p, const char *name)
{
	const uint32_t epoch = 2;

	p->name = strdup(name);
	p->nevra = strdup("aaa-2:1.0-1.i386");
	p->path = strdup("/media/aaa-1.0-1.i386.rpm");
	p->sha256 = strdup("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	p->header = headerNew();
	headerPutString(p->header, RPMTAG_VERSION, "1.0~a");
	headerPutString(p->header, RPMTAG_RELEASE, "1");
	headerPutString(p->header, RPMTAG_ARCH, "i386");
	headerPutString(p->header, RPMTAG_LICENSE, "distributable, see S\xfc\xdf");
	headerPutString(p->header, RPMTAG_SUMMARY, "Gr\xfc\xdf" "e");
	headerPutString(p->header, RPMTAG_VENDOR, "S\xfc" "d GmbH");
	headerPutUint32(p->header, RPMTAG_EPOCH, &epoch, 1);
}

static int set_up(void **state)
{
	static struct plan_package planned[2];
	static const struct layout_options how = { .filesystem = "ext2", .block_size = 1024,
						   .free_bytes = UINT64_MAX, .now = NOW };
	struct error err = ERROR_INIT;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	o = (struct options){ .report = (char *)names[0], .sbom = (char *)names[1], .lock = (char *)names[2],
			      .locked = (char *)"locked.json", .output = (char *)"rootfs.img" };
	b.options = &o;
	b.now = NOW;
	assert_int_equal(profile_init(&b.profile, &err), 0);
	assert_non_null(b.profile.name = strdup("old"));
	assert_int_equal(profile_parse(&b.profile, "[system]\narch = i386\n", "x/old.conf", &err), 0);
	for (size_t i = 0; i < 2; i++) {
		struct package *p = package_new();

		assert_non_null(p);
		fill_package(p, i ? "b b" : "aaa");
		assert_int_equal(package_list_take(&b.solved.packages, p), 0);
		planned[i].package = p;
	}
	b.plan.packages = planned;
	b.plan.count = 2;
	b.plan.tree = new_tree();
	plant_file(b.plan.tree, "/file", 10);
	finish(b.plan.tree);
	b.layout = lay_out(b.plan.tree, &how);
	assert_int_equal(strlist_add(&b.warnings, "a warning"), 0);
	return 0;
}

static int tear_down(void **state)
{
	/* Where tests were skipped, some are missing. */
	for (size_t i = 0; i < 3; i++)
		unlink(names[i]);
	unlink(o.locked);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0);
	layout_free(b.layout);
	tree_free(b.plan.tree);
	package_list_release(&b.solved.packages);
	profile_release(&b.profile);
	strlist_release(&b.warnings);
	return 0;
}

static void read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, text, size - 1);
	assert_in_range(n, 2, size - 2);
	text[n] = '\0';
	assert_int_equal(close(fd), 0);
}

static int job_write(struct error *err)
{
	static char text[sizeof(first[0])];
	int rc;

	proof_init(&b.proof);
	rc = proof_write(&b, err);
	if (!rc)
		rc = proof_commit(&b, err);
	proof_release(&b.proof);
	for (size_t i = 0; !rc && i < 3; i++) {
		read_text(names[i], text, sizeof(text));
		if (!first[i][0])
			memcpy(first[i], text, sizeof(text));
		assert_string_equal(text, first[i]);
	}
	return rc;
}

static int compare(struct error *err)
{
	int rc;

	proof_init(&b.proof);
	rc = lock_read(&b, err);
	if (!rc)
		rc = lock_compare(&b, err);
	proof_release(&b.proof);
	strlist_release(&b.names);
	return rc;
}

/* Success is that the difference was seen. */
static int compare_other(struct error *err)
{
	int rc = compare(err);

	assert_int_not_equal(rc, 0);
	if (rc != -ERR_CONFLICT)
		return rc;
	error_release(err);
	return 0;
}

static void test_write(void **state)
{
	nomem_each(job_write);
	for (size_t i = 0; i < 3; i++)
		judge_contains(first[i], "1.0");
	judge_contains(first[1], "pkg:rpm/b%20b@1.0~a-1?arch=i386&epoch=2");
	judge_contains(first[1], "Organization: S\xc3\xbc" "d GmbH");
}

static void test_compare(void **state)
{
	struct error err = ERROR_INIT;

	assert_int_equal(job_write(&err), 0);
	assert_int_equal(rename("lock.json", o.locked), 0);
	nomem_each(compare);
	b.profile.no_docs = !b.profile.no_docs;
	nomem_each(compare_other);
	b.profile.no_docs = !b.profile.no_docs;
	b.uuid[3] ^= 1;
	nomem_each(compare_other);
	b.uuid[3] ^= 1;
	assert_int_equal(job_write(&err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
