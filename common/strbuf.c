/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/strbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>

int strbuf_reserve(struct strbuf *s, size_t extra)
{
	size_t need, size;
	char *data;

	if (__builtin_add_overflow(s->len, extra, &need) ||
	    __builtin_add_overflow(need, (size_t)1, &need))
		return -ENOMEM;
	if (need <= s->capacity)
		return 0;
	size = s->capacity ? s->capacity : 32;
	while (size < need)
		if (__builtin_mul_overflow(size, (size_t)2, &size))
			return -ENOMEM;
	data = realloc(s->data, size);
	if (!data)
		return -ENOMEM;
	s->data = data;
	s->data[s->len] = '\0';
	s->capacity = size;
	return 0;
}

int strbuf_add(struct strbuf *s, const void *bytes, size_t n)
{
	int rc = strbuf_reserve(s, n);

	if (rc)
		return rc;
	if (n)
		memcpy(s->data + s->len, bytes, n);
	s->len += n;
	s->data[s->len] = '\0';
	return 0;
}

int strbuf_adds(struct strbuf *s, const char *text)
{
	return strbuf_add(s, text, strlen(text));
}

int strbuf_addf(struct strbuf *s, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;
	int n, rc;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	rc = strbuf_add(s, text, (size_t)n);
	free(text);
	return rc;
}

char *strbuf_take(struct strbuf *s)
{
	char *data = s->data ? s->data : strdup("");

	*s = (struct strbuf)STRBUF_INIT;
	return data;
}

void strbuf_release(struct strbuf *s)
{
	free(s->data);
	*s = (struct strbuf)STRBUF_INIT;
}

int array_grow(void **items, size_t used, size_t *capacity, size_t size)
{
	size_t more, bytes;
	void *p;

	if (used < *capacity)
		return 0;
	more = *capacity ? *capacity : 8;
	if (__builtin_add_overflow(*capacity, more, &more) ||
	    __builtin_mul_overflow(more, size, &bytes))
		return -ENOMEM;
	p = realloc(*items, bytes);
	if (!p)
		return -ENOMEM;
	*items = p;
	*capacity = more;
	return 0;
}

int strlist_take(struct strlist *l, char *text)
{
	if (!text || array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items))) {
		free(text);
		return -ENOMEM;
	}
	l->items[l->count++] = text;
	return 0;
}

int strlist_add(struct strlist *l, const char *text)
{
	return strlist_take(l, strdup(text));
}

int strlist_addf(struct strlist *l, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return strlist_take(l, text);
}

long strlist_find(const struct strlist *l, const char *text)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i], text))
			return (long)i;
	return -1;
}

void strlist_release(struct strlist *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct strlist)STRLIST_INIT;
}
