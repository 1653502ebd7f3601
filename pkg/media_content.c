/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/media_content.h"

#include <errno.h>
#include <solv/chksum.h>

#include "pkg/media.h"

char *media_plain_path(const char *path)
{
	struct strbuf out = STRBUF_INIT;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && !strncmp(path, "..", 2))
			goto refuse;
		if (n && !(n == 1 && *path == '.')) {
			if ((out.len && strbuf_adds(&out, "/")) || strbuf_add(&out, path, n))
				goto refuse;
		}
		path += n;
		path += strspn(path, "/");
	}
	return strbuf_take(&out);
refuse:
	strbuf_release(&out);
	return NULL;
}

/* The next line of text, NUL-terminated in place; NULL at the end. */
static char *next_line(char **text)
{
	char *line = *text, *end;

	if (!*line)
		return NULL;
	end = strchr(line, '\n');
	*text = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

static char *next_word(char **text)
{
	char *word = *text + strspn(*text, " \t\r");
	size_t n = strcspn(word, " \t\r");

	if (!n)
		return NULL;
	*text = word + n;
	if (**text)
		*(*text)++ = '\0';
	return word;
}

static int read_text(struct source *s, const char *path, struct strbuf *text, struct error *err)
{
	const struct source_file file = { .path = path };
	int rc = source_read(s, &file, MEDIA_TEXT_MAX, text, err);

	if (!rc && memchr(text->data, '\0', text->len)) {
		char *label = source_label(s, path);

		rc = error_set(err, -ERR_FORMAT, label, "not a text file");
		free(label);
	}
	return rc;
}

static int set_folder(char **slot, char *value, const char *key, const char *path, int line,
		      struct error *err)
{
	char *word = next_word(&value);

	if (*slot)
		return error_set(err, -ERR_FORMAT, path, "line %d: a second %s", line, key);
	if (!word)
		return error_set(err, -ERR_FORMAT, path, "line %d: %s without a value", line, key);
	*slot = media_plain_path(word);
	if (!*slot)
		return error_set(err, -ERR_FORMAT, path, "line %d: %s '%s' leaves the media", line,
				 key, word);
	return 0;
}

/* "META SHA1 hex  name" */
static int add_sum(struct content *c, char *value, const char *path, int line, struct error *err)
{
	char *type = next_word(&value), *sum = next_word(&value), *name = next_word(&value);
	Id id;

	if (!name)
		return error_set(err, -ERR_FORMAT, path,
				 "line %d: not 'META ALGORITHM CHECKSUM FILE'", line);
	id = solv_chksum_str2type(type);
	if (!id)
		return error_set(err, -ERR_UNSUPPORTED, path, "line %d: unknown checksum '%s'",
				 line, type);
	if (strlen(sum) != 2 * (size_t)solv_chksum_len(id) ||
	    strspn(sum, "0123456789abcdefABCDEF") != strlen(sum))
		return error_set(err, -ERR_FORMAT, path, "line %d: '%s' is no %s checksum", line,
				 sum, type);
	if (strlist_add(&c->sum_names, name) || strlist_add(&c->sum_types, type) ||
	    strlist_add(&c->sum_values, sum))
		return error_nomem(err);
	return 0;
}

static int read_lines(struct content *c, struct strbuf *text, const char *path, struct error *err)
{
	char *rest = text->data, *line;
	int number = 0, rc = 0;

	while (!rc && rest && (line = next_line(&rest))) {
		char *key = next_word(&line);

		number++;
		if (!key)
			continue;
		if (!strcmp(key, "DATADIR"))
			rc = set_folder(&c->datadir, line, key, path, number, err);
		else if (!strcmp(key, "DESCRDIR"))
			rc = set_folder(&c->descrdir, line, key, path, number, err);
		else if (!strcmp(key, "META"))
			rc = add_sum(c, line, path, number, err);
	}
	if (!rc && (!c->datadir || !c->descrdir))
		rc = error_set(err, -ERR_FORMAT, path, "no %s line",
			       c->descrdir ? "DATADIR" : "DESCRDIR");
	return rc;
}

int content_parse(struct content *c, struct strbuf *text, const char *path, struct error *err)
{
	int rc;

	*c = (struct content)CONTENT_INIT;
	rc = read_lines(c, text, path, err);
	if (rc)
		content_release(c);
	return rc;
}

int content_read(struct content *c, struct source *s, const char *path, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	struct vouch vouch = VOUCH_INIT;
	char *label = source_label(s, path);
	int rc = label ? read_text(s, path, &text, err) : error_nomem(err);

	*c = (struct content)CONTENT_INIT;
	if (!rc)
		rc = vouch_check(&vouch, s, path, &text, err);
	if (!rc)
		rc = content_parse(c, &text, label, err);
	if (rc)
		vouch_release(&vouch);
	else
		c->vouch = vouch;
	strbuf_release(&text);
	free(label);
	return rc;
}

void content_release(struct content *c)
{
	free(c->datadir);
	free(c->descrdir);
	strlist_release(&c->sum_names);
	strlist_release(&c->sum_types);
	strlist_release(&c->sum_values);
	vouch_release(&c->vouch);
	*c = (struct content)CONTENT_INIT;
}

void content_promise(const struct content *c, const char *name, struct source_file *file)
{
	long i = strlist_find(&c->sum_names, name);

	file->checksum_algo = i < 0 ? NULL : c->sum_types.items[i];
	file->checksum = i < 0 ? NULL : c->sum_values.items[i];
}

int products_read(struct source *s, const char *path, struct strlist *folders, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	char *rest, *line, *label = source_label(s, path);
	int number = 0, rc;

	rc = label ? read_text(s, path, &text, err) : error_nomem(err);
	rest = text.data;
	while (!rc && rest && (line = next_line(&rest))) {
		char *word = next_word(&line), *folder;

		number++;
		if (!word)
			continue;
		folder = media_plain_path(word);
		if (!folder)
			rc = error_set(err, -ERR_FORMAT, label,
				       "line %d: product folder '%s' leaves the media", number,
				       word);
		else if (strlist_take(folders, folder))
			rc = error_nomem(err);
	}
	strbuf_release(&text);
	free(label);
	return rc;
}
