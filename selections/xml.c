/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selections/xml.h"

#include <expat.h>
#include <strings.h>

#define MAX_DEPTH 64
#define MAX_PATH  4096      /* bytes of all names that are open */
#define MAX_TEXT  (1 << 16) /* bytes in an element; descriptions are long */

struct parse {
	struct xml x;
	const struct xml_format *format; /* NULL until the root element told it */
	XML_Parser expat;
	size_t depth;
	int rc;
};

static const struct {
	const char *root;
	const struct xml_format *format;
} formats[] = {
	{ "/comps", &xml_comps },
	{ "/patterns", &xml_patterns },
	{ "/pattern", &xml_patterns },
};

bool xml_at(const struct xml *x, const char *path)
{
	return !strcmp(x->path.data, path);
}

const char *xml_attribute(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (!strcmp(*attributes, name))
			return attributes[1];
	return NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct span xml_text(const struct xml *x)
{
	struct span s = { x->text.data ? x->text.data : "", x->text.len };

	while (s.len && is_space(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len && is_space(s.data[s.len - 1]))
		s.len--;
	return s;
}

bool xml_is_true(struct span text)
{
	return span_is_word(text, "true") || span_is_word(text, "yes") || span_is(text, "1");
}

int xml_set_text(struct xml *x, char **field)
{
	if (*field && x->is_translated)
		return 0;
	free(*field);
	*field = span_string(xml_text(x));
	if (!*field)
		return error_nomem(x->err);
	/* One line of a table. */
	for (char *c = *field; *c; c++)
		if (is_space(*c))
			*c = ' ';
	return 0;
}

int xml_add_name(struct xml *x, struct strlist *to, struct span name, bool blanks)
{
	int rc = reader_check_name(x->r, name, x->err);

	if (!rc && !blanks && (memchr(name.data, ' ', name.len)))
		rc = reader_error(x->r, x->err, -ERR_FORMAT, "blank in the name '%.*s'",
				  (int)name.len, name.data);
	if (!rc && strlist_take(to, span_string(name)))
		rc = error_nomem(x->err);
	return rc;
}

int xml_add_package(struct xml *x, struct span name)
{
	const struct span no_locale = { "", 0 };
	struct selection_list *list =
		selection_list_for(&x->part->install, &x->part->install_count, no_locale);

	return list ? xml_add_name(x, &list->names, name, false) : error_nomem(x->err);
}

static void stop(struct parse *p, int rc)
{
	if (!rc)
		return;
	p->rc = rc;
	XML_StopParser(p->expat, XML_FALSE);
}

/* Handlers may be called once more after a stop. */
static bool goes_on(struct parse *p)
{
	p->x.r->line = XML_GetCurrentLineNumber(p->expat);
	return !p->rc;
}

static int find_format(struct parse *p)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (xml_at(&p->x, formats[i].root)) {
			p->format = formats[i].format;
			return 0;
		}
	return reader_error(p->x.r, p->x.err, -ERR_UNSUPPORTED,
			    "<%.64s> is no list of packages; <comps> and <patterns> are read",
			    p->x.path.data + 1);
}

static int open_element(struct parse *p, const char *name, const char **attributes)
{
	const char *colon = strchr(name, ':');
	struct xml *x = &p->x;
	int rc = 0;

	name = colon ? colon + 1 : name;
	if (p->depth == MAX_DEPTH || x->path.len + strlen(name) >= MAX_PATH)
		return reader_error(x->r, x->err, -ERR_LIMIT, "elements are nested too deep");
	if (strbuf_addf(&x->path, "/%s", name))
		return error_nomem(x->err);
	p->depth++;
	x->text.len = 0;
	x->is_translated = xml_attribute(attributes, "xml:lang") || xml_attribute(attributes, "lang");
	if (!p->format)
		rc = find_format(p);
	return rc ? rc : p->format->begin(x, attributes);
}

static void XMLCALL on_begin(void *arg, const char *name, const char **attributes)
{
	struct parse *p = arg;

	if (goes_on(p))
		stop(p, open_element(p, name, attributes));
}

static void XMLCALL on_end(void *arg, const char *name)
{
	struct parse *p = arg;
	struct strbuf *path = &p->x.path;

	if (!goes_on(p))
		return;
	stop(p, p->format->end(&p->x));
	while (path->len && path->data[path->len - 1] != '/')
		path->len--;
	path->data[path->len ? --path->len : 0] = '\0';
	p->x.text.len = 0;
	p->depth--;
}

static void XMLCALL on_text(void *arg, const char *text, int len)
{
	struct parse *p = arg;
	struct xml *x = &p->x;

	if (!goes_on(p))
		return;
	if (x->text.len + (size_t)len > MAX_TEXT)
		stop(p, reader_error(x->r, x->err, -ERR_LIMIT, "text of more than %d bytes",
				     MAX_TEXT));
	else if (strbuf_add(&x->text, text, (size_t)len))
		stop(p, error_nomem(x->err));
}

static void refuse_entity(struct parse *p, const char *name)
{
	if (goes_on(p))
		stop(p, reader_error(p->x.r, p->x.err, -ERR_FORMAT,
				     "entity '%.64s': none but XML's own are accepted", name));
}

static void XMLCALL on_entity(void *arg, const char *name, int is_parameter, const char *value,
			      int len, const char *base, const char *system, const char *public,
			      const char *notation)
{
	refuse_entity(arg, name);
}

/* Of a document type that is not read. */
static void XMLCALL on_unknown_entity(void *arg, const char *name, int is_parameter)
{
	refuse_entity(arg, name);
}

static int explain(struct parse *p)
{
	enum XML_Error code = XML_GetErrorCode(p->expat);

	if (p->rc)
		return p->rc;
	if (code == XML_ERROR_NO_MEMORY)
		return error_nomem(p->x.err);
	p->x.r->line = XML_GetCurrentLineNumber(p->expat);
	return reader_error(p->x.r, p->x.err, -ERR_FORMAT, "XML: %s", XML_ErrorString(code));
}

bool xml_detect(struct span first_line)
{
	return span_starts(span_trim(first_line), "<");
}

int xml_read(struct reader *r, struct selection *s, struct error *err)
{
	struct parse p = {
		.x = { .r = r, .file = s, .err = err },
		.expat = XML_ParserCreate(NULL),
	};
	int rc = 0;

	if (!p.expat)
		return error_nomem(err);
	XML_SetUserData(p.expat, &p);
	XML_SetElementHandler(p.expat, on_begin, on_end);
	XML_SetCharacterDataHandler(p.expat, on_text);
	XML_SetEntityDeclHandler(p.expat, on_entity);
	XML_SetSkippedEntityHandler(p.expat, on_unknown_entity);
	if (XML_Parse(p.expat, r->data, (int)r->size, XML_TRUE) != XML_STATUS_OK)
		rc = explain(&p);
	else if (!s->part_count)
		rc = error_set(err, -ERR_FORMAT, r->path, "no selection in it");
	XML_ParserFree(p.expat);
	strbuf_release(&p.x.path);
	strbuf_release(&p.x.text);
	strbuf_release(&p.x.kept);
	return rc;
}
