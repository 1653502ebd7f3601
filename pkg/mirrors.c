/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/mirrors.h"

#include <ctype.h>
#include <errno.h>
#include <expat.h>

#include "common/number.h"
#include "pkg/fetch.h"

#define REPOMD "repodata/repomd.xml"
#define VALUE_MAX 4096 /* bytes of a URL, a digest, a number */

/* One <url> of a metalink; a higher preference is better, and so is a lower priority. */
struct found_url {
	char *url;
	long rank;
	size_t order;
};

struct metalink {
	XML_Parser parser;
	struct mirrors *out;
	struct found_url *urls;
	size_t url_count, url_capacity;
	unsigned int depth, file_depth, skip_depth; /* of <file>, of what is passed over */
	bool has_file; /* the first <file> counts */
	struct strbuf text;
	enum { VALUE_NONE, VALUE_URL, VALUE_HASH, VALUE_SIZE } value;
	long rank;
	char hash_type[16];
	int rc; /* -ENOMEM, or -ERR_FORMAT with what */
	const char *what;
};

void mirrors_release(struct mirrors *m)
{
	strlist_release(&m->urls);
	free(m->file);
	free(m->checksum_algo);
	free(m->checksum);
	*m = (struct mirrors)MIRRORS_INIT;
}

/* A folder's URL, with one '/' at its end; what we cannot fetch from is passed over. */
static int add_mirror(struct mirrors *m, const char *url, size_t n)
{
	char *plain;
	int rc = 0;

	while (n && (isspace((unsigned char)url[n - 1]) || url[n - 1] == '/'))
		n--;
	plain = strndup(url, n);
	if (!plain)
		return -ENOMEM;
	/* Asked after the cut: "http://" names no host. */
	if (fetch_is_url(plain) && strncasecmp(plain, "file:", 5) != 0 &&
	    !plain[strcspn(plain, " \t\r\n\v\f")] && m->urls.count < MIRRORS_MAX)
		rc = strlist_addf(&m->urls, "%s/", plain);
	free(plain);
	return rc;
}

static int parse_text(const char *text, size_t n, struct mirrors *m)
{
	const char *end = text + n, *next;
	int rc = 0;

	for (; text < end && !rc; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len;

		next = newline ? newline + 1 : end;
		while (text < next && isspace((unsigned char)*text))
			text++;
		len = strcspn(text, " \t\r\n");
		if (text < next && len <= VALUE_MAX)
			rc = add_mirror(m, text, len);
	}
	return rc;
}

static void stop(struct metalink *l, int rc, const char *what)
{
	if (!l->rc) {
		l->rc = rc;
		l->what = what;
	}
	XML_StopParser(l->parser, XML_FALSE);
}

/* The name without its namespace: expat joins the two with a '|'. */
static const char *local_name(const char *name)
{
	const char *bar = strrchr(name, '|');

	return bar ? bar + 1 : name;
}

static const char *attribute(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (!strcmp(local_name(attributes[0]), name))
			return attributes[1];
	return NULL;
}

static long rank_of(const char **attributes)
{
	const char *preference = attribute(attributes, "preference");
	const char *priority = attribute(attributes, "priority");
	uint64_t value = 0;

	if (preference && !number_parse(preference, 0, 1000000, &value))
		return -(long)value;
	return priority && !number_parse(priority, 0, 1000000, &value) ? (long)value : 1000001;
}

static void on_start(void *arg, const char *full, const char **attributes)
{
	struct metalink *l = arg;
	const char *name = local_name(full), *type;

	l->depth++;
	l->value = VALUE_NONE;
	if (l->depth > 64)
		stop(l, -ERR_FORMAT, "nested too deeply");
	if (l->skip_depth)
		return;
	if (!strcmp(name, "file")) {
		type = attribute(attributes, "name");
		if (l->has_file || l->file_depth || !type || strcmp(type, "repomd.xml") != 0) {
			l->skip_depth = l->depth; /* another file */
			return;
		}
		l->has_file = true;
		l->file_depth = l->depth;
	} else if (!strcmp(name, "alternates")) {
		l->skip_depth = l->depth; /* older versions */
	}
	if (!l->file_depth || l->skip_depth)
		return;
	l->text.len = 0;
	if (!strcmp(name, "url")) {
		l->value = VALUE_URL;
		l->rank = rank_of(attributes);
	} else if (!strcmp(name, "hash")) {
		type = attribute(attributes, "type");
		l->value = VALUE_HASH;
		snprintf(l->hash_type, sizeof(l->hash_type), "%s", type ? type : "");
	} else if (!strcmp(name, "size")) {
		l->value = VALUE_SIZE;
	}
}

static void on_text(void *arg, const char *text, int n)
{
	struct metalink *l = arg;

	if (l->value == VALUE_NONE)
		return;
	if (l->text.len + (size_t)n > VALUE_MAX)
		stop(l, -ERR_FORMAT, "a value is too long");
	else if (strbuf_add(&l->text, text, (size_t)n))
		stop(l, -ENOMEM, NULL);
}

static int keep_url(struct metalink *l, const char *url)
{
	size_t n = strlen(url), suffix = strlen(REPOMD);
	struct found_url *u;

	if (n < suffix || strcmp(url + n - suffix, REPOMD) != 0 || l->url_count >= MIRRORS_MAX)
		return 0;
	if (array_grow((void **)&l->urls, l->url_count, &l->url_capacity, sizeof(*l->urls)))
		return -ENOMEM;
	u = &l->urls[l->url_count];
	*u = (struct found_url){ strndup(url, n - suffix), l->rank, l->url_count };
	if (!u->url)
		return -ENOMEM;
	l->url_count++;
	return 0;
}

/* The strongest digest that is told. */
static int keep_hash(struct mirrors *m, const char *type, const char *hex)
{
	static const char *const known[] = { "sha512", "sha256", "sha1" };
	char name[16] = "";
	size_t n = 0, have = 3, got = 3;

	for (const char *c = type; *c && n < sizeof(name) - 1; c++)
		if (*c != '-')
			name[n++] = (char)tolower((unsigned char)*c);
	for (size_t i = 3; i-- > 0;) {
		if (!strcmp(known[i], name))
			got = i;
		if (m->checksum_algo && !strcmp(known[i], m->checksum_algo))
			have = i;
	}
	if (got >= have || !*hex || strspn(hex, "0123456789abcdefABCDEF") != strlen(hex))
		return 0;
	free(m->checksum);
	free(m->checksum_algo);
	m->checksum = strdup(hex);
	m->checksum_algo = strdup(known[got]);
	return m->checksum && m->checksum_algo ? 0 : -ENOMEM;
}

static char *trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

static void on_end(void *arg, const char *name)
{
	struct metalink *l = arg;
	char *text = l->text.data && l->text.len ? trim(l->text.data) : NULL;
	int rc = 0;

	if (l->value == VALUE_URL && text)
		rc = keep_url(l, text);
	else if (l->value == VALUE_HASH && text)
		rc = keep_hash(l->out, l->hash_type, text);
	else if (l->value == VALUE_SIZE && text &&
		 number_parse(text, 1, INT64_MAX, &l->out->size))
		stop(l, -ERR_FORMAT, "the size is no number");
	if (rc)
		stop(l, rc, NULL);
	l->value = VALUE_NONE;
	if (l->skip_depth == l->depth)
		l->skip_depth = 0;
	if (l->file_depth == l->depth)
		l->file_depth = 0;
	l->depth--;
}

static void on_doctype(void *arg, const char *name, const char *system_id, const char *public_id,
		       int has_internal)
{
	stop(arg, -ERR_FORMAT, "it has a DTD, which is refused");
}

static int by_rank(const void *a, const void *b)
{
	const struct found_url *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The best first; a mirror's https comes as it stands in the list. */
static int take_urls(struct metalink *l)
{
	int rc = 0;

	if (l->url_count)
		qsort(l->urls, l->url_count, sizeof(*l->urls), by_rank);
	for (size_t i = 0; i < l->url_count && !rc; i++)
		rc = add_mirror(l->out, l->urls[i].url, strlen(l->urls[i].url));
	if (!rc && l->has_file) {
		l->out->file = strdup(REPOMD);
		rc = l->out->file ? 0 : -ENOMEM;
	}
	return rc;
}

static int parse_metalink(const char *text, size_t n, const char *label, struct mirrors *m,
			  struct error *err)
{
	struct metalink l = { .out = m, .parser = XML_ParserCreateNS(NULL, '|') };
	unsigned long line;
	int rc = 0;

	if (!l.parser)
		return error_nomem(err);
	XML_SetUserData(l.parser, &l);
	XML_SetElementHandler(l.parser, on_start, on_end);
	XML_SetCharacterDataHandler(l.parser, on_text);
	XML_SetStartDoctypeDeclHandler(l.parser, on_doctype);
	if (XML_Parse(l.parser, text, (int)n, 1) != XML_STATUS_OK && !l.rc) {
		l.rc = -ERR_FORMAT;
		l.what = XML_ErrorString(XML_GetErrorCode(l.parser));
	}
	line = XML_GetCurrentLineNumber(l.parser);
	if (!l.rc)
		l.rc = take_urls(&l);
	if (l.rc == -ENOMEM)
		rc = error_nomem(err);
	else if (l.rc)
		rc = error_set(err, l.rc, label, "metalink, line %lu: %s", line,
			       l.what ? l.what : "malformed");
	for (size_t i = 0; i < l.url_count; i++)
		free(l.urls[i].url);
	free(l.urls);
	strbuf_release(&l.text);
	XML_ParserFree(l.parser);
	return rc;
}

int mirrors_parse(const char *text, size_t n, const char *label, struct mirrors *m,
		  struct error *err)
{
	size_t start = 0;
	int rc;

	*m = (struct mirrors)MIRRORS_INIT;
	if (n > MIRRORS_TEXT_MAX)
		return error_set(err, -ERR_LIMIT, label, "a list of mirrors of %zu bytes", n);
	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		start = 3;
	while (start < n && isspace((unsigned char)text[start]))
		start++;
	if (start < n && text[start] == '<')
		rc = parse_metalink(text + start, n - start, label, m, err);
	else
		rc = parse_text(text + start, n - start, m) ? error_nomem(err) : 0;
	if (!rc && !m->urls.count)
		rc = error_set(err, -ERR_NOT_FOUND, label,
			       "the list names no mirror with http, https or ftp");
	if (rc)
		mirrors_release(m);
	return rc;
}
