/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every allocation of planning and writing an image fails once: each time a
 * controlled -ENOMEM, nothing leaks and nothing is used that is not there.
 * What libext2fs asks for itself is left alone: its bitmaps call abort(), and
 * it forgets a piece when a channel cannot be opened.
 */
#define NOMEM_SPARED "libext2fs",
#include "image/label.h"
#include "tests/unit/image_support.h"
#include "tests/unit/nomem.h"

#include <sys/mman.h>

static int fill_tree(struct tree *t, struct error *err)
{
	static const struct tree_xattr x = { "user.x", "value", 5 };
	const struct tree_entry entries[] = {
		{ .path = "/lib/one", .mode = S_IFREG | 0644, .size = 100000, .xattrs = &x,
		  .xattr_count = 1 },
		{ .path = "/lib", .mode = S_IFLNK | 0777, .target = "usr/lib" },
		{ .path = "/a", .mode = S_IFREG | 0644, .size = 5, .link_set = 1 },
		{ .path = "/b", .mode = S_IFREG | 0644, .size = 5, .link_set = 1 },
		{ .path = "/dev/null", .mode = S_IFCHR | 0644, .rdev_major = 1, .rdev_minor = 3 },
		{ .path = "/long", .mode = S_IFLNK | 0777,
		  .target = "0123456789012345678901234567890123456789012345678901234567890123" },
		{ .path = "/b", .mode = S_IFREG | 0600, .size = 6, .flags = TREE_SOURCE },
	};
	struct tree_result result;
	uint32_t owner;
	char path[32];
	int rc = tree_add_owner(t, "test-1-1.noarch", &owner, err);

	if (!rc)
		rc = tree_declare_link(t, &entries[1], err);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]) && !rc; i++)
		rc = tree_add(t, &entries[i], &result, err);
	for (int i = 0; i < 300 && !rc; i++) {
		snprintf(path, sizeof(path), "/d%d/f%d", i % 10, i);
		rc = tree_add(t, &(struct tree_entry){ .path = path, .mode = S_IFREG, .size = 9 },
			      &result, err);
	}
	return rc ? rc : tree_finish(t, err);
}

static int label_some(struct image *image, struct error *err)
{
	static const char *const paths[] = { "/", "/a", "/b", "/long", "/usr/lib/one", "/d1/f1" };
	struct labeller l;
	bool fresh;
	int rc = labeller_init(&l, image, "security.x", err);

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !rc; i++)
		rc = labeller_put(&l, paths[i], "label", 6, &fresh, err);
	if (!rc)
		rc = labeller_finish(&l, err);
	labeller_release(&l);
	return rc;
}

static int plan_and_write(const char *filesystem, struct error *err)
{
	struct layout_options o = options_for(filesystem, 1024);
	struct tree *t = tree_new(&(struct tree_options){ .now = NOW });
	struct image *image = NULL;
	struct layout *l = NULL;
	int fd = memfd_create("image", MFD_CLOEXEC), rc = t ? fill_tree(t, err) : error_nomem(err);

	assert_true(fd >= 0);
	if (!rc)
		rc = layout_new(&l, t, &o, err);
	if (!rc)
		rc = layout_write(l, fd, &image, err);
	if (!rc)
		rc = label_some(image, err);
	if (!rc)
		rc = image_close(image, err);
	else
		image_abandon(image);
	layout_free(l);
	tree_free(t);
	close(fd);
	return rc;
}

static int job_ext2(struct error *err)
{
	return plan_and_write("ext2", err);
}

static int job_ext4(struct error *err)
{
	return plan_and_write("ext4", err);
}

static void test_ext2(void **state)
{
	nomem_each(job_ext2);
}

static void test_ext4(void **state)
{
	nomem_each(job_ext4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ext2),
		cmocka_unit_test(test_ext4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
