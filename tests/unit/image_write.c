/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Written images, judged by e2fsck, debugfs and dumpe2fs. */
#include "tests/unit/image_support.h"

#include <pthread.h>

#define MIB (1u << 20)

static const struct tree_xattr capability = {
	"security.capability", "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20
};

/* One of everything. */
static struct tree *full_tree(void)
{
	static char target[1000], value[300];
	struct tree_xattr large[] = { capability, { "user.note", value, sizeof(value) } };
	struct tree *t = new_tree();
	char path[300];

	memset(target, 't', sizeof(target) - 1);
	memset(value, 'v', sizeof(value));
	plant_folder(t, "/etc");
	plant_file(t, "/etc/empty", 0);
	plant_file(t, "/etc/one", 1);
	plant_file(t, "/etc/block", 4096);
	plant_file(t, "/etc/direct", 12 * 4096);
	plant_file(t, "/etc/indirect", 13 * 4096 + 5);
	plant_file(t, "/usr/lib/large", 9 * MIB + 77);
	plant_link(t, "/etc/fast", "../usr/lib/59bytes/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	plant_link(t, "/etc/slow", "../usr/lib/60bytes/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	plant_link(t, "/etc/longest", target);
	plant(t, (struct tree_entry){ .path = "/dev/null", .mode = S_IFCHR | 0666,
				      .rdev_major = 1, .rdev_minor = 3 });
	plant(t, (struct tree_entry){ .path = "/dev/big", .mode = S_IFBLK | 0660, .gid = 6,
				      .rdev_major = 259, .rdev_minor = 0x12345 });
	plant(t, (struct tree_entry){ .path = "/dev/fifo", .mode = S_IFIFO | 0600 });
	plant(t, (struct tree_entry){ .path = "/dev/log", .mode = S_IFSOCK | 0666 });
	plant(t, (struct tree_entry){ .path = "/bin/su", .mode = S_IFREG | 04755, .size = 5000 });
	plant(t, (struct tree_entry){ .path = "/tmp", .mode = S_IFDIR | 01777 });
	plant(t, (struct tree_entry){ .path = "/owned", .mode = S_IFREG | 0640, .uid = 70000,
				      .gid = 2000000000u, .mtime = 3000000000u });
	plant(t, (struct tree_entry){ .path = "/bin/ping", .mode = S_IFREG | 0755, .size = 10,
				      .xattrs = &capability, .xattr_count = 1 });
	plant(t, (struct tree_entry){ .path = "/bin/noted", .mode = S_IFREG | 0755, .size = 10,
				      .xattrs = large, .xattr_count = 2 });
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/link%d", i);
		plant(t, (struct tree_entry){ .path = path, .mode = S_IFREG | 0644, .size = 9000,
					      .link_set = 7 });
	}
	for (int i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), "/many/%0*d", i % 250 + 4, i);
		plant_file(t, path, 3);
	}
	plant_file(t, "/bytes/\xff\x01 %s\n", 30);
	finish(t);
	return t;
}

static void check_details(const struct scratch *s, bool wide)
{
	check_ask(s, "stat /etc/fast", "Fast link dest: \"../usr/lib/59bytes/");
	check_ask(s, "stat /etc/slow", "Size: 60");
	check_ask(s, "cat /etc/slow", "../usr/lib/60bytes/xxx");
	check_ask(s, "stat /etc/longest", "Size: 999");
	check_ask(s, "stat /dev/null", "Device major/minor number: 01:03");
	check_ask(s, "stat /dev/big", "Device major/minor number: 259:74565");
	check_ask(s, "stat /dev/fifo", "Type: FIFO");
	check_ask(s, "stat /dev/log", "Type: socket");
	check_ask(s, "stat /bin/su", "Mode:  04755");
	check_ask(s, "stat /tmp", "Mode:  01777");
	check_ask(s, "stat /owned", "User: 70000   Group: 2000000000");
	check_ask(s, "stat /link2", "Links: 3");
	check_ask(s, "stat /lost+found", "Mode:  0700");
	check_ask(s, "stat /etc/one", "mtime: 0x3b9aca00");
	check_ask(s, "stat /etc/one", "atime: 0x3b9aca00");
	check_ask(s, "ea_get -x /bin/ping security.capability", "01 00 00 02 00 04 00 00");
	check_ask(s, "ea_get -x /bin/noted security.capability", "01 00 00 02 00 04 00 00");
	check_ask(s, "ea_get /bin/noted user.note", "vvvvvvvv");
	if (wide) {
		check_ask(s, "stat /owned", "mtime: 0xb2d05e00:00000001 -- Sat Jan 24 05:20:00 2065");
		check_ask(s, "stat /owned", "crtime: 0xb2d05e00:00000001");
		check_ask(s, "stat /etc/one", "Size of extra inode fields: 32");
	}
}

static void check_everything(const char *filesystem, uint32_t block_size)
{
	struct layout_options o = options_for(filesystem, block_size);
	struct tree *t = full_tree();
	struct layout *l = lay_out(t, &o);
	struct scratch s;
	struct stat st;

	scratch_open(&s);
	write_image(l, t, &s, UINT64_MAX);
	assert_int_equal(fstat(s.fd, &st), 0);
	assert_int_equal((uint64_t)st.st_size, layout_size(l));
	/* A third of the data is zeros and most of the rest free: holes on the host. */
	assert_true(st.st_blocks * 512 < st.st_size / 2);
	check_contents(&s, t, UINT64_MAX);
	check_details(&s, strcmp(filesystem, "ext4") == 0);
	layout_free(l);
	tree_free(t);
	scratch_close(&s);
}

static void everything_comes_out_right(void **state)
{
	static const char *const filesystems[] = { "ext2", "ext3", "ext4" };

	for (size_t i = 0; i < 3; i++)
		for (uint32_t block_size = 1024; block_size <= 4096; block_size *= 2)
			check_everything(filesystems[i], block_size);
}

static void an_empty_tree_is_an_image(void **state)
{
	static const char *const filesystems[] = { "ext2", "ext3", "ext4" };

	for (size_t i = 0; i < 9; i++) {
		struct layout_options o = options_for(filesystems[i / 3], 1024u << i % 3);
		struct tree *t = new_tree();
		struct layout *l;
		struct scratch s;

		finish(t);
		o.free_bytes = i % 2 ? 0 : UINT64_MAX;
		l = lay_out(t, &o);
		scratch_open(&s);
		write_image(l, t, &s, 0);
		check_ask(&s, "stat /", "Links: 3");
		layout_free(l);
		tree_free(t);
		scratch_close(&s);
	}
}

static void linux_2_4_finds_what_it_knows(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = full_tree();
	struct layout *l;
	struct scratch s;

	o.features = "filetype sparse_super large_file";
	o.label = "sixteen letters!";
	l = lay_out(t, &o);
	assert_int_equal(layout_dropped_xattrs(l), 2);
	scratch_open(&s);
	write_image(l, t, &s, UINT64_MAX);
	check_headers(&s, "Filesystem features:      filetype sparse_super large_file\n");
	check_headers(&s, "Filesystem revision #:    1 (dynamic)");
	check_headers(&s, "Inode size:\t          128");
	check_headers(&s, "Filesystem volume name:   sixteen letters!\n");
	check_headers(&s, "Filesystem UUID:          01020304-0506-4708-890a-000000000000");
	check_headers(&s, "Filesystem state:         clean");
	check_headers(&s, "Errors behavior:          Continue");
	check_headers(&s, "Maximum mount count:      -1");
	check_headers(&s, "Check interval:           0");
	check_headers(&s, "Reserved block count:     0");
	check_headers(&s, "Mount count:              0");
	check_headers(&s, "Filesystem created:       Mon Sep 22 00:00:00 2003");
	check_headers(&s, "Last write time:          Mon Sep 22 00:00:00 2003");
	check_headers(&s, "Last checked:             Mon Sep 22 00:00:00 2003");
	check_headers(&s, "Last mounted on:          <not available>");
	layout_free(l);
	tree_free(t);
	scratch_close(&s);
}

static void every_feature_alone_is_clean(void **state)
{
	static const char *const sets[] = {
		"filetype", "sparse_super", "filetype dir_index", "filetype flex_bg",
		"filetype uninit_bg flex_bg", "filetype extent", "filetype has_journal",
		"filetype extent 64bit flex_bg sparse_super", "filetype metadata_csum",
		"filetype extent uninit_bg has_journal large_file",
		"ext_attr filetype extent 64bit metadata_csum flex_bg huge_file extra_isize",
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]) * 2; i++) {
		struct layout_options o = options_for("ext2", i % 2 ? 1024 : 4096);
		struct tree *t = full_tree();
		struct layout *l;
		struct scratch s;

		o.features = sets[i / 2];
		o.inode_size = i % 3 ? 256 : 128;
		o.free_bytes = 40 * MIB;
		l = lay_out(t, &o);
		scratch_open(&s);
		write_image(l, t, &s, UINT64_MAX);
		layout_free(l);
		tree_free(t);
		scratch_close(&s);
	}
}

static void write_to(struct scratch *s, const struct layout_options *o)
{
	struct tree *t = full_tree();
	struct layout *l = lay_out(t, o);

	scratch_open(s);
	write_image(l, t, s, UINT64_MAX);
	layout_free(l);
	tree_free(t);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	static const char *const filesystems[] = { "ext2", "ext3", "ext4" };
	struct scratch one[3], two[3], other;
	struct strbuf out = STRBUF_INIT;
	struct layout_options o;

	for (size_t i = 0; i < 3; i++) {
		o = options_for(filesystems[i], 4096);
		write_to(&one[i], &o);
	}
	/* A time from the clock would be another one now. */
	sleep(2);
	for (size_t i = 0; i < 3; i++) {
		o = options_for(filesystems[i], 4096);
		write_to(&two[i], &o);
		if (judge_run(&out, "cmp '%s' '%s'", one[i].path, two[i].path))
			fail_msg("%s: %s", filesystems[i], out.data);
	}
	o.now = 0;
	write_to(&other, &o);
	assert_int_not_equal(judge_run(&out, "cmp -s '%s' '%s'", one[2].path, other.path), 0);
	check_headers(&other, "Filesystem created:       Thu Jan  1 00:00:01 1970");
	scratch_close(&other);
	for (size_t i = 0; i < 3; i++) {
		scratch_close(&one[i]);
		scratch_close(&two[i]);
	}
	strbuf_release(&out);
}

static void an_exact_size_is_filled_to_the_brim(void **state)
{
	for (uint32_t block_size = 1024; block_size <= 4096; block_size *= 2) {
		for (int ext4 = 0; ext4 < 2; ext4++) {
			struct layout_options o = options_for(ext4 ? "ext4" : "ext2", block_size);
			struct tree *t = full_tree();
			struct layout *l;
			struct scratch s;

			o.free_bytes = 0;
			o.features = "ext_attr filetype sparse_super large_file extent flex_bg";
			if (!ext4)
				o.features = "ext_attr filetype sparse_super large_file";
			l = lay_out(t, &o);
			scratch_open(&s);
			write_image(l, t, &s, UINT64_MAX);
			check_contents(&s, t, UINT64_MAX);
			layout_free(l);
			tree_free(t);
			scratch_close(&s);
		}
	}
}

static void node_write_refuses_what_is_not_the_file(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = new_tree();
	struct tree_node *node = plant_file(t, "/f", 10000), *dir = plant_folder(t, "/d");
	struct layout *l;
	struct image *image;
	struct scratch s;
	char data[12288] = "x";

	finish(t);
	l = lay_out(t, &o);
	scratch_open(&s);
	assert_ok(layout_write(l, s.fd, &image, &err));
	assert_int_equal(node_write(l, s.fd, node, 0, data, 10000), 0);
	assert_int_equal(node_write(l, s.fd, node, 8192, data, 1808), 0);
	assert_int_equal(node_write(l, s.fd, node, 10000, data, 0), -EINVAL);
	assert_int_equal(node_write(l, s.fd, node, 0, data, 10001), -EINVAL);
	assert_int_equal(node_write(l, s.fd, node, 0, data, 5000), -EINVAL);
	assert_int_equal(node_write(l, s.fd, node, 512, data, 512), -EINVAL);
	assert_int_equal(node_write(l, s.fd, node, UINT64_MAX - 4095, data, 8192), -EINVAL);
	assert_int_equal(node_write(l, s.fd, dir, 0, data, 4096), -EINVAL);
	assert_int_equal(node_write(l, -1, node, 0, data, 10000), -EBADF);
	image_abandon(image);
	layout_free(l);
	tree_free(t);
	scratch_close(&s);
}

static void only_an_empty_file_is_written_once(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = full_tree();
	struct layout *l = lay_out(t, &o);
	struct image *image, *again;
	struct scratch s;

	scratch_open(&s);
	assert_int_equal(ftruncate(s.fd, 1), 0);
	assert_fails(layout_write(l, s.fd, &image, &err), -EEXIST);
	assert_null(image);
	assert_int_equal(ftruncate(s.fd, 0), 0);
	assert_ok(layout_write(l, s.fd, &image, &err));
	assert_fails(layout_write(l, s.fd, &again, &err), -EINVAL);
	assert_ok(image_close(image, &err));
	judge_fsck(s.path);
	layout_free(l);
	tree_free(t);
	scratch_close(&s);
}

static void a_failing_host_is_reported(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = full_tree();
	struct layout *l = lay_out(t, &o);
	struct image *image;
	struct scratch s;
	int fd;

	scratch_open(&s);
	fd = open(s.path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_fails(layout_write(l, fd, &image, &err), -EINVAL);
	close(fd);
	layout_free(l);
	/* A file may grow no further than its holes: what is written fails. */
	l = lay_out(t, &o);
	fd = open(s.path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_fails(layout_write(l, fd, &image, &err), -EBADF);
	assert_null(image);
	close(fd);
	layout_free(l);
	tree_free(t);
	scratch_close(&s);
}

struct job {
	const struct layout *l;
	struct tree *t;
	int fd;
	unsigned int number;
};

/* Every fourth file, and every fourth piece of the large one. */
static void *fill_part(void *arg)
{
	struct job *job = arg;
	unsigned char *data = malloc(65536);
	unsigned int n = 0;
	int rc = data ? 0 : -ENOMEM;

	for (struct tree_node *node = tree_nodes(job->t); node && !rc; node = node->next) {
		for (uint64_t at = 0; S_ISREG(node->mode) && at < node->size && !rc; at += 65536) {
			uint64_t left = node->size - at;

			if (n++ % 4 != job->number)
				continue;
			pattern(node->ino, at, data, left < 65536 ? (size_t)left : 65536);
			rc = node_write(job->l, job->fd, node, at, data,
					left < 65536 ? (size_t)left : 65536);
		}
	}
	free(data);
	return (void *)(intptr_t)rc;
}

static void threads_fill_side_by_side(void **state)
{
	struct layout_options o = options_for("ext2", 4096);
	struct tree *t = full_tree();
	struct layout *l = lay_out(t, &o);
	struct image *image;
	struct job jobs[4];
	pthread_t threads[4];
	struct scratch s;
	void *result;

	scratch_open(&s);
	assert_ok(layout_write(l, s.fd, &image, &err));
	for (unsigned int i = 0; i < 4; i++) {
		jobs[i] = (struct job){ l, t, s.fd, i };
		assert_int_equal(pthread_create(&threads[i], NULL, fill_part, &jobs[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
	assert_ok(image_close(image, &err));
	judge_fsck(s.path);
	check_contents(&s, t, UINT64_MAX);
	layout_free(l);
	tree_free(t);
	scratch_close(&s);
}

/* What layout leaves must be what editing needs. */
static void edits_follow(void **state)
{
	static const char *const filesystems[] = { "ext2", "ext3", "ext4" };

	for (size_t i = 0; i < 3; i++) {
		struct layout_options o = options_for(filesystems[i], 4096);
		struct tree *t = full_tree();
		struct layout *l;
		struct image *image;
		struct scratch s;
		static char data[300000];

		o.free_bytes = 0;
		o.extra_bytes = sizeof(data) * 3;
		o.extra_inodes = 3;
		memset(data, 'e', sizeof(data));
		l = lay_out(t, &o);
		scratch_open(&s);
		assert_ok(layout_write(l, s.fd, &image, &err));
		fill_files(l, t, s.fd, UINT64_MAX);
		assert_ok(image_write_file(image, "/etc/new1", data, sizeof(data), NULL, &err));
		assert_ok(image_write_file(image, "/etc/new2", data, sizeof(data), NULL, &err));
		assert_ok(image_write_file(image, "/bin/ping", data, sizeof(data), NULL, &err));
		assert_ok(image_close(image, &err));
		judge_fsck(s.path);
		check_ask(&s, "stat /etc/new2", "Size: 300000");
		check_ask(&s, "stat /lost+found", "Mode:  0700");
		layout_free(l);
		tree_free(t);
		scratch_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_out_right),
		cmocka_unit_test(an_empty_tree_is_an_image),
		cmocka_unit_test(linux_2_4_finds_what_it_knows),
		cmocka_unit_test(every_feature_alone_is_clean),
		cmocka_unit_test(the_same_input_gives_the_same_bytes),
		cmocka_unit_test(an_exact_size_is_filled_to_the_brim),
		cmocka_unit_test(node_write_refuses_what_is_not_the_file),
		cmocka_unit_test(only_an_empty_file_is_written_once),
		cmocka_unit_test(a_failing_host_is_reported),
		cmocka_unit_test(threads_fill_side_by_side),
		cmocka_unit_test(edits_follow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
