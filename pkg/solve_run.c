/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request: names to jobs, jobs to packages. */
#include <errno.h>
#include <solv/evr.h>
#include <solv/knownid.h>
#include <solv/poolarch.h>

#include "pkg/solve.h"
#include "pkg/solve_internal.h"

struct run {
	struct resolver *r;
	const struct solve_request *request;
	struct solve_result *result;
	struct strlist names;   /* names[i] is the text of ... */
	Queue jobs;             /* ... the job pair i */
	Map requested;          /* packages that a name stands for */
	Queue chosen;           /* the outcome */
	bool any_arch;          /* a name gives its architecture: a lesser one is no mistake */
	struct strlist missing; /* required names that cannot be had, with the reason */
};

/* Excluded packages are as if they were not on the media. */
static void exclude(struct run *run)
{
	struct resolver *r = run->r;
	const struct strlist *names = run->request->excluded;
	Queue packages;
	bool has_arch;

	if (!names || !names->count)
		return;
	map_init(&r->considered, r->pool->nsolvables);
	map_setall(&r->considered);
	queue_init(&packages);
	for (size_t i = 0; i < names->count; i++) {
		name_find_packages(r, names->items[i], &packages, &has_arch);
		for (int k = 0; k < packages.count; k++)
			MAPCLR(&r->considered, packages.elements[k]);
	}
	queue_free(&packages);
	r->pool->considered = &r->considered;
}

/* "name (arch i386, ppc only)" */
static int add_foreign(struct run *run, const char *name, const Queue *packages)
{
	struct strlist arches = STRLIST_INIT;
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	for (int i = 0; i < packages->count && !rc; i++) {
		Pool *pool = run->r->pool;
		const char *arch = pool_id2str(pool, pool->solvables[packages->elements[i]].arch);

		if (strlist_find(&arches, arch) < 0)
			rc = strlist_add(&arches, arch);
	}
	for (size_t i = 0; i < arches.count && !rc; i++)
		rc = strbuf_addf(&text, "%s%s", i ? ", " : "", arches.items[i]);
	if (!rc)
		rc = strlist_addf(&run->result->foreign, "%s (arch %s only)", name, text.data);
	strbuf_release(&text);
	strlist_release(&arches);
	return rc;
}

static int add_job(struct run *run, const char *name, Queue *packages)
{
	Pool *pool = run->r->pool;

	for (int i = 0; i < packages->count; i++)
		MAPSET(&run->requested, packages->elements[i]);
	queue_push2(&run->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE_ONE_OF,
		    pool_queuetowhatprovides(pool, packages));
	return strlist_add(&run->names, name);
}

static int add_name(struct run *run, const char *name)
{
	const struct strlist *required = run->request->required;
	struct strlist *foreign = &run->result->foreign;
	bool is_required = required && strlist_find(required, name) >= 0, has_arch;
	Queue packages;
	int rc = 0;

	queue_init(&packages);
	switch (resolver_find_name(run->r, name, &packages, &has_arch)) {
	case NAME_FOUND:
		run->any_arch |= has_arch;
		rc = add_job(run, name, &packages);
		break;
	case NAME_EXCLUDED:
		if (is_required)
			rc = strlist_addf(&run->missing, "%s (it is excluded)", name);
		break;
	case NAME_FOREIGN:
		rc = add_foreign(run, name, &packages);
		if (!rc && is_required)
			rc = strlist_add(&run->missing, foreign->items[foreign->count - 1]);
		break;
	case NAME_UNKNOWN:
		rc = strlist_add(&run->result->unknown, name);
		if (!rc && is_required)
			rc = strlist_add(&run->missing, name);
		break;
	}
	queue_free(&packages);
	return rc;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each name once, in the order of the alphabet: the result is a function of the set. */
static int add_names(struct run *run, struct error *err)
{
	const struct strlist *lists[] = { run->request->names, run->request->required };
	struct strlist all = STRLIST_INIT;
	int rc = 0;

	for (int l = 0; l < 2; l++)
		for (size_t i = 0; lists[l] && i < lists[l]->count && !rc; i++)
			rc = strlist_add(&all, lists[l]->items[i]);
	if (all.count)
		qsort(all.items, all.count, sizeof(*all.items), by_text);
	for (size_t i = 0; i < all.count && !rc; i++)
		if (!i || strcmp(all.items[i], all.items[i - 1]))
			rc = add_name(run, all.items[i]);
	strlist_release(&all);
	return rc ? error_nomem(err) : 0;
}

static int join_names(const struct strlist *l, struct strbuf *text)
{
	int rc = 0;

	for (size_t i = 0; i < l->count && !rc; i++)
		rc = strbuf_addf(text, "%s%s", text->len ? ", " : "", l->items[i]);
	return rc;
}

static int check_names(struct run *run, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (run->missing.count) {
		rc = join_names(&run->missing, &text);
		if (!rc)
			rc = error_set(err, -ERR_NOT_FOUND, NULL,
				       "asked for, but not on the media: %s", text.data);
	} else if (!run->names.count) {
		rc = join_names(&run->result->unknown, &text);
		if (!rc)
			rc = join_names(&run->result->foreign, &text);
		if (!rc)
			rc = error_set(err, -ERR_NOT_FOUND, NULL, "%s%s",
				       text.len ? "the media have none of the packages: " :
						  "no package is asked for",
				       text.len ? text.data : "");
	}
	strbuf_release(&text);
	return rc == -ENOMEM ? error_nomem(err) : rc;
}

/*
 * Which of two packages does a name alone mean? The better architecture first
 * (noarch is as good as any), then the newer version.
 */
static bool is_better(const Pool *pool, Id p, Id q)
{
	const Solvable *a = pool->solvables + p, *b = pool->solvables + q;
	unsigned int x = pool_arch2score(pool, a->arch), y = pool_arch2score(pool, b->arch);
	int cmp;

	if (a->name != b->name)
		return strcmp(pool_id2str(pool, a->name), pool_id2str(pool, b->name)) < 0;
	if (x != y && a->arch != ARCH_NOARCH && b->arch != ARCH_NOARCH)
		return x < y;
	cmp = pool_evrcmp(pool, a->evr, b->evr, EVRCMP_COMPARE);
	return cmp ? cmp > 0 : x < y;
}

static void choose_named(struct run *run)
{
	Pool *pool = run->r->pool;

	for (int i = 0; i < run->jobs.count; i += 2) {
		Id *candidates = pool->whatprovidesdata + run->jobs.elements[i + 1];
		Id best = *candidates;

		for (; *candidates; candidates++)
			if (is_better(pool, *candidates, best))
				best = *candidates;
		queue_pushunique(&run->chosen, best);
	}
}

static int choose_solved(struct run *run, struct error *err)
{
	Solver *solver = solver_create(run->r->pool);
	Queue decisions;
	int rc = 0;

	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, !run->request->recommends);
	/* Else nothing may come in a lesser architecture than it could. */
	solver_set_flag(solver, SOLVER_FLAG_NO_INFARCHCHECK, run->any_arch);
	if (solver_solve(solver, &run->jobs)) {
		rc = solve_explain(run->r, solver, &run->names, err);
	} else {
		queue_init(&decisions);
		solver_get_decisionqueue(solver, &decisions);
		for (int i = 0; i < decisions.count; i++)
			if (decisions.elements[i] > 0 &&
			    solvable_is_package(run->r, decisions.elements[i]))
				queue_push(&run->chosen, decisions.elements[i]);
		queue_free(&decisions);
	}
	solver_free(solver);
	return rc;
}

static int add_package(struct run *run, Id id, struct error *err)
{
	Pool *pool = run->r->pool;
	Solvable *s = pool_id2solvable(pool, id);
	struct package *p = package_new();
	int rc;

	if (!p)
		return error_nomem(err);
	p->nevra = strdup(pool_solvable2str(pool, s));
	p->name = strdup(pool_id2str(pool, s->name));
	p->arch = strdup(pool_id2str(pool, s->arch));
	p->requested = MAPTST(&run->requested, id);
	if (p->nevra && p->name && p->arch)
		rc = media_describe(s->repo->appdata, id, p, err);
	else
		rc = error_nomem(err);
	if (rc) {
		package_free(p);
		return rc;
	}
	return package_list_take(&run->result->packages, p) ? error_nomem(err) : 0;
}

static int by_nevra(const void *a, const void *b)
{
	return strcmp((*(struct package *const *)a)->nevra, (*(struct package *const *)b)->nevra);
}

static int fill_result(struct run *run, struct error *err)
{
	struct package_list *l = &run->result->packages;
	int rc = 0;

	for (int i = 0; i < run->chosen.count && !rc; i++)
		rc = add_package(run, run->chosen.elements[i], err);
	if (!rc && l->count)
		qsort(l->items, l->count, sizeof(*l->items), by_nevra);
	return rc;
}

static void run_release(struct run *run)
{
	queue_free(&run->jobs);
	queue_free(&run->chosen);
	map_free(&run->requested);
	strlist_release(&run->names);
	strlist_release(&run->missing);
	if (run->r->pool->considered) {
		run->r->pool->considered = NULL;
		map_free(&run->r->considered);
	}
}

int resolver_run(struct resolver *r, const struct solve_request *request,
		 struct solve_result *result, struct error *err)
{
	struct run run = { .r = r, .request = request, .result = result };
	int rc;

	memset(result, 0, sizeof(*result));
	rc = solve_complete_files(r, request->names, err);
	if (rc)
		return rc;
	queue_init(&run.jobs);
	queue_init(&run.chosen);
	map_init(&run.requested, r->pool->nsolvables);
	exclude(&run);
	pool_addfileprovides(r->pool);
	pool_createwhatprovides(r->pool);
	rc = add_names(&run, err);
	if (!rc)
		rc = check_names(&run, err);
	if (!rc && request->nodeps)
		choose_named(&run);
	else if (!rc)
		rc = choose_solved(&run, err);
	if (!rc)
		rc = solve_check_features(r, &run.chosen, err);
	if (!rc)
		rc = fill_result(&run, err);
	run_release(&run);
	if (rc)
		solve_result_release(result);
	return rc;
}

void solve_result_release(struct solve_result *r)
{
	package_list_release(&r->packages);
	strlist_release(&r->unknown);
	strlist_release(&r->foreign);
}
