/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/patterns.h"

#include <errno.h>
#include <solv/knownid.h>

#include "pkg/solve_internal.h"

struct pattern {
	const char *name; /* the pool's */
	char *summary;
	bool visible;
};

struct patterns {
	struct pattern *items;
	size_t count, capacity;
};

/* What libsolv says of a text may be gone after its next answer. */
static char *summary_of(Solvable *s)
{
	const char *text = solvable_lookup_str(s, SOLVABLE_SUMMARY);

	return strdup(text ? text : "");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct pattern *)a)->name, ((const struct pattern *)b)->name);
}

/* "pattern() = NAME" among what a package provides; "pattern-visible()" beside it. */
static int add(struct patterns *l, Pool *pool, Solvable *s, Id key, Id visible)
{
	Queue provides;
	bool is_visible = false;
	int rc = 0;

	queue_init(&provides);
	solvable_lookup_deparray(s, SOLVABLE_PROVIDES, &provides, 0);
	for (int i = 0; i < provides.count; i++) {
		Id id = provides.elements[i];

		is_visible |= visible && (ISRELDEP(id) ? GETRELDEP(pool, id)->name : id) == visible;
	}
	for (int i = 0; !rc && i < provides.count; i++) {
		const Reldep *rel = ISRELDEP(provides.elements[i]) ?
					    GETRELDEP(pool, provides.elements[i]) :
					    NULL;

		if (!rel || rel->name != key || rel->flags != REL_EQ || ISRELDEP(rel->evr))
			continue;
		rc = array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items));
		if (!rc)
			l->items[l->count++] = (struct pattern){
				.name = pool_id2str(pool, rel->evr),
				.summary = summary_of(s),
				.visible = is_visible,
			};
		if (!rc && !l->items[l->count - 1].summary)
			rc = -ENOMEM;
	}
	queue_free(&provides);
	return rc;
}

int resolver_each_pattern(const struct resolver *r, pattern_visit *visit, void *arg)
{
	Id key = pool_str2id(r->pool, "pattern()", 0);
	Id visible = pool_str2id(r->pool, "pattern-visible()", 0);
	struct patterns l = { NULL, 0, 0 };
	int rc = 0;

	for (Id p = 1; key && !rc && p < r->pool->nsolvables; p++)
		if (solvable_is_package(r, p) && solvable_arch_is_known(r, p))
			rc = add(&l, r->pool, r->pool->solvables + p, key, visible);
	if (l.count)
		qsort(l.items, l.count, sizeof(*l.items), by_name);
	for (size_t i = 0; !rc && i < l.count; i++)
		if (!i || strcmp(l.items[i].name, l.items[i - 1].name) != 0)
			rc = visit(arg, l.items[i].name, l.items[i].summary, l.items[i].visible);
	for (size_t i = 0; i < l.count; i++)
		free(l.items[i].summary);
	free(l.items);
	return rc;
}
