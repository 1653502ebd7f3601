/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From selections to names of packages: first the set of selections that
 * belong together (walk), then their lists (collect).
 */
#include "selections/reader.h"

#include <search.h>
#include <strings.h>

#define MAX_SELECTIONS 1000 /* a distribution has about sixty */

struct member {
	const struct selection *s;
	struct selection *owned; /* s, when it was loaded here */
	bool requirements_done, recommendations_done;
};

struct walk {
	const struct selection_query *query;
	struct member *members;
	size_t count, capacity;
	struct strlist asked; /* names that were loaded or are missing */
	struct strlist *missing;
	struct error *err;
};

static const char *label(const struct selection *s)
{
	return s->name ? s->name : "plain list";
}

static bool is_base(const struct selection *s)
{
	return s->category && !strncasecmp(s->category, "base", 4);
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
static int walk_add(struct walk *w, const struct selection *s, struct selection *owned)
{
	const struct selection *other;
	int rc = 0;

	if (s->name && member_called(w, s->name) && is_called(member_called(w, s->name), s->name)) {
		selection_free(owned);
		return 0;
	}
	other = opponent(w, s);
	if (other) {
		rc = error_set(w->err, -ERR_CONFLICT, label(s),
			       "cannot be installed beside '%s': %s", label(other),
			       is_base(s) && is_base(other) ? "both are base selections"
							    : "they exclude each other");
		error_hint(w->err, "choose one of them");
	} else if (w->count == MAX_SELECTIONS) {
		rc = error_set(w->err, -ERR_LIMIT, label(s), "more than %d selections",
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

enum need { NEED_REFERENCE, NEED_REQUIRED, NEED_RECOMMENDED };

/* Nobody has it: an error only where a person asked for it by name. */
static int not_there(struct walk *w, const struct selection *by, const char *name, enum need need)
{
	if (need == NEED_REFERENCE)
		return error_set(w->err, -ERR_NOT_FOUND, name,
				 "no such selection ('@%s' in a list)", name);
	error_release(w->err);
	if (strlist_addf(w->missing, "%s (%s by %s)", name,
			 need == NEED_REQUIRED ? "required" : "recommended", label(by)))
		return error_nomem(w->err);
	return 0;
}

static int take_in(struct walk *w, const struct selection *by, const char *name, enum need need)
{
	struct selection *loaded = NULL;
	const struct selection *other;
	int rc = -ERR_NOT_FOUND;

	if (member_called(w, name) || has_word(&w->asked, name))
		return 0;
	if (w->asked.count == MAX_SELECTIONS)
		return error_set(w->err, -ERR_LIMIT, label(by), "names more than %d selections",
				 MAX_SELECTIONS);
	if (strlist_add(&w->asked, name))
		return error_nomem(w->err);
	if (w->query->load)
		rc = w->query->load(w->query->arg, name, &loaded, w->err);
	if (rc == -ERR_NOT_FOUND)
		return not_there(w, by, name, need);
	if (rc)
		return rc;
	other = need == NEED_RECOMMENDED ? opponent(w, loaded) : NULL;
	if (other && !(loaded->name && is_called(other, loaded->name))) {
		rc = strlist_addf(w->missing, "%s (recommended by %s, excluded by %s)", name,
				  label(by), label(other));
		selection_free(loaded);
		return rc ? error_nomem(w->err) : 0;
	}
	return walk_add(w, loaded, loaded);
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
static int walk_run(struct walk *w)
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
		for (size_t i = 0; !rc && !again && w->query->recommends && i < w->count; i++) {
			if (w->members[i].recommendations_done)
				continue;
			w->members[i].recommendations_done = again = true;
			s = w->members[i].s;
			rc = take_in_all(w, s, &s->recommends, NEED_RECOMMENDED);
		}
	} while (!rc && again);
	return rc;
}

static void walk_release(struct walk *w)
{
	for (size_t i = 0; i < w->count; i++)
		selection_free(w->members[i].owned);
	free(w->members);
	strlist_release(&w->asked);
}

/* Strings that a list holds already, for lists of any length. */
static int compare_strings(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void keep(void *node)
{
}

struct collect {
	const struct selection_query *query;
	struct selection_result *result;
	void *packages, *removed, *unknown; /* trees of what the result's lists hold */
	struct error *err;
};

/* Append once. */
static int add_once(struct collect *c, struct strlist *list, void **tree, char *text)
{
	if (text && tfind(text, tree, compare_strings)) {
		free(text);
		return 0;
	}
	if (strlist_take(list, text) || !tsearch(text, tree, compare_strings))
		return error_nomem(c->err);
	return 0;
}

/*
 * "aaa_base-9.0-6.i586" in a plain list is an exact package, "perl(POSIX)" or
 * "/bin/sh" something that a package provides: the solver knows these.
 */
static bool is_for_solver(const struct selection *s, const char *entry)
{
	return !s->version && strpbrk(entry, "-(/") && !strchr(entry, ' ');
}

static int add_entry(struct collect *c, const struct selection *s, const char *entry)
{
	struct span rest = { entry, strlen(entry) }, name;
	bool found = false;
	char *text = NULL;

	while (!found && entry_next(&rest, &name)) {
		free(text);
		text = span_string(name);
		if (!text)
			return error_nomem(c->err);
		found = !c->query->has_package || c->query->has_package(c->query->arg, text);
	}
	if (!found && !is_for_solver(s, entry)) {
		free(text);
		text = NULL;
		if (asprintf(&text, "%s (%s)", entry, label(s)) < 0)
			return error_nomem(c->err);
		return add_once(c, &c->result->unknown, &c->unknown, text);
	}
	if (tfind(text, &c->removed, compare_strings)) {
		free(text);
		return 0;
	}
	return add_once(c, &c->result->packages, &c->packages, text);
}

static int remove_entry(struct collect *c, const struct selection *s, const char *entry)
{
	struct span rest = { entry, strlen(entry) }, name;
	int rc = 0;

	while (!rc && entry_next(&rest, &name))
		rc = add_once(c, &c->result->removed, &c->removed, span_string(name));
	return rc;
}

typedef int entry_fn(struct collect *c, const struct selection *s, const char *entry);

static const struct selection_list *list_of(const struct selection_list *lists, size_t count,
					    const char *locale, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(lists[i].locale) == len && !strncasecmp(lists[i].locale, locale, len))
			return &lists[i];
	return NULL;
}

/* Full code, language, "default"; NULL when there is none of them. */
static const struct selection_list *list_for_locale(const struct selection_list *lists,
						    size_t count, const char *locale)
{
	const struct selection_list *l = list_of(lists, count, locale, strcspn(locale, ".@"));

	if (!l)
		l = list_of(lists, count, locale, strcspn(locale, "_.@"));
	if (!l)
		l = list_of(lists, count, "default", strlen("default"));
	return l;
}

static int each_entry(struct collect *c, const struct selection *s,
		      const struct selection_list *list, entry_fn *fn)
{
	int rc = 0;

	for (size_t i = 0; list && !rc && i < list->names.count; i++)
		rc = fn(c, s, list->names.items[i]);
	return rc;
}

static int each_list(struct collect *c, const struct selection *s,
		     const struct selection_list *lists, size_t count, entry_fn *fn)
{
	const struct strlist *locales = c->query->locales;
	int rc = each_entry(c, s, list_of(lists, count, "", 0), fn);

	for (size_t i = 0; locales && !rc && i < locales->count; i++)
		if (*locales->items[i])
			rc = each_entry(c, s, list_for_locale(lists, count, locales->items[i]), fn);
	return rc;
}

static int collect_all(struct collect *c, const struct walk *w)
{
	const struct selection *s;
	int rc = 0;

	for (size_t i = 0; !rc && i < w->count; i++) {
		s = w->members[i].s;
		rc = each_list(c, s, s->remove, s->remove_count, remove_entry);
	}
	for (size_t i = 0; !rc && i < w->count; i++) {
		s = w->members[i].s;
		rc = each_list(c, s, s->install, s->install_count, add_entry);
	}
	tdestroy(c->packages, keep);
	tdestroy(c->removed, keep);
	tdestroy(c->unknown, keep);
	return rc;
}

int selection_resolve_all(const struct selection *const *selections, size_t count,
			  const struct selection_query *query, struct selection_result *result,
			  struct error *err)
{
	struct walk w = { .query = query, .missing = &result->missing_selections, .err = err };
	struct collect c = { .query = query, .result = result, .err = err };
	int rc = 0;

	*result =
		(struct selection_result){ STRLIST_INIT, STRLIST_INIT, STRLIST_INIT, STRLIST_INIT };
	for (size_t i = 0; !rc && i < count; i++)
		rc = walk_add(&w, selections[i], NULL);
	if (!rc)
		rc = walk_run(&w);
	if (!rc)
		rc = collect_all(&c, &w);
	walk_release(&w);
	if (rc)
		selection_result_release(result);
	return rc;
}

int selection_resolve(const struct selection *s, const struct selection_query *query,
		      struct selection_result *result, struct error *err)
{
	return selection_resolve_all(&s, 1, query, result, err);
}

void selection_result_release(struct selection_result *r)
{
	strlist_release(&r->packages);
	strlist_release(&r->unknown);
	strlist_release(&r->removed);
	strlist_release(&r->missing_selections);
}
