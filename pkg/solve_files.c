/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files do packages want of each other, and are they among those that were read? */
#include <errno.h>
#include <solv/bitmap.h>
#include <solv/knownid.h>

#include "pkg/solve_internal.h"

/* Primary metadata has the files in these places, by agreement of all who write it. */
static bool is_in_primary(const char *path)
{
	return !strncmp(path, "/etc/", 5) || strstr(path, "bin/") ||
	       !strcmp(path, "/usr/lib/sendmail");
}

static void set_provided(const Pool *pool, Map *provided)
{
	Queue deps;

	map_init(provided, pool->ss.nstrings);
	queue_init(&deps);
	for (Id p = 2; p < pool->nsolvables; p++) {
		if (!pool->solvables[p].repo)
			continue;
		queue_empty(&deps); /* libsolv adds to what is there */
		solvable_lookup_deparray(pool->solvables + p, SOLVABLE_PROVIDES, &deps, 0);
		for (int i = 0; i < deps.count; i++)
			if (!ISRELDEP(deps.elements[i]))
				MAPSET(provided, deps.elements[i]);
	}
	queue_free(&deps);
}

static bool dep_lacks(const Pool *pool, Id dep, const Map *provided)
{
	while (ISRELDEP(dep)) {
		const Reldep *rel = GETRELDEP(pool, dep);

		/* Parts of a rich dependency each count. */
		if (rel->flags > 7 && dep_lacks(pool, rel->evr, provided))
			return true;
		dep = rel->name;
	}
	return *pool_id2str(pool, dep) == '/' && !MAPTST(provided, dep) &&
	       !is_in_primary(pool_id2str(pool, dep));
}

static bool packages_lack(const Pool *pool, const Map *provided)
{
	static const Id kinds[] = { SOLVABLE_REQUIRES, SOLVABLE_CONFLICTS, SOLVABLE_RECOMMENDS };
	bool lacks = false;
	Queue deps;

	queue_init(&deps);
	for (Id p = 2; p < pool->nsolvables && !lacks; p++) {
		Solvable *s = pool->solvables + p;

		if (!s->repo || media_is_source(s->arch))
			continue;
		for (size_t k = 0; k < 3 && !lacks; k++) {
			queue_empty(&deps);
			solvable_lookup_deparray(s, kinds[k], &deps, 0);
			for (int i = 0; i < deps.count && !lacks; i++)
				lacks = deps.elements[i] != SOLVABLE_PREREQMARKER &&
					dep_lacks(pool, deps.elements[i], provided);
		}
	}
	queue_free(&deps);
	return lacks;
}

int solve_complete_files(struct resolver *r, const struct strlist *names, struct error *err)
{
	bool needed = false, possible = false;
	Map provided;
	int rc = 0;

	for (size_t i = 0; i < r->media_count; i++)
		possible |= r->media[i]->kind->complete != NULL;
	if (!possible)
		return 0;
	for (size_t i = 0; names && i < names->count; i++)
		needed |= names->items[i][0] == '/' && !is_in_primary(names->items[i]);
	if (!needed) {
		set_provided(r->pool, &provided);
		needed = packages_lack(r->pool, &provided);
		map_free(&provided);
	}
	for (size_t i = 0; i < r->media_count && needed && !rc; i++)
		if (r->media[i]->kind->complete)
			rc = r->media[i]->kind->complete(r->media[i], err);
	return rc;
}
