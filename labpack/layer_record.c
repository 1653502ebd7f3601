/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LAYER_RECORD in the guest: "STATE PATH" a line, with %XX for blanks, control
 * characters and '%'. The machine may have written anything into it: lines
 * that are not so are left out, and their files count as not brought by us.
 */
#include <ctype.h>
#include <errno.h>

#include "labpack/layer.h"

#define RECORD_MAX ((size_t)64 << 20)

static int escape(struct strbuf *out, const char *text)
{
	int rc = 0;

	for (const unsigned char *c = (const unsigned char *)text; !rc && *c; c++)
		rc = *c <= ' ' || *c == '%' || *c == 0x7f ? strbuf_addf(out, "%%%02X", *c) :
							   strbuf_add(out, c, 1);
	return rc;
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place; false when it is not what escape() makes. */
static bool unescape(char *text)
{
	char *to = text;
	int high, low;

	for (; *text; text++) {
		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		high = hex_value(text[1]);
		low = high < 0 ? -1 : hex_value(text[2]);
		if (low < 0)
			return false;
		*to = (char)(high * 16 + low);
		if (!*to++)
			return false;
		text += 2;
	}
	*to = '\0';
	return true;
}

int layer_record_add(struct layer_record *r, const char *path, const char *state,
		     struct error *err)
{
	struct layer_note note;

	if (array_grow((void **)&r->notes, r->count, &r->capacity, sizeof(*r->notes)))
		return error_nomem(err);
	note = (struct layer_note){ strdup(path), strdup(state) };
	if (!note.path || !note.state) {
		free(note.path);
		free(note.state);
		return error_nomem(err);
	}
	r->notes[r->count++] = note;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct layer_note *)a)->path, ((const struct layer_note *)b)->path);
}

static bool is_clean(const char *path)
{
	if (*path != '/')
		return false;
	for (; *path; path += strcspn(path, "/")) {
		size_t n;

		path++;
		n = strcspn(path, "/");
		if (!n || (n <= 2 && !strncmp(path, "..", n)))
			return false;
	}
	return true;
}

int layer_record_read(struct layer_record *r, struct image *image, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	char *next;
	int rc = image_read_file(image, LAYER_RECORD, RECORD_MAX, &text, err);

	*r = (struct layer_record){ .count = 0 };
	if (rc == -ENOENT || rc == -ENOTDIR) {
		error_release(err);
		return 0;
	}
	for (char *line = text.data; !rc && line && *line; line = next) {
		char *blank;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		blank = strchr(line, ' ');
		if (!blank)
			continue;
		*blank = '\0';
		if (unescape(line) && unescape(blank + 1) && is_clean(blank + 1))
			rc = layer_record_add(r, blank + 1, line, err);
	}
	strbuf_release(&text);
	if (r->count)
		qsort(r->notes, r->count, sizeof(*r->notes), by_path);
	return rc;
}

const char *layer_record_find(const struct layer_record *r, const char *path)
{
	const struct layer_note key = { .path = (char *)path }, *found;

	if (!r->count)
		return NULL;
	found = bsearch(&key, r->notes, r->count, sizeof(*r->notes), by_path);
	return found ? found->state : NULL;
}

int layer_record_write(const struct layer_record *r, struct image *image, struct error *err)
{
	const struct image_attr attr = { .mode = 0600 };
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	for (size_t i = 0; !rc && i < r->count; i++) {
		rc = escape(&text, r->notes[i].state);
		if (!rc)
			rc = strbuf_adds(&text, " ");
		if (!rc)
			rc = escape(&text, r->notes[i].path);
		if (!rc)
			rc = strbuf_adds(&text, "\n");
	}
	if (rc)
		rc = error_nomem(err);
	if (!rc)
		rc = image_mkdir_p(image, LAYER_FOLDER, err);
	if (!rc)
		rc = image_write_file(image, LAYER_RECORD, text.data ? text.data : "", text.len, &attr,
				      err);
	strbuf_release(&text);
	return rc;
}

void layer_record_release(struct layer_record *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->notes[i].path);
		free(r->notes[i].state);
	}
	free(r->notes);
	*r = (struct layer_record){ .count = 0 };
}
