/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every allocation of planning and writing an image fails once: each time a
 * controlled -ENOMEM, nothing leaks and nothing is used that is not there.
 * What libext2fs asks for itself is left alone: its bitmaps call abort(), and
 * it forgets a piece when a channel cannot be opened.
 */
#include "image/label.h"
#include "tests/unit/image_support.h"

#include <dlfcn.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define CAN_FAIL 0
#else
#define CAN_FAIL 1
#endif

static long countdown = -1; /* allocations until one fails; -1: none does */
static bool counting;

static size_t live; /* pieces of ours that were not freed, while counting */

#if CAN_FAIL
#define PIECES_MAX 4096
static void *pieces[PIECES_MAX];

/* The C library's own, under the names that it keeps for such wrappers. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

static bool of_library(const void *caller)
{
	Dl_info from;

	return dladdr(caller, &from) && strstr(from.dli_fname, "libext2fs");
}

static bool fails(const void *caller)
{
	if (countdown < 0 || of_library(caller))
		return false;
	if (countdown-- > 0)
		return false;
	errno = ENOMEM;
	return true;
}

static void forget(const void *p)
{
	for (size_t i = 0; i < live && counting; i++)
		if (pieces[i] == p)
			pieces[i] = pieces[--live];
}

static void *remember(void *p, const void *caller)
{
	if (counting && p && !of_library(caller) && live < PIECES_MAX)
		pieces[live++] = p;
	return p;
}

void *malloc(size_t n)
{
	const void *caller = __builtin_return_address(0);

	return fails(caller) ? NULL : remember(__libc_malloc(n), caller);
}

void *calloc(size_t n, size_t size)
{
	const void *caller = __builtin_return_address(0);

	return fails(caller) ? NULL : remember(__libc_calloc(n, size), caller);
}

void *realloc(void *old, size_t n)
{
	const void *caller = __builtin_return_address(0);
	uintptr_t was = (uintptr_t)old;
	void *p;

	if (fails(caller))
		return NULL;
	p = __libc_realloc(old, n);
	if (p)
		forget((void *)was);
	return remember(p, caller);
}

void free(void *p)
{
	forget(p);
	__libc_free(p);
}
#endif

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

static int plan_and_write(const char *filesystem, int fd, struct error *err)
{
	struct layout_options o = options_for(filesystem, 1024);
	struct tree *t = tree_new(&(struct tree_options){ .now = NOW });
	struct image *image = NULL;
	struct layout *l = NULL;
	int rc = t ? fill_tree(t, err) : error_nomem(err);

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
	return rc;
}

static void check_every_allocation(const char *filesystem)
{
	struct error err = ERROR_INIT;
	long n = 0;
	int rc, fd;

	do {
		fd = memfd_create("image", MFD_CLOEXEC);
		assert_true(fd >= 0);
		live = 0;
		counting = true;
		countdown = n;
		rc = plan_and_write(filesystem, fd, &err);
		countdown = -1;
		error_release(&err);
		counting = false;
		close(fd);
		if (rc && rc != -ENOMEM)
			fail_msg("%s: allocation %ld: result %d", filesystem, n, rc);
		if (live)
			fail_msg("%s: allocation %ld: %zu pieces leak", filesystem, n, live);
		n++;
	} while (rc);
	print_message("%s: %ld allocations\n", filesystem, n - 1);
	assert_true(n > 30);
}

static void every_allocation_may_fail(void **state)
{
	if (!CAN_FAIL) {
		print_message("skipped: the address sanitizer owns the allocator\n");
		skip();
	}
	check_every_allocation("ext2");
	check_every_allocation("ext4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
