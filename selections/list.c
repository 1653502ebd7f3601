/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plain list: one package name a line.
 *
 *     bash                        # a comment
 *     mta (postfix, sendmail)       the first one that the media has
 *     aaa_base-9.0-6.i586.rpm       a file name, as ls prints it: exactly this one
 *     -vim                          not this one
 *     @Minimal                      everything that this selection installs
 */
#include "selections/reader.h"

static const struct span no_locale = { "", 0 };

bool list_detect(struct span first_line)
{
	return true;
}

/* A comment starts the line or stands behind a blank: "g#" is a name. */
static struct span without_comment(struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '#' &&
		    (!i || line.data[i - 1] == ' ' || line.data[i - 1] == '\t'))
			line.len = i;
	return span_trim(line);
}

static bool ends_with(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.len > n && !memcmp(s.data + s.len - n, text, n);
}

/* name-version-release.arch */
static bool is_nevra(struct span s)
{
	size_t dashes = 0, dot = 0;

	for (size_t i = s.len; i-- > 1 && dashes < 2;) {
		if (s.data[i] == '.' && !dot && !dashes)
			dot = i;
		if (s.data[i] == '-' && i + 1 < s.len && s.data[i + 1] != '-')
			dashes++;
	}
	return dashes == 2 && dot && dot + 1 < s.len;
}

/* "i586/aaa_base-9.0-6.i586.rpm" -> "aaa_base-9.0-6.i586"; other entries stay. */
static int file_name(const struct reader *r, struct span *entry, struct error *err)
{
	struct span s = *entry;

	if (!ends_with(s, ".rpm"))
		return 0;
	s.len -= strlen(".rpm");
	for (size_t i = s.len; i-- > 0;) {
		if (s.data[i] != '/')
			continue;
		s = (struct span){ s.data + i + 1, s.len - i - 1 };
		break;
	}
	if (ends_with(s, ".src") || ends_with(s, ".nosrc"))
		return reader_error(r, err, -ERR_FORMAT, "'%.*s' is a source package",
				    (int)entry->len, entry->data);
	if (!is_nevra(s))
		return reader_error(r, err, -ERR_FORMAT,
				    "'%.*s' is not name-version-release.arch.rpm", (int)entry->len,
				    entry->data);
	*entry = s;
	return 0;
}

static int add_package(const struct reader *r, struct selection_list *to, struct span entry,
		       struct error *err)
{
	int rc = reader_check_entry(r, entry, err);

	if (!rc)
		rc = file_name(r, &entry, err);
	if (!rc && strlist_take(&to->names, span_string(entry)))
		rc = error_nomem(err);
	return rc;
}

static int add_reference(const struct reader *r, struct selection *s, struct span name,
			 struct error *err)
{
	int rc = reader_check_name(r, name, err);

	if (!rc && strlist_take(&s->references, span_string(name)))
		rc = error_nomem(err);
	return rc;
}

static int read_line(const struct reader *r, struct selection *s, struct span line,
		     struct error *err)
{
	struct span rest = { line.data + 1, line.len - 1 };

	switch (line.data[0]) {
	case '@':
		return add_reference(r, s, rest, err);
	case '-':
		return add_package(r, &s->remove[0], rest, err);
	case '=':
	case '+':
		return reader_error(r, err, -ERR_FORMAT,
				    "'%.*s' belongs into a selection, and that "
				    "begins with '=Ver:'",
				    (int)(line.len < 32 ? line.len : 32), line.data);
	default:
		return add_package(r, &s->install[0], line, err);
	}
}

int list_read(struct reader *r, struct selection *s, struct error *err)
{
	struct span line;
	int rc = 0;

	if (!selection_list_for(&s->install, &s->install_count, no_locale) ||
	    !selection_list_for(&s->remove, &s->remove_count, no_locale))
		return error_nomem(err);
	while (!rc && reader_next(r, &line)) {
		line = without_comment(line);
		if (line.len)
			rc = read_line(r, s, line, err);
	}
	if (!rc && !s->install[0].names.count && !s->remove[0].names.count && !s->references.count)
		rc = error_set(err, -ERR_FORMAT, r->path, "no package is named in it");
	return rc;
}
