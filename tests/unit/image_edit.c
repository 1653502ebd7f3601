/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, attributes and opening, on every shape of filesystem. */
#include "tests/unit/edit_bench.h"

static void test_paths(void **state)
{
	struct bench *b = bench_new(*state, "8M");
	char name[300];

	assert_ok(image_mkdir_p(b->image, "/usr/lib/deep/er", &err));
	assert_ok(image_symlink(b->image, "usr/lib", "/lib", &err));
	assert_ok(image_symlink(b->image, "/usr", "/usr/lib/abs", &err));
	assert_ok(image_symlink(b->image, "../../../../../etc/passwd", "/usr/lib/up", &err));
	assert_ok(image_symlink(b->image, "loop2", "/loop1", &err));
	assert_ok(image_symlink(b->image, "/loop1", "/loop2", &err));
	assert_ok(image_write_file(b->image, "/lib/a", "1", 1, NULL, &err));
	check_file(b, "/usr/lib/a", "1", 1);
	check_file(b, "/usr/lib/abs/lib/abs/lib/a", "1", 1);
	check_file(b, "//usr///lib/./deep/../deep/er/../../a", "1", 1);
	check_file(b, "/../../usr/lib/a", "1", 1);
	/* Through a dangling link, and never out of the image. */
	assert_fails(image_write_file(b->image, "/lib/up", "2", 1, NULL, &err), -ENOENT);
	assert_ok(image_mkdir(b->image, "/etc", NULL, &err));
	assert_ok(image_write_file(b->image, "/lib/up", "2", 1, NULL, &err));
	check_file(b, "/etc/passwd", "2", 1);
	assert_fails(image_write_file(b->image, "/loop1", "2", 1, NULL, &err), -ELOOP);
	assert_fails(image_write_file(b->image, "/loop1/x", "2", 1, NULL, &err), -ELOOP);
	assert_fails(image_write_file(b->image, "/none/x", "2", 1, NULL, &err), -ENOENT);
	assert_fails(image_write_file(b->image, "/etc/passwd/x", "2", 1, NULL, &err), -ENOTDIR);
	assert_fails(image_write_file(b->image, "/etc", "2", 1, NULL, &err), -EISDIR);
	assert_fails(image_mkdir(b->image, "/etc", NULL, &err), -EEXIST);
	assert_fails(image_mkdir(b->image, "/", NULL, &err), -EEXIST);
	assert_fails(image_symlink(b->image, "x", "/lib", &err), -EEXIST);
	assert_fails(image_mkdir_p(b->image, "/etc/passwd", &err), -ENOTDIR);
	memset(name, 'n', sizeof(name));
	name[0] = '/';
	name[257] = '\0';
	assert_fails(image_mkdir(b->image, name, NULL, &err), -ENAMETOOLONG);
	name[256] = '\0';
	assert_ok(image_mkdir(b->image, name, NULL, &err));
	assert_false(image_exists(b->image, "/none"));
	assert_false(image_exists(b->image, "/loop1"));
	assert_true(image_exists(b->image, "/lib/up"));
	bench_close(b);
	judge_contains(ask(b, "cat /etc/passwd"), "2");
	bench_free(b);
}

static void test_directories(void **state)
{
	struct bench *b = bench_new(*state, "8M");
	struct strlist names = STRLIST_INIT;
	struct image_attr attr = { .mode = 01777, .uid = 3, .gid = 4, .mtime = 99 };
	struct image_stat st;
	uint64_t before;
	char path[128];

	assert_ok(image_mkdir(b->image, "/d", &attr, &err));
	before = free_blocks(b);
	for (int i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), "/d/a-rather-long-name-that-fills-blocks-%03d",
			 399 - i);
		assert_ok(image_write_file(b->image, path, "", 0, NULL, &err));
	}
	assert_ok(image_list(b->image, "/d", &names, &err));
	assert_int_equal(names.count, 400);
	assert_string_equal(names.items[7], "a-rather-long-name-that-fills-blocks-007");
	assert_ok(image_stat(b->image, "/d", &st, &err));
	assert_int_equal(st.mode, S_IFDIR | 01777);
	assert_int_equal(st.uid, 3);
	assert_int_equal(st.nlink, 2);
	bench_reopen(b);
	assert_fails(image_remove(b->image, "/d", &err), -ENOTEMPTY);
	for (size_t i = 0; i < names.count; i++) {
		snprintf(path, sizeof(path), "/d/%s", names.items[i]);
		assert_ok(image_remove(b->image, path, &err));
	}
	assert_ok(image_mkdir(b->image, "/d/sub", NULL, &err));
	assert_ok(image_stat(b->image, "/d", &st, &err));
	assert_int_equal(st.nlink, 3);
	assert_ok(image_remove(b->image, "/d/sub", &err));
	assert_ok(image_remove(b->image, "/d", &err));
	assert_true(free_blocks(b) > before);
	assert_fails(image_remove(b->image, "/d", &err), -ENOENT);
	assert_fails(image_remove(b->image, "/", &err), -EBUSY);
	assert_fails(image_list(b->image, "/d", &names, &err), -ENOENT);
	strlist_release(&names);
	bench_free(b);
}

static void test_special(void **state)
{
	struct bench *b = bench_new(*state, "8M");
	struct image_attr attr = { .mode = 0640, .uid = 0, .gid = 6 };
	struct image_stat st;
	char longer[600], *target;

	memset(longer, 'p', sizeof(longer));
	longer[599] = '\0';
	assert_ok(image_symlink(b->image, "short", "/l1", &err));
	assert_ok(image_symlink(b->image, longer, "/l2", &err));
	longer[60] = '\0';
	assert_ok(image_symlink(b->image, longer, "/l60", &err));
	longer[59] = '\0';
	assert_ok(image_symlink(b->image, longer, "/l59", &err));
	assert_ok(image_mknod(b->image, "/console", S_IFCHR, 5, 1, NULL, &err));
	assert_ok(image_mknod(b->image, "/ubda", S_IFBLK, 98, 0, &attr, &err));
	assert_ok(image_mknod(b->image, "/big", S_IFBLK | 0600, 300, 70000, NULL, &err));
	assert_ok(image_mknod(b->image, "/fifo", S_IFIFO | 0622, 0, 0, NULL, &err));
	assert_ok(image_mknod(b->image, "/sock", S_IFSOCK | 0755, 0, 0, NULL, &err));
	assert_fails(image_mknod(b->image, "/x", S_IFREG, 0, 0, NULL, &err), -EINVAL);
	assert_ok(image_lstat(b->image, "/big", &st, &err));
	assert_int_equal(st.rdev_major, 300);
	assert_int_equal(st.rdev_minor, 70000);
	assert_ok(image_lstat(b->image, "/ubda", &st, &err));
	assert_int_equal(st.rdev_major, 98);
	assert_int_equal(st.mode, S_IFBLK | 0640);
	assert_ok(image_readlink(b->image, "/l2", &target, &err));
	assert_int_equal(strlen(target), 599);
	free(target);
	assert_ok(image_readlink(b->image, "/l59", &target, &err));
	assert_string_equal(target, longer);
	free(target);
	assert_fails(image_readlink(b->image, "/fifo", &target, &err), -EINVAL);
	bench_close(b);
	judge_contains(ask(b, "stat /console"), "Device major/minor number: 05:01");
	judge_contains(ask(b, "stat /big"), "Device major/minor number: 300:70000");
	judge_contains(ask(b, "stat /l1"), "Fast link dest: \"short\"");
	judge_contains(ask(b, "stat /fifo"), "Type: FIFO    Mode:  0622");
	judge_contains(ask(b, "stat /sock"), "Type: socket    Mode:  0755");
	bench_open(b);
	assert_ok(image_remove(b->image, "/l2", &err));
	assert_ok(image_remove(b->image, "/l1", &err));
	assert_ok(image_remove(b->image, "/big", &err));
	bench_free(b);
}

static void test_links_and_rename(void **state)
{
	struct bench *b = bench_new(*state, "8M");
	struct image_stat st;
	uint64_t before;

	assert_ok(image_mkdir_p(b->image, "/a/b/c", &err));
	assert_ok(image_mkdir(b->image, "/z", NULL, &err));
	assert_ok(image_write_file(b->image, "/a/f", "one", 3, NULL, &err));
	before = free_blocks(b);
	assert_ok(image_write_file(b->image, "/g", "twotwo", 6, NULL, &err));
	assert_ok(image_rename(b->image, "/g", "/a/f", &err));
	assert_int_equal(free_blocks(b), before);
	check_file(b, "/a/f", "twotwo", 6);
	assert_false(image_exists(b->image, "/g"));
	assert_ok(image_link(b->image, "/a/f", "/z/f2", &err));
	assert_ok(image_rename(b->image, "/a/f", "/z/f2", &err));
	assert_true(image_exists(b->image, "/a/f"));
	assert_ok(image_rename(b->image, "/a/b", "/z/moved", &err));
	assert_true(image_exists(b->image, "/z/moved/c"));
	assert_true(image_exists(b->image, "/z/moved/c/../../f2"));
	assert_ok(image_stat(b->image, "/a", &st, &err));
	assert_int_equal(st.nlink, 2);
	assert_ok(image_stat(b->image, "/z", &st, &err));
	assert_int_equal(st.nlink, 3);
	assert_ok(image_symlink(b->image, "nowhere", "/dangling", &err));
	assert_ok(image_rename(b->image, "/dangling", "/z/f2", &err));
	assert_ok(image_stat(b->image, "/a/f", &st, &err));
	assert_int_equal(st.nlink, 1);
	assert_fails(image_rename(b->image, "/z", "/z/moved/c/z", &err), -EINVAL);
	assert_fails(image_rename(b->image, "/a/f", "/z", &err), -EISDIR);
	assert_fails(image_rename(b->image, "/z", "/a/f", &err), -ENOTDIR);
	assert_fails(image_rename(b->image, "/none", "/x", &err), -ENOENT);
	assert_fails(image_rename(b->image, "/a/f", "/none/x", &err), -ENOENT);
	assert_fails(image_link(b->image, "/z", "/zz", &err), -EPERM);
	bench_close(b);
	judge_contains(ask(b, "stat /z/f2"), "Type: symlink");
	bench_free(b);
}

static void test_xattrs(void **state)
{
	static const unsigned char cap[20] = { 1, 0, 0, 2, 0, 0x20 };
	struct bench *b = bench_new(*state, "8M");
	struct tree_xattr xattr[] = { { "security.capability", cap, sizeof(cap) },
				      { "user.long",
					"0123456789012345678901234567890123456789"
					"012345678901234567890123456789",
					70 } };
	struct image_attr attr = { .mode = 0755, .xattrs = xattr, .xattr_count = 2 };
	struct image_attr more = { .mode = 0700, .uid = 9, .xattrs = xattr + 1, .xattr_count = 1 };
	struct strbuf got = STRBUF_INIT;
	struct image_stat st;
	uint64_t before;

	/* The root directory's block is there; what comes now must go again. */
	before = free_blocks(b);
	if (!strstr(b->shape->options, "ext_attr") && strstr(b->shape->options, "none,")) {
		assert_fails(image_write_file(b->image, "/ping", "ping", 4, &attr, &err),
			     -ERR_UNSUPPORTED);
		assert_false(image_exists(b->image, "/ping"));
		assert_int_equal(free_blocks(b), before);
		bench_free(b);
		return;
	}
	assert_ok(image_write_file(b->image, "/ping", "ping", 4, &attr, &err));
	assert_ok(image_get_xattr(b->image, "/ping", "security.capability", &got, &err));
	assert_int_equal(got.len, sizeof(cap));
	assert_memory_equal(got.data, cap, sizeof(cap));
	assert_ok(image_get_xattr(b->image, "/ping", "user.long", &got, &err));
	assert_int_equal(got.len, 70);
	assert_fails(image_get_xattr(b->image, "/ping", "user.none", &got, &err), -ENODATA);
	assert_ok(image_write_file(b->image, "/ping", "pong!", 5, NULL, &err));
	assert_ok(image_get_xattr(b->image, "/ping", "security.capability", &got, &err));
	assert_ok(image_write_file(b->image, "/plain", "", 0, NULL, &err));
	assert_ok(image_set_attr(b->image, "/plain", &more, &err));
	assert_ok(image_stat(b->image, "/plain", &st, &err));
	assert_int_equal(st.mode, S_IFREG | 0700);
	assert_int_equal(st.uid, 9);
	bench_close(b);
	judge_contains(ask(b, "ea_list /ping"), "security.capability (20)");
	judge_contains(ask(b, "ea_get /plain user.long"), "0123456789");
	bench_open(b);
	assert_ok(image_remove(b->image, "/ping", &err));
	assert_ok(image_remove(b->image, "/plain", &err));
	assert_int_equal(free_blocks(b), before);
	strbuf_release(&got);
	bench_free(b);
}

static void edit_some(struct image *image)
{
	struct source s = { 2000000, 'd', false };

	assert_ok(image_mkdir_p(image, "/x/y", &err));
	assert_ok(image_write_stream(image, "/x/y/z", source_read, &s, NULL, &err));
	assert_ok(image_write_file(image, "/x/gone", "abc", 3, NULL, &err));
	assert_ok(image_remove(image, "/x/gone", &err));
	assert_ok(image_symlink(image, "y", "/x/l", &err));
	assert_ok(image_rename(image, "/x/y", "/y", &err));
	assert_ok(image_write_dense(image, "/swap", 1 << 20, "s", 1, NULL, &err));
}

static void test_same_bytes(void **state)
{
	struct bench *b = bench_new(*state, "16M");

	bench_close(b);
	assert_int_equal(judge_run(&b->out, "cp '%s' '%s.2'", b->path, b->path), 0);
	bench_open(b);
	edit_some(b->image);
	bench_close(b);
	assert_int_equal(judge_run(&b->out, "mv '%s' '%s.1'; mv '%s.2' '%s'; sleep 1.1", b->path,
				   b->path, b->path, b->path),
			 0);
	bench_open(b);
	edit_some(b->image);
	bench_close(b);
	if (judge_run(&b->out, "cmp '%s' '%s.1'", b->path, b->path))
		fail_msg("%s", b->out.data);
	bench_free(b);
}

static void test_open(void **state)
{
	struct bench *b = bench_new(*state, "8M");
	struct image *image;
	int fd;

	bench_close(b);
	b->fd = open(b->path, O_RDONLY);
	assert_ok(image_open(&b->image, b->fd, false, NOW, &err));
	assert_fails(image_write_file(b->image, "/x", "", 0, NULL, &err), -EROFS);
	assert_fails(image_mkdir(b->image, "/x", NULL, &err), -EROFS);
	assert_fails(image_remove(b->image, "/lost+found", &err), -EROFS);
	assert_true(image_exists(b->image, "/lost+found"));
	bench_close(b);
	assert_int_equal(judge_run(&b->out, "debugfs -w -R 'ssv state 0' '%s'", b->path), 0);
	fd = open(b->path, O_RDWR);
	assert_fails(image_open(&image, fd, true, NOW, &err), -ERR_FS);
	assert_null(image);
	assert_ok(image_open(&image, fd, false, NOW, &err));
	assert_ok(image_close(image, &err));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(image_open(&image, fd, true, NOW, NULL) < 0);
	assert_int_equal(pwrite(fd, "no filesystem", 13, 0), 13);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_true(image_open(&image, fd, true, NOW, NULL) < 0);
	close(fd);
	assert_ok(image_close(NULL, &err));
	bench_free(b);
}

int main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		{ "paths", test_paths },     { "directories", test_directories },
		{ "special", test_special }, { "links", test_links_and_rename },
		{ "xattrs", test_xattrs },   { "same-bytes", test_same_bytes },
		{ "open", test_open },
	};

	return bench_run(tests, sizeof(tests) / sizeof(tests[0]), argc > 1 ? argv[1] : NULL);
}
