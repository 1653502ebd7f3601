/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of image/ share: making a tree, a temporary image, and asking
 * the judges (e2fsck, debugfs, dumpe2fs), which only tests may call.
 */
#ifndef TESTS_UNIT_IMAGE_SUPPORT_H
#define TESTS_UNIT_IMAGE_SUPPORT_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/edit.h"
#include "image/layout.h"
#include "image/tree.h"

#define NOW 1064188800u

/* Run a program with its output in *text (the caller frees); the exit code. */
static int run(char *const argv[], char **text)
{
	size_t used = 0, capacity = 65536;
	int pipes[2], status;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(pipes[1], 1);
		dup2(pipes[1], 2);
		/* Root's tools are not in everybody's path. */
		setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
		setenv("DEBUGFS_PAGER", "cat", 1);
		setenv("TZ", "UTC", 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(pipes[1]);
	*text = malloc(capacity);
	assert_non_null(*text);
	while ((got = read(pipes[0], *text + used, capacity - used - 1)) > 0) {
		used += (size_t)got;
		if (capacity - used < 2) {
			capacity *= 2;
			*text = realloc(*text, capacity);
			assert_non_null(*text);
		}
	}
	(*text)[used] = '\0';
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void check_clean(const char *path)
{
	char *argv[] = { "e2fsck", "-fn", (char *)path, NULL }, *text;
	int code = run(argv, &text);

	if (code != 0)
		fail_msg("e2fsck -fn gives %d:\n%s", code, text);
	free(text);
}

/* Output of a debugfs command. */
static inline char *ask(const char *path, const char *command)
{
	char *argv[] = { "debugfs", "-R", (char *)command, (char *)path, NULL }, *text;

	assert_int_equal(run(argv, &text), 0);
	return text;
}

static inline void check_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

/* A debugfs command whose output has this part. */
static inline void check_ask(const char *path, const char *command, const char *part)
{
	char *text = ask(path, command);

	check_has(text, part);
	free(text);
}

static inline char *headers(const char *path)
{
	char *argv[] = { "dumpe2fs", "-h", (char *)path, NULL }, *text;

	assert_int_equal(run(argv, &text), 0);
	return text;
}

/* An empty temporary file; its name in path, which has 64 bytes. */
static inline int temporary(char *path)
{
	const char *folder = getenv("TMPDIR");
	int fd;

	if (!folder || strlen(folder) > 30)
		folder = "/tmp";
	snprintf(path, 64, "%s/mkroot-unit.XXXXXX", folder);
	fd = mkostemp(path, O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static inline struct tree *new_tree(void)
{
	struct tree *t = tree_new(&(struct tree_options){ .now = NOW });
	uint32_t owner;

	assert_non_null(t);
	assert_int_equal(tree_add_owner(t, "test-1-1.noarch", &owner, NULL), 0);
	assert_int_equal(owner, 0);
	return t;
}

static inline struct tree_node *plant(struct tree *t, struct tree_entry e)
{
	struct error err = ERROR_INIT;
	struct tree_result result;

	if (tree_add(t, &e, &result, &err) != 0)
		fail_msg("%s: %s", err.subject, err.what);
	return result.node;
}

static inline struct tree_node *plant_file(struct tree *t, const char *path, uint64_t size)
{
	return plant(t, (struct tree_entry){ .path = path, .mode = S_IFREG | 0644, .size = size,
					     .mtime = 1000000000 });
}

static inline struct tree_node *plant_folder(struct tree *t, const char *path)
{
	return plant(t, (struct tree_entry){ .path = path, .mode = S_IFDIR | 0755,
					     .mtime = 1000000000 });
}

static inline struct tree_node *plant_link(struct tree *t, const char *path, const char *target)
{
	return plant(t, (struct tree_entry){ .path = path, .mode = S_IFLNK | 0777,
					     .target = target, .mtime = 1000000000 });
}

static inline void finish(struct tree *t)
{
	assert_int_equal(tree_finish(t, NULL), 0);
}

static inline struct layout_options options_for(const char *filesystem, uint32_t block_size)
{
	return (struct layout_options){ .filesystem = filesystem,
					.block_size = block_size,
					.free_bytes = UINT64_MAX,
					.uuid = { 1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10 },
					.now = NOW };
}

static inline struct layout *lay_out(struct tree *t, const struct layout_options *o)
{
	struct error err = ERROR_INIT;
	struct layout *l;

	if (layout_new(&l, t, o, &err) != 0)
		fail_msg("%s: %s", err.subject ? err.subject : "layout", err.what);
	return l;
}

/* Bytes of a file that depend on the place only, with blocks of zeros in between. */
static inline void pattern(uint64_t seed, uint64_t offset, unsigned char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t at = offset + i;

		data[i] = at / 8192 % 3 == 1 ? 0 : (unsigned char)(at * 31 + at / 977 + seed);
	}
}

/* Metadata, the pattern in every regular file up to `most` bytes, closed. */
static inline void write_image(struct layout *l, struct tree *t, int fd, uint64_t most)
{
	static unsigned char data[65536];
	struct error err = ERROR_INIT;
	struct image *image;

	if (layout_write(l, fd, &image, &err) != 0)
		fail_msg("%s: %s", err.subject ? err.subject : "write", err.what);
	for (struct tree_node *node = tree_nodes(t); node; node = node->next) {
		if (!S_ISREG(node->mode) || node->size > most)
			continue;
		for (uint64_t at = 0; at < node->size; at += sizeof(data)) {
			size_t n = node->size - at < sizeof(data) ? (size_t)(node->size - at) :
								    sizeof(data);

			pattern(node->ino, at, data, n);
			assert_int_equal(node_write(l, fd, node, at, data, n), 0);
		}
	}
	if (image_close(image, &err) != 0)
		fail_msg("close: %s", err.what);
}

#endif
