/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's rpm database; rpm and sqlite are the judges. */
#include "pkg/database.h"

#include <pthread.h>
#include <sqlite3.h>

#include "pkg/bdb.h"
#include "pkg/payload.h"
#include "tests/unit/verify_fixture.h"

#define NOW 1500000000

struct set {
	struct package_list packages;
	struct database_entry *entries;
};

static void set_add(struct set *s, const char *path)
{
	struct package *p = package_new();
	struct package_files files;
	struct database_entry *e;
	uint8_t *states;

	p->path = strdup(path);
	assert_int_equal(verify(NULL, p, NULL), 0);
	assert_ok(package_files_load(&files, p, &err));
	s->entries = realloc(s->entries, (s->packages.count + 1) * sizeof(*s->entries));
	states = calloc(files.count + 1, 1);
	e = &s->entries[s->packages.count];
	*e = (struct database_entry){ p, states, files.count };
	package_files_release(&files);
	assert_int_equal(package_list_take(&s->packages, p), 0);
}

static void set_add_new(struct set *s, const struct rpmfile *t)
{
	rpmfile_write(file, t);
	set_add(s, file);
}

static void set_release(struct set *s)
{
	for (size_t i = 0; i < s->packages.count; i++)
		free((void *)(uintptr_t)s->entries[i].states);
	free(s->entries);
	package_list_release(&s->packages);
}

static void make(const struct set *s, struct database_files *out)
{
	struct database_options options = { .format = "sqlite", .now = NOW, .colour = 2 };

	assert_ok(database_build(s->entries, s->packages.count, &options, out, &err));
	assert_int_equal(out->count, 1);
	assert_string_equal(out->items[0].name, "rpmdb.sqlite");
}

/* Write the database into dir/db; sqlite finds no fault with it. */
static void spill(const struct database_files *files)
{
	struct strbuf path = STRBUF_INIT;
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;

	assert_int_equal(strbuf_addf(&path, "%s/db", dir), 0);
	mkdir(path.data, 0755);
	assert_int_equal(strbuf_adds(&path, "/rpmdb.sqlite"), 0);
	rpmfile_spill(path.data, files->items[0].data, files->items[0].size);
	assert_int_equal(sqlite3_open_v2(path.data, &db, SQLITE_OPEN_READONLY, "unix"), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "pragma integrity_check", -1, &st, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(st, 0), "ok");
	sqlite3_finalize(st);
	/* No write-ahead log: a read-only root can read it. */
	assert_int_equal(sqlite3_prepare_v2(db, "pragma journal_mode", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(st, 0), "delete");
	sqlite3_finalize(st);
	sqlite3_close(db);
	strbuf_release(&path);
}

/* What rpm says of the database in dir/db; skips the rest of the test without rpm. */
static void ask_rpm(struct strbuf *out, const char *folder, const char *question)
{
	if (judge_run(out, "rpm --dbpath '%s/%s' %s", dir, folder, question))
		fail_msg("rpm %s: %s", question, out->data);
}

static bool have_rpm(void)
{
	struct strbuf out = STRBUF_INIT;
	bool found = judge_run(&out, "command -v rpm") == 0;

	strbuf_release(&out);
	if (!found)
		print_message("no rpm here: not asked\n");
	return found;
}

static void two_packages(struct set *s)
{
	set_add_new(s, &(struct rpmfile){ .name = "new", ENTRIES });
	set_add_new(s, &(struct rpmfile){ .name = "old", ENTRIES, .old = true });
}

static void rpm_reads_it(void **state)
{
	struct set s = { PACKAGE_LIST_INIT, NULL };
	struct database_files files;
	struct strbuf out = STRBUF_INIT;

	two_packages(&s);
	((uint8_t *)(uintptr_t)s.entries[0].states)[1] = DATABASE_NOT_INSTALLED;
	make(&s, &files);
	spill(&files);
	if (have_rpm()) {
		ask_rpm(&out, "db", "-qa | sort");
		assert_string_equal(out.data, "new-1-1.noarch\nold-1-1.noarch\n");
		ask_rpm(&out, "db", "-ql old");
		assert_string_equal(out.data,
				    "/etc/motd\n/usr/bin/a\n/usr/bin/b\n/usr/lib/l\n/var/log/g\n");
		ask_rpm(&out, "db", "-qf /usr/lib/l | sort");
		assert_string_equal(out.data, "new-1-1.noarch\nold-1-1.noarch\n");
		ask_rpm(&out, "db",
			"-q --qf '%{INSTALLTIME} %{INSTALLTID} %{INSTALLCOLOR} %{SIZE}\n' new");
		assert_string_equal(out.data, "1500000000 1500000000 2 0\n");
		ask_rpm(&out, "db", "-q --qf '[%{FILESTATES} ]\n' new");
		assert_string_equal(out.data, "0 2 0 0 0 \n");
		ask_rpm(&out, "db", "-q --whatprovides new");
		assert_string_equal(out.data, "new-1-1.noarch\n");
		ask_rpm(&out, "db", "-q --qf '[%{FILEDIGESTS} ]' old | cut -c1-32");
		assert_string_equal(out.data, "b1946ac92492d2347c6235b4d2611184\n");
	}
	strbuf_release(&out);
	database_files_release(&files);
	set_release(&s);
}

static void same_input_same_bytes(void **state)
{
	struct set s = { PACKAGE_LIST_INIT, NULL };
	struct database_files a, b;

	two_packages(&s);
	make(&s, &a);
	setenv("SOURCE_DATE_EPOCH", "1234567890", 1);
	setenv("HOME", "/nonexistent", 1);
	make(&s, &b);
	unsetenv("SOURCE_DATE_EPOCH");
	assert_int_equal(a.items[0].size, b.items[0].size);
	assert_memory_equal(a.items[0].data, b.items[0].data, a.items[0].size);
	database_files_release(&a);
	database_files_release(&b);
	set_release(&s);
}

static void may_be_empty(void **state)
{
	struct database_options options = { .format = "sqlite", .now = NOW };
	struct database_files files;
	struct package_list none = PACKAGE_LIST_INIT;
	struct strbuf out = STRBUF_INIT;

	assert_ok(database_build(NULL, 0, &options, &files, &err));
	assert_true(database_estimate(&none, "sqlite") >= files.items[0].size);
	spill(&files);
	if (have_rpm()) {
		ask_rpm(&out, "db", "-qa");
		assert_int_equal(out.len, 0);
	}
	strbuf_release(&out);
	database_files_release(&files);
}

static void refuses(void **state)
{
	struct set s = { PACKAGE_LIST_INIT, NULL };
	struct database_options options = { .format = "ndb", .now = NOW };
	struct database_files files;

	assert_fails(database_build(NULL, 0, &options, &files, &err), -ERR_UNSUPPORTED);
	assert_null(files.items);
	two_packages(&s);
	options.format = "sqlite";
	s.entries[1].state_count--;
	assert_fails(database_build(s.entries, 2, &options, &files, &err), -EINVAL);
	assert_null(files.items);
	/* And the next one is not disturbed. */
	s.entries[1].state_count++;
	make(&s, &files);
	database_files_release(&files);
	set_release(&s);
}

static void leaves_the_hosts_sqlite_alone(void **state)
{
	struct database_options options = { .format = "sqlite", .now = NOW };
	struct database_files files;
	const sqlite3_vfs *before = sqlite3_vfs_find(NULL);

	assert_ok(database_build(NULL, 0, &options, &files, &err));
	assert_ptr_equal(sqlite3_vfs_find(NULL), before);
	database_files_release(&files);
}

/* Without what differs by time: rpm gives each package the next second. */
#define EVERYTHING "-qa --xml | sed '/name=\"Installtime\"/,+1d' | sort"

static void add_prefixes(Header h)
{
	static const char *const prefixes[] = { "/usr", "/etc" };

	rpmfile_put_strings(h, RPMTAG_PREFIXES, prefixes, 2);
}

/* The layout of rpm 3, and a relocatable package, in a folder of their own. */
static void set_add_odd_ones(struct set *s)
{
	char *folder, *path;

	assert_true(asprintf(&folder, "%s/odd", dir) > 0);
	assert_true(asprintf(&path, "%s/old-1-1.noarch.rpm", folder) > 0);
	mkdir(folder, 0755);
	rpmfile_write(path, &(struct rpmfile){ .name = "zold", ENTRIES, .old = true });
	set_add(s, path);
	free(path);
	assert_true(asprintf(&path, "%s/moving-1-1.noarch.rpm", folder) > 0);
	rpmfile_write(path, &(struct rpmfile){ .name = "zmoving", ENTRIES, .tweak = add_prefixes });
	set_add(s, path);
	free(path);
	free(folder);
}

/* A justdb transaction of rpm itself stores the same, tag by tag. */
static void stores_what_rpm_stores(void **state)
{
	struct set s = { PACKAGE_LIST_INIT, NULL };
	struct database_files files;
	struct strbuf list = STRBUF_INIT, ours = STRBUF_INIT, theirs = STRBUF_INIT;
	const char *media;

	if (!demo_packages(&list, &media))
		skip();
	for (char *line = list.data, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		set_add(&s, line);
	}
	set_add_odd_ones(&s);
	make(&s, &files);
	print_message("%zu packages: %zu bytes, estimated %llu\n", s.packages.count,
		      files.items[0].size, (unsigned long long)database_estimate(&s.packages, "sqlite"));
	assert_true(database_estimate(&s.packages, "sqlite") >= files.items[0].size);
	assert_true(database_estimate(&s.packages, "sqlite") <= 3 * files.items[0].size);
	spill(&files);
	if (have_rpm()) {
		judge_run(
			&theirs,
			"find '%s' '%s/odd' -name '*.rpm' | SOURCE_DATE_EPOCH=%d "
			"xargs rpm --dbpath '%s/theirs' "
			"--define '_rpmlock_path %s/lock' --define '_transaction_color 2' --justdb "
			"--nodeps --noscripts --notriggers --ignorearch --force --noplugins "
			"--nosignature -i",
			media, dir, NOW, dir, dir);
		ask_rpm(&theirs, "theirs", EVERYTHING);
		ask_rpm(&ours, "db", EVERYTHING);
		assert_true(ours.len > 10000);
		assert_string_equal(ours.data, theirs.data);
	}
	strbuf_release(&list);
	strbuf_release(&ours);
	strbuf_release(&theirs);
	database_files_release(&files);
	set_release(&s);
}

#define FIELDS                                                                                     \
	"-qa --qf '%{NVRA} %{DESCRIPTION} %{SHA256HEADER} %{SIGMD5} %{INSTALLTIME} %{INSTALLTID} "     \
	"[%{FILENAMES} %{FILESTATES} %{FILEDIGESTS}\n][%{PROVIDES} %{PROVIDEVERSION}\n]'"

static const size_t description_sizes[] = { 3 << 20, 17 << 20 };
static size_t description_size;

static void add_description(Header h)
{
	char *text = malloc(description_size + 1);

	memset(text, 'd', description_size);
	text[description_size] = '\0';
	headerPutString(h, RPMTAG_DESCRIPTION, text);
	free(text);
}

static void set_add_large(struct set *s, size_t size)
{
	description_size = size;
	set_add_new(s, &(struct rpmfile){ .name = "zlarge", ENTRIES, .tweak = add_description });
}

static void set_add_demo(struct set *s)
{
	struct strbuf list = STRBUF_INIT;
	const char *media;

	if (!demo_packages(&list, &media))
		return;
	for (char *line = list.data, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		set_add(s, line);
	}
	strbuf_release(&list);
}

static int compare_record(void *arg, uint32_t key, const void *value, size_t size, struct error *error)
{
	sqlite3_stmt *st = arg;

	if (!key)
		return 0;
	sqlite3_reset(st);
	assert_int_equal(sqlite3_bind_int64(st, 1, key), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_int_equal(size, sqlite3_column_bytes(st, 0));
	assert_memory_equal(value, sqlite3_column_blob(st, 0), size);
	return 0;
}

/* Every header of the Packages file is librpm's own, byte by byte. */
static void compare_databases(const struct database_files *bdb, const struct database_files *sqlite)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;

	assert_int_equal(sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_deserialize(db, "main", sqlite->items[0].data,
					     (sqlite3_int64)sqlite->items[0].size,
					     (sqlite3_int64)sqlite->items[0].size,
					     SQLITE_DESERIALIZE_READONLY),
			 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "select blob from Packages where hnum = ?", -1, &st,
					    NULL),
			 SQLITE_OK);
	assert_ok(bdb_each(bdb->items[0].data, bdb->items[0].size, "x", compare_record, st, &err));
	sqlite3_finalize(st);
	sqlite3_close(db);
}

static void bdb_holds_what_sqlite_holds(void **state)
{
	struct database_options options = { .format = "bdb", .now = NOW, .colour = 2 };
	struct set s = { PACKAGE_LIST_INIT, NULL };
	struct database_files sqlite, bdb;
	struct strbuf ours = STRBUF_INIT, theirs = STRBUF_INIT;
	char *path;

	set_add_demo(&s);
	set_add_odd_ones(&s);
	set_add_large(&s, description_sizes[0]);
	make(&s, &sqlite);
	assert_ok(database_build(s.entries, s.packages.count, &options, &bdb, &err));
	assert_string_equal(bdb.items[0].name, "Packages");
	print_message("%zu packages: %zu bytes, estimated %llu\n", s.packages.count,
		      bdb.items[0].size,
		      (unsigned long long)database_estimate(&s.packages, "bdb"));
	assert_true(database_estimate(&s.packages, "bdb") >= bdb.items[0].size);
	assert_true(database_estimate(&s.packages, "bdb") <= 2 * bdb.items[0].size);
	compare_databases(&bdb, &sqlite);
	spill(&sqlite);
	assert_true(asprintf(&path, "%s/bdb", dir) > 0);
	mkdir(path, 0755);
	free(path);
	assert_true(asprintf(&path, "%s/bdb/Packages", dir) > 0);
	rpmfile_spill(path, bdb.items[0].data, bdb.items[0].size);
	free(path);
	if (have_rpm()) {
		/* (--xml takes minutes for a long description.) */
		ask_rpm(&theirs, "db", FIELDS " | sort");
		ask_rpm(&ours, "bdb", "--define '_db_backend bdb_ro' " FIELDS " 2>/dev/null | sort");
		assert_true(ours.len > description_sizes[0]);
		assert_string_equal(ours.data, theirs.data);
	}
	strbuf_release(&ours);
	strbuf_release(&theirs);
	database_files_release(&sqlite);
	database_files_release(&bdb);
	set_release(&s);
}

/* More than rpm before 4.14 takes; sqlite's readers do. */
static void bdb_has_a_largest_header(void **state)
{
	struct database_options options = { .format = "bdb", .now = NOW };
	struct set s = { PACKAGE_LIST_INIT, NULL };
	struct database_files files;

	assert_ok(database_build(NULL, 0, &options, &files, &err));
	assert_int_equal(files.items[0].size, 3 * BDB_PAGE);
	assert_true(database_estimate(&s.packages, "bdb") >= files.items[0].size);
	database_files_release(&files);
	set_add_large(&s, description_sizes[1]);
	assert_fails(database_build(s.entries, 1, &options, &files, &err), -ERR_LIMIT);
	assert_null(files.items);
	make(&s, &files);
	database_files_release(&files);
	set_release(&s);
}

static int reader_begin(void *arg, uint32_t i, uint64_t size)
{
	return 1;
}

static int reader_data(void *arg, uint32_t i, uint64_t offset, const void *data, size_t n)
{
	return 0;
}

static int reader_end(void *arg, uint32_t i)
{
	return 0;
}

/* Read the payloads of a set whose database is being built. */
static void *read_payloads(void *arg)
{
	const struct set *s = arg;
	struct payload_sink sink = { reader_begin, reader_data, reader_end, NULL };
	intptr_t failures = 0;

	for (size_t i = 0; i < s->packages.count; i++) {
		const struct package *p = s->packages.items[i];
		struct package_files files = { NULL, 0, NULL };

		/* The large ones would only take long. */
		if (p->size > 500000)
			continue;
		failures += package_files_load(&files, p, NULL) ||
			    payload_read(p, &files, &sink, NULL);
		package_files_release(&files);
	}
	return (void *)failures;
}

/* As in mkroot: one thread writes the database while others use the same headers. */
static void is_built_beside_readers(void **state)
{
	struct set s = { PACKAGE_LIST_INIT, NULL };
	struct database_files alone, beside;
	struct strbuf list = STRBUF_INIT;
	const char *media;
	pthread_t reader;
	void *failures;

	if (!demo_packages(&list, &media))
		skip();
	set_add_demo(&s);
	make(&s, &alone);
	assert_int_equal(pthread_create(&reader, NULL, read_payloads, &s), 0);
	for (int i = 0; i < 5; i++) {
		make(&s, &beside);
		assert_int_equal(alone.items[0].size, beside.items[0].size);
		assert_memory_equal(alone.items[0].data, beside.items[0].data,
				    alone.items[0].size);
		database_files_release(&beside);
	}
	pthread_join(reader, &failures);
	assert_null(failures);
	database_files_release(&alone);
	set_release(&s);
	strbuf_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: it sees what the process began with. */
		cmocka_unit_test(leaves_the_hosts_sqlite_alone),
		cmocka_unit_test(rpm_reads_it),
		cmocka_unit_test(same_input_same_bytes),
		cmocka_unit_test(may_be_empty),
		cmocka_unit_test(refuses),
		cmocka_unit_test(stores_what_rpm_stores),
		cmocka_unit_test(bdb_holds_what_sqlite_holds),
		cmocka_unit_test(bdb_has_a_largest_header),
		cmocka_unit_test(is_built_beside_readers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
