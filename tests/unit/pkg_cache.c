/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache: found again, damage seen, many writers at once, cleaning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/output.h"
#include "pkg/cache.h"

static char folder[] = "/tmp/mkroot-cache.XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int set_up(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/mkroot-cache.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct cache *open_cache(void)
{
	struct error err = ERROR_INIT;
	struct cache *c;

	if (cache_open(&c, folder, &err))
		fail_msg("%s", err.what);
	return c;
}

static void add(struct cache *c, const char *text, const char *key, const char *more,
		struct cache_entry *e)
{
	const char *const keys[] = { key, more };
	struct cache_temp t;

	*e = (struct cache_entry){ .size = strlen(text) };
	assert_int_equal(cache_temp(c, &t, NULL), 0);
	assert_int_equal(write_fully(t.fd, text, strlen(text), 0), 0);
	assert_int_equal(fetch_digest_text(text, e->sha256), 0);
	assert_int_equal(cache_add(c, &t, keys, 2, e, NULL), 0);
}

static void assert_holds(struct cache *c, const char *key, const char *text)
{
	char buf[64] = "";
	struct cache_entry e;
	int fd;

	assert_int_equal(cache_find(c, key, &e, NULL), 1);
	assert_int_equal(e.size, strlen(text));
	fd = open(e.path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, sizeof(buf) - 1), strlen(text));
	close(fd);
	assert_string_equal(buf, text);
	cache_entry_release(&e);
}

static void test_found(void **state)
{
	struct cache *c = open_cache();
	struct cache_entry e;

	assert_int_equal(cache_find(c, "url a", &e, NULL), 0);
	add(c, "hello", "url a", "sha1 1234", &e);
	assert_non_null(strstr(e.path, e.sha256));
	free(e.path);
	e.path = NULL;
	e.etag = (char *)(uintptr_t)"\"tag\"";
	assert_int_equal(cache_point(c, "url b", &e, NULL), 0);
	cache_close(c);
	c = open_cache();
	assert_holds(c, "url a", "hello");
	assert_holds(c, "sha1 1234", "hello");
	assert_int_equal(cache_find(c, "url b", &e, NULL), 1);
	assert_string_equal(e.etag, "\"tag\"");
	assert_null(e.last_modified);
	cache_entry_release(&e);
	/* The same once more, and another text under the key. */
	add(c, "hello", "url a", NULL, &e);
	cache_entry_release(&e);
	add(c, "other", "url a", NULL, &e);
	cache_entry_release(&e);
	assert_holds(c, "url a", "other");
	assert_holds(c, "url b", "hello");
	cache_close(c);
}

static void test_damaged(void **state)
{
	struct cache *c = open_cache();
	struct cache_entry e;
	char *path;
	int fd;

	for (int kind = 0; kind < 4; kind++) {
		add(c, "hello", "url a", NULL, &e);
		path = strdup(e.path);
		cache_entry_release(&e);
		assert_int_equal(chmod(path, 0600), 0);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (kind == 0)
			assert_int_equal(pwrite(fd, "j", 1, 0), 1);
		else if (kind == 1)
			assert_int_equal(ftruncate(fd, 3), 0);
		else if (kind == 2)
			assert_int_equal(pwrite(fd, "!", 1, 5), 1);
		else
			assert_int_equal(unlink(path), 0);
		close(fd);
		assert_int_equal(cache_find(c, "url a", &e, NULL), 0);
		assert_int_equal(access(path, F_OK), -1);
		free(path);
	}
	assert_int_equal(cache_damaged(c), 3);
	add(c, "hello", "url a", NULL, &e);
	assert_holds(c, "url a", "hello");
	cache_entry_release(&e);
	cache_close(c);
}

/* Eight processes write and read the same few objects. */
static void test_parallel(void **state)
{
	int status;

	for (int p = 0; p < 8; p++) {
		if (fork() == 0) {
			struct cache *c = open_cache();
			char text[32], key[32];
			struct cache_entry e;

			for (int i = 0; i < 40; i++) {
				snprintf(text, sizeof(text), "text %d", i % 10);
				snprintf(key, sizeof(key), "url %d", i % 10);
				add(c, text, key, NULL, &e);
				cache_entry_release(&e);
				assert_holds(c, key, text);
			}
			cache_close(c);
			_exit(0);
		}
	}
	for (int p = 0; p < 8; p++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

static int count_items(void *arg, const struct cache_item *item)
{
	(*(int *)arg)++;
	return 0;
}

static int items(struct cache *c)
{
	int n = 0;

	assert_int_equal(cache_list(c, count_items, &n, NULL), 0);
	return n;
}

/* Make every file of index/ look unused since an hour. */
static void age_index(void)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) - 3600 } };
	char path[512];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/index", folder);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			assert_int_equal(utimensat(dirfd(d), e->d_name, times, 0), 0);
	closedir(d);
}

static void test_clean(void **state)
{
	struct cache *c = open_cache(), *other;
	struct error err = ERROR_INIT;
	struct cache_cleaned done;
	struct cache_entry e;

	add(c, "old", "url old", "md5 1", &e);
	cache_entry_release(&e);
	add(c, "used", "url used", NULL, &e);
	cache_entry_release(&e);
	assert_int_equal(items(c), 3);
	age_index();
	assert_holds(c, "url used", "used"); /* that makes it young again */
	assert_int_equal(cache_clean(c, 600, &done, NULL), 0);
	assert_int_equal(done.objects, 1);
	assert_int_equal(done.bytes, 3);
	assert_int_equal(items(c), 1);
	assert_holds(c, "url used", "used");
	other = open_cache();
	assert_int_equal(cache_clean(c, 0, &done, &err), -ERR_CONFLICT);
	error_release(&err);
	cache_close(other);
	assert_int_equal(cache_clean(c, 0, &done, NULL), 0);
	assert_int_equal(items(c), 0);
	assert_int_equal(cache_find(c, "url used", &e, NULL), 0);
	cache_close(c);
}

static void test_folder(void **state)
{
	struct error err = ERROR_INIT;
	struct cache *c;
	char path[64];

	assert_true(cache_open(&c, "/proc/no/such/place", &err) < 0);
	assert_null(c);
	assert_non_null(strstr(err.hint, "--no-cache"));
	error_release(&err);
	snprintf(path, sizeof(path), "%s/xdg", folder);
	setenv("XDG_CACHE_HOME", path, 1);
	assert_int_equal(cache_open(&c, NULL, NULL), 0);
	snprintf(path, sizeof(path), "%s/xdg/mkroot", folder);
	assert_string_equal(cache_folder(c), path);
	cache_close(c);
	unsetenv("XDG_CACHE_HOME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parallel, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_clean, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
