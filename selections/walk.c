/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The selections that belong together: those that were asked for, and what they ask for. */
#include "selections/walk.h"

#include <strings.h>

#define MAX_SELECTIONS 1000 /* a distribution has about sixty */

const char *selection_label(const struct selection *s)
{
	return s->name ? s->name : "plain list";
}

static bool is_base(const struct selection *s)
{
	return s->kind == SELECTION_SEL && s->category && !strncasecmp(s->category, "base", 4);
}

static bool has_word(const struct strlist *l, const char *word)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcasecmp(l->items[i], word))
			return true;
	return false;
}

static bool is_called(const struct selection *s, const char *name)
{
	return s->name && !strcasecmp(s->name, name);
}

static bool excludes(const struct selection *a, const struct selection *b)
{
	if (b->name && has_word(&a->conflicts, b->name))
		return true;
	for (size_t i = 0; i < b->provides.count; i++)
		if (has_word(&a->conflicts, b->provides.items[i]))
			return true;
	return false;
}

/* The member that cannot stand beside s, or NULL. */
static const struct selection *opponent(const struct walk *w, const struct selection *s)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct selection *m = w->members[i].s;

		if ((is_base(m) && is_base(s)) || excludes(m, s) || excludes(s, m))
			return m;
	}
	return NULL;
}

static const struct selection *member_called(const struct walk *w, const char *name)
{
	for (size_t i = 0; i < w->count; i++)
		if (is_called(w->members[i].s, name) || has_word(&w->members[i].s->provides, name))
			return w->members[i].s;
	return NULL;
}

/* A new member; owned is taken over, also on failure. */
static int add(struct walk *w, const struct selection *s, struct selection *owned)
{
	const struct selection *other;
	int rc = 0;

	if (s->name && member_called(w, s->name) && is_called(member_called(w, s->name), s->name)) {
		selection_free(owned);
		return 0;
	}
	other = opponent(w, s);
	if (other) {
		rc = error_set(w->err, -ERR_CONFLICT, selection_label(s),
			       "cannot be installed beside '%s': %s", selection_label(other),
			       is_base(s) && is_base(other) ? "both are base selections"
							    : "they exclude each other");
		error_hint(w->err, "choose one of them");
	} else if (w->count == MAX_SELECTIONS) {
		rc = error_set(w->err, -ERR_LIMIT, selection_label(s), "more than %d selections",
			       MAX_SELECTIONS);
	} else if (array_grow((void **)&w->members, w->count, &w->capacity, sizeof(*w->members))) {
		rc = error_nomem(w->err);
	}
	if (rc) {
		selection_free(owned);
		return rc;
	}
	w->members[w->count++] = (struct member){ .s = s, .owned = owned };
	return 0;
}

/* Some of several mean something alone; which, the file or a choice says. */
static int nothing_meant(struct walk *w, const struct selection *file)
{
	const char *like = file->parts[0]->name;

	error_set(w->err, -ERR_NOT_FOUND, file->path,
		  "has %zu selections, and none of them is the default", file->part_count);
	return error_hint(w->err, "name one: 'FILE#%s'", like ? like : "NAME");
}

/* A selection, or those that a file with several means; owned is taken over. */
static int add_any(struct walk *w, const struct selection *s, struct selection *owned)
{
	bool any = false;
	int rc = 0;

	if (!s->part_count)
		return add(w, s, owned);
	if (owned) {
		if (array_grow((void **)&w->files, w->file_count, &w->file_capacity,
			       sizeof(*w->files))) {
			selection_free(owned);
			return error_nomem(w->err);
		}
		w->files[w->file_count++] = owned;
	}
	for (size_t i = 0; !rc && i < s->part_count; i++) {
		if (!selection_is_meant(s->parts[i]))
			continue;
		any = true;
		rc = add(w, s->parts[i], NULL);
	}
	return rc || any ? rc : nothing_meant(w, s);
}

enum need { NEED_REFERENCE, NEED_REQUIRED, NEED_RECOMMENDED };

/* Nobody has it: an error only where a person asked for it by name. */
static int not_there(struct walk *w, const struct selection *by, const char *name, enum need need)
{
	if (need == NEED_REFERENCE)
		return error_set(w->err, -ERR_NOT_FOUND, name,
				 "no such selection ('@%s' in a list)", name);
	error_release(w->err);
	if (strlist_addf(w->missing, "%s (%s by %s)", name,
			 need == NEED_REQUIRED ? "required" : "recommended", selection_label(by)))
		return error_nomem(w->err);
	return 0;
}

/* The member that excludes one of those that s means; itself it does not exclude. */
static const struct selection *opponent_of_any(const struct walk *w, const struct selection *s)
{
	const struct selection *other;

	if (!s->part_count) {
		other = opponent(w, s);
		return other && s->name && is_called(other, s->name) ? NULL : other;
	}
	for (size_t i = 0; i < s->part_count; i++) {
		const struct selection *part = s->parts[i];

		other = selection_is_meant(part) ? opponent_of_any(w, part) : NULL;
		if (other)
			return other;
	}
	return NULL;
}

/* In the file of the one that asks, else wherever there are selections. */
static int find(struct walk *w, const struct selection *by, const char *name,
		const struct selection **found, struct selection **loaded)
{
	int rc = -ERR_NOT_FOUND;

	*loaded = NULL;
	*found = by->whole ? selection_part((struct selection *)by->whole, name) : NULL;
	if (*found)
		return 0;
	if (w->query->load)
		rc = w->query->load(w->query->arg, name, loaded, w->err);
	*found = *loaded;
	return rc;
}

static int take_in(struct walk *w, const struct selection *by, const char *name, enum need need)
{
	struct selection *loaded;
	const struct selection *s, *other;
	int rc;

	if (member_called(w, name) || has_word(&w->asked, name))
		return 0;
	if (w->asked.count == MAX_SELECTIONS)
		return error_set(w->err, -ERR_LIMIT, selection_label(by), "names more than %d selections",
				 MAX_SELECTIONS);
	if (strlist_add(&w->asked, name))
		return error_nomem(w->err);
	rc = find(w, by, name, &s, &loaded);
	if (rc == -ERR_NOT_FOUND)
		return not_there(w, by, name, need);
	if (rc)
		return rc;
	other = need == NEED_RECOMMENDED ? opponent_of_any(w, s) : NULL;
	if (other) {
		rc = strlist_addf(w->missing, "%s (recommended by %s, excluded by %s)", name,
				  selection_label(by), selection_label(other));
		selection_free(loaded);
		return rc ? error_nomem(w->err) : 0;
	}
	/* A part of a file that is there means itself, whatever else the file means. */
	return loaded ? add_any(w, s, loaded) : add(w, s, NULL);
}

static int take_in_all(struct walk *w, const struct selection *by, const struct strlist *names,
		       enum need need)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < names->count; i++)
		rc = take_in(w, by, names->items[i], need);
	return rc;
}

/* Requirements first: what is merely recommended must not take their place. */
int walk_run(struct walk *w)
{
	const struct selection *s;
	bool again;
	int rc = 0;

	do {
		for (size_t i = 0; !rc && i < w->count; i++) {
			if (w->members[i].requirements_done)
				continue;
			w->members[i].requirements_done = true;
			s = w->members[i].s;
			rc = take_in_all(w, s, &s->references, NEED_REFERENCE);
			if (!rc)
				rc = take_in_all(w, s, &s->requires, NEED_REQUIRED);
		}
		again = false;
		for (size_t i = 0; !rc && !again && i < w->count; i++) {
			if (w->members[i].recommendations_done)
				continue;
			w->members[i].recommendations_done = again = true;
			s = w->members[i].s;
			if (w->query->recommends)
				rc = take_in_all(w, s, &s->recommends, NEED_RECOMMENDED);
			if (!rc && w->query->weak)
				rc = take_in_all(w, s, &s->weak_requires, NEED_RECOMMENDED);
		}
	} while (!rc && again);
	return rc;
}

void walk_release(struct walk *w)
{
	for (size_t i = 0; i < w->count; i++)
		selection_free(w->members[i].owned);
	for (size_t i = 0; i < w->file_count; i++)
		selection_free(w->files[i]);
	free(w->files);
	free(w->members);
	strlist_release(&w->asked);
}

int walk_add(struct walk *w, const struct selection *s)
{
	return add_any(w, s, NULL);
}
