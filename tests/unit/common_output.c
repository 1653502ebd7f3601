/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output appears whole or not at all: with nameless files, with the hidden
 * file that stands in for them, and when a signal comes at any moment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/output.h"
#include "common/strbuf.h"

#define PATTERN_BYTES 65536

/* As a filesystem without nameless files (vfat, NFS, overlayfs of old) answers. */
static bool refuse_tmpfile;

int open64(const char *path, int flags, ...);
int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (refuse_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

struct place {
	char folder[64], path[96];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	const char *tmp = getenv("TMPDIR");

	if (!p)
		return -1;
	refuse_tmpfile = false;
	snprintf(p->folder, sizeof(p->folder), "%.40s/output.XXXXXX", tmp ? tmp : "/tmp");
	*state = p;
	if (!mkdtemp(p->folder))
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/out.img", p->folder);
	return 0;
}

static void list(const struct place *p, struct strlist *names)
{
	DIR *d = opendir(p->folder);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			assert_int_equal(strlist_add(names, e->d_name), 0);
	closedir(d);
}

static void assert_names(const struct place *p, size_t count, const char *name)
{
	struct strlist names = STRLIST_INIT;

	list(p, &names);
	for (size_t i = 0; i < names.count; i++)
		if (!name || strcmp(names.items[i], name) != 0)
			print_message("there is '%s'\n", names.items[i]);
	assert_int_equal(names.count, count);
	if (name)
		assert_int_not_equal(strlist_find(&names, name), -1);
	strlist_release(&names);
}

static int teardown(void **state)
{
	struct place *p = *state;
	struct strlist names = STRLIST_INIT;
	char path[400];

	chmod(p->folder, 0700);
	list(p, &names);
	for (size_t i = 0; i < names.count; i++) {
		snprintf(path, sizeof(path), "%s/%s", p->folder, names.items[i]);
		remove(path);
	}
	strlist_release(&names);
	rmdir(p->folder);
	free(p);
	return 0;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void assert_content(const char *path, const char *text)
{
	char buf[256];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	buf[fread(buf, 1, sizeof(buf) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(buf, text);
}

static void write_and_commit(const struct place *p, size_t names_before)
{
	struct output out;
	struct error err = ERROR_INIT;
	struct stat st;
	mode_t mask = umask(027);

	assert_int_equal(output_open(&out, p->path, &err), 0);
	assert_int_equal(write_fully(out.fd, "new", 3, 0), 0);
	assert_names(p, names_before + (refuse_tmpfile ? 1 : 0), NULL);
	assert_int_equal(output_commit(&out, &err), 0);
	umask(mask);
	assert_int_equal(out.fd, -1);
	assert_content(p->path, "new");
	assert_names(p, 1, "out.img");
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	error_release(&err);
}

static void test_new(void **state)
{
	write_and_commit(*state, 0);
}

static void test_replace(void **state)
{
	const struct place *p = *state;

	put(p->path, "old");
	write_and_commit(p, 1);
}

static void test_new_hidden(void **state)
{
	refuse_tmpfile = true;
	write_and_commit(*state, 0);
}

static void test_replace_hidden(void **state)
{
	const struct place *p = *state;

	refuse_tmpfile = true;
	put(p->path, "old");
	write_and_commit(p, 1);
}

static void abort_leaves(const struct place *p, bool old)
{
	struct output out;
	struct error err = ERROR_INIT;

	assert_int_equal(output_open(&out, p->path, &err), 0);
	assert_int_equal(write_fully(out.fd, "new", 3, 0), 0);
	output_abort(&out);
	assert_int_equal(out.fd, -1);
	output_abort(&out); /* a second time is harmless */
	assert_names(p, old ? 1 : 0, old ? "out.img" : NULL);
	if (old)
		assert_content(p->path, "old");
}

static void test_abort(void **state)
{
	const struct place *p = *state;

	abort_leaves(p, false);
	refuse_tmpfile = true;
	abort_leaves(p, false);
	put(p->path, "old");
	abort_leaves(p, true);
	refuse_tmpfile = false;
	abort_leaves(p, true);
}

static void assert_refused(const struct place *p, const char *path, int code, const char *part)
{
	struct output out;
	struct error err = ERROR_INIT;
	char *text;

	assert_int_equal(output_check(path, &err), code);
	text = error_text(&err);
	print_message("%s\n", text);
	assert_non_null(strstr(text, part));
	free(text);
	assert_int_equal(output_open(&out, path, &err), code);
	assert_int_equal(out.fd, -1);
	output_abort(&out);
	error_release(&err);
}

static void test_refused(void **state)
{
	struct place *p = *state;
	char path[128];

	assert_refused(p, p->folder, -EISDIR, "folder");
	snprintf(path, sizeof(path), "%s/", p->folder);
	assert_refused(p, path, -EISDIR, "folder");
	assert_refused(p, "/dev/null", -EINVAL, "not a regular file");
	snprintf(path, sizeof(path), "%s/fifo", p->folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(p, path, -EINVAL, "not a regular file");
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/none/out.img", p->folder);
	assert_refused(p, path, -ENOENT, "none");
	snprintf(path, sizeof(path), "%s/loop", p->folder);
	assert_int_equal(symlink("loop", path), 0);
	assert_refused(p, path, -ELOOP, "loop");
	assert_int_equal(unlink(path), 0);
	assert_names(p, 0, NULL);
}

static void test_folder_not_writable(void **state)
{
	struct place *p = *state;

	if (geteuid() == 0) {
		print_message("skipped: root may write everywhere\n");
		skip();
	}
	assert_int_equal(chmod(p->folder, 0500), 0);
	assert_refused(p, p->path, -EACCES, "cannot write to the output folder");
}

/* A full disk, as a file size limit gives it: the old file stays, nothing is left. */
static void test_write_fails(void **state)
{
	struct place *p = *state;
	struct output out;
	struct error err = ERROR_INIT;
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
	put(p->path, "old");
	assert_int_equal(output_open(&out, p->path, &err), 0);
	assert_int_equal(write_fully(out.fd, "x", 1, INT64_MAX - 1), -EFBIG);
	output_abort(&out);
	assert_names(p, 1, "out.img");
	assert_content(p->path, "old");
}

/* The child's part: whole files of one byte value, again and again, in one name or in new ones. */
static void write_for_ever(const struct place *p, bool replace, int ready)
{
	static unsigned char pattern[PATTERN_BYTES];
	char path[128];

	/* What this test's caller ignores (the background of a shell) would stay ignored. */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	output_cleanup_on_signal();
	for (unsigned int i = 0;; i++) {
		struct output out;

		memset(pattern, (int)(i % 251), sizeof(pattern));
		snprintf(path, sizeof(path), "%s/out%u.img", p->folder, replace ? 0 : i);
		if (output_open(&out, path, NULL) ||
		    write_fully(out.fd, pattern, sizeof(pattern), 0) || output_commit(&out, NULL))
			_exit(3);
		if (i == 0 && write(ready, "x", 1) != 1)
			_exit(4);
	}
}

static void assert_whole(const struct place *p)
{
	static unsigned char bytes[PATTERN_BYTES + 1];
	struct strlist names = STRLIST_INIT;
	char path[400];
	FILE *f;

	list(p, &names);
	assert_true(names.count > 0);
	for (size_t i = 0; i < names.count; i++) {
		if (names.items[i][0] == '.')
			print_message("litter: %s\n", names.items[i]);
		assert_int_not_equal(names.items[i][0], '.');
		snprintf(path, sizeof(path), "%s/%s", p->folder, names.items[i]);
		f = fopen(path, "r");
		assert_non_null(f);
		assert_int_equal(fread(bytes, 1, sizeof(bytes), f), PATTERN_BYTES);
		fclose(f);
		for (size_t at = 1; at < PATTERN_BYTES; at++)
			assert_int_equal(bytes[at], bytes[0]);
		unlink(path);
	}
	strlist_release(&names);
}

/* A child is hit by sig at `rounds` different moments. */
static void hit(const struct place *p, int sig, bool replace, unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds; i++) {
		int ready[2], status;
		pid_t pid;
		char byte;

		assert_int_equal(pipe(ready), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			write_for_ever(p, replace, ready[1]);
		close(ready[1]);
		assert_int_equal(read(ready[0], &byte, 1), 1);
		close(ready[0]);
		usleep(i * 37 % 2500);
		assert_int_equal(kill(pid, sig), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), sig);
		assert_whole(p);
	}
}

static void test_killed(void **state)
{
	/*
	 * SIGKILL while an existing file is replaced may leave a hidden name for the
	 * instant between two system calls; Linux has no call that does both.
	 */
	hit(*state, SIGKILL, false, 60);
}

static void test_signals(void **state)
{
	hit(*state, SIGINT, false, 40);
	hit(*state, SIGINT, true, 100);
	hit(*state, SIGTERM, true, 40);
	hit(*state, SIGHUP, true, 40);
}

static void test_signals_hidden(void **state)
{
	refuse_tmpfile = true;
	hit(*state, SIGINT, false, 100);
	hit(*state, SIGTERM, true, 100);
}

/* Two at once with one name: both succeed, one of them holds, whole. */
static void test_two_writers(void **state)
{
	const struct place *p = *state;
	struct output a, b;
	struct error err = ERROR_INIT;

	for (int hidden = 0; hidden < 2; hidden++) {
		refuse_tmpfile = hidden;
		assert_int_equal(output_open(&a, p->path, &err), 0);
		assert_int_equal(output_open(&b, p->path, &err), 0);
		assert_int_equal(write_fully(a.fd, "first", 5, 0), 0);
		assert_int_equal(write_fully(b.fd, "second", 6, 0), 0);
		assert_int_equal(output_commit(&a, &err), 0);
		assert_content(p->path, "first");
		assert_int_equal(output_commit(&b, &err), 0);
		assert_content(p->path, "second");
		assert_names(p, 1, "out.img");
	}
}

/* A folder took the name in the meantime. */
static void test_taken_at_commit(void **state)
{
	const struct place *p = *state;
	struct output out;
	struct error err = ERROR_INIT;

	for (int hidden = 0; hidden < 2; hidden++) {
		refuse_tmpfile = hidden;
		assert_int_equal(output_open(&out, p->path, &err), 0);
		assert_int_equal(mkdir(p->path, 0700), 0);
		assert_true(output_commit(&out, &err) < 0);
		assert_int_equal(out.fd, -1);
		assert_names(p, 1, "out.img");
		assert_int_equal(rmdir(p->path), 0);
		error_release(&err);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_new),
		TEST(test_replace),
		TEST(test_new_hidden),
		TEST(test_replace_hidden),
		TEST(test_abort),
		TEST(test_refused),
		TEST(test_write_fails),
		TEST(test_folder_not_writable),
		TEST(test_killed),
		TEST(test_signals),
		TEST(test_signals_hidden),
		TEST(test_two_writers),
		TEST(test_taken_at_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
