/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why dependencies cannot be satisfied, in words, and what could be done. */
#include <errno.h>
#include <solv/knownid.h>

#include "pkg/solve.h"
#include "pkg/solve_internal.h"

#define REASONS_MAX 4 /* of one problem; more of them explain less */
#define SOLUTIONS_MAX 3
#define SOURCES_MAX 4 /* packages that are named for one dependency that is missing */

struct reason {
	SolverRuleinfo type;
	Id source, target, dep;
};

/* Nothing provides dep for source, and this is all that the problem is about. */
struct lack {
	Id dep, source, problem;
	bool is_told; /* in the line of an earlier one with the same dep */
};

struct explanation {
	const struct resolver *r;
	Solver *solver;
	const struct strlist *names; /* of the jobs */
	struct lack *lacks;
	size_t lack_count, lack_capacity;
	struct strbuf out;
	size_t lines;
};

/*
 * A package that has the dependency, but does not count: excluded, or of a
 * foreign architecture. 0 when there is none.
 */
static Id find_unusable(const struct resolver *r, Id dep, bool *is_excluded)
{
	for (Id p = 1; p < r->pool->nsolvables; p++) {
		bool known = solvable_arch_is_known(r, p);

		if (!solvable_is_package(r, p) || (known && solvable_is_considered(r, p)) ||
		    !solvable_matchesdep(r->pool->solvables + p, SOLVABLE_PROVIDES, dep, -1))
			continue;
		*is_excluded = !solvable_is_considered(r, p);
		return p;
	}
	return 0;
}

/* " (only p, which is excluded)" */
static int say_unusable(const struct resolver *r, Id dep, struct strbuf *out)
{
	bool is_excluded;
	Id other = find_unusable(r, dep, &is_excluded);

	if (!other)
		return 0;
	return strbuf_addf(out, " (only %s, which is %s)", pool_solvid2str(r->pool, other),
			   is_excluded ? "excluded" : "of a foreign architecture");
}

static int say(const struct resolver *r, Solver *solver, const struct reason *why,
	       struct strbuf *out)
{
	Pool *pool = r->pool;
	const char *source = why->source ? pool_solvid2str(pool, why->source) : "";
	const char *target = why->target ? pool_solvid2str(pool, why->target) : "";
	const char *dep = why->dep ? pool_dep2str(pool, why->dep) : "";

	switch (why->type) {
	case SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP:
		if (strbuf_addf(out, "nothing provides %s needed by %s", dep, source))
			return -ENOMEM;
		return say_unusable(r, why->dep, out);
	case SOLVER_RULE_PKG_REQUIRES:
		return strbuf_addf(out, "%s needs %s, and no package with it can be installed",
				   source, dep);
	case SOLVER_RULE_PKG_CONFLICTS:
		return strbuf_addf(out, "%s conflicts with %s, provided by %s", source, dep,
				   target);
	case SOLVER_RULE_PKG_OBSOLETES:
	case SOLVER_RULE_PKG_IMPLICIT_OBSOLETES:
		return strbuf_addf(out, "%s replaces %s, provided by %s", source, dep, target);
	case SOLVER_RULE_PKG_SAME_NAME:
		return strbuf_addf(out, "%s and %s cannot be installed both", source, target);
	case SOLVER_RULE_PKG_SELF_CONFLICT:
		return strbuf_addf(out, "%s conflicts with %s, which it provides itself", source,
				   dep);
	case SOLVER_RULE_INFARCH:
		return strbuf_addf(out, "%s is for a lesser architecture than another of its name",
				   source);
	default:
		return strbuf_adds(out, solver_problemruleinfo2str(solver, why->type, why->source,
								   why->target, why->dep));
	}
}

/* These say what is wrong; the other rules of a problem only lead there. */
static bool is_cause(SolverRuleinfo type)
{
	switch (type) {
	case SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP:
	case SOLVER_RULE_PKG_CONFLICTS:
	case SOLVER_RULE_PKG_OBSOLETES:
	case SOLVER_RULE_PKG_IMPLICIT_OBSOLETES:
	case SOLVER_RULE_PKG_SAME_NAME:
	case SOLVER_RULE_PKG_SELF_CONFLICT:
	case SOLVER_RULE_PKG_NOT_INSTALLABLE:
	case SOLVER_RULE_INFARCH:
		return true;
	default:
		return false;
	}
}

/* Every cause of the problem; when it has none, the rule that libsolv finds the most telling. */
static int find_reasons(Solver *solver, Id problem, struct reason *reasons)
{
	struct reason *why = reasons;
	Queue rules;
	Id last = 0;

	queue_init(&rules);
	solver_findallproblemrules(solver, problem, &rules);
	for (int i = 0; i < rules.count && why < reasons + REASONS_MAX; i++) {
		if (rules.elements[i] == last)
			continue;
		last = rules.elements[i];
		why->type = solver_ruleinfo(solver, last, &why->source, &why->target, &why->dep);
		if (is_cause(why->type))
			why++;
	}
	queue_free(&rules);
	if (why == reasons) {
		Id rule = solver_findproblemrule(solver, problem);

		why->type = solver_ruleinfo(solver, rule, &why->source, &why->target, &why->dep);
		why++;
	}
	return (int)(why - reasons);
}

/* " --exclude a --exclude b", or " --add p" for a package of a lesser architecture. */
static int add_solution(const struct explanation *e, Id problem, Id solution, struct strbuf *out)
{
	Id element = 0, p, rp;
	int rc = 0;

	while (!rc && (element = solver_next_solutionelement(e->solver, problem, solution,
							     element, &p, &rp))) {
		/* rp counts the job queue's words from 1; a job is a pair of them. */
		size_t job = (size_t)(rp - 1) / 2;

		if (p == SOLVER_SOLUTION_JOB && rp > 0 && job < e->names->count)
			rc = strbuf_addf(out, " --exclude %s", e->names->items[job]);
		else if (p == SOLVER_SOLUTION_INFARCH)
			rc = strbuf_addf(out, " --add %s", pool_solvid2str(e->r->pool, rp));
	}
	return rc;
}

/* What to do about a problem, each after ", or" but the first. */
static int add_solutions(const struct explanation *e, Id problem, struct strbuf *out)
{
	Id solution = 0;
	int n = 0, rc = 0;

	while (!rc && n < SOLUTIONS_MAX &&
	       (solution = solver_next_solution(e->solver, problem, solution))) {
		struct strbuf text = STRBUF_INIT;

		rc = add_solution(e, problem, solution, &text);
		if (!rc && text.len) /* else it is nothing that an option could do */
			rc = strbuf_addf(out, "%s%s", n++ ? ", or" : "", text.data);
		strbuf_release(&text);
	}
	return rc;
}

static int add_line(struct explanation *e, const char *what, const char *todo)
{
	e->lines++;
	return strbuf_addf(&e->out, "\n  %s:%s%s --nodeps", what, todo ? todo : "",
			   todo ? ", or" : "");
}

static int explain_problem(struct explanation *e, Id problem, const struct reason *reasons,
			   int count)
{
	struct strbuf what = STRBUF_INIT, todo = STRBUF_INIT;
	int rc = 0;

	for (int i = 0; i < count && !rc; i++) {
		struct strbuf text = STRBUF_INIT;

		rc = say(e->r, e->solver, &reasons[i], &text);
		/* The same dependency is often met on several ways. */
		if (!rc && !(what.len && strstr(what.data, text.data)))
			rc = strbuf_addf(&what, "%s%s", what.len ? "; " : "", text.data);
		strbuf_release(&text);
	}
	if (!rc)
		rc = add_solutions(e, problem, &todo);
	if (!rc)
		rc = add_line(e, what.data, todo.data);
	strbuf_release(&what);
	strbuf_release(&todo);
	return rc;
}

/*
 * libsolv stops at the first thing that a package lacks. Whoever wants to mend
 * it in one go has to know all of them.
 */
static int add_lacks(struct explanation *e, Id problem, const struct reason *why)
{
	Pool *pool = e->r->pool;
	size_t first = e->lack_count;
	Queue requires;
	int rc = 0;

	queue_init(&requires);
	solvable_lookup_deparray(pool->solvables + why->source, SOLVABLE_REQUIRES, &requires, 0);
	queue_unshift(&requires, why->dep);
	for (int i = 0; i < requires.count && !rc; i++) {
		Id dep = requires.elements[i];
		bool is_known = dep == SOLVABLE_PREREQMARKER;

		/* Of conditions only libsolv knows whether they hold. */
		if (i && (is_known || (ISRELDEP(dep) && GETRELDEP(pool, dep)->flags > 7) ||
			  pool->whatprovidesdata[pool_whatprovides(pool, dep)]))
			continue;
		for (size_t k = first; k < e->lack_count; k++)
			is_known |= e->lacks[k].dep == dep;
		if (is_known)
			continue;
		rc = array_grow((void **)&e->lacks, e->lack_count, &e->lack_capacity,
				sizeof(*e->lacks));
		if (!rc)
			e->lacks[e->lack_count++] = (struct lack){ .dep = dep,
								   .source = why->source,
								   .problem = problem };
	}
	queue_free(&requires);
	return rc;
}

/* The packages that lack what first does, with what to leave out when they are a handful. */
static int add_sources(struct explanation *e, size_t first, struct strbuf *what,
		       struct strbuf *todo)
{
	struct lack *lacks = e->lacks;
	size_t sources = 0;
	int rc = 0;

	for (size_t i = first; i < e->lack_count && !rc; i++) {
		bool is_named = false;
		Id solution;

		if (lacks[i].dep != lacks[first].dep)
			continue;
		for (size_t k = first; k < i; k++)
			is_named |= lacks[k].dep == lacks[i].dep &&
				    lacks[k].source == lacks[i].source;
		lacks[i].is_told = true;
		if (!is_named && ++sources <= SOURCES_MAX)
			rc = strbuf_addf(what, "%s%s", sources > 1 ? ", " : "",
					 pool_solvid2str(e->r->pool, lacks[i].source));
		solution = solver_next_solution(e->solver, lacks[i].problem, 0);
		if (!rc && solution && sources <= SOURCES_MAX)
			rc = add_solution(e, lacks[i].problem, solution, todo);
	}
	if (sources > SOURCES_MAX)
		strbuf_release(todo);
	if (!rc && sources > SOURCES_MAX)
		rc = strbuf_addf(what, " and %zu more", sources - SOURCES_MAX);
	return rc;
}

/* Many packages often lack one and the same thing: they share a line. */
static int explain_lack(struct explanation *e, size_t first)
{
	Pool *pool = e->r->pool;
	Id dep = e->lacks[first].dep;
	struct strbuf what = STRBUF_INIT, todo = STRBUF_INIT;
	int rc = strbuf_addf(&what, "nothing provides %s needed by ", pool_dep2str(pool, dep));

	if (!rc)
		rc = add_sources(e, first, &what, &todo);
	if (!rc)
		rc = say_unusable(e->r, dep, &what);
	if (!rc)
		rc = strbuf_addf(&todo, "%s add media that have %s", todo.len ? ", or" : "",
				 pool_dep2str(pool, dep));
	if (!rc)
		rc = add_line(e, what.data, todo.data);
	strbuf_release(&what);
	strbuf_release(&todo);
	return rc;
}

static int explain_all(struct explanation *e)
{
	Id problem = 0;
	int rc = 0;

	while (!rc && (problem = solver_next_problem(e->solver, problem))) {
		struct reason reasons[REASONS_MAX];
		int count = find_reasons(e->solver, problem, reasons);

		if (count == 1 && reasons[0].type == SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP)
			rc = add_lacks(e, problem, &reasons[0]);
		else
			rc = explain_problem(e, problem, reasons, count);
	}
	for (size_t i = 0; i < e->lack_count && !rc; i++)
		if (!e->lacks[i].is_told)
			rc = explain_lack(e, i);
	return rc;
}

int solve_explain(const struct resolver *r, Solver *solver, const struct strlist *names,
		  struct error *err)
{
	struct explanation e = { .r = r, .solver = solver, .names = names };
	int rc = explain_all(&e);

	if (rc)
		error_nomem(err);
	else
		rc = error_set(err, -ERR_SOLVE, NULL,
			       "dependencies cannot be satisfied (%zu problem%s):%s", e.lines,
			       e.lines == 1 ? "" : "s", e.out.data ? e.out.data : "");
	strbuf_release(&e.out);
	free(e.lacks);
	return rc;
}
