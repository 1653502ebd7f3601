/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels on many files: shared blocks, wide inodes, other attributes; e2fsck counts. */
#include "tests/unit/edit_bench.h"

#include "image/label.h"

#define NAME "security.selinux"

static bool has_xattrs(const struct bench *b)
{
	return strstr(b->shape->options, "ext_attr") || !strstr(b->shape->options, "none,");
}

static void put(struct labeller *l, const char *path, const char *value, bool expect_fresh)
{
	bool fresh;

	assert_ok(labeller_put(l, path, value, strlen(value) + 1, &fresh, &err));
	assert_int_equal(fresh, expect_fresh);
}

static void check(struct bench *b, const char *path, const char *value)
{
	struct strbuf got = STRBUF_INIT;

	assert_ok(image_get_xattr(b->image, path, NAME, &got, &err));
	assert_int_equal(got.len, strlen(value) + 1);
	assert_string_equal(got.data, value);
	strbuf_release(&got);
}

static const char *long_label(void)
{
	return "system_u:object_r:a_type_with_a_long_name_t:s0-s15:c0.c1023,c1025.c2047,c3000";
}

static void fill(struct bench *b, struct labeller *l)
{
	static const unsigned char cap[20] = { 1, 0, 0, 2, 0, 0x20 };
	const struct tree_xattr xattr = { "security.capability", cap, sizeof(cap) };
	const struct image_attr attr = { .mode = 0755, .xattrs = &xattr, .xattr_count = 1 };
	char path[32];

	assert_ok(image_mkdir(b->image, "/many", NULL, &err));
	for (int i = 0; i < 2100; i++) {
		snprintf(path, sizeof(path), "/many/%d", i);
		assert_ok(image_write_file(b->image, path, "", 0, NULL, &err));
		put(l, path, long_label(), true);
	}
	assert_ok(image_write_file(b->image, "/ping", "ping", 4, &attr, &err));
	assert_ok(image_link(b->image, "/ping", "/pong", &err));
	assert_ok(image_symlink(b->image, "ping", "/short", &err));
	assert_ok(image_mknod(b->image, "/null", S_IFCHR | 0666, 1, 3, NULL, &err));
	put(l, "/", "u:r:root_t:s0", true);
	put(l, "/ping", "u:r:ping_t:s0", true);
	put(l, "/pong", "u:r:other_t:s0", false);
	put(l, "/short", "u:r:link_t:s0", true);
	put(l, "/null", "u:r:link_t:s0", true);
}

static void test_labels(void **state)
{
	struct bench *b = bench_new(*state, "32M");
	struct strbuf got = STRBUF_INIT;
	struct labeller l;
	uint64_t before;
	char path[32];

	if (!has_xattrs(b)) {
		assert_fails(labeller_init(&l, b->image, NAME, &err), -ERR_UNSUPPORTED);
		labeller_release(&l);
		bench_free(b);
		return;
	}
	assert_ok(labeller_init(&l, b->image, NAME, &err));
	fill(b, &l);
	assert_ok(labeller_finish(&l, &err));
	labeller_release(&l);
	bench_reopen(b); /* e2fsck counts the references */
	check(b, "/many/0", long_label());
	check(b, "/many/2099", long_label());
	check(b, "/", "u:r:root_t:s0");
	check(b, "/pong", "u:r:ping_t:s0");
	check(b, "/null", "u:r:link_t:s0");
	assert_ok(image_get_xattr(b->image, "/ping", "security.capability", &got, &err));
	bench_close(b);
	judge_contains(ask(b, "ea_get /short " NAME), "link_t");
	judge_contains(ask(b, "stat /many/7"), "File ACL: ");
	judge_lacks(b->out.data, "File ACL: 0");
	/* What shares a block may go, and gives it back in the end. */
	bench_open(b);
	before = free_blocks(b);
	for (int i = 0; i < 2100; i++) {
		snprintf(path, sizeof(path), "/many/%d", i);
		assert_ok(image_remove(b->image, path, &err));
	}
	assert_int_equal(free_blocks(b) - before, 3 * (uint64_t)(strstr(b->shape->name, "4k") ? 4096 : 1024));
	strbuf_release(&got);
	bench_free(b);
}

/* A full image: a message, and a filesystem that is in order but for what was not finished. */
static void test_no_room(void **state)
{
	struct bench *b = bench_new(*state, "8M");
	struct error trouble = ERROR_INIT;
	struct labeller l;
	bool fresh;
	int rc = 0;

	if (!has_xattrs(b)) {
		bench_free(b);
		return;
	}
	assert_ok(labeller_init(&l, b->image, NAME, &err));
	for (int i = 0; i < 100000 && !rc; i++) {
		char path[32], value[128];

		snprintf(path, sizeof(path), "/%d", i);
		snprintf(value, sizeof(value), "%s-%d", long_label(), i);
		rc = image_write_file(b->image, path, "", 0, NULL, NULL);
		if (!rc)
			rc = labeller_put(&l, path, value, strlen(value) + 1, &fresh, &trouble);
	}
	assert_int_equal(rc, -ERR_NO_SPACE);
	error_release(&trouble);
	assert_ok(labeller_finish(&l, &err));
	labeller_release(&l);
	bench_free(b);
}

static void test_room(void **state)
{
	assert_int_equal(label_blocks(0, 1024), 0);
	assert_int_equal(label_blocks(7, 1024), 7);
	assert_int_equal(label_blocks(1 << 20, 10), 1034);
}

int main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		{ "labels", test_labels },
		{ "no-room", test_no_room },
		{ "room", test_room },
	};

	return bench_run(tests, sizeof(tests) / sizeof(tests[0]), argc > 1 ? argv[1] : NULL);
}
