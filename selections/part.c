/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with several selections, and which of them are meant. */
#include <strings.h>

#include "common/suggest.h"
#include "selections/reader.h"

#define MAX_PARTS 10000 /* a distribution has some hundreds */

int reader_add_part(const struct reader *r, struct selection *s, enum selection_kind kind,
		    struct selection **out, struct error *err)
{
	struct selection *part;

	if (s->part_count == MAX_PARTS)
		return reader_error(r, err, -ERR_LIMIT, "more than %d selections", MAX_PARTS);
	if (array_grow((void **)&s->parts, s->part_count, &s->part_capacity, sizeof(*s->parts)))
		return error_nomem(err);
	part = calloc(1, sizeof(*part));
	if (!part)
		return error_nomem(err);
	part->kind = kind;
	part->visible = true;
	part->whole = s;
	s->parts[s->part_count++] = *out = part;
	return 0;
}

static bool has_word(const struct strlist *l, const char *word)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcasecmp(l->items[i], word))
			return true;
	return false;
}

/* In the order in which they are tried. */
enum way { BY_NAME, BY_PROVIDES, BY_SUMMARY, WAYS };

static bool is_called(const struct selection *s, const char *name, enum way way)
{
	switch (way) {
	case BY_NAME:
		return s->name && !strcasecmp(s->name, name);
	case BY_PROVIDES:
		return has_word(&s->provides, name);
	case BY_SUMMARY:
		return s->kind >= SELECTION_GROUP && s->summary && !strcasecmp(s->summary, name);
	default:
		return false;
	}
}

struct selection *selection_part(struct selection *s, const char *name)
{
	bool environment = *name == '^';
	struct selection **parts = s->part_count ? s->parts : &s;
	size_t count = s->part_count ? s->part_count : 1;

	name += environment;
	for (enum way way = BY_NAME; way < WAYS; way++)
		for (size_t i = 0; i < count; i++)
			if (is_called(parts[i], name, way) &&
			    (!environment || parts[i]->kind == SELECTION_ENVIRONMENT))
				return parts[i];
	return NULL;
}

int selection_choose(struct selection *s, const char *name, struct error *err)
{
	struct selection *part = selection_part(s, name);
	struct suggestion near = suggestion_for(name);

	if (part) {
		s->has_choice = part->chosen = true;
		return 0;
	}
	for (size_t i = 0; i < s->part_count; i++)
		if (s->parts[i]->name)
			suggestion_offer(&near, s->parts[i]->name);
	error_set(err, -ERR_NOT_FOUND, s->path, "has no selection '%s'", name);
	if (near.best && err)
		return error_hint(err, "did you mean '%s'?", near.best);
	return -ERR_NOT_FOUND;
}

bool selection_is_meant(const struct selection *part)
{
	const struct selection *whole = part->whole;
	bool marked = false, groups = false;

	if (!whole)
		return true;
	if (whole->has_choice)
		return part->chosen;
	for (size_t i = 0; i < whole->part_count; i++) {
		marked |= whole->parts[i]->mark != SELECTION_UNMARKED;
		groups |= whole->parts[i]->kind != SELECTION_ENVIRONMENT;
	}
	if (groups && part->kind == SELECTION_ENVIRONMENT)
		return false;
	return marked ? part->mark == SELECTION_IS_DEFAULT : part->visible;
}

static void lists_free(struct selection_list *lists, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(lists[i].locale);
		strlist_release(&lists[i].names);
	}
	free(lists);
}

void selection_free(struct selection *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->part_count; i++)
		selection_free(s->parts[i]);
	free(s->parts);
	free(s->path);
	free(s->name);
	free(s->summary);
	free(s->category);
	free(s->version);
	strlist_release(&s->requires);
	strlist_release(&s->recommends);
	strlist_release(&s->provides);
	strlist_release(&s->conflicts);
	strlist_release(&s->obsoletes);
	strlist_release(&s->suggests);
	strlist_release(&s->references);
	strlist_release(&s->weak_requires);
	strlist_release(&s->weak_install);
	strlist_release(&s->conditional);
	strlist_release(&s->conditions);
	lists_free(s->install, s->install_count);
	lists_free(s->remove, s->remove_count);
	free(s);
}
