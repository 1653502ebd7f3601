/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns of an rpm-md repository: patterns.xml, or a file of a single <pattern>. */
#include "selections/xml.h"

/* The path below the pattern, whether that is the root or not; NULL outside of one. */
static const char *below(const struct xml *x)
{
	const char *path = x->path.data;

	if (!strncmp(path, "/patterns", 9))
		path += 9;
	return strncmp(path, "/pattern", 8) ? NULL : path + 8;
}

/* Versions are left out: what the media has is what there is. */
static int add_entry(struct xml *x, const char *relation, const char **attributes)
{
	const char *kind = xml_attribute(attributes, "kind"), *text;
	struct selection *s = x->part;
	struct span name;
	bool weak = !strcmp(relation, "/recommends/entry");

	text = xml_attribute(attributes, "name");
	if (!text)
		return reader_error(x->r, x->err, -ERR_FORMAT, "an entry without a name");
	name = span_without_version((struct span){ text, strlen(text) });
	if (kind && !strcmp(kind, "pattern")) {
		if (!strcmp(relation, "/requires/entry") || weak)
			return xml_add_name(x, weak ? &s->weak_requires : &s->requires, name, true);
		if (!strcmp(relation, "/provides/entry"))
			return xml_add_name(x, &s->provides, name, true);
		if (!strcmp(relation, "/conflicts/entry"))
			return xml_add_name(x, &s->conflicts, name, true);
		return 0;
	}
	if (kind && strcmp(kind, "package") != 0)
		return 0;
	if (weak)
		return xml_add_name(x, &s->weak_install, name, false);
	return strcmp(relation, "/requires/entry") ? 0 : xml_add_package(x, name);
}

static int begin(struct xml *x, const char **attributes)
{
	const char *path = below(x);
	int rc;

	if (!path)
		return 0;
	if (!*path) {
		rc = reader_add_part(x->r, x->file, SELECTION_PATTERN, &x->part, x->err);
		if (!rc)
			x->part->visible = false; /* until it says otherwise */
		return rc;
	}
	if (!x->part)
		return 0;
	return strstr(path, "/entry") ? add_entry(x, path, attributes) : 0;
}

static int end_pattern(struct xml *x)
{
	const struct selection *s = x->part;

	x->part = NULL;
	return s->name ? 0 : reader_error(x->r, x->err, -ERR_FORMAT, "a pattern without a name");
}

static int end(struct xml *x)
{
	const char *path = below(x);
	struct selection *s = x->part;
	int rc;

	if (!path || !s)
		return 0;
	if (!*path)
		return end_pattern(x);
	if (!strcmp(path, "/name")) {
		rc = reader_check_name(x->r, xml_text(x), x->err);
		return rc ? rc : xml_set_text(x, &s->name);
	}
	if (!strcmp(path, "/summary"))
		return xml_set_text(x, &s->summary);
	if (!strcmp(path, "/category"))
		return xml_set_text(x, &s->category);
	if (!strcmp(path, "/uservisible"))
		s->visible = !xml_text(x).len || xml_is_true(xml_text(x));
	return 0;
}

const struct xml_format xml_patterns = { begin, end };
