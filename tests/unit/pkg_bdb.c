/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Berkeley DB files: db 5.3's own programs and Perl's DB_File are the judges. */
#include "pkg/bdb.h"

#include "tests/unit/judge.h"
#include "tests/unit/rpmfile.h"

static char *dir;

static int setup(void **state)
{
	dir = judge_make_dir();
	return 0;
}

static int teardown(void **state)
{
	judge_remove_dir(dir);
	return 0;
}

/* A value that tells its key and every offset. */
static uint8_t byte_of(uint32_t key, size_t i)
{
	return (uint8_t)(key * 131 + i * 7 + i / 4070);
}

static void make(const uint32_t *sizes, uint32_t count, bool big_endian, uint8_t **data, size_t *size)
{
	static const uint8_t uid[BDB_UID] = "01234567890123456789";
	struct bdb_writer w = BDB_WRITER_INIT;
	struct error err = ERROR_INIT;

	assert_int_equal(bdb_begin(&w, sizes, count, big_endian, &err), 0);
	for (uint32_t k = 0; k < count; k++) {
		uint8_t *value = malloc(sizes[k] + 1);

		for (size_t i = 0; i < sizes[k]; i++)
			value[i] = byte_of(k, i);
		bdb_put(&w, k, value);
		free(value);
	}
	bdb_finish(&w, uid, data, size);
	bdb_release(&w);
}

struct seen {
	const uint32_t *sizes;
	uint32_t count, found;
	uint8_t *hits;
};

static int see(void *arg, uint32_t key, const void *value, size_t size, struct error *err)
{
	struct seen *s = arg;
	const uint8_t *bytes = value;

	assert_true(key < s->count);
	assert_int_equal(s->hits[key]++, 0);
	assert_int_equal(size, s->sizes[key]);
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != byte_of(key, i))
			fail_msg("key %u: byte %zu differs", key, i);
	s->found++;
	return 0;
}

static void read_back(const uint8_t *data, size_t size, const uint32_t *sizes, uint32_t count)
{
	struct seen s = { sizes, count, 0, calloc(count + 1, 1) };
	struct error err = ERROR_INIT;

	assert_int_equal(bdb_each(data, size, "x", see, &s, &err), 0);
	assert_int_equal(s.found, count);
	free(s.hits);
}

static bool have(const char *command)
{
	struct strbuf out = STRBUF_INIT;
	bool found = judge_run(&out, "%s", command) == 0;

	strbuf_release(&out);
	if (!found)
		print_message("skipped: '%s' fails here\n", command);
	return found;
}

/* What db 5.3 says of the file as it is, and of a copy in its own version (where it can make one). */
static void judge_by_db(bool big_endian)
{
	bool native = big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	struct strbuf out = STRBUF_INIT;

	if (!have("command -v db5.3_verify"))
		return;
	if (judge_run(&out, "cd '%s' && cp db up && db5.3_verify db && %s db5.3_upgrade up && "
			    "db5.3_verify up", dir, native ? "" : ": not"))
		fail_msg("%s", out.data);
	strbuf_release(&out);
}

/* Each key is found by its hash, with the right bytes. */
static void look_up(uint32_t count, bool big_endian)
{
	struct strbuf out = STRBUF_INIT;

	if (!have("perl -MDB_File -e 1"))
		return;
	if (judge_run(&out,
		      "cd '%s' && perl -MDB_File -MFcntl -e '"
		      "for my $file (\"db\", \"up\") {"
		      " my $d = tie(my %%h, \"DB_File\", $file, O_RDONLY, 0, $DB_HASH) or die \"$file: $!\";"
		      " for my $k (0..%u-1) {"
		      "  my $v = $h{pack(\"%s\", $k)}; defined $v or die \"$file: no $k\";"
		      "  my $n = length $v; my $i = int($n / 2);"
		      "  $n == 0 || ord(substr($v, $i, 1)) == ($k * 131 + $i * 7 + int($i / 4070)) %% 256"
		      "   or die \"$file: $k: byte $i\"; }"
		      " die \"too much\" if defined $h{pack(\"%s\", %u)};"
		      " my $n = 0; $n++ while my ($k, $v) = each %%h; $n == %u or die \"$file: $n keys\" }'",
		      dir, count, big_endian ? "N" : "V", big_endian ? "N" : "V", count, count))
		fail_msg("%s", out.data);
	strbuf_release(&out);
}

static void check(const uint32_t *sizes, uint32_t count, bool big_endian)
{
	char *path;
	uint8_t *data;
	size_t size;

	make(sizes, count, big_endian, &data, &size);
	assert_int_equal(size % BDB_PAGE, 0);
	read_back(data, size, sizes, count);
	assert_true(asprintf(&path, "%s/db", dir) > 0);
	rpmfile_spill(path, data, size);
	judge_by_db(big_endian);
	look_up(count, big_endian);
	free(path);
	free(data);
}

static void none_and_one(void **state)
{
	const uint32_t sizes[] = { 4, 3000 };

	check(sizes, 0, false);
	check(sizes, 1, false);
	check(sizes, 2, false);
	check(sizes, 2, true);
}

/* Around the lengths at which a value moves to pages of its own, and fills them. */
static void lengths_at_the_edges(void **state)
{
	const uint32_t sizes[] = { 4, 0, 1, 1022, 1023, 1024, 1025, 4069, 4070, 4071, 8139, 8140, 8141,
				   4096, 5u << 20, 65535, 65536, 65537 };

	check(sizes, sizeof(sizes) / sizeof(*sizes), false);
	check(sizes, sizeof(sizes) / sizeof(*sizes), true);
}

static void thousands(void **state)
{
	uint32_t *sizes = malloc(5000 * sizeof(*sizes));

	for (uint32_t i = 0; i < 5000; i++)
		sizes[i] = i % 3 ? i % 1100 : 1000 + i * 3;
	for (uint32_t n = 3; n <= 5000; n = n * 5 + 1)
		check(sizes, n, false);
	check(sizes, 5000, false);
	check(sizes, 5000, true);
	free(sizes);
}

static int refuse_nothing(void *arg, uint32_t key, const void *value, size_t size, struct error *err)
{
	/* Every byte can be read. */
	for (size_t i = 0; i < size; i++)
		*(uint8_t *)arg ^= ((const uint8_t *)value)[i];
	return 0;
}

static void expect_refused(const uint8_t *data, size_t size, int code, const char *part)
{
	struct error err = ERROR_INIT;
	uint8_t sum = 0;
	char *text;

	assert_int_equal(bdb_each(data, size, "x", refuse_nothing, &sum, &err), code);
	text = error_text(&err);
	judge_contains(text, part);
	free(text);
	error_release(&err);
}

/* Any bytes anywhere: an error or not, but nothing else. */
static void damage_is_no_crash(void **state)
{
	const uint32_t sizes[] = { 4, 10, 5000, 900, 20000, 33 };
	uint8_t *data, *copy, sum = 0;
	size_t size;
	uint32_t seed = 1;

	make(sizes, 6, false, &data, &size);
	copy = malloc(size);
	for (int i = 0; i < 20000; i++) {
		struct error err = ERROR_INIT;

		memcpy(copy, data, size);
		for (int k = 0; k < 3; k++) {
			seed = seed * 1103515245u + 12345;
			/* Mostly where numbers are. */
			copy[(seed >> 8) % size / 4096 * 4096 + (seed >> 4) % (k ? 128 : 4096)] =
				(uint8_t)(seed >> 24);
		}
		if (bdb_each(copy, size - (size_t)(i % 2) * (seed % size), "x", refuse_nothing,
			     &sum, &err))
			assert_non_null(err.what);
		error_release(&err);
	}
	expect_refused(data, 100, -ERR_UNSUPPORTED, "no Berkeley DB hash");
	memcpy(copy, data, size);
	copy[16] = 7;
	expect_refused(copy, size, -ERR_UNSUPPORTED, "version 7");
	expect_refused(data, size - 4096, -ERR_FORMAT, "damaged");
	free(copy);
	free(data);
}

/* Two values on the same pages would make a small file an endless one. */
static void pages_are_not_shared(void **state)
{
	const uint32_t sizes[] = { 40000, 40000 };
	uint8_t *data;
	size_t size;

	make(sizes, 2, false, &data, &size);
	for (uint32_t b = 1; b <= 2; b++) {
		uint8_t *page = data + (size_t)b * BDB_PAGE;
		uint32_t at = (uint32_t)(page[28] | page[29] << 8);

		if (!page[20])
			continue;
		/* Twice through its pages: short enough for one, not for both. */
		page[at + 8] = (uint8_t)80000;
		page[at + 9] = (uint8_t)(80000 >> 8);
		page[at + 10] = 80000 >> 16;
	}
	for (uint8_t *page = data; page < data + size; page += BDB_PAGE)
		if (page[25] == 7 && !page[16] && !page[17])
			page[16] = 3;
	expect_refused(data, size, -ERR_FORMAT, "longer than the file");
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_and_one),
		cmocka_unit_test(lengths_at_the_edges),
		cmocka_unit_test(thousands),
		cmocka_unit_test(damage_is_no_crash),
		cmocka_unit_test(pages_are_not_shared),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
