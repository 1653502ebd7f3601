/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the tree share: two packages, and entries of theirs. */
#ifndef TESTS_UNIT_IMAGE_TREE_SUPPORT_H
#define TESTS_UNIT_IMAGE_TREE_SUPPORT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "image/tree.h"

static struct tree *t;
static uint32_t a, b; /* owners */
static struct error err;

static const uint8_t digest1[4] = { 1, 1, 1, 1 };
static __attribute__((unused)) const uint8_t digest2[4] = { 2, 2, 2, 2 };

static inline void start(const struct tree_options *options)
{
	t = tree_new(options);
	assert_non_null(t);
	assert_int_equal(tree_add_owner(t, "alpha-1-1.x86_64", &a, &err), 0);
	assert_int_equal(tree_add_owner(t, "beta-1-1.x86_64", &b, &err), 0);
	assert_int_not_equal(a, b);
}

static inline int setup(void **state)
{
	start(&(struct tree_options){ .now = 1000 });
	return 0;
}

static inline int setup_colour(void **state)
{
	start(&(struct tree_options){ .now = 1000, .preferred_colour = 2 });
	return 0;
}

static inline int setup_replace(void **state)
{
	start(&(struct tree_options){ .now = 1000, .replace_files = true });
	return 0;
}

static inline int teardown(void **state)
{
	tree_free(t);
	error_release(&err);
	return 0;
}

static inline struct tree_entry file(uint32_t owner, const char *path, const uint8_t *digest)
{
	return (struct tree_entry){ .path = path, .mode = S_IFREG | 0644, .mtime = 5,
				    .size = 10, .digest = digest, .digest_size = 4,
				    .digest_algo = 8, .owner = owner };
}

static inline struct tree_entry folder(uint32_t owner, const char *path)
{
	return (struct tree_entry){ .path = path, .mode = S_IFDIR | 0755, .owner = owner };
}

static inline struct tree_entry slink(uint32_t owner, const char *path, const char *target)
{
	return (struct tree_entry){ .path = path, .mode = S_IFLNK | 0777, .target = target,
				    .owner = owner };
}

static inline struct tree_result add(struct tree_entry e)
{
	struct tree_result result;
	int rc = tree_add(t, &e, &result, &err);

	if (rc)
		fail_msg("%s: %s", e.path, err.what);
	return result;
}

static inline void refuse(struct tree_entry e, int code, const char *text)
{
	struct tree_result result;

	assert_int_equal(tree_add(t, &e, &result, &err), code);
	assert_int_equal(err.code, code);
	assert_non_null(err.what);
	if (!strstr(err.what, text))
		fail_msg("'%s' is not in '%s'", text, err.what);
	if (code == -ERR_CONFLICT)
		assert_string_equal(err.subject, e.path);
}

static inline void declare(struct tree_entry e)
{
	assert_int_equal(tree_declare_link(t, &e, &err), 0);
}

static inline int count(void *arg, const char *name, size_t len, struct tree_node *child)
{
	(*(int *)arg)++;
	return 0;
}

static inline int names_of(const char *path)
{
	struct tree_node *dir = tree_lookup(t, path);
	int n = 0;

	assert_non_null(dir);
	assert_int_equal(tree_each(dir, count, &n), 0);
	return n;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
