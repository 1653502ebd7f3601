/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For unit tests that make or change images: a private folder, and programs
 * that are not ours as judges (mke2fs, e2fsck, debugfs). Only tests start
 * programs.
 */
#ifndef TESTS_UNIT_JUDGE_H
#define TESTS_UNIT_JUDGE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/error.h"
#include "common/strbuf.h"

#define JUDGE_FN static __attribute__((unused))

/* Run a shell command; its output (both streams) goes to out. Gives the exit code. */
JUDGE_FN int judge_shell(struct strbuf *out, const char *command)
{
	int fds[2], status;
	char buf[4096];
	ssize_t n;
	pid_t pid;

	out->len = 0;
	assert_int_equal(strbuf_adds(out, ""), 0);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], buf, sizeof(buf))) > 0)
		assert_int_equal(strbuf_add(out, buf, (size_t)n), 0);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

JUDGE_FN PRINTF_LIKE(2, 3) int judge_run(struct strbuf *out, const char *fmt, ...)
{
	char *command = NULL;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	assert_true(vasprintf(&command, fmt, ap) >= 0);
	va_end(ap);
	/* Debian keeps e2fsprogs where an ordinary user's PATH does not look. */
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 1);
	setenv("LC_ALL", "C", 1);
	rc = judge_shell(out, command);
	free(command);
	return rc;
}

/* A new folder; the caller frees the name after judge_remove_dir(). */
JUDGE_FN char *judge_make_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *name = NULL;

	assert_true(asprintf(&name, "%s/judge.XXXXXX", tmp && *tmp ? tmp : "/tmp") >= 0);
	assert_non_null(mkdtemp(name));
	return name;
}

/* Only files and folders of a folder made by judge_make_dir(). */
JUDGE_FN void judge_remove_dir(char *name)
{
	struct strbuf out = STRBUF_INIT;

	assert_non_null(strstr(name, "/judge."));
	assert_int_equal(judge_run(&out, "rm -rf -- '%s'", name), 0);
	strbuf_release(&out);
	free(name);
}

JUDGE_FN void judge_mke2fs(const char *image, const char *options, const char *size)
{
	struct strbuf out = STRBUF_INIT;

	if (judge_run(
		    &out,
		    "MKE2FS_SKIP_CHECK_MSG=1 mke2fs -q -F -U 6d6b726f-6f74-4000-8000-000000000001 "
		    "-E hash_seed=6d6b726f-6f74-4000-8000-000000000002,root_owner=0:0 %s '%s' %s",
		    options, image, size))
		fail_msg("mke2fs: %s", out.data);
	strbuf_release(&out);
}

JUDGE_FN void judge_fsck(const char *image)
{
	struct strbuf out = STRBUF_INIT;

	if (judge_run(&out, "e2fsck -fn '%s'", image))
		fail_msg("e2fsck: %s", out.data);
	strbuf_release(&out);
}

/* Output of one debugfs request, without its banner. */
JUDGE_FN void judge_debugfs(struct strbuf *out, const char *image, const char *request)
{
	assert_int_equal(judge_run(out, "debugfs -R '%s' '%s' 2>/dev/null", request, image), 0);
}

JUDGE_FN void judge_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in: %s", part, text);
}

JUDGE_FN void judge_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' in: %s", part, text);
}

/* A call of ours that must succeed. */
#define assert_ok(call)                                                                            \
	do {                                                                                       \
		struct error err = ERROR_INIT;                                                     \
		int judge_rc = (call);                                                             \
		if (judge_rc) {                                                                    \
			char *judge_text = error_text(&err);                                       \
			fail_msg("%s: %d: %s", #call, judge_rc, judge_text ? judge_text : "");     \
		}                                                                                  \
		error_release(&err);                                                               \
	} while (0)

/* A call of ours that must fail with this code and say why. */
#define assert_fails(call, want)                                                                   \
	do {                                                                                       \
		struct error err = ERROR_INIT;                                                     \
		int judge_rc = (call);                                                             \
		if (judge_rc != (want))                                                            \
			fail_msg("%s: %d, not %d: %s", #call, judge_rc, (want),                    \
				 err.what ? err.what : "");                                        \
		assert_int_equal(err.code, (want));                                                \
		assert_non_null(err.what);                                                         \
		error_release(&err);                                                               \
	} while (0)

#endif
