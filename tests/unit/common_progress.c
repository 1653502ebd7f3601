/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bar: never wider than the terminal, right at the end, calm under many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "common/strbuf.h"
#include "common/program.h"
#include "common/progress.h"

static char *slurp(FILE *f)
{
	struct strbuf b = STRBUF_INIT;
	char chunk[4096];
	size_t n;

	rewind(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		assert_int_equal(strbuf_add(&b, chunk, n), 0);
	fclose(f);
	return strbuf_take(&b);
}

static void test_lines(void **state)
{
	FILE *f = tmpfile();
	struct progress *p = progress_new_on(f, 80, 0, PROGRESS_AUTO);
	char *text;

	progress_step(p, "solving");
	progress_total(p, 100);
	progress_step(p, "writing \x1b[31mfiles");
	progress_package(p, "bash");
	progress_add(p, 100);
	progress_free(p);
	text = slurp(f);
	assert_string_equal(text, "mkroot: solving\nmkroot: writing ?[31mfiles\n");
	free(text);
}

static void test_quiet(void **state)
{
	FILE *f = tmpfile();
	struct progress *p = progress_new_on(f, 80, 0, PROGRESS_QUIET);
	char *text;

	progress_step(p, "solving");
	progress_total(p, 7);
	progress_add(p, 7);
	progress_package(p, "bash");
	progress_clear(p);
	progress_free(p);
	text = slurp(f);
	assert_string_equal(text, "");
	free(text);
}

/* What stands on the terminal after each "\r". */
static void check_widths(char *text, size_t columns)
{
	char *save;

	for (char *line = strtok_r(text, "\r", &save); line; line = strtok_r(NULL, "\r", &save)) {
		char *end = strstr(line, "\033[K");

		assert_non_null(end);
		assert_true((size_t)(end - line) < columns);
	}
}

static void test_bar_fits_every_width(void **state)
{
	for (unsigned int columns = 1; columns < 200; columns++) {
		FILE *f = tmpfile();
		struct progress *p = progress_new_on(f, columns, 0, PROGRESS_BAR);
		char *text;

		progress_step(p, "writing files");
		progress_total(p, 10 << 20);
		progress_package(p, "a-package-with-quite-a-long-name-1.2.3-4.5.x86_64");
		progress_add(p, 5 << 20);
		progress_step(p, "sealing");
		progress_free(p);
		text = slurp(f);
		check_widths(text, columns < 2 ? 2 : columns);
		free(text);
	}
}

static void test_bar_contents(void **state)
{
	FILE *f = tmpfile();
	struct progress *p = progress_new_on(f, 100, 0, PROGRESS_BAR);
	char *text;

	progress_step(p, "writing files");
	progress_total(p, 8 << 20);
	usleep(510000);
	progress_package(p, "bash-2.05b-207.i586");
	usleep(110000);
	progress_add(p, 4 << 20);
	usleep(110000);
	progress_add(p, 6 << 20); /* more than was announced: still 100 */
	progress_free(p);
	text = slurp(f);
	assert_non_null(strstr(text, "writing files [============>           ]  50% 4.0/8.0 MiB"));
	assert_non_null(strstr(text, " 0:01 left bash-2.05b-207.i586"));
	assert_non_null(strstr(text, "[========================] 100% 8.0/8.0 MiB bash"));
	assert_string_equal(text + strlen(text) - 4, "\r\033[K");
	free(text);
}

/* The bar and the numbers stand still while both grow. */
static void test_bar_does_not_jump(void **state)
{
	FILE *f = tmpfile();
	struct progress *p = progress_new_on(f, 80, 0, PROGRESS_BAR);
	long column = -1;
	char *text, *save;

	progress_step(p, "writing files");
	progress_total(p, 1000 << 20);
	for (int i = 0; i < 8; i++) {
		progress_add(p, 140 << 20);
		usleep(110000);
	}
	progress_free(p);
	text = slurp(f);
	for (char *line = strtok_r(text, "\r", &save); line; line = strtok_r(NULL, "\r", &save)) {
		char *slash = strchr(line, '/');

		if (!slash)
			continue;
		if (column >= 0)
			assert_int_equal(slash - line, column);
		column = slash - line;
	}
	assert_true(column > 0);
	free(text);
}

/* Things instead of bytes, and bytes again in the next step. */
static void test_things(void **state)
{
	FILE *f = tmpfile();
	struct progress *p = progress_new_on(f, 80, 0, PROGRESS_BAR);
	char *text;

	progress_step(p, "building disks");
	progress_count(p, 200, "machines");
	usleep(110000);
	progress_add(p, 50);
	progress_free(p);
	text = slurp(f);
	assert_non_null(strstr(text, " 25%  50/200 machines"));
	assert_null(strstr(text, "MiB"));
	free(text);
}

static void *add_much(void *arg)
{
	for (int i = 0; i < 100000; i++)
		progress_add(arg, 1);
	return NULL;
}

/* Bytes of all threads count, and redraws stay below the limit whatever they do. */
static void test_threads(void **state)
{
	FILE *f = tmpfile();
	struct progress *p = progress_new_on(f, 80, 400000, PROGRESS_BAR);
	struct timespec from, to;
	pthread_t threads[4];
	size_t redraws = 0;
	double seconds;
	char *text;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_much, p), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	usleep(110000);
	progress_add(p, 0);
	progress_free(p);
	text = slurp(f);
	for (char *c = text; (c = strchr(c, '\r')); c++)
		redraws++;
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	assert_true((double)redraws <= seconds * 10 + 4);
	assert_non_null(strstr(text, "100% 0.4/0.4 MiB"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_bar_fits_every_width),
		cmocka_unit_test(test_bar_contents),
		cmocka_unit_test(test_bar_does_not_jump),
		cmocka_unit_test(test_things),
		cmocka_unit_test(test_threads),
	};

	program_name = "mkroot";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
