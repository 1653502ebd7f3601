/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources: folders, and ISO images that libarchive writes here. */
#include "pkg_fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include "pkg/media_xml.h"
#include "pkg/solve.h"
#include "pkg/source.h"

/* An image with some files; a target makes a symbolic link. */
static void write_iso(const char *name, bool rock_ridge)
{
	static const char *const files[][3] = {
		{ "content", "of the image", NULL },
		{ "suse/i586/a-1.rpm", "package a", NULL },
		{ "suse/i586/b+c.rpm", "package b", NULL },
		{ "suse/link", NULL, "i586/a-1.rpm" },
		{ "suse/up", NULL, "../../etc/passwd" },
		{ "suse/loop", NULL, "loop" },
		{ "suse/top", NULL, "/content" },
		{ "through", NULL, "suse/i586" },
	};
	struct archive *a = archive_write_new();
	char *path = fixture_path(name);

	assert_int_equal(archive_write_set_format_iso9660(a), ARCHIVE_OK);
	archive_write_set_options(a, rock_ridge ? "rockridge=useful" : "!rockridge,!joliet,iso-level=3");
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct archive_entry *e = archive_entry_new();

		if (files[i][2] && !rock_ridge) {
			archive_entry_free(e);
			continue;
		}
		archive_entry_set_pathname(e, files[i][0]);
		archive_entry_set_filetype(e, files[i][2] ? AE_IFLNK : AE_IFREG);
		archive_entry_set_perm(e, 0644);
		if (files[i][2])
			archive_entry_set_symlink(e, files[i][2]);
		else
			archive_entry_set_size(e, (la_int64_t)strlen(files[i][1]));
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		if (!files[i][2])
			assert_true(archive_write_data(a, files[i][1], strlen(files[i][1])) > 0);
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	free(path);
}

static struct source *open_source(const char *name)
{
	struct error err = ERROR_INIT;
	char *path = fixture_path(name);
	struct source *s;

	if (source_open(path, NULL, &s, &err))
		fail_msg("%s: %s", path, err.what);
	free(path);
	return s;
}

static void assert_text(struct source *s, const char *path, const char *expected)
{
	const struct source_file file = { .path = path };
	struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;

	if (source_read(s, &file, 1000, &text, &err))
		fail_msg("%s: %s", path, err.what);
	assert_string_equal(text.data, expected);
	strbuf_release(&text);
}

static void assert_fails(struct source *s, const struct source_file *wanted, int code)
{
	struct source_file file = *wanted;
	struct error err = ERROR_INIT;

	assert_int_equal(source_fetch(s, &file, 1, NULL, &err), code);
	assert_int_equal(err.code, code);
	assert_null(file.local);
	error_release(&err);
}

static void test_iso(void **state)
{
	struct strlist names = STRLIST_INIT;
	struct source *s;

	write_iso("one.iso", true);
	s = open_source("one.iso");
	assert_ptr_equal(s->ops, &source_iso);
	assert_text(s, "content", "of the image");
	assert_text(s, "suse/link", "package a");
	assert_text(s, "suse/top", "of the image");
	assert_text(s, "through/b+c.rpm", "package b");
	assert_int_equal(source_has(s, "suse/i586/a-1.rpm", NULL), 1);
	assert_int_equal(source_has(s, "suse/i586", NULL), 0);
	assert_int_equal(source_has(s, "suse/i586/z", NULL), 0);
	assert_int_equal(source_has(s, "suse/up", NULL), -ERR_ESCAPE);
	assert_int_equal(source_has(s, "../x", NULL), -ERR_ESCAPE);
	assert_fails(s, &(struct source_file){ .path = "suse/loop" }, -ERR_FORMAT);
	assert_fails(s, &(struct source_file){ .path = "none" }, -ERR_NOT_FOUND);
	assert_fails(s, &(struct source_file){ .path = "suse/i586" }, -ERR_FORMAT);
	assert_fails(s, &(struct source_file){ .path = "content", .max = 11 }, -ERR_LIMIT);
	assert_fails(s, &(struct source_file){ .path = "content", .size = 11 }, -ERR_DIGEST);
	assert_int_equal(source_list(s, "suse/i586", &names, NULL), 0);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "a-1.rpm");
	assert_int_equal(source_list(s, "content", &names, NULL), -ERR_NOT_FOUND);
	strlist_release(&names);
	source_close(s);
}

/* Names of level 3 have lost their case and every odd character. */
static void test_iso_plain(void **state)
{
	struct strlist paths = STRLIST_INIT;
	struct source *s;

	write_iso("plain.iso", false);
	s = open_source("plain.iso");
	assert_text(s, "content", "of the image");
	assert_text(s, "suse/i586/a-1.rpm", "package a");
	assert_text(s, "suse/i586/b+c.rpm", "package b");
	assert_int_equal(s->ops->find(s, ".rpm", false, &paths, NULL), 0);
	assert_int_equal(paths.count, 2);
	strlist_release(&paths);
	source_close(s);
}

/* All at once in one pass: order and doubles do not matter, and progress comes to its end. */
static void count_progress(void *arg, uint64_t done, uint64_t total, const char *path)
{
	assert_true(done <= total);
	*(uint64_t *)arg = done;
}

static void test_iso_batch(void **state)
{
	uint64_t done = 0;
	const struct source_progress progress = { count_progress, &done };
	struct source_file files[] = {
		{ .path = "suse/i586/b+c.rpm" }, { .path = "none", .optional = true },
		{ .path = "content" },           { .path = "suse/link" },
		{ .path = "suse/i586/a-1.rpm" },
	};
	struct source *s;

	write_iso("one.iso", true);
	s = open_source("one.iso");
	assert_int_equal(source_fetch(s, files, 5, &progress, NULL), 0);
	assert_int_equal(done, 9 + 12 + 9 + 9);
	assert_null(files[1].local);
	for (int i = 0; i < 5; i++)
		assert_int_equal(files[i].local ? access(files[i].local, R_OK) : 0, 0);
	assert_string_equal(files[3].local, files[4].local);
	for (int i = 0; i < 5; i++)
		free(files[i].local);
	source_close(s);
}

/* Every cut, and every byte of the descriptors turned over: an error or an image, never a crash. */
static void test_iso_damage(void **state)
{
	char *path = fixture_path("one.iso");
	struct stat st;

	write_iso("one.iso", true);
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 32768; at < 32768 + 40 * 2048 && at < st.st_size; at += 37) {
		int fd = open(path, O_RDWR | O_CLOEXEC);
		unsigned char c, turned;
		struct source *s = NULL;
		struct strbuf text = STRBUF_INIT;

		assert_int_equal(pread(fd, &c, 1, at), 1);
		turned = c ^ 0xff;
		assert_int_equal(pwrite(fd, &turned, 1, at), 1);
		if (!source_open(path, NULL, &s, NULL)) {
			const struct source_file file = { .path = "suse/i586/a-1.rpm" };

			(void)!source_read(s, &file, 1000, &text, NULL);
			assert_true(!text.data || text.len <= 1000);
		}
		strbuf_release(&text);
		source_close(s);
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
		close(fd);
	}
	for (off_t size = st.st_size; size > 0; size -= 4099) {
		struct error err = ERROR_INIT;
		struct source *s;

		assert_int_equal(truncate(path, size), 0);
		if (source_open(path, NULL, &s, &err))
			assert_non_null(err.what);
		source_close(s);
		error_release(&err);
	}
	free(path);
}

static void test_folder(void **state)
{
	char *link = fixture_path("m/out"), *inside = fixture_path("m/in");
	struct source_file sum = { .path = "d/a", .checksum_algo = "sha1" };
	struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct source *s;

	fixture_text("m/d/a", "text");
	fixture_text("secret", "no");
	assert_int_equal(symlink("../secret", link), 0);
	assert_int_equal(symlink("d", inside), 0);
	s = open_source("m");
	assert_text(s, "in/a", "text");
	assert_fails(s, &(struct source_file){ .path = "out" }, -ERR_ESCAPE);
	assert_fails(s, &(struct source_file){ .path = "../secret" }, -ERR_ESCAPE);
	assert_fails(s, &(struct source_file){ .path = "none" }, -ENOENT);
	sum.checksum = "372ea08cab33e71c02c651dbc83a474d32c676ea"; /* sha1sum says */
	assert_int_equal(source_read(s, &sum, 1000, &text, &err), 0);
	sum.checksum = "0000000000000000000000000000000000000000";
	assert_int_equal(source_read(s, &sum, 1000, &text, &err), -ERR_DIGEST);
	assert_contains(err.what, "expected 0000000000000000000000000000000000000000, got 372ea08c");
	assert_int_equal(source_read(s, &sum, 3, &text, &err), -ERR_LIMIT);
	error_release(&err);
	source_close(s);
	free(link);
	free(inside);
}

static int guarded(const char *text, uint64_t max)
{
	struct xml_guard guard;
	FILE *f = xml_guard_open(&guard, fmemopen((char *)text, strlen(text), "r"), max);

	assert_non_null(f);
	return xml_guard_close(&guard, f, "test", NULL);
}

static void test_xml_guard(void **state)
{
	static const char *const good[] = {
		"<a/>",
		"<?xml version=\"1.0\"?>\n<!-- <!DOCTYPE x> --><a><!-- c --></a>",
		"<!----><a><![CDATA[<!DOCTYPE]]></a>",
		"<?a ?><?b > ?><a/>",
	};
	static const char *const bad[] = {
		"<!DOCTYPE a><a/>",
		"<?xml version=\"1.0\"?><!-- --><!DOCTYPE a [<!ENTITY b \"c\">]><a/>",
		"<!--> --><!DOCTYPE a><a/>",
		"<?a > ?><!doctype a><a/>",
	};

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(guarded(good[i], 1000), 0);
		assert_int_equal(guarded(bad[i], 1000), -ERR_FORMAT);
		assert_int_equal(guarded(good[i], 3), -ERR_LIMIT);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_iso),	       TEST(test_iso_plain), TEST(test_iso_batch),
		TEST(test_iso_damage), TEST(test_folder),    TEST(test_xml_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
