/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From selections to names of packages: the lists of all that belong together. */
#include <search.h>
#include <strings.h>

#include "selections/walk.h"

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
	if (s->kind == SELECTION_LIST)
		return strpbrk(entry, "-(/") && !strchr(entry, ' ');
	return s->kind == SELECTION_PATTERN && strpbrk(entry, "(/");
}

/* The first alternative that the media has, else the last one. A new string in *text. */
static int choose(struct collect *c, const char *entry, char **text, bool *found)
{
	struct span rest = { entry, strlen(entry) }, name;

	*found = false;
	*text = NULL;
	while (!*found && entry_next(&rest, &name)) {
		free(*text);
		*text = span_string(name);
		if (!*text)
			return error_nomem(c->err);
		*found = !c->query->has_package || c->query->has_package(c->query->arg, *text);
	}
	return 0;
}

static int add_entry(struct collect *c, const struct selection *s, const char *entry)
{
	char *text;
	bool found;
	int rc;

	if (selection_is_capability(entry))
		return add_once(c, &c->result->packages, &c->packages, selection_capability(entry));
	rc = choose(c, entry, &text, &found);
	if (rc)
		return rc;
	if (!found && !is_for_solver(s, entry)) {
		free(text);
		text = NULL;
		if (asprintf(&text, "%s (%s)", entry, selection_label(s)) < 0)
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

/* Whether one of these is wanted, nobody knows before the solver. */
static int add_conditional(struct collect *c, const struct selection *s)
{
	for (size_t i = 0; i < s->conditional.count; i++) {
		const char *name = s->conditional.items[i];

		if (tfind(name, &c->removed, compare_strings) ||
		    (c->query->has_package && !c->query->has_package(c->query->arg, name)))
			continue;
		if (strlist_add(&c->result->conditional, name) ||
		    strlist_add(&c->result->conditions, s->conditions.items[i]))
			return error_nomem(c->err);
	}
	return 0;
}

static int add_weak(struct collect *c, const struct selection *s)
{
	int rc = 0;

	for (size_t i = 0; !rc && c->query->weak && i < s->weak_install.count; i++)
		rc = add_entry(c, s, s->weak_install.items[i]);
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
		if (!rc)
			rc = add_weak(c, s);
		if (!rc)
			rc = add_conditional(c, s);
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

	*result = (struct selection_result){ .packages = STRLIST_INIT };
	for (size_t i = 0; !rc && i < count; i++)
		rc = walk_add(&w, selections[i]);
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
	strlist_release(&r->conditional);
	strlist_release(&r->conditions);
}
