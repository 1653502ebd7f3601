/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of lab.conf: assignments, quotes, comments. What they mean is not known here. */
#include "labpack/conf.h"

#include <ctype.h>
#include <stdarg.h>

#define MAX_ASSIGNMENTS 65536

static int fail_in(struct conf *c, int code, unsigned int line, const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	if (!text)
		return error_nomem(c->err);
	if (line)
		error_set(c->err, code, c->subject, "line %u: %s", line, text);
	else
		error_set(c->err, code, c->subject, "%s", text);
	free(text);
	return code;
}

int conf_fail(struct conf *c, int code, unsigned int line, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fail_in(c, code, line, fmt, ap);
	va_end(ap);
	return rc;
}

int conf_warn(struct conf *c, unsigned int line, const char *fmt, ...)
{
	struct error why = ERROR_INIT, *keep = c->err;
	va_list ap;
	char *text;
	int rc;

	va_start(ap, fmt);
	if (!(c->flags & LAB_STRICT))
		c->err = &why;
	rc = fail_in(c, -ERR_FORMAT, line, fmt, ap);
	va_end(ap);
	c->err = keep;
	if (c->flags & LAB_STRICT)
		return rc;
	text = error_text(&why);
	error_release(&why);
	return strlist_take(&c->lab->warnings, text) ? conf_nomem(c) : 0;
}

int conf_nomem(struct conf *c)
{
	return error_nomem(c->err);
}

void conf_release(struct conf *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->items[i].name);
		free(c->items[i].option);
		free(c->items[i].value);
	}
	free(c->items);
	free(c->disks);
	free(c->serials);
	strlist_release(&c->listed);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* [*begin, *end) without the blanks around it. */
static void trim(const char **begin, const char **end)
{
	while (*begin < *end && is_blank(**begin))
		(*begin)++;
	while (*begin < *end && is_blank((*end)[-1]))
		(*end)--;
}

/* A bare value ends at a comment, which a blank and '#' begin. */
static const char *end_of_bare(const char *begin, const char *end)
{
	for (const char *p = begin; p < end; p++)
		if (*p == '#' && (p == begin || is_blank(p[-1])))
			return p;
	return end;
}

/* Names of authors in labs of 2003 are. */
static int from_latin1(struct conf *c, char **text)
{
	struct strbuf out = STRBUF_INIT;
	int rc = 0;

	for (const unsigned char *p = (const unsigned char *)*text; !rc && *p; p++)
		rc = *p < 0x80 ? strbuf_add(&out, p, 1) :
		     *p < 0xa0 ? strbuf_adds(&out, "?") :
				 strbuf_addf(&out, "%c%c", 0xc0 | *p >> 6, 0x80 | (*p & 0x3f));
	if (rc) {
		strbuf_release(&out);
		return conf_nomem(c);
	}
	free(*text);
	*text = strbuf_take(&out);
	return 0;
}

/* The value behind '=': bare, "quoted" or 'quoted'; behind the quote only a comment. */
static int lex_value(struct conf *c, unsigned int line, const char *begin, const char *end,
		     struct assignment *a)
{
	const char *close, *rest;

	trim(&begin, &end);
	if (begin < end && (*begin == '"' || *begin == '\'')) {
		close = memchr(begin + 1, *begin, (size_t)(end - begin - 1));
		if (!close)
			return conf_fail(c, -ERR_FORMAT, line, "the quote %c is not closed", *begin);
		rest = close + 1;
		trim(&rest, &end);
		if (rest < end && *rest != '#')
			return conf_fail(c, -ERR_FORMAT, line,
					 "there is more behind the closing quote");
		begin++;
		end = close;
	} else {
		end = end_of_bare(begin, end);
		trim(&begin, &end);
	}
	if (end - begin > CONF_MAX_VALUE)
		return conf_fail(c, -ERR_LIMIT, line, "the value has more than %d bytes",
				 CONF_MAX_VALUE);
	for (const char *p = begin; p < end; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return conf_fail(c, -ERR_FORMAT, line, "a control character in the value");
	a->value = strndup(begin, (size_t)(end - begin));
	if (!a->value)
		return conf_nomem(c);
	if (conf_is_utf8(a->value))
		return 0;
	if (!a->option)
		return from_latin1(c, &a->value);
	return conf_fail(c, -ERR_FORMAT, line, "the value is no UTF-8");
}

/* What is no assignment is a comment in Netkit; something like one is told of. */
static int not_an_assignment(struct conf *c, unsigned int line, const char *begin, const char *end)
{
	bool open = memchr(begin, '[', (size_t)(end - begin)) != NULL;
	bool equals = memchr(begin, '=', (size_t)(end - begin)) != NULL;

	if (!open || !equals)
		return 0;
	return conf_warn(c, line, "is no assignment like machine[option]=value; it is left out");
}

static int add(struct conf *c, struct assignment *a)
{
	if (c->count == MAX_ASSIGNMENTS)
		return conf_fail(c, -ERR_LIMIT, a->line, "more than %d assignments",
				 MAX_ASSIGNMENTS);
	if (array_grow((void **)&c->items, c->count, &c->capacity, sizeof(*c->items)))
		return conf_nomem(c);
	c->items[c->count++] = *a;
	*a = (struct assignment){ .line = 0 };
	return 0;
}

/* Where the name ends: at a '[', a '=' or a blank. */
static const char *end_of_name(const char *begin, const char *end)
{
	while (begin < end && *begin != '[' && *begin != '=' && !is_blank(*begin))
		begin++;
	return begin;
}

static int lex_line(struct conf *c, unsigned int line, const char *begin, const char *end)
{
	const char *name_end, *p, *close = NULL, *option;
	struct assignment a = { .line = line };
	int rc = 0;

	trim(&begin, &end);
	if (begin == end || *begin == '#')
		return 0;
	name_end = p = end_of_name(begin, end);
	while (p < end && is_blank(*p))
		p++;
	option = p + 1;
	if (p < end && *p == '[') {
		close = memchr(p, ']', (size_t)(end - p));
		p = close ? close + 1 : end;
	}
	while (p < end && is_blank(*p))
		p++;
	if (p == end || *p != '=' || name_end == begin)
		return not_an_assignment(c, line, begin, end);
	/* "text like this = that" is prose; only LAB_* and the like stand alone. */
	if (!close && strncmp(begin, "LAB_", 4) != 0)
		return 0;
	a.name = strndup(begin, (size_t)(name_end - begin));
	if (close) {
		const char *option_end = close;

		trim(&option, &option_end);
		a.option = strndup(option, (size_t)(option_end - option));
	}
	if (!a.name || (close && !a.option))
		rc = conf_nomem(c);
	if (!rc)
		rc = lex_value(c, line, p + 1, end, &a);
	if (!rc)
		rc = add(c, &a);
	free(a.name);
	free(a.option);
	free(a.value);
	return rc;
}

int conf_lex(struct conf *c, const char *text, size_t n)
{
	const char *end = text + n;
	unsigned int line = 0;
	int rc = 0;

	if (n > CONF_MAX_BYTES)
		return conf_fail(c, -ERR_LIMIT, 0, "has more than %d bytes", CONF_MAX_BYTES);
	if (n && memchr(text, '\0', n))
		return conf_fail(c, -ERR_FORMAT, 0, "is no text: it has a zero byte");
	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	while (!rc && text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		const char *stop = eol ? eol : end;

		line++;
		if (stop > text && stop[-1] == '\r')
			stop--;
		rc = lex_line(c, line, text, stop);
		text = eol ? eol + 1 : end;
	}
	return rc;
}
