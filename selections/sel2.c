/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SuSE package selections before 8.1, "Version: 2.1". A list ends with its own name spelt
 * backwards: "Toinstall:" ... "Llatsniot:".
 */
#include "selections/reader.h"

#include <ctype.h>
#include <strings.h>

#define MAX_WORDS 1000 /* selections named in one line */

struct tag {
	struct span name, lang, value;
};

/* Blocks, and what ends them. All but the first are text that nothing here needs. */
static const struct {
	const char *begin, *end;
} blocks[] = {
	{ "Toinstall", "Llatsniot" }, { "Info", "Ofni" },	{ "Description", "Noitpircsed" },
	{ "Notify", "Yfiton" },	      { "Delnotify", "Yfitonled" },
};

/* "Label.de: text" */
static bool split_tag(struct span line, struct tag *tag)
{
	size_t i = 0, start;

	while (i < line.len && isalnum((unsigned char)line.data[i]))
		i++;
	tag->name = (struct span){ line.data, i };
	tag->lang = (struct span){ line.data + i, 0 };
	if (i && i < line.len && line.data[i] == '.') {
		start = ++i;
		while (i < line.len && (isalnum((unsigned char)line.data[i]) ||
					strchr("_-@+", line.data[i])))
			i++;
		tag->lang = (struct span){ line.data + start, i - start };
		if (i == start)
			return false;
	}
	if (!tag->name.len || i >= line.len || line.data[i] != ':')
		return false;
	tag->value = span_trim((struct span){ line.data + i + 1, line.len - i - 1 });
	return true;
}

bool sel2_detect(struct span first_line)
{
	return span_starts(first_line, "Version:");
}

static int set_text(char **field, struct span value, struct error *err)
{
	free(*field);
	*field = span_string(value);
	return *field ? 0 : error_nomem(err);
}

/* The English label, or without one the first. */
static int set_label(struct selection *s, const struct tag *tag, struct error *err)
{
	if (s->summary && tag->lang.len && !span_is_word(tag->lang, "en") &&
	    !span_is_word(tag->lang, "english"))
		return 0;
	return set_text(&s->summary, tag->value, err);
}

static int add_words(const struct reader *r, struct strlist *l, struct span value,
		     struct error *err)
{
	int rc = 0;

	while (!rc && value.len) {
		struct span word = value;

		for (word.len = 0; word.len < value.len && !strchr(" \t", value.data[word.len]);)
			word.len++;
		value = span_trim((struct span){ value.data + word.len, value.len - word.len });
		if (l->count == MAX_WORDS)
			return reader_error(r, err, -ERR_LIMIT, "more than %d selections",
					    MAX_WORDS);
		rc = reader_check_name(r, word, err);
		if (!rc && strlist_take(l, span_string(word)))
			rc = error_nomem(err);
	}
	return rc;
}

static int read_value(const struct reader *r, struct selection *s, const struct tag *tag,
		      struct error *err)
{
	struct span name = tag->name;
	int rc;

	if (span_is_word(name, "Version"))
		return reader_error(r, err, -ERR_FORMAT, "'Version' is repeated");
	if (span_is_word(name, "Name")) {
		if (s->name)
			return reader_error(r, err, -ERR_FORMAT, "'Name' is repeated");
		rc = reader_check_name(r, tag->value, err);
		return rc ? rc : set_text(&s->name, tag->value, err);
	}
	if (span_is_word(name, "Label"))
		return set_label(s, tag, err);
	if (span_is_word(name, "Category") || (span_is_word(name, "Kind") && !s->category))
		return set_text(&s->category, tag->value, err);
	if (span_is_word(name, "Visible"))
		s->visible = !span_is_word(tag->value, "false");
	if (span_is_word(name, "Requires"))
		return add_words(r, &s->requires, tag->value, err);
	if (span_is_word(name, "Suggests"))
		return add_words(r, &s->suggests, tag->value, err);
	if (span_is_word(name, "Conflicts"))
		return add_words(r, &s->conflicts, tag->value, err);
	return 0; /* a tag of which nothing is needed here */
}

/* An end may leave the language out. */
static bool is_end(struct span line, const struct tag *begin, const char *end)
{
	struct tag tag;

	if (!split_tag(line, &tag) || tag.value.len || !span_is_word(tag.name, end))
		return false;
	return !tag.lang.len || (tag.lang.len == begin->lang.len &&
				 !strncasecmp(tag.lang.data, begin->lang.data, tag.lang.len));
}

/* names: NULL for text. */
static int read_block(struct reader *r, const struct tag *begin, const char *end,
		      struct strlist *names, struct error *err)
{
	size_t start = r->line;
	struct span line;
	int rc = 0;

	while (!rc && reader_next(r, &line)) {
		if (line.len && line.data[0] == '#')
			continue;
		line = span_trim(line);
		if (is_end(line, begin, end))
			return 0;
		if (!line.len || !names)
			continue;
		rc = reader_check_entry(r, line, err);
		if (!rc && strlist_take(names, span_string(line)))
			rc = error_nomem(err);
	}
	if (rc)
		return rc;
	r->line = start;
	return reader_error(r, err, -ERR_FORMAT, "'%.*s:' has no end '%s:'", (int)begin->name.len,
			    begin->name.data, end);
}

static int begin_block(struct reader *r, struct selection *s, const struct tag *tag, size_t which,
		       struct error *err)
{
	struct selection_list *list;
	size_t before = s->install_count;

	if (which)
		return read_block(r, tag, blocks[which].end, NULL, err);
	if (tag->value.len)
		return reader_error(r, err, -ERR_FORMAT, "text behind 'Toinstall:'");
	list = selection_list_for(&s->install, &s->install_count, tag->lang);
	if (!list)
		return error_nomem(err);
	if (s->install_count == before)
		return reader_error(r, err, -ERR_FORMAT, "'Toinstall' is repeated");
	return read_block(r, tag, blocks[which].end, &list->names, err);
}

static int read_tag(struct reader *r, struct selection *s, const struct tag *tag,
		    struct error *err)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		if (span_is_word(tag->name, blocks[i].begin) && (!i || !tag->value.len))
			return begin_block(r, s, tag, i, err);
		if (span_is_word(tag->name, blocks[i].end))
			return reader_error(r, err, -ERR_FORMAT, "'%s:' ends nothing",
					    blocks[i].end);
	}
	return read_value(r, s, tag, err);
}

static int read_version(const struct reader *r, struct selection *s, const struct tag *tag,
			struct error *err)
{
	if (!span_is(tag->value, "2.1"))
		return reader_error(r, err, -ERR_UNSUPPORTED,
				    "'Version: %.*s' is not known; 2.1, 3.0, 4.0 and 5.0 are read",
				    (int)(tag->value.len < 32 ? tag->value.len : 32),
				    tag->value.data);
	return set_text(&s->version, tag->value, err);
}

int sel2_read(struct reader *r, struct selection *s, struct error *err)
{
	bool is_text = false; /* behind a tag that is not known */
	struct span line;
	struct tag tag;
	int rc = 0;

	s->kind = SELECTION_SEL;
	while (!rc && reader_next(r, &line)) {
		if (!span_trim(line).len || line.data[0] == '#')
			continue;
		if (split_tag(span_trim(line), &tag)) {
			rc = s->version ? read_tag(r, s, &tag, err) : read_version(r, s, &tag, err);
			is_text = !tag.value.len;
		} else if (!is_text) {
			rc = reader_error(r, err, -ERR_FORMAT, "neither 'Tag: value' nor in a list");
		}
	}
	return rc;
}
