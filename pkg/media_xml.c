/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/media_xml.h"

#include <errno.h>

/* One byte before the root element; false: something that is not accepted. */
static bool prolog_byte(struct xml_guard *g, char c)
{
	switch (g->state) {
	case XML_TEXT:
		g->state = c == '<' ? XML_OPEN : XML_TEXT;
		break;
	case XML_OPEN:
		g->state = c == '?' ? XML_INSTRUCTION : c == '!' ? XML_BANG : XML_BODY;
		break;
	case XML_BANG:
	case XML_DASH:
		if (c != '-')
			return false;
		g->state = g->state == XML_BANG ? XML_DASH : XML_COMMENT;
		c = '\0'; /* "<!-->" ends nothing */
		break;
	case XML_COMMENT:
		if (c == '>' && g->last[0] == '-' && g->last[1] == '-')
			g->state = XML_TEXT;
		break;
	case XML_INSTRUCTION:
		if (c == '>' && g->last[1] == '?')
			g->state = XML_TEXT;
		break;
	case XML_BODY:
		break;
	}
	g->last[0] = g->last[1];
	g->last[1] = c;
	return true;
}

static ssize_t guard_read(void *cookie, char *buf, size_t size)
{
	struct xml_guard *g = cookie;
	size_t n;

	if (g->is_damaged || g->is_long || g->has_doctype)
		return -1;
	n = fread(buf, 1, size, g->in);
	g->is_damaged = !n && ferror(g->in);
	g->is_long = n > g->left;
	g->left -= g->is_long ? 0 : n;
	for (size_t i = 0; i < n && g->state != XML_BODY && !g->has_doctype; i++)
		g->has_doctype = !prolog_byte(g, buf[i]);
	return g->is_damaged || g->is_long || g->has_doctype ? -1 : (ssize_t)n;
}

FILE *xml_guard_open(struct xml_guard *g, FILE *in, uint64_t max)
{
	FILE *f;

	*g = (struct xml_guard){ .in = in, .left = max };
	f = fopencookie(g, "r", (cookie_io_functions_t){ .read = guard_read });
	if (!f)
		fclose(in);
	return f;
}

int xml_guard_close(struct xml_guard *g, FILE *f, const char *label, struct error *err)
{
	char rest[4096];

	/* A parser stops behind the end of the root; the sum at the end of the compressed file counts. */
	while (fread(rest, 1, sizeof(rest), f))
		;
	fclose(f);
	fclose(g->in);
	if (g->is_long)
		return error_set(err, -ERR_LIMIT, label, "is longer than we accept");
	if (g->has_doctype)
		return error_set(err, -ERR_FORMAT, label,
				 "has a document type, which could hide expanding entities");
	if (g->is_damaged)
		return error_set(err, -ERR_FORMAT, label,
				 "cannot be read to its end (is it damaged?)");
	return 0;
}
