/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every allocation and every write of a run of all fixups fails once, and of
 * the edits below them. A write: somebody says so. An allocation: something says -ENOMEM, and the
 * image is still consistent. (Or the C library makes do without, and the image is the same as
 * ever.) What libext2fs asks for itself is left alone: its bitmaps call abort().
 */
#define NOMEM_SPARED "libext2fs",
#include "tests/unit/fix_bench.h"
#include "tests/unit/nomem.h"

#include <sys/syscall.h>

static atomic_long writes = -1; /* writes to the image that still succeed; -1: all of them */

#ifdef NOMEM_HAS_ALLOCATOR
/* As pwrite() is called where offsets have 64 bits. */
ssize_t pwrite64(int fd, const void *data, size_t n, off_t offset)
{
	if (writes >= 0 && writes-- == 0) {
		nomem_has_failed = true;
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, data, n, offset);
}
#endif

static const struct fixup_scriptlet scriptlets[] = {
	{ "one-1-1.noarch", "post", "/bin/sh", "echo\n", 1, 0, "/x\n" },
};
static const char *const terminals[] = { "tty0", NULL };

static void settle(struct fix *f, char **modules)
{
	assert_int_equal(judge_run(&f->out,
				   "mkdir -p '%s/1.2/kernel' && cd '%s/1.2' && "
				   "echo ELF >kernel/a.ko && ln -s a.ko kernel/b && "
				   "echo kernel/a.ko: >modules.dep",
				   f->dir, f->dir),
			 0);
	assert_true(asprintf(modules, "%s/1.2", f->dir) >= 0);
	f->settings.modules_dir = *modules;
	f->settings.securetty = terminals;
	f->settings.hostname = "uml.example.org";
	f->settings.swap_bytes = 10 * 4096;
	f->settings.shell = "/bin/sash";
	f->settings.scriptlets = scriptlets;
	f->settings.scriptlet_count = 1;
}

/* All fixups, with *counter at n. Gives the first code that was not 0. */
static int run_once(struct fix *f, atomic_long *counter, long n)
{
	struct error err = ERROR_INIT;
	struct image *image = NULL;
	int fd = open(f->path, O_RDWR | O_CLOEXEC), rc, close_rc;

	assert_true(fd >= 0);
	nomem_has_failed = false;
	*counter = n;
	rc = image_open(&image, fd, true, NOW, &err);
	for (const struct fixup *x = fixup_table; !rc && x->name; x++) {
		struct fixup_run run = { image, &f->settings, x->name, &f->changed, &f->skipped };
		struct fixup_need need = { 0 };

		rc = x->need ? x->need(&f->settings, &need, &err) : 0;
		if (!rc)
			rc = x->apply(&run, &err);
	}
	if (rc && err.code != rc)
		fail_msg("%ld: %d is returned, but the error says %d", n, rc, err.code);
	/* Even so, closing leaves what e2fsck accepts. */
	close_rc = image_close(image, rc ? NULL : &err);
	*counter = -1;
	error_release(&err);
	close(fd);
	strlist_release(&f->changed);
	strlist_release(&f->skipped);
	return rc ? rc : close_rc;
}

static void restore(struct fix *f, const char *bytes, size_t size)
{
	int fd = open(f->path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static char *read_image(struct fix *f, size_t *size)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *size), *size);
	close(fd);
	return bytes;
}

static void check_same(struct fix *f, const char *right, size_t size, long n)
{
	size_t now_size;
	char *now = read_image(f, &now_size);

	if (now_size != size || memcmp(now, right, size))
		fail_msg("allocation %ld: nobody says that it failed, and the image differs", n);
	free(now);
}

static void fail_each(struct fix *f, atomic_long *counter, const char *start, const char *right,
		      size_t size)
{
	int want = counter == &writes ? -ENOSPC : -ENOMEM;
	long n;

	for (n = 0;; n++) {
		int rc;

		restore(f, start, size);
		rc = run_once(f, counter, n);
		if (!nomem_has_failed)
			break;
		/* libext2fs has codes of its own for bitmaps that cannot be written. */
		if (rc && rc != want && !(counter == &writes && rc == -ERR_FS))
			fail_msg("%ld: %d, not %d", n, rc, want);
		if (!rc && counter == &writes)
			fail_msg("write %ld: nobody says that it failed", n);
		if (!rc)
			check_same(f, right, size, n);
		else if (n % 97 == 0 && counter != &writes)
			judge_fsck(f->path);
	}
	print_message("%ld of them\n", n);
	assert_true(n > 200);
}

static void test_nomem(void **state)
{
	char *start, *right, *modules;
	struct fix *f;
	size_t size;

	if (!NOMEM_CAN) {
		print_message("skipped: the sanitizer has its own allocator\n");
		return;
	}
	f = fix_new(*state);
	fix_make_suse(f);
	fix_close(f);
	settle(f, &modules);
	/* Smaller than fix_new() makes it: it is written thousands of times. */
	assert_int_equal(judge_run(&f->out, "e2fsck -fy '%s' >/dev/null; resize2fs '%s' 3M",
				   f->path, f->path),
			 0);
	start = read_image(f, &size);
	assert_int_equal(run_once(f, &nomem_countdown, -1), 0);
	right = read_image(f, &size);
	fail_each(f, &nomem_countdown, start, right, size);
	fail_each(f, &writes, start, right, size);
	judge_fsck(f->path);
	free(modules);
	free(start);
	free(right);
	fix_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_nomem, (void *)fix_shapes[0]),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
