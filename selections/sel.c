/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SuSE package selections, "=Ver: 3.0" and "=Ver: 4.0", and patterns, "=Ver: 5.0", of which
 * one file may have several.
 */
#include "selections/reader.h"

#include <ctype.h>

#define MAX_TAGS       4096 /* different tags in one file; real files have about a hundred */
#define MAX_SELECTIONS 1000 /* named in one list */

/* A tag as it stands in the file: "Sum.de". */
struct tag {
	struct span name, lang;
	struct span whole; /* name and language */
	char mark;	   /* '=' or '+' */
	size_t line;
};

/* Tags that the file had already. */
struct seen {
	struct tag *items;
	size_t count, capacity;
};

struct state {
	struct reader *r;
	struct selection *file;
	struct selection *s; /* the file, or the pattern that was begun last */
	struct seen seen;    /* in s */
	bool names_are_split; /* from 4.0 on: "name version release arch" */
	bool is_pattern;
	struct error *err;
};

static bool is_tag_byte(char c)
{
	return isalnum((unsigned char)c);
}

static bool is_lang_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '@' || c == '+';
}

/* "=Sum.de: text" -> the tag, and what follows the colon. False when the line is no tag. */
static bool split_tag(struct span line, struct tag *tag, struct span *value)
{
	size_t i = 1, start;

	if (!line.len || (line.data[0] != '=' && line.data[0] != '+' && line.data[0] != '-'))
		return false;
	*tag = (struct tag){ .mark = line.data[0] };
	while (i < line.len && is_tag_byte(line.data[i]))
		i++;
	tag->name = (struct span){ line.data + 1, i - 1 };
	tag->lang = (struct span){ line.data + i, 0 };
	if (i < line.len && line.data[i] == '.') {
		start = ++i;
		while (i < line.len && is_lang_byte(line.data[i]))
			i++;
		tag->lang = (struct span){ line.data + start, i - start };
		if (i == start)
			return false;
	}
	tag->whole = (struct span){ line.data + 1, i - 1 };
	if (!tag->name.len || i == line.len || line.data[i] != ':')
		return false;
	*value = span_trim((struct span){ line.data + i + 1, line.len - i - 1 });
	return true;
}

static bool span_same_word(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (tolower((unsigned char)a.data[i]) != tolower((unsigned char)b.data[i]))
			return false;
	return true;
}

/* Each tag comes once per language, whether as a value or as a block. */
static int remember(struct state *st, const struct tag *tag)
{
	struct seen *seen = &st->seen;

	for (size_t i = 0; i < seen->count; i++)
		if (span_same_word(seen->items[i].whole, tag->whole))
			return reader_error(st->r, st->err, -ERR_FORMAT,
					    "'%.*s' is repeated (first in line %zu)",
					    (int)tag->whole.len, tag->whole.data,
					    seen->items[i].line);
	if (seen->count == MAX_TAGS)
		return reader_error(st->r, st->err, -ERR_LIMIT, "more than %d tags", MAX_TAGS);
	if (array_grow((void **)&seen->items, seen->count, &seen->capacity, sizeof(*seen->items)))
		return error_nomem(st->err);
	seen->items[seen->count] = *tag;
	seen->items[seen->count++].line = st->r->line;
	return 0;
}

static int set_text(struct state *st, char **field, struct span value)
{
	free(*field);
	*field = span_string(value);
	return *field ? 0 : error_nomem(st->err);
}

static int set_version(struct state *st, struct span value)
{
	if (!span_is(value, "3.0") && !span_is(value, "4.0") && !span_is(value, "5.0"))
		return reader_error(st->r, st->err, -ERR_UNSUPPORTED,
				    "'=Ver: %.*s' is not known; 2.1, 3.0, 4.0 and 5.0 are read",
				    (int)(value.len < 32 ? value.len : 32), value.data);
	st->is_pattern = span_is(value, "5.0");
	st->names_are_split = !span_is(value, "3.0");
	st->s->kind = SELECTION_SEL;
	return set_text(st, &st->s->version, value);
}

/* Files of patterns that were put together say it again. */
static int repeat_version(struct state *st, struct span value)
{
	if (span_is(value, "5.0"))
		return 0;
	return reader_error(st->r, st->err, -ERR_FORMAT,
			    "'=Ver: %.*s' in a file of patterns (5.0)",
			    (int)(value.len < 32 ? value.len : 32), value.data);
}

/* 4.0: name | name arch | name version release [arch]. */
static int set_name(struct state *st, struct span value)
{
	size_t words = 0, first = value.len;
	int rc;

	for (size_t i = 0; i < value.len; i++) {
		bool blank = value.data[i] == ' ' || value.data[i] == '\t';

		if (!blank && (!i || value.data[i - 1] == ' ' || value.data[i - 1] == '\t'))
			words++;
		if (blank && first == value.len)
			first = i;
	}
	if (st->names_are_split && words > 4)
		return reader_error(st->r, st->err, -ERR_FORMAT,
				    "'=%s:' has %zu words (name version release arch)",
				    st->is_pattern ? "Pat" : "Sel", words);
	if (st->names_are_split)
		value.len = first;
	rc = reader_check_name(st->r, value, st->err);
	return rc ? rc : set_text(st, &st->s->name, value);
}

/* "=Pat:" begins the next one. */
static int begin_pattern(struct state *st, struct span value)
{
	int rc = reader_add_part(st->r, st->file, SELECTION_PATTERN, &st->s, st->err);

	st->seen.count = 0;
	if (!rc)
		rc = set_name(st, value);
	if (!rc)
		rc = set_text(st, &st->s->version, (struct span){ "5.0", 3 });
	return rc;
}

static int set_visible(struct state *st, struct span value)
{
	if (!span_is_word(value, "true") && !span_is_word(value, "false"))
		return reader_error(st->r, st->err, -ERR_FORMAT, "'=Vis:' is true or false");
	st->s->visible = span_is_word(value, "true");
	return 0;
}

/* One of: the unqualified summary, else the English one, else the first. */
static int set_summary(struct state *st, const struct tag *tag, struct span value)
{
	if (st->s->summary && tag->lang.len && !span_is_word(tag->lang, "en"))
		return 0;
	return set_text(st, &st->s->summary, value);
}

/* Lists of selections, by tag. What a pattern recommends is weak, see selection.h. */
static struct strlist *selection_names(const struct state *st, struct span tag)
{
	struct selection *s = st->s;
	const struct {
		const char *tag;
		struct strlist *list;
	} lists[] = {
		{ "Req", &s->requires },
		{ "Rec", st->is_pattern ? &s->weak_requires : &s->recommends },
		{ "Prv", &s->provides },
		{ "Con", &s->conflicts },
		{ "Obs", &s->obsoletes },
		{ "Sug", &s->suggests },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (span_is_word(tag, lists[i].tag))
			return lists[i].list;
	return NULL;
}

static bool is_package_list(const struct state *st, struct span tag)
{
	if (st->is_pattern)
		return span_is_word(tag, "Prq") || span_is_word(tag, "Prc");
	return span_is_word(tag, "Ins") || span_is_word(tag, "Del");
}

static bool is_value(struct span tag)
{
	return span_is_word(tag, "Ver") || span_is_word(tag, "Sel") || span_is_word(tag, "Sum") ||
	       span_is_word(tag, "Cat") || span_is_word(tag, "Vis") || span_is_word(tag, "Pat");
}

static int read_value(struct state *st, const struct tag *tag, struct span value)
{
	if (is_package_list(st, tag->name) || selection_names(st, tag->name))
		return reader_error(st->r, st->err, -ERR_FORMAT,
				    "a list is written '+%.*s:' ... '-%.*s:'", (int)tag->whole.len,
				    tag->whole.data, (int)tag->whole.len, tag->whole.data);
	if (span_is_word(tag->name, "Ver"))
		return set_version(st, value);
	if (span_is_word(tag->name, "Sel") && !st->is_pattern)
		return set_name(st, value);
	if (span_is_word(tag->name, "Sum"))
		return set_summary(st, tag, value);
	if (span_is_word(tag->name, "Cat"))
		return set_text(st, &st->s->category, value);
	if (span_is_word(tag->name, "Vis"))
		return set_visible(st, value);
	return 0; /* a tag of which nothing is needed here */
}

/* The lines of a block go where its tag says; names is NULL for one that is skipped. */
static int add_line(struct state *st, struct span line, struct strlist *names, bool packages)
{
	int rc;

	if (!names)
		return 0;
	if (st->is_pattern)
		line = span_without_version(line);
	if (!packages && names->count == MAX_SELECTIONS)
		return reader_error(st->r, st->err, -ERR_LIMIT, "more than %d selections",
				    MAX_SELECTIONS);
	rc = packages ? reader_check_entry(st->r, line, st->err)
		      : reader_check_name(st->r, line, st->err);
	if (!rc && strlist_take(names, span_string(line)))
		rc = error_nomem(st->err);
	return rc;
}

static int block_target(struct state *st, const struct tag *tag, struct strlist **names)
{
	struct selection *s = st->s;
	struct selection_list *list;

	*names = NULL;
	if (is_value(tag->name))
		return reader_error(st->r, st->err, -ERR_FORMAT,
				    "one value is written '=%.*s: value'", (int)tag->whole.len,
				    tag->whole.data);
	if (!is_package_list(st, tag->name)) {
		*names = selection_names(st, tag->name);
		return 0;
	}
	if (span_is_word(tag->name, "Prc")) {
		*names = &s->weak_install;
		return 0;
	}
	if (!span_is_word(tag->name, "Del"))
		list = selection_list_for(&s->install, &s->install_count, tag->lang);
	else
		list = selection_list_for(&s->remove, &s->remove_count, tag->lang);
	if (!list)
		return error_nomem(st->err);
	*names = &list->names;
	return 0;
}

/* Up to "-Tag.lang:". Any other line is data, even one that begins with '-'. */
static int read_block(struct state *st, const struct tag *tag)
{
	size_t start = st->r->line;
	struct strlist *names;
	struct span line, value;
	struct tag end;
	int rc = block_target(st, tag, &names);

	while (!rc) {
		if (!reader_next(st->r, &line)) {
			st->r->line = start;
			return reader_error(st->r, st->err, -ERR_FORMAT,
					    "'+%.*s:' has no end '-%.*s:'", (int)tag->whole.len,
					    tag->whole.data, (int)tag->whole.len, tag->whole.data);
		}
		if (line.len && line.data[0] == '#')
			continue;
		line = span_trim(line);
		if (!line.len)
			continue;
		if (split_tag(line, &end, &value) && end.mark == '-' && !value.len &&
		    span_same_word(end.whole, tag->whole))
			return 0;
		rc = add_line(st, line, names, is_package_list(st, tag->name));
	}
	return rc;
}

static int read_line(struct state *st, struct span line)
{
	struct span value;
	struct tag tag;
	int rc;

	if (!split_tag(line, &tag, &value))
		return reader_error(st->r, st->err, -ERR_FORMAT,
				    "neither '=Tag: value' nor the begin of a list '+Tag:'");
	if (!st->file->version && (tag.mark != '=' || !span_is_word(tag.whole, "Ver")))
		return reader_error(st->r, st->err, -ERR_FORMAT, "the first tag is not '=Ver:'");
	if (tag.mark == '-')
		return reader_error(st->r, st->err, -ERR_FORMAT, "'-%.*s:' ends nothing",
				    (int)tag.whole.len, tag.whole.data);
	if (st->is_pattern && tag.mark == '=' && span_is_word(tag.whole, "Ver"))
		return repeat_version(st, value);
	if (st->is_pattern && tag.mark == '=' && span_is_word(tag.whole, "Pat"))
		return begin_pattern(st, value);
	if (st->is_pattern && st->s == st->file)
		return reader_error(st->r, st->err, -ERR_FORMAT,
				    "'%.*s' before the first '=Pat:'", (int)tag.whole.len,
				    tag.whole.data);
	rc = remember(st, &tag);
	if (rc)
		return rc;
	if (tag.mark == '=')
		return read_value(st, &tag, value);
	if (value.len)
		return reader_error(st->r, st->err, -ERR_FORMAT, "text behind '+%.*s:'",
				    (int)tag.whole.len, tag.whole.data);
	return read_block(st, &tag);
}

bool sel_detect(struct span first_line)
{
	return first_line.len && (first_line.data[0] == '=' || first_line.data[0] == '+');
}

int sel_read(struct reader *r, struct selection *s, struct error *err)
{
	struct state st = { .r = r, .file = s, .s = s, .err = err };
	struct span line;
	int rc = 0;

	while (!rc && reader_next(r, &line))
		if (span_trim(line).len && line.data[0] != '#')
			rc = read_line(&st, line);
	free(st.seen.items);
	if (!rc && st.is_pattern && !s->part_count)
		return error_set(err, -ERR_FORMAT, r->path, "no pattern in it ('=Pat:')");
	return rc;
}
