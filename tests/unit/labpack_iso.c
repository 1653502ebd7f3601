/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ISO image with a file of more than an extent can hold, read by libarchive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include "labpack/iso.h"

#define LARGE ((5ull << 30) + 12345)

static void large_file(void **state)
{
	char path[] = "/tmp/labpack-iso.XXXXXX";
	struct iso_file large = { .name = "lab.tar", .iso_name = "LAB.TAR;1", .mode = 0444 };
	struct iso_file small = { .name = "README", .iso_name = "README.;1", .mode = 0444 };
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	unsigned int seen = 0;
	int fd = mkstemp(path);
	struct iso iso;

	assert_true(fd >= 0);
	assert_int_equal(iso_begin(&iso, fd, path, NULL), 0);
	assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_CUR) + (off_t)LARGE), 0);
	assert_int_equal(pwrite(fd, "end", 3, lseek(fd, 0, SEEK_CUR) + (off_t)LARGE - 3), 3);
	assert_int_equal(iso_note(&iso, &large, LARGE, NULL), 0);
	assert_int_equal(iso_add(&iso, &small, "hello", 5, NULL, NULL), 0);
	assert_int_equal(iso_finish(&iso, "TEST", 1000000000, NULL), 0);
	close(fd);
	archive_read_support_format_iso9660(a);
	assert_int_equal(archive_read_open_filename(a, path, 65536), ARCHIVE_OK);
	while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		char text[8] = "";

		if (!strcmp(archive_entry_pathname(entry), "lab.tar")) {
			assert_int_equal(archive_entry_size(entry), LARGE);
			seen |= 1;
		}
		if (!strcmp(archive_entry_pathname(entry), "README")) {
			assert_int_equal(archive_read_data(a, text, sizeof(text)), 5);
			assert_string_equal(text, "hello");
			seen |= 2;
		}
	}
	assert_int_equal(seen, 3);
	archive_read_free(a);
	unlink(path);
}

static void too_large(void **state)
{
	struct iso_file f = { .name = "x", .iso_name = "X.;1" };
	char path[] = "/tmp/labpack-iso.XXXXXX";
	int fd = mkstemp(path);
	struct iso iso;

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(iso_begin(&iso, fd, path, NULL), 0);
	assert_int_equal(iso_note(&iso, &f, 9ull << 40, NULL), -ERR_LIMIT);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_file),
		cmocka_unit_test(too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
