/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XML for the readers, by expat. Private to selections/.
 *
 * A format sees elements by their path without prefixes of namespaces,
 * "/comps/group/id". Nothing is expanded: a document type may name its DTD (that is not
 * read), but an entity of its own, declared or used, is an error. Depth, sizes and
 * bytes of text are bounded; the reader has the line for messages.
 */
#ifndef SELECTIONS_XML_H
#define SELECTIONS_XML_H

#include "common/strbuf.h"
#include "selections/reader.h"

struct xml {
	struct reader *r; /* its line is that of the tag */
	struct selection *file;
	struct selection *part; /* the format's own: what is read now, or NULL */
	struct error *err;
	struct strbuf path; /* of the element */
	struct strbuf text; /* at its end: what stands in it, behind the last child */
	struct strbuf kept; /* the format's own: an attribute of an element that is still open */
	bool is_translated; /* the element has an xml:lang */
};

/* Both return 0 or fail as reader_error() does. attributes: names and values in turn, then NULL. */
struct xml_format {
	int (*begin)(struct xml *x, const char **attributes);
	int (*end)(struct xml *x);
};

bool xml_at(const struct xml *x, const char *path);
/* NULL when it has none of that name. */
const char *xml_attribute(const char **attributes, const char *name);
/* The text, without blanks and line ends around it. */
struct span xml_text(const struct xml *x);
bool xml_is_true(struct span text); /* "true", "True", "1", "yes" */

/* Set *field unless it has a value and this one is a translation. */
int xml_set_text(struct xml *x, char **field);
/* Append a name; blanks inside only where they may be. */
int xml_add_name(struct xml *x, struct strlist *to, struct span name, bool blanks);
/* The same for a package of the unqualified list. */
int xml_add_package(struct xml *x, struct span name);

#endif
