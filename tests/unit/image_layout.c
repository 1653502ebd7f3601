/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes, features, limits: all that is known before a byte is written. */
#include "tests/unit/image_support.h"

#define MIB (1u << 20)

static void refuse(struct tree *t, const struct layout_options *o, int code, const char *text)
{
	struct error err = ERROR_INIT;
	struct layout *l = (struct layout *)&err;
	int rc = layout_new(&l, t, o, &err);

	assert_int_equal(rc, code);
	assert_null(l);
	assert_non_null(err.what);
	judge_contains(err.what, text);
	error_release(&err);
}

static struct tree *small_tree(void)
{
	struct tree *t = new_tree();

	plant_file(t, "/etc/passwd", 1000);
	plant_file(t, "/usr/bin/tool", 300000);
	finish(t);
	return t;
}

static void bad_options_are_refused(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = small_tree(), *unfinished = new_tree();

	refuse(unfinished, &o, -EINVAL, "finished");
	o.block_size = 512;
	refuse(t, &o, -ERR_LIMIT, "512");
	o = options_for("ext5", 4096);
	refuse(t, &o, -ERR_UNSUPPORTED, "'ext5'");
	o = options_for("ext2", 4096);
	o.inode_size = 100;
	refuse(t, &o, -ERR_LIMIT, "100");
	o = options_for("ext2", 4096);
	o.features = "filetype bigalloc";
	refuse(t, &o, -ERR_UNSUPPORTED, "'bigalloc'");
	o.features = "filetype resize_inode";
	refuse(t, &o, -ERR_UNSUPPORTED, "'resize_inode'");
	o.features = "filetype 64bit";
	refuse(t, &o, -ERR_UNSUPPORTED, "'extent'");
	o = options_for("ext2", 4096);
	o.label = "seventeen letters";
	refuse(t, &o, -ERR_LIMIT, "16 bytes");
	o.label = NULL;
	o.inodes = UINT64_MAX;
	refuse(t, &o, -ERR_LIMIT, "inodes");
	/* Their tables alone are larger. */
	o.inodes = 1000000;
	o.size = 8 * MIB;
	refuse(t, &o, -ERR_NO_SPACE, "needs at least 13");
	o = options_for("ext2", 4096);
	o.extra_bytes = UINT64_MAX;
	refuse(t, &o, -ERR_LIMIT, "");
	o = options_for("ext2", 4096);
	o.free_bytes = UINT64_MAX - 1;
	refuse(t, &o, -ERR_LIMIT, "larger than the filesystem");
	tree_free(t);
	tree_free(unfinished);
}

static void room_is_left_as_asked(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = small_tree();
	struct layout *l = lay_out(t, &o);
	uint64_t used;

	/* 16 MiB at least, and not much more. */
	assert_in_range(layout_size(l) - layout_used(l), 16 * MIB, 17 * MIB);
	used = layout_used(l);
	layout_free(l);
	o.free_bytes = 0;
	l = lay_out(t, &o);
	assert_in_range(layout_size(l) - layout_used(l), 0, 8 * 4096);
	assert_true(layout_used(l) <= used);
	layout_free(l);
	o.free_bytes = 100 * MIB;
	l = lay_out(t, &o);
	assert_in_range(layout_size(l) - layout_used(l), 100 * MIB, 101 * MIB);
	layout_free(l);
	/* What edits will add comes on top. */
	o.extra_bytes = 50 * MIB;
	l = lay_out(t, &o);
	assert_in_range(layout_size(l) - layout_used(l), 150 * MIB, 151 * MIB);
	layout_free(l);
	o = options_for("ext2", 4096);
	o.size = 40 * MIB + 123;
	l = lay_out(t, &o);
	assert_int_equal(layout_size(l), 40 * MIB);
	layout_free(l);
	tree_free(t);
	/* A quarter of what is used, when that is more. */
	t = new_tree();
	plant_file(t, "/large", 400ull * MIB);
	finish(t);
	o = options_for("ext2", 4096);
	l = lay_out(t, &o);
	assert_in_range(layout_size(l) - layout_used(l), 100ull * MIB, 102ull * MIB);
	layout_free(l);
	tree_free(t);
}

/* The size of the message is enough, and a block less is not (but for a group's remainder). */
static void check_hint(const char *filesystem, uint32_t block_size, uint64_t file)
{
	struct layout_options o = options_for(filesystem, block_size);
	struct error err = ERROR_INIT;
	struct tree *t = new_tree();
	unsigned long long bytes, mib;
	struct layout *l;

	plant_file(t, "/file", file);
	finish(t);
	o.size = 256 * 1024;
	assert_int_equal(layout_new(&l, t, &o, &err), -ERR_NO_SPACE);
	assert_int_equal(sscanf(err.what, "the image needs at least %llu bytes (%lluM)", &bytes,
				&mib), 2);
	assert_non_null(err.hint);
	judge_contains(err.hint, "--size");
	o.size = bytes;
	l = lay_out(t, &o);
	assert_int_equal(layout_size(l), bytes);
	layout_free(l);
	o.size = mib * MIB;
	assert_true(o.size >= bytes);
	layout_free(lay_out(t, &o));
	o.size = bytes - 1024 * block_size / 16;
	assert_int_equal(layout_new(&l, t, &o, &err), -ERR_NO_SPACE);
	error_release(&err);
	tree_free(t);
}

static void too_small_says_what_is_enough(void **state)
{
	static const char *const filesystems[] = { "ext2", "ext3", "ext4" };

	for (size_t i = 0; i < 3; i++)
		for (uint32_t block_size = 1024; block_size <= 4096; block_size *= 2)
			for (uint64_t file = 3 * MIB; file < 300 * MIB; file *= 7)
				check_hint(filesystems[i], block_size, file);
}

static void a_journal_needs_its_blocks(void **state)
{
	struct layout_options o = options_for("ext3", 4096);
	struct tree *t = small_tree();
	struct layout *l;

	o.free_bytes = 0;
	l = lay_out(t, &o);
	assert_in_range(layout_size(l), 2048 * 4096, 2100 * 4096);
	layout_free(l);
	tree_free(t);
}

static void inodes_are_enough(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = small_tree();
	struct layout *l = lay_out(t, &o);
	uint64_t usual = layout_inode_count(l);

	assert_true(usual >= tree_node_count(t) + 10 + 64);
	/* The free 16 MiB are of use only with inodes for them. */
	assert_true(usual >= tree_node_count(t) + 10 + 64 + 1024);
	layout_free(l);
	o.extra_inodes = 5000;
	l = lay_out(t, &o);
	assert_true(layout_inode_count(l) >= tree_node_count(t) + 10 + 5064);
	layout_free(l);
	o.extra_inodes = 0;
	o.inodes = 20000;
	l = lay_out(t, &o);
	assert_in_range(layout_inode_count(l), 20000, 21000);
	layout_free(l);
	/* Asked for fewer than are needed. */
	o.inodes = 1;
	l = lay_out(t, &o);
	assert_true(layout_inode_count(l) >= tree_node_count(t) + 10 + 64);
	layout_free(l);
	tree_free(t);
}

static void more_inodes_than_a_group_has(void **state)
{
	struct tree *t = new_tree();
	char path[32];

	for (int i = 0; i < 150000; i++) {
		snprintf(path, sizeof(path), "/d%d/%d", i % 10, i);
		plant_file(t, path, 0);
	}
	finish(t);
	for (uint32_t block_size = 1024; block_size <= 4096; block_size *= 2) {
		struct layout_options o = options_for("ext2", block_size);
		struct layout *l;

		o.free_bytes = 0;
		l = lay_out(t, &o);
		assert_true(layout_inode_count(l) >= 150000 + 15000);
		layout_free(l);
	}
	tree_free(t);
}

static void numbers_follow_the_tree(void **state)
{
	struct layout_options o = options_for("ext2", 1024);
	struct tree *t = small_tree();
	struct layout *l = lay_out(t, &o);
	uint32_t next = 11;

	assert_int_equal(tree_root(t)->ino, 2);
	for (struct tree_node *node = tree_root(t)->next; node; node = node->next)
		assert_int_equal(node->ino, next++);
	assert_int_equal(tree_lookup(t, "/lost+found")->ino, 11);
	layout_free(l);
	assert_null(tree_lookup(t, "/usr/bin/tool")->runs);
	tree_free(t);
}

/* Every block once, inside the filesystem; files that fit into a group are one run. */
static void check_runs(struct tree *t, uint64_t blocks, uint32_t block_size)
{
	unsigned char *taken = calloc(1, blocks);

	assert_non_null(taken);
	for (struct tree_node *node = tree_nodes(t); node; node = node->next) {
		uint64_t sum = 0;

		for (size_t i = 0; i < node->run_count; i++) {
			for (uint64_t k = 0; k < node->runs[i].count; k++) {
				assert_true(node->runs[i].start + k < blocks);
				assert_int_equal(taken[node->runs[i].start + k]++, 0);
			}
			sum += node->runs[i].count;
		}
		if (S_ISREG(node->mode)) {
			assert_int_equal(sum, (node->size + block_size - 1) / block_size);
			assert_int_equal(node->run_count, node->size != 0);
		}
	}
	free(taken);
}

static void files_are_one_run(void **state)
{
	struct layout_options o = options_for("ext2", 1024);
	struct tree *t = new_tree();
	struct layout *l;
	char path[32];

	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "/d%d/f%d", i % 7, i);
		plant_file(t, path, (uint64_t)i * i * 37 % (6 * MIB));
	}
	finish(t);
	l = lay_out(t, &o);
	assert_true(layout_size(l) > 64 * MIB);
	check_runs(t, layout_size(l) / 1024, 1024);
	layout_free(l);
	tree_free(t);
}

static void only_group_metadata_splits_a_large_file(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = new_tree();
	struct tree_node *node = plant_file(t, "/large", 1000ull * MIB);
	struct layout *l;
	uint64_t sum = 0;

	finish(t);
	l = lay_out(t, &o);
	/* 128 MiB a group. */
	assert_in_range(node->run_count, 8, 10);
	for (size_t i = 0; i < node->run_count; i++)
		sum += node->runs[i].count;
	assert_int_equal(sum, 256000);
	layout_free(l);
	tree_free(t);
}

static void large_files_need_their_feature(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = new_tree();

	plant_file(t, "/just", INT32_MAX);
	finish(t);
	o.features = "filetype sparse_super";
	layout_free(lay_out(t, &o));
	tree_free(t);
	t = new_tree();
	plant_file(t, "/large", 4ull << 30);
	finish(t);
	refuse(t, &o, -ERR_LIMIT, "large_file");
	o.features = "filetype sparse_super large_file";
	layout_free(lay_out(t, &o));
	tree_free(t);
}

static void what_no_format_holds_is_refused(void **state)
{
	struct layout_options o = options_for("ext2", 1024);
	struct tree *t = new_tree();

	plant_file(t, "/large", 20ull << 30);
	finish(t);
	/* 16 GiB is the most that triple indirect blocks of 1 KiB reach. */
	refuse(t, &o, -ERR_LIMIT, "too large");
	o = options_for("ext4", 1024);
	layout_free(lay_out(t, &o));
	tree_free(t);
	t = new_tree();
	plant_file(t, "/large", 3ull << 40);
	finish(t);
	o = options_for("ext2", 4096);
	refuse(t, &o, -ERR_LIMIT, "huge_file");
	tree_free(t);
	t = new_tree();
	plant_file(t, "/large", INT64_MAX);
	finish(t);
	refuse(t, &o, -ERR_LIMIT, "too large");
	o = options_for("ext4", 4096);
	refuse(t, &o, -ERR_LIMIT, "too large");
	tree_free(t);
}

static void links_have_a_limit(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = new_tree();
	char path[32];

	for (int i = 0; i < 32001; i++) {
		snprintf(path, sizeof(path), "/l%d", i);
		plant(t, (struct tree_entry){ .path = path, .mode = S_IFREG, .link_set = 1 });
	}
	finish(t);
	refuse(t, &o, -ERR_LIMIT, "hard links");
	o = options_for("ext4", 4096);
	layout_free(lay_out(t, &o));
	tree_free(t);
	t = new_tree();
	for (int i = 0; i < 31999; i++) {
		snprintf(path, sizeof(path), "/d/%d", i);
		plant_folder(t, path);
	}
	finish(t);
	o = options_for("ext2", 4096);
	refuse(t, &o, -ERR_LIMIT, "more directories");
	o = options_for("ext4", 4096);
	layout_free(lay_out(t, &o));
	tree_free(t);
}

static void long_targets_need_larger_blocks(void **state)
{
	struct layout_options o = options_for("ext2", 1024);
	struct tree *t = new_tree();
	char target[1025];

	memset(target, 'x', sizeof(target));
	target[1024] = '\0';
	plant_link(t, "/link", target);
	finish(t);
	refuse(t, &o, -ERR_LIMIT, "target");
	o = options_for("ext2", 2048);
	layout_free(lay_out(t, &o));
	tree_free(t);
}

static void attributes_without_ext_attr_are_counted(void **state)
{
	static char large[5000];
	struct tree_xattr x = { "security.capability", "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20 };
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = new_tree();
	struct layout *l;

	plant(t, (struct tree_entry){ .path = "/ping", .mode = S_IFREG | 0755, .xattrs = &x,
				      .xattr_count = 1 });
	finish(t);
	l = lay_out(t, &o);
	assert_int_equal(layout_dropped_xattrs(l), 0);
	layout_free(l);
	o.features = "filetype sparse_super large_file";
	l = lay_out(t, &o);
	assert_int_equal(layout_dropped_xattrs(l), 1);
	layout_free(l);
	tree_free(t);
	t = new_tree();
	x = (struct tree_xattr){ "user.large", large, sizeof(large) };
	plant(t, (struct tree_entry){ .path = "/f", .mode = S_IFREG | 0755, .xattrs = &x,
				      .xattr_count = 1 });
	finish(t);
	o = options_for("ext4", 4096);
	refuse(t, &o, -ERR_LIMIT, "attributes");
	tree_free(t);
}

static void huge_images_are_counted_right(void **state)
{
	struct layout_options o = options_for("ext4", 4096);
	struct tree *t = new_tree();
	struct tree_node *node = plant_file(t, "/large", 40ull << 30);
	struct layout *l;
	uint64_t sum = 0;

	finish(t);
	l = lay_out(t, &o);
	for (size_t i = 0; i < node->run_count; i++)
		sum += node->runs[i].count;
	assert_int_equal(sum, 10ull << 20);
	assert_true(layout_size(l) > 50ull << 30);
	layout_free(l);
	tree_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_options_are_refused),
		cmocka_unit_test(room_is_left_as_asked),
		cmocka_unit_test(too_small_says_what_is_enough),
		cmocka_unit_test(a_journal_needs_its_blocks),
		cmocka_unit_test(inodes_are_enough),
		cmocka_unit_test(more_inodes_than_a_group_has),
		cmocka_unit_test(numbers_follow_the_tree),
		cmocka_unit_test(files_are_one_run),
		cmocka_unit_test(only_group_metadata_splits_a_large_file),
		cmocka_unit_test(large_files_need_their_feature),
		cmocka_unit_test(what_no_format_holds_is_refused),
		cmocka_unit_test(links_have_a_limit),
		cmocka_unit_test(long_targets_need_larger_blocks),
		cmocka_unit_test(attributes_without_ext_attr_are_counted),
		cmocka_unit_test(huge_images_are_counted_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
