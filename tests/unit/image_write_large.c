/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and directories whose block maps have several levels. */
#include "tests/unit/image_support.h"

#define MIB (1u << 20)

/* 5 GiB of holes on the host; the block maps of all levels are real. */
static void check_large(const char *filesystem, uint32_t block_size, uint64_t size)
{
	struct layout_options o = options_for(filesystem, block_size);
	struct tree *t = new_tree();
	struct tree_node *node = plant_file(t, "/large", size), *last;
	char tail[500], part[64];
	struct layout *l;
	struct scratch s;
	struct image *image;
	char request[300];
	struct strbuf out = STRBUF_INIT;
	uint64_t at = size - sizeof(tail);
	struct layout_run run;

	last = plant_file(t, "/zlast", 100);
	finish(t);
	o.free_bytes = MIB;
	l = lay_out(t, &o);
	scratch_open(&s);
	assert_ok(layout_write(l, s.fd, &image, &err));
	fill_files(l, t, s.fd, 100);
	memset(tail, 'T', sizeof(tail));
	assert_int_equal(node_write(l, s.fd, node, at, tail, sizeof(tail)), 0);
	assert_ok(image_close(image, &err));
	judge_fsck(s.path);
	snprintf(request, sizeof(request), "bmap <%u> %llu", node->ino,
		 (unsigned long long)(at / block_size));
	judge_debugfs(&out, s.path, request);
	run = node->runs[node->run_count - 1];
	assert_int_equal(strtoull(out.data, NULL, 10), run.start + run.count - 1);
	snprintf(request, sizeof(request), "stat <%u>", node->ino);
	snprintf(part, sizeof(part), "Size: %llu", (unsigned long long)size);
	check_ask(&s, request, part);
	check_contents(&s, t, last->size);
	strbuf_release(&out);
	layout_free(l);
	tree_free(t);
	scratch_close(&s);
}

static void large_files_are_mapped_whole(void **state)
{
	/* The last block holds 500 bytes. */
	uint64_t odd = 500;

	check_large("ext2", 4096, (5ull << 30) + odd);
	check_large("ext2", 1024, (5ull << 30) + odd);
	check_large("ext4", 4096, (20ull << 30) + odd);
}

static void extents_of_all_depths(void **state)
{
	/* With flex_bg off, every group of 8 MiB is an extent of its own. */
	static const uint64_t sizes[] = { 20 * MIB, 200 * MIB, 3000ull * MIB };

	for (size_t i = 0; i < 3; i++) {
		struct layout_options o = options_for("ext4", 1024);
		struct tree *t = new_tree();
		struct layout *l;
		struct scratch s;

		plant_file(t, "/large", sizes[i]);
		finish(t);
		o.features = "filetype extent sparse_super large_file metadata_csum";
		o.free_bytes = MIB;
		l = lay_out(t, &o);
		scratch_open(&s);
		write_image(l, t, &s, 20 * MIB);
		check_contents(&s, t, 20 * MIB);
		layout_free(l);
		tree_free(t);
		scratch_close(&s);
	}
}

static void many_names_in_one_directory(void **state)
{
	static const char *const filesystems[] = { "ext2", "ext4" };
	struct strbuf out = STRBUF_INIT;
	char path[64];

	for (size_t k = 0; k < 2; k++) {
		struct layout_options o = options_for(filesystems[k], 4096);
		struct tree *t = new_tree();
		struct layout *l;
		struct scratch s;

		for (int i = 0; i < 14500; i++) {
			snprintf(path, sizeof(path), "/usr/share/big/directory-%d", i);
			plant_folder(t, path);
		}
		finish(t);
		l = lay_out(t, &o);
		scratch_open(&s);
		write_image(l, t, &s, 0);
		check_ask(&s, "stat /usr/share/big", "Links: 14502");
		check_ask(&s, "stat /usr/share/big/directory-14499", "Links: 2");
		layout_free(l);
		tree_free(t);
		scratch_close(&s);
	}
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_files_are_mapped_whole),
		cmocka_unit_test(extents_of_all_depths),
		cmocka_unit_test(many_names_in_one_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
