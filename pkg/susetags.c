/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/susetags.h"

#include <errno.h>
#include <solv/repo_susetags.h>
#include <solv/solv_xfopen.h>
#include <stdbool.h>

#define LINE_MAX_BYTES 65536 /* the longest seen in real files is below 2,000 */
#define TAG_MAX_BYTES 40
#define MEDIUM_MAX 999

struct reader {
	const char *path;
	struct error *err;
	unsigned int line;
	bool has_version;
	char block[TAG_MAX_BYTES + 1]; /* the tag of the open block, "" outside */
	unsigned int block_line;
};

/* Split at blanks into at most max words; the count, or max + 1 when there are more. */
static int split_words(const char *text, size_t n, const char **word, size_t *size, int max)
{
	int count = 0;

	for (size_t i = 0; i < n;) {
		size_t start;

		while (i < n && (text[i] == ' ' || text[i] == '\t'))
			i++;
		start = i;
		while (i < n && text[i] != ' ' && text[i] != '\t')
			i++;
		if (i == start)
			break;
		if (count == max)
			return max + 1;
		word[count] = text + start;
		size[count++] = i - start;
	}
	return count;
}

static bool is_number(const char *text, size_t n, unsigned long max)
{
	unsigned long value = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = 10 * value + (unsigned long)(text[i] - '0');
		if (value > max)
			return false;
	}
	return n > 0;
}

/* Relative, and no part is "..": the path is looked up below the media. */
static bool is_inside(const char *path, size_t n)
{
	if (n && *path == '/')
		return false;
	for (size_t i = 0; i < n;) {
		size_t part = i;

		while (i < n && path[i] != '/')
			i++;
		if (i - part == 2 && path[part] == '.' && path[part + 1] == '.')
			return false;
		i++;
	}
	return n > 0;
}

static int fail(struct reader *r, const char *what, const char *text, size_t n)
{
	return error_set(r->err, -ERR_FORMAT, r->path, "line %u: %s: '%.*s'", r->line, what,
			 (int)(n > 80 ? 80 : n), text);
}

/* "=Ver: 2.0", "=Pkg: name version release arch", "=Loc: medium file [folder]" */
static int check_value(struct reader *r, const char *tag, const char *value, size_t n)
{
	const char *word[4];
	size_t size[4];
	int count;

	if (!memcmp(tag, "Ver", 3)) {
		count = split_words(value, n, word, size, 1);
		if (count != 1 || size[0] < 2 || memcmp(word[0], "2.", 2))
			return fail(r, "version not known", value, n);
		r->has_version = true;
	} else if (!r->has_version) {
		return fail(r, "'=Ver:' must come first", value, n);
	} else if (!memcmp(tag, "Pkg", 3)) {
		count = split_words(value, n, word, size, 4);
		if (count != 4)
			return fail(r, "not 'name version release arch'", value, n);
		/* libsolv makes folders and file names of them. */
		if (memchr(value, '/', n))
			return fail(r, "a name, version or architecture with '/'", value, n);
	} else if (!memcmp(tag, "Loc", 3)) {
		count = split_words(value, n, word, size, 3);
		if (count != 2 && count != 3)
			return fail(r, "not 'medium file [folder]'", value, n);
		if (!is_number(word[0], size[0], MEDIUM_MAX) || word[0][0] == '0')
			return fail(r, "medium number out of range", value, n);
		if (!is_inside(word[1], size[1]) || (count == 3 && !is_inside(word[2], size[2])))
			return fail(r, "location leaves the media", value, n);
	}
	return 0;
}

static int check_line(struct reader *r, char *line, size_t n)
{
	const char *colon;
	size_t tag;

	if (*r->block) {
		size_t size = strlen(r->block);

		if (n == size + 2 && line[0] == '-' && line[n - 1] == ':' &&
		    !memcmp(line + 1, r->block, size))
			*r->block = '\0';
		return 0;
	}
	if (!n || *line == '#')
		return 0;
	colon = memchr(line, ':', n);
	tag = colon ? (size_t)(colon - line) - 1 : 0;
	if ((*line != '=' && *line != '+') || tag < 3 || tag > TAG_MAX_BYTES ||
	    (tag > 3 && line[4] != '.'))
		return fail(r, "not a tag", line, n);
	if (*line == '=' && n > tag + 2 && line[tag + 2] != ' ' && line[tag + 2] != '\t')
		return fail(r, "no blank after the tag", line, n);
	/* libsolv would read its value from beyond the end of the line. */
	if (*line == '=' && n <= tag + 3)
		*line = '#';
	if (*line == '#')
		return 0;
	if (*line == '=')
		return check_value(r, line + 1, colon + 1, n - tag - 2);
	if (!r->has_version)
		return fail(r, "'=Ver:' must come first", line, n);
	memcpy(r->block, line + 1, tag);
	r->block[tag] = '\0';
	r->block_line = r->line;
	return 0;
}

int susetags_check(struct strbuf *text, const char *path, struct error *err)
{
	struct reader r = { .path = path, .err = err };
	char *at = text->data, *end = at + text->len;
	int rc = 0;

	if (!text->len)
		return error_set(err, -ERR_FORMAT, path, "the file is empty");
	while (at < end && !rc) {
		char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((stop ? stop : end) - at);

		r.line++;
		if (n > LINE_MAX_BYTES)
			rc = error_set(err, -ERR_FORMAT, path, "line %u: longer than %d bytes",
				       r.line, LINE_MAX_BYTES);
		else if (memchr(at, '\0', n))
			rc = error_set(err, -ERR_FORMAT, path, "line %u: not text", r.line);
		else
			rc = check_line(&r, at, n);
		/* Told last: in a file of something else, "not a tag" says more. */
		if (!rc && !stop)
			rc = error_set(err, -ERR_FORMAT, path,
				       "line %u: the file ends within a line (is it truncated?)",
				       r.line);
		at += n + 1;
	}
	if (!rc && *r.block)
		rc = error_set(err, -ERR_FORMAT, path, "line %u: no end of '+%s:'", r.block_line,
			       r.block);
	if (!rc && !r.has_version)
		rc = error_set(err, -ERR_FORMAT, path, "no '=Ver:'");
	return rc;
}

int susetags_load(Repo *repo, struct strbuf *text, const char *path, struct error *err)
{
	int rc = susetags_check(text, path, err);
	char *said;
	FILE *f;

	if (rc)
		return rc;
	f = solv_fmemopen(text->data, text->len, "r");
	if (!f)
		return error_nomem(err);
	rc = repo_add_susetags(repo, f, 0, NULL, 0);
	fclose(f);
	if (!rc)
		return 0;
	/* "susetags: line 12: bad dependency: '...'\n" */
	said = pool_errstr(repo->pool);
	if (!strncmp(said, "susetags: ", 10))
		said += 10;
	return error_set(err, -ERR_FORMAT, path, "%.*s", (int)strcspn(said, "\n"), said);
}
