/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The n-th allocation fails: an allocator in the place of the C library's, for one test
 * program each. It also knows which blocks were not given back. A sanitizer brings
 * an allocator of its own and leaves nothing to do: NOMEM_CAN is false then.
 *
 * Before the #include: #define NOMEM_SPARED "libcrypto", "libext2fs", with a comma behind
 * each: what these libraries ask for themselves succeeds and is not counted.
 */
#ifndef TESTS_UNIT_NOMEM_H
#define TESTS_UNIT_NOMEM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"

#ifndef NOMEM_SPARED
#define NOMEM_SPARED
#endif
#define NOMEM_FN __attribute__((unused)) static

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define NOMEM_CAN false
#endif
#endif
#if !defined(NOMEM_CAN) && defined(__SANITIZE_ADDRESS__)
#define NOMEM_CAN false
#endif
#ifndef NOMEM_CAN
#define NOMEM_CAN true
#define NOMEM_HAS_ALLOCATOR
#endif

static atomic_long nomem_countdown = -1; /* allocations that still succeed; -1: all of them */
static atomic_bool nomem_has_failed;
static atomic_bool nomem_counting;
static size_t nomem_live; /* blocks that were not freed, while counting */

#ifdef NOMEM_HAS_ALLOCATOR
#define NOMEM_BLOCKS 16384
static void *nomem_blocks[NOMEM_BLOCKS];
static atomic_flag nomem_lock = ATOMIC_FLAG_INIT;

/* The C library's own, under the names that it keeps for such wrappers. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static bool nomem_is_spared(const void *caller)
{
	static const char *const spared[] = { NOMEM_SPARED NULL };
	Dl_info from;

	if (!spared[0] || !dladdr(caller, &from))
		return false;
	for (size_t i = 0; spared[i]; i++)
		if (strstr(from.dli_fname, spared[i]))
			return true;
	return false;
}

static bool nomem_fails(const void *caller)
{
	if (nomem_countdown < 0 || nomem_is_spared(caller) || nomem_countdown-- > 0)
		return false;
	nomem_has_failed = true;
	errno = ENOMEM;
	return true;
}

static void nomem_forget(const void *p)
{
	if (!p || !nomem_counting)
		return;
	while (atomic_flag_test_and_set(&nomem_lock))
		;
	for (size_t i = nomem_live; i-- > 0;)
		if (nomem_blocks[i] == p) {
			nomem_blocks[i] = nomem_blocks[--nomem_live];
			break;
		}
	atomic_flag_clear(&nomem_lock);
}

static void *nomem_remember(void *p, const void *caller)
{
	if (!p || !nomem_counting || nomem_is_spared(caller))
		return p;
	while (atomic_flag_test_and_set(&nomem_lock))
		;
	if (nomem_live == NOMEM_BLOCKS)
		abort();
	nomem_blocks[nomem_live++] = p;
	atomic_flag_clear(&nomem_lock);
	return p;
}

void *malloc(size_t size)
{
	const void *caller = __builtin_return_address(0);

	return nomem_fails(caller) ? NULL : nomem_remember(__libc_malloc(size), caller);
}

void *calloc(size_t n, size_t size)
{
	const void *caller = __builtin_return_address(0);

	return nomem_fails(caller) ? NULL : nomem_remember(__libc_calloc(n, size), caller);
}

void *realloc(void *old, size_t size)
{
	const void *caller = __builtin_return_address(0);
	uintptr_t was = (uintptr_t)old;
	void *p;

	if (nomem_fails(caller))
		return NULL;
	/* Another thread may be given the old place at once: it is forgotten before. */
	nomem_forget(old);
	p = __libc_realloc(old, size);
	if (!p && size && was)
		return nomem_remember((void *)was, caller), NULL;
	return nomem_remember(p, caller);
}

void free(void *p)
{
	nomem_forget(p);
	__libc_free(p);
}
#endif

/*
 * Run job while its n-th allocation (from 0) fails. nomem_has_failed says whether there were so
 * many, nomem_live which blocks are left but for what err holds, which stays the caller's.
 */
NOMEM_FN int nomem_run(int (*job)(struct error *err), long n, struct error *err)
{
	int rc;

	nomem_has_failed = false;
	nomem_live = 0;
	nomem_counting = true;
	nomem_countdown = n;
	rc = job(err);
	nomem_countdown = -1;
	if (rc && err->code != rc && err->code != 0)
		fail_msg("allocation %ld: returned %d, but err says %d", n, rc, err->code);
	error_release(err);
	nomem_counting = false;
	return rc;
}

static int (*nomem_heard)(struct error *err);
static char nomem_said[60000];

NOMEM_FN int nomem_listen(struct error *err)
{
	static char said[sizeof(nomem_said)];
	int terminal = dup(1), file = memfd_create("said", MFD_CLOEXEC), rc;

	assert_int_equal(dup2(file, 1), 1);
	rc = nomem_heard(err);
	fflush(stdout);
	assert_int_equal(dup2(terminal, 1), 1);
	memset(said, 0, sizeof(said));
	assert_in_range(pread(file, said, sizeof(said) - 1, 0), 0, sizeof(said) - 2);
	close(file);
	close(terminal);
	if (!rc && !nomem_said[0])
		memcpy(nomem_said, said, sizeof(said));
	if (!rc)
		assert_string_equal(said, nomem_said);
	return rc;
}

/*
 * job, with an ear on stdout: every success says the same, no word too many, none left out; one run at least
 * is one that nothing is taken from. For one job at a time.
 */
NOMEM_FN int (*nomem_hear(int (*job)(struct error *err)))(struct error *err)
{
	nomem_said[0] = '\0';
	nomem_heard = job;
	return nomem_listen;
}

/* Each allocation of job fails once: -ENOMEM, or job makes do without, and nothing is lost. */
NOMEM_FN void nomem_each(int (*job)(struct error *err))
{
	struct error err = ERROR_INIT;
	long n = 0;

	if (!NOMEM_CAN) {
		print_message("skipped: a sanitizer has the allocator\n");
		skip();
	}
	assert_int_equal(job(&err), 0); /* what is allocated once and kept is allocated now */
	error_release(&err);
	do {
		int rc = nomem_run(job, n++, &err);

		if (nomem_has_failed && rc && rc != -ENOMEM)
			fail_msg("allocation %ld failed, and the result was %d", n - 1, rc);
		if (nomem_live)
			fail_msg("allocation %ld failed, and %zu blocks were lost", n - 1, nomem_live);
	} while (nomem_has_failed && n < 10000);
	print_message("%ld allocations\n", n - 1);
	assert_in_range(n, 5, 9999);
}

#endif
