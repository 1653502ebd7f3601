/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/manifest.h"

#include <errno.h>
#include <limits.h>

#include "common/number.h"

#define HEAD_LINE "labpack-manifest 1"
#define PART_MAX  255
/* The lab's folder, 64 below it, which is what create takes, and a file. */
#define PARTS_MAX 66

static const char *const type_words[] = { "folder", "file", "link" };

int member_path_check(const char *path, const char *subject, struct error *err)
{
	const char *p = path;
	unsigned int parts = 0;

	if (strlen(path) >= PATH_MAX)
		return error_set(err, -ERR_LIMIT, subject, "the name is too long");
	if (*p == '/')
		return error_set(err, -ERR_ESCAPE, subject, "an absolute name leaves the lab");
	for (;;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return error_set(err, -ERR_ESCAPE, subject, "a name with '..' leaves the lab");
		if (n == 0 || (n == 1 && p[0] == '.'))
			return error_set(err, -ERR_FORMAT, subject, "is not a name below the lab");
		if (n > PART_MAX)
			return error_set(err, -ERR_LIMIT, subject, "the name is too long");
		if (++parts > PARTS_MAX)
			return error_set(err, -ERR_LIMIT, subject, "its folders are nested too deep");
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

bool member_is_reserved(const char *top, size_t n)
{
	static const char *const names[] = { "disks", "kernel", "snapshots", "tools", "run" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n && memcmp(names[i], top, n) == 0)
			return true;
	return false;
}

int member_link_check(const char *path, const char *target, struct error *err)
{
	size_t top = strcspn(path, "/"), n;
	long depth = 0;

	if (!*target || strlen(target) >= PATH_MAX)
		return error_set(err, -ERR_FORMAT, path, "a link without a valid target");
	if (*target == '/' && path[top] && !member_is_reserved(path, top))
		return 0;
	if (*target == '/')
		return error_set(err, -ERR_ESCAPE, path, "a link to '%s' leaves the lab", target);
	for (const char *p = path; *p; p++)
		depth += *p == '/';
	for (const char *p = target; *p; p += n + (p[n] == '/')) {
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			depth--;
		else if (n && !(n == 1 && p[0] == '.'))
			depth++;
		if (depth < 0)
			return error_set(err, -ERR_ESCAPE, path, "a link to '%s' leaves the lab",
					 target);
	}
	return 0;
}

static void release_entry(struct manifest_entry *e)
{
	free(e->path);
	free(e->target);
}

int manifest_add(struct manifest *m, const struct manifest_entry *entry, struct error *err)
{
	struct manifest_entry copy = *entry;

	if (m->count >= MANIFEST_ENTRIES_MAX)
		return error_set(err, -ERR_LIMIT, entry->path, "a lab has at most %u files",
				 MANIFEST_ENTRIES_MAX);
	copy.path = strdup(entry->path);
	copy.target = entry->target ? strdup(entry->target) : NULL;
	if (!copy.path || (entry->target && !copy.target) ||
	    array_grow((void **)&m->entries, m->count, &m->capacity, sizeof(*m->entries))) {
		release_entry(&copy);
		return error_nomem(err);
	}
	m->entries[m->count++] = copy;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct manifest_entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int manifest_sort(struct manifest *m, struct error *err)
{
	if (m->count)
		qsort(m->entries, m->count, sizeof(*m->entries), by_path);
	for (size_t i = 1; i < m->count; i++)
		if (strcmp(m->entries[i - 1].path, m->entries[i].path) == 0)
			return error_set(err, -ERR_CONFLICT, m->entries[i].path,
					 "the name occurs twice");
	return 0;
}

const struct manifest_entry *manifest_find(const struct manifest *m, const char *path)
{
	struct manifest_entry key = { .path = (char *)path };

	return m->count ? bsearch(&key, m->entries, m->count, sizeof(*m->entries), by_path) : NULL;
}

static int print_name(struct strbuf *out, const char *name)
{
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		int rc = *p <= ' ' || *p == 0x7f || *p == '%' ? strbuf_addf(out, "%%%02X", *p) :
								strbuf_add(out, p, 1);

		if (rc)
			return rc;
	}
	return 0;
}

static int print_entry(struct strbuf *out, const struct manifest_entry *e)
{
	char hex[DIGEST_HEX + 1];
	int rc = strbuf_addf(out, "%s ", type_words[e->type]);

	digest_to_hex(e->digest, hex);
	if (!rc && e->type == MANIFEST_FILE)
		rc = strbuf_addf(out, "%llu %llu %s ", (unsigned long long)e->size,
				 (unsigned long long)e->data, hex);
	if (!rc && e->type == MANIFEST_LINK) {
		rc = print_name(out, e->target);
		if (!rc)
			rc = strbuf_adds(out, " ");
	}
	if (!rc)
		rc = print_name(out, e->path);
	return rc ? rc : strbuf_adds(out, "\n");
}

int manifest_print(const struct manifest *m, struct strbuf *out, struct error *err)
{
	int rc = strbuf_adds(out, HEAD_LINE "\n");

	for (size_t i = 0; !rc && i < m->count; i++)
		rc = print_entry(out, &m->entries[i]);
	if (!rc)
		rc = strbuf_addf(out, "end %zu\n", m->count);
	return rc ? error_nomem(err) : 0;
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				      -1;
}

/* %XX back into bytes, in place; false for what print_name() never writes. */
static bool unescape(char *name)
{
	char *to = name;

	for (const char *p = name; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return false;
		if (*p == '%') {
			int high = hex_value(p[1]), low = high < 0 ? -1 : hex_value(p[2]);

			if (low < 0 || (!high && !low))
				return false;
			*to++ = (char)(high << 4 | low);
			p += 2;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return to > name;
}

static bool parse_digest(const char *hex, unsigned char digest[DIGEST_SIZE])
{
	if (strlen(hex) != DIGEST_HEX)
		return false;
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		digest[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* The next word, terminated in place; NULL at the end of the line. */
static char *word(char **line)
{
	char *begin = *line, *space;

	if (!begin || !*begin)
		return NULL;
	space = strchr(begin, ' ');
	if (space)
		*space = '\0';
	*line = space ? space + 1 : NULL;
	return begin;
}

/* Fills e with pointers into the line; NULL when the line is fine, else what is wrong. */
static const char *parse_line(char *line, struct manifest_entry *e)
{
	char *type = word(&line), *size, *data, *digest;

	*e = (struct manifest_entry){ .type = MANIFEST_FOLDER };
	if (type && !strcmp(type, "file")) {
		e->type = MANIFEST_FILE;
		size = word(&line);
		data = word(&line);
		digest = word(&line);
		if (!digest || number_parse(size, 0, INT64_MAX, &e->size) ||
		    number_parse(data, 0, e->size, &e->data) || !parse_digest(digest, e->digest))
			return "not SIZE, DATA and DIGEST of a file";
	} else if (type && !strcmp(type, "link")) {
		e->type = MANIFEST_LINK;
		e->target = word(&line);
		if (!e->target || !unescape(e->target))
			return "a link without a target";
	} else if (!type || strcmp(type, "folder") != 0) {
		return "neither 'folder', 'file' nor 'link'";
	}
	e->path = word(&line);
	return !e->path || line || !unescape(e->path) ? "no valid name" : NULL;
}

static int parse_entry(struct manifest *m, char *line, size_t number, const char *name,
		       struct error *err)
{
	struct manifest_entry e;
	const char *wrong = parse_line(line, &e);

	if (wrong)
		return error_set(err, -ERR_FORMAT, name, "line %zu: %s", number, wrong);
	if (member_path_check(e.path, e.path, err))
		return err->code;
	if (m->count && strcmp(m->entries[m->count - 1].path, e.path) >= 0)
		return error_set(err, -ERR_FORMAT, name, "line %zu: not sorted by name", number);
	return manifest_add(m, &e, err);
}

static int parse_all(struct manifest *m, char *text, const char *name, struct error *err)
{
	size_t number = 1, length = sizeof(HEAD_LINE) - 1;
	uint64_t promised;
	char *line = text;

	if (strncmp(text, HEAD_LINE, length) != 0 || text[length] != '\n')
		return error_set(err, -ERR_FORMAT, name, "is not a manifest of version 1");
	for (line += length + 1; *line;) {
		char *end = strchr(line, '\n');
		int rc;

		number++;
		if (!end)
			break;
		*end = '\0';
		if (strncmp(line, "end ", 4) == 0) {
			if (number_parse(line + 4, 0, MANIFEST_ENTRIES_MAX, &promised) ||
			    promised != m->count || end[1])
				return error_set(err, -ERR_FORMAT, name,
						 "line %zu: the end does not fit", number);
			return 0;
		}
		rc = parse_entry(m, line, number, name, err);
		if (rc)
			return rc;
		line = end + 1;
	}
	return error_set(err, -ERR_FORMAT, name, "has no end");
}

int manifest_parse(struct manifest *m, const char *text, size_t n, const char *name,
		   struct error *err)
{
	char *copy;
	int rc;

	manifest_release(m);
	if (n > MANIFEST_BYTES_MAX)
		return error_set(err, -ERR_LIMIT, name, "is too large");
	if (memchr(text, '\0', n))
		return error_set(err, -ERR_FORMAT, name, "is not text");
	copy = malloc(n + 1);
	if (!copy)
		return error_nomem(err);
	memcpy(copy, text, n);
	copy[n] = '\0';
	rc = parse_all(m, copy, name, err);
	free(copy);
	if (rc)
		manifest_release(m);
	return rc;
}

void manifest_release(struct manifest *m)
{
	for (size_t i = 0; i < m->count; i++)
		release_entry(&m->entries[i]);
	free(m->entries);
	*m = (struct manifest)MANIFEST_INIT;
}
