/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of a copy, brought over to the original, on every shape of filesystem. */
#include "tests/unit/edit_bench.h"

#include "image/cow.h"
#include "image/replay.h"

#define SINCE (NOW + 100)

/* A copy of the bench's image, as a file of its own or as a COW on it. */
struct copy {
	struct bench *b;
	char *path, *spool_path;
	int fd, spool;
	struct cow *cow;
	struct image *image;
};

static void open_copy(struct copy *c, struct bench *b, bool as_cow, const char *name)
{
	assert_ok(image_close(b->image, &err));
	b->image = NULL;
	*c = (struct copy){ .b = b };
	assert_true(asprintf(&c->path, "%s/%s", b->dir, name) >= 0);
	assert_true(asprintf(&c->spool_path, "%s/spool", b->dir) >= 0);
	c->fd = open(c->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	c->spool = open(c->spool_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(c->fd >= 0 && c->spool >= 0);
	if (as_cow) {
		assert_ok(cow_create(c->fd, b->path, NULL, &err));
		assert_ok(cow_open_fd(&c->cow, c->fd, c->path, b->path, COW_WRITE | COW_NO_LOCK, &err));
		assert_ok(image_open_cow(&c->image, c->cow, true, SINCE, &err));
	} else {
		assert_ok(disk_copy(b->fd, b->path, c->fd, c->path, NULL, &err));
		assert_ok(image_open(&c->image, c->fd, true, SINCE, &err));
	}
}

/* The copy is done with: it is read only from here on. */
static void settle_copy(struct copy *c)
{
	assert_ok(image_close(c->image, &err));
	if (c->cow) {
		assert_ok(cow_flush(c->cow, &err));
		assert_ok(image_open_cow(&c->image, c->cow, false, SINCE, &err));
	} else {
		judge_fsck(c->path);
		assert_ok(image_open(&c->image, c->fd, false, SINCE, &err));
	}
	assert_ok(image_open(&c->b->image, c->b->fd, true, NOW + 5, &err));
}

static void close_copy(struct copy *c)
{
	image_abandon(c->image);
	cow_abandon(c->cow);
	close(c->fd);
	close(c->spool);
	unlink(c->path);
	unlink(c->spool_path);
	free(c->path);
	free(c->spool_path);
}

static void replay(struct copy *c, struct replay_log *log)
{
	const struct replay_options options = { .since = SINCE, .spool = c->spool, .cow = c->cow };

	assert_ok(image_replay(c->b->image, c->image, &options, log, &err));
}

static void write_pattern(struct image *image, const char *path, size_t n, unsigned int seed)
{
	const struct image_attr attr = { .mode = 0640, .uid = 1, .gid = 2, .mtime = 1000 };
	unsigned char *data = pattern(n, seed, seed % 2);

	assert_ok(image_write_file(image, path, data, n, &attr, &err));
	free(data);
}

static void check_pattern(struct bench *b, const char *path, size_t n, unsigned int seed)
{
	unsigned char *data = pattern(n, seed, seed % 2);

	check_file(b, path, data, n);
	free(data);
}

static void plant(struct image *image)
{
	assert_ok(image_mkdir_p(image, "/d/e", &err));
	assert_ok(image_mkdir_p(image, "/gone/deep", &err));
	write_pattern(image, "/same", 70000, 1);
	write_pattern(image, "/content", 70000, 2);
	write_pattern(image, "/mode", 5, 3);
	write_pattern(image, "/moved", 500000, 4);
	write_pattern(image, "/swap1", 90000, 5);
	write_pattern(image, "/swap2", 90000, 6);
	write_pattern(image, "/one", 40000, 7);
	assert_ok(image_link(image, "/one", "/two", &err));
	assert_ok(image_link(image, "/one", "/three", &err));
	write_pattern(image, "/gone/deep/file", 30000, 8);
	assert_ok(image_symlink(image, "/d", "/link", &err));
	assert_ok(image_symlink(image, "/d", "/link-same", &err));
	write_pattern(image, "/becomes-folder", 10, 9);
	assert_ok(image_mkdir(image, "/becomes-link", NULL, &err));
	write_pattern(image, "/becomes-link/in", 10, 10);
	assert_ok(image_mknod(image, "/node", S_IFCHR | 0600, 1, 3, NULL, &err));
}

/* Every kind of change. turned: the same changes in another order, which gives other inodes and blocks. */
static void change(struct image *i, bool turned)
{
	const struct image_attr attr = { .mode = 01711, .uid = 70000, .gid = 80000, .mtime = 500 };

	if (turned) {
		write_pattern(i, "/filler", 200000, 99);
		write_pattern(i, "/d/new", 600000, 20);
		assert_ok(image_remove(i, "/filler", &err));
	}
	assert_ok(image_rename(i, "/moved", "/d/e/here", &err));
	assert_ok(image_rename(i, "/swap1", "/swap3", &err));
	assert_ok(image_rename(i, "/swap2", "/swap1", &err));
	assert_ok(image_rename(i, "/swap3", "/swap2", &err));
	write_pattern(i, "/content", 123456, 21);
	assert_ok(image_set_attr(i, "/mode", &attr, &err));
	assert_ok(image_set_attr(i, "/d", &attr, &err));
	/* One of three names becomes a file of its own; another one joins. */
	assert_ok(image_remove(i, "/two", &err));
	write_pattern(i, "/two", 40000, 7);
	assert_ok(image_link(i, "/three", "/a-fourth", &err));
	assert_ok(image_remove(i, "/gone/deep/file", &err));
	assert_ok(image_remove(i, "/gone/deep", &err));
	assert_ok(image_remove(i, "/gone", &err));
	assert_ok(image_remove(i, "/link", &err));
	assert_ok(image_symlink(i, "/elsewhere", "/link", &err));
	assert_ok(image_remove(i, "/becomes-folder", &err));
	assert_ok(image_mkdir_p(i, "/becomes-folder/x", &err));
	assert_ok(image_remove(i, "/becomes-link/in", &err));
	assert_ok(image_remove(i, "/becomes-link", &err));
	assert_ok(image_symlink(i, "d", "/becomes-link", &err));
	assert_ok(image_remove(i, "/node", &err));
	assert_ok(image_mknod(i, "/node", S_IFBLK | 0640, 98, 700, &attr, &err));
	if (!turned)
		write_pattern(i, "/d/new", 600000, 20);
	assert_ok(image_link(i, "/d/new", "/d/new-too", &err));
}

static void check_stat(struct bench *b, const char *path, uint32_t mode, uint32_t uid, uint32_t nlink)
{
	struct image_stat st;

	assert_ok(image_lstat(b->image, path, &st, &err));
	assert_int_equal(st.mode, mode);
	assert_int_equal(st.uid, uid);
	if (nlink)
		assert_int_equal(st.nlink, nlink);
}

static void check_target(struct bench *b, const char *path, const char *target)
{
	char *text;

	assert_ok(image_readlink(b->image, path, &text, &err));
	assert_string_equal(text, target);
	free(text);
}

static void check_changed(struct bench *b)
{
	struct image_stat st;

	check_pattern(b, "/same", 70000, 1);
	check_pattern(b, "/content", 123456, 21);
	check_pattern(b, "/d/e/here", 500000, 4);
	check_pattern(b, "/swap1", 90000, 6);
	check_pattern(b, "/swap2", 90000, 5);
	check_pattern(b, "/two", 40000, 7);
	check_pattern(b, "/a-fourth", 40000, 7);
	check_pattern(b, "/d/new-too", 600000, 20);
	check_stat(b, "/mode", S_IFREG | 01711, 70000, 1);
	check_stat(b, "/d", S_IFDIR | 01711, 70000, 3);
	check_stat(b, "/two", S_IFREG | 0640, 1, 1);
	check_stat(b, "/one", S_IFREG | 0640, 1, 3);
	check_stat(b, "/d/new", S_IFREG | 0640, 1, 2);
	check_stat(b, "/becomes-folder/x", S_IFDIR | 0755, 0, 2);
	check_stat(b, "/node", S_IFBLK | 01711, 70000, 1);
	assert_ok(image_lstat(b->image, "/node", &st, &err));
	assert_int_equal(st.rdev_major, 98);
	assert_int_equal(st.rdev_minor, 700);
	check_target(b, "/link", "/elsewhere");
	check_target(b, "/link-same", "/d");
	check_target(b, "/becomes-link", "d");
	assert_false(image_exists(b->image, "/gone"));
	assert_false(image_exists(b->image, "/moved"));
	/* The guest's time becomes ours; what was set to an older one on purpose stays. */
	assert_ok(image_lstat(b->image, "/content", &st, &err));
	assert_int_equal(st.mtime, NOW + 5);
	assert_ok(image_lstat(b->image, "/mode", &st, &err));
	assert_int_equal(st.mtime, 500);
	assert_ok(image_lstat(b->image, "/same", &st, &err));
	assert_int_equal(st.mtime, 1000);
}

static void run(struct bench *b, bool as_cow, bool turned, struct replay_log *log)
{
	struct copy c;

	plant(b->image);
	open_copy(&c, b, as_cow, "copy");
	change(c.image, turned);
	settle_copy(&c);
	replay(&c, log);
	close_copy(&c);
	check_changed(b);
}

static void test_all_changes(void **state)
{
	struct replay_log log = REPLAY_LOG_INIT;
	struct bench *b = bench_new(*state, "24M");
	size_t removed = 0;

	run(b, false, false, &log);
	for (size_t i = 0; i < log.count; i++) {
		removed += log.items[i].kind == REPLAY_REMOVED;
		assert_string_not_equal(log.items[i].path, "/same");
		assert_string_not_equal(log.items[i].path, "/link-same");
	}
	/* gone, gone/deep, .../file, moved, link, both becomes-..., .../in, node, two */
	assert_in_range(removed, 9, 10);
	replay_log_release(&log);
	bench_free(b);
}

static void test_same_bytes(void **state)
{
	struct bench *a = bench_new(*state, "24M"), *b = bench_new(*state, "24M");
	struct strbuf out = STRBUF_INIT;

	/* mke2fs looks at the clock. */
	bench_close(b);
	assert_int_equal(judge_run(&out, "cp '%s' '%s'", a->path, b->path), 0);
	bench_open(b);
	run(a, true, false, NULL);
	run(b, true, true, NULL);
	bench_close(a);
	bench_close(b);
	assert_int_equal(judge_run(&out, "cmp '%s' '%s'", a->path, b->path), 0);
	strbuf_release(&out);
	judge_remove_dir(a->dir);
	judge_remove_dir(b->dir);
	free(a->path);
	free(b->path);
	free(a);
	free(b);
}

static enum replay_verdict left_out(void *arg, const char *path, enum replay_kind kind, uint32_t mode)
{
	if (!strcmp(path, "/d/new"))
		return REPLAY_EMPTY;
	return !strncmp(path, "/becomes-folder", 15) || !strcmp(path, "/content") ? REPLAY_LEAVE :
										     REPLAY_TAKE;
}

static void test_verdicts(void **state)
{
	struct bench *b = bench_new(*state, "24M");
	struct copy c;
	struct replay_options options = { .since = SINCE, .judge = left_out };

	plant(b->image);
	open_copy(&c, b, false, "copy");
	change(c.image, false);
	settle_copy(&c);
	options.spool = c.spool;
	assert_ok(image_replay(b->image, c.image, &options, NULL, &err));
	close_copy(&c);
	check_pattern(b, "/content", 70000, 2);
	check_pattern(b, "/becomes-folder", 10, 9);
	check_file(b, "/d/new", "", 0);
	check_file(b, "/d/new-too", "", 0);
	check_pattern(b, "/d/e/here", 500000, 4);
	bench_free(b);
}

/* What a broken kernel or a scriptlet with a hex editor makes of a folder is refused. */
static void test_hostile(void **state)
{
	struct bench *b = bench_new(*state, "24M");
	struct strbuf out = STRBUF_INIT;
	struct error why = ERROR_INIT;
	struct replay_options options = { .since = SINCE };
	struct copy c;

	plant(b->image);
	open_copy(&c, b, false, "copy");
	assert_ok(image_close(c.image, &err));
	assert_int_equal(judge_run(&out, "debugfs -w -R 'ln /d /d/e/loop' '%s' 2>&1", c.path), 0);
	assert_ok(image_open(&c.image, c.fd, false, SINCE, &err));
	assert_ok(image_open(&b->image, b->fd, true, NOW, &err));
	options.spool = c.spool;
	assert_int_equal(image_replay(b->image, c.image, &options, NULL, &why), -ERR_FS);
	judge_contains(why.what, "in several places");
	error_release(&why);
	strbuf_release(&out);
	close_copy(&c);
	check_pattern(b, "/moved", 500000, 4);
	bench_free(b);
}

int main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		{ "changes", test_all_changes },
		{ "same-bytes", test_same_bytes },
		{ "verdicts", test_verdicts },
		{ "hostile", test_hostile },
	};

	return bench_run(tests, sizeof(tests) / sizeof(tests[0]), argc > 1 ? argv[1] : NULL);
}
