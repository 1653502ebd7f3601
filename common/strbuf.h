/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte string, always NUL-terminated when data is not NULL.
 * Start with STRBUF_INIT, end with strbuf_release(). Functions return 0 or
 * -ENOMEM; a failed call leaves the contents as they were.
 */
#ifndef COMMON_STRBUF_H
#define COMMON_STRBUF_H

#include <stddef.h>

#include "common/error.h"

struct strbuf {
	char *data;
	size_t len;      /* bytes in use, without the NUL */
	size_t capacity; /* bytes allocated */
};

#define STRBUF_INIT { NULL, 0, 0 }

int strbuf_reserve(struct strbuf *s, size_t extra) MUST_USE;
int strbuf_add(struct strbuf *s, const void *bytes, size_t n) MUST_USE;
int strbuf_adds(struct strbuf *s, const char *text) MUST_USE;
int strbuf_addf(struct strbuf *s, const char *fmt, ...) MUST_USE PRINTF_LIKE(2, 3);
/* Hand the string over: the caller frees it; s is empty again. "" when nothing was added. */
char *strbuf_take(struct strbuf *s) MUST_USE;
void strbuf_release(struct strbuf *s);

/* A growing list of owned strings. */
struct strlist {
	char **items;
	size_t count;
	size_t capacity;
};

#define STRLIST_INIT { NULL, 0, 0 }

int strlist_add(struct strlist *l, const char *text) MUST_USE;
/* Takes ownership of text, also on failure. NULL text is -ENOMEM. */
int strlist_take(struct strlist *l, char *text) MUST_USE;
int strlist_addf(struct strlist *l, const char *fmt, ...) MUST_USE PRINTF_LIKE(2, 3);
/* Index of the first equal string, or -1. */
long strlist_find(const struct strlist *l, const char *text);
void strlist_release(struct strlist *l);

/*
 * Make room for one more item in a growing array: *items has `used` of
 * `*capacity` items of `size` bytes. Returns 0 or -ENOMEM (also when the
 * product overflows); the array is unchanged on failure.
 */
int array_grow(void **items, size_t used, size_t *capacity, size_t size) MUST_USE;

#endif
