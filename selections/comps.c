/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * comps.xml: groups of packages, and environments, which are groups of groups. Mandatory and
 * default packages are installed; optional ones are weak; conditional ones wait for
 * another package.
 */
#include "selections/xml.h"

static int begin_part(struct xml *x, enum selection_kind kind)
{
	return reader_add_part(x->r, x->file, kind, &x->part, x->err);
}

/* The type of a package, kept until its name is read: "optional", or "conditional:NAME". */
static int keep_type(struct xml *x, const char **attributes)
{
	const char *type = xml_attribute(attributes, "type");
	const char *requires = xml_attribute(attributes, "requires");
	int rc;

	x->kept.len = 0;
	if (!type || !strcmp(type, "default") || !strcmp(type, "mandatory"))
		return 0;
	if (!strcmp(type, "optional"))
		rc = strbuf_adds(&x->kept, "optional");
	else if (strcmp(type, "conditional") != 0)
		return reader_error(x->r, x->err, -ERR_FORMAT, "packagereq of type '%.64s'", type);
	else if (requires && *requires)
		rc = strbuf_addf(&x->kept, "conditional:%s", requires);
	else
		rc = strbuf_adds(&x->kept, "optional"); /* nothing says when */
	return rc ? error_nomem(x->err) : 0;
}

static int begin(struct xml *x, const char **attributes)
{
	if (xml_at(x, "/comps/group"))
		return begin_part(x, SELECTION_GROUP);
	if (xml_at(x, "/comps/environment"))
		return begin_part(x, SELECTION_ENVIRONMENT);
	if (xml_at(x, "/comps/group/packagelist/packagereq"))
		return keep_type(x, attributes);
	return 0;
}

static int end_package(struct xml *x)
{
	struct selection *s = x->part;
	struct span name = xml_text(x), condition = { x->kept.data, x->kept.len };
	int rc;

	if (!x->kept.len)
		return xml_add_package(x, name);
	if (span_is(condition, "optional"))
		return xml_add_name(x, &s->weak_install, name, false);
	condition.data += strlen("conditional:");
	condition.len -= strlen("conditional:");
	rc = xml_add_name(x, &s->conditions, condition, false);
	return rc ? rc : xml_add_name(x, &s->conditional, name, false);
}

static int end_part(struct xml *x)
{
	const struct selection *s = x->part;

	x->part = NULL;
	return s->name ? 0 : reader_error(x->r, x->err, -ERR_FORMAT, "a group without an id");
}

/* "/group" and "/environment" have these both. */
static int end_common(struct xml *x, const char *path)
{
	struct selection *s = x->part;
	int rc;

	if (!strcmp(path, "/id")) {
		rc = reader_check_name(x->r, xml_text(x), x->err);
		return rc ? rc : xml_set_text(x, &s->name);
	}
	if (!strcmp(path, "/name"))
		return xml_set_text(x, &s->summary);
	if (!strcmp(path, "/default"))
		s->mark = xml_is_true(xml_text(x)) ? SELECTION_IS_DEFAULT : SELECTION_NO_DEFAULT;
	else if (!strcmp(path, "/uservisible"))
		s->visible = xml_is_true(xml_text(x));
	return 0;
}

static int end(struct xml *x)
{
	const char *path = x->path.data + strlen("/comps");

	if (!x->part)
		return 0;
	if (!strcmp(path, "/group") || !strcmp(path, "/environment"))
		return end_part(x);
	if (!strcmp(path, "/group/packagelist/packagereq"))
		return end_package(x);
	if (!strcmp(path, "/environment/grouplist/groupid"))
		return xml_add_name(x, &x->part->requires, xml_text(x), true);
	if (!strcmp(path, "/environment/optionlist/groupid"))
		return xml_add_name(x, &x->part->weak_requires, xml_text(x), true);
	path = strchr(path + 1, '/');
	return path ? end_common(x, path) : 0;
}

const struct xml_format xml_comps = { begin, end };
