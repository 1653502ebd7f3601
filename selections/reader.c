/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selections/reader.h"

#include <stdarg.h>
#include <strings.h>

bool reader_next(struct reader *r, struct span *line)
{
	const char *start = r->data + r->pos, *end;
	size_t left = r->size - r->pos;

	if (!left)
		return false;
	end = memchr(start, '\n', left);
	line->data = start;
	line->len = end ? (size_t)(end - start) : left;
	r->pos += line->len + (end ? 1 : 0);
	r->line++;
	if (line->len && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}

int reader_error(const struct reader *r, struct error *err, int code, const char *fmt, ...)
{
	va_list ap;
	char *what = NULL;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	if (!what)
		return error_nomem(err);
	/* The text may quote the file: no escape sequence of it reaches a terminal. */
	for (char *c = what; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	error_set(err, code, r->path, "line %zu: %s", r->line, what);
	free(what);
	return code;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
	while (s.len && is_blank(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len && is_blank(s.data[s.len - 1]))
		s.len--;
	return s;
}

bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.data, text, s.len);
}

bool span_starts(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.len >= n && !strncasecmp(s.data, text, n);
}

bool span_is_word(struct span s, const char *text)
{
	return s.len == strlen(text) && span_starts(s, text);
}

char *span_string(struct span s)
{
	return strndup(s.data, s.len);
}

struct span span_without_version(struct span entry)
{
	struct span s = span_trim(entry), rest;

	for (size_t i = 0; i < s.len; i++) {
		if (!is_blank(s.data[i]))
			continue;
		rest = span_trim((struct span){ s.data + i, s.len - i });
		if (rest.len && strchr("<>=", rest.data[0]))
			s.len = i;
	}
	return s;
}

/* "name (a, b)": where the parenthesis is, len when there is none. "perl(Foo)" is one name. */
static size_t entry_alternatives(struct span entry)
{
	for (size_t i = 1; i < entry.len; i++)
		if (entry.data[i] == '(' && is_blank(entry.data[i - 1]))
			return i;
	return entry.len;
}

bool entry_next(struct span *rest, struct span *name)
{
	struct span s = span_trim(*rest);
	size_t cut;

	if (!s.len)
		return false;
	cut = entry_alternatives(s);
	if (s.data[0] == '(' || s.data[0] == ',') { /* behind the first name */
		s.data++;
		s.len--;
		for (cut = 0; cut < s.len && s.data[cut] != ','; cut++)
			;
		*name = (struct span){ s.data, cut };
		if (cut == s.len && cut && s.data[cut - 1] == ')')
			name->len--;
	} else {
		*name = (struct span){ s.data, cut };
	}
	*rest = (struct span){ s.data + cut, s.len - cut };
	*name = span_trim(*name);
	return true;
}

static int check_bytes(const struct reader *r, struct span name, struct error *err)
{
	if (!name.len)
		return reader_error(r, err, -ERR_FORMAT, "empty name");
	if (name.len > SELECTION_MAX_NAME)
		return reader_error(r, err, -ERR_LIMIT, "name of %zu bytes (at most %d)", name.len,
				    SELECTION_MAX_NAME);
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] < 0x20 || name.data[i] == 0x7f)
			return reader_error(r, err, -ERR_FORMAT, "control byte 0x%02x in a name",
					    (unsigned char)name.data[i]);
	return 0;
}

int reader_check_name(const struct reader *r, struct span name, struct error *err)
{
	return check_bytes(r, name, err);
}

int reader_check_entry(const struct reader *r, struct span entry, struct error *err)
{
	struct span rest = span_trim(entry), name;
	size_t cut = entry_alternatives(rest), tail = rest.len - cut;
	int rc = 0;

	if (!rest.len || rest.data[0] == '(' || rest.data[0] == ',')
		return reader_error(r, err, -ERR_FORMAT, "empty name");
	if (tail && (rest.data[rest.len - 1] != ')' || memchr(rest.data + cut + 1, '(', tail - 1)))
		return reader_error(r, err, -ERR_FORMAT, "alternatives are written 'name (a, b)'");
	while (!rc && entry_next(&rest, &name)) {
		rc = check_bytes(r, name, err);
		if (!rc && memchr(name.data, ' ', name.len))
			return reader_error(r, err, -ERR_FORMAT, "blank in the name '%.*s'",
					    (int)name.len, name.data);
	}
	return rc;
}

struct selection_list *selection_list_for(struct selection_list **lists, size_t *count,
					  struct span locale)
{
	struct selection_list *grown;

	for (size_t i = 0; i < *count; i++)
		if (span_is_word(locale, (*lists)[i].locale))
			return &(*lists)[i];
	grown = realloc(*lists, (*count + 1) * sizeof(**lists));
	if (!grown)
		return NULL;
	*lists = grown;
	grown[*count] = (struct selection_list){ span_string(locale), STRLIST_INIT };
	if (!grown[*count].locale)
		return NULL;
	return &grown[(*count)++];
}
