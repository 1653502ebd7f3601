/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why dependencies cannot be satisfied, in words, and what could be done. */
#include <errno.h>
#include <solv/knownid.h>

#include "pkg/solve.h"
#include "pkg/solve_internal.h"

#define REASONS_MAX 4   /* of one problem; more of them explain less */
#define SOLUTIONS_MAX 3

struct reason {
	SolverRuleinfo type;
	Id source, target, dep;
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

static int say_nothing_provides(const struct resolver *r, const struct reason *why,
				struct strbuf *out)
{
	const char *dep = pool_dep2str(r->pool, why->dep);
	const char *source = pool_solvid2str(r->pool, why->source);
	bool is_excluded;
	Id other;
	int rc;

	rc = strbuf_addf(out, "nothing provides %s needed by %s", dep, source);
	other = find_unusable(r, why->dep, &is_excluded);
	if (!rc && other)
		rc = strbuf_addf(out, " (only %s, which is %s)", pool_solvid2str(r->pool, other),
				 is_excluded ? "excluded" : "of a foreign architecture");
	return rc;
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
		return say_nothing_provides(r, why, out);
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
static int add_solution(const struct resolver *r, Solver *solver, Id problem, Id solution,
			const struct strlist *names, struct strbuf *out)
{
	Id element = 0, p, rp;
	int rc = 0;

	while (!rc && (element = solver_next_solutionelement(solver, problem, solution, element,
							     &p, &rp))) {
		/* rp counts the job queue's words from 1; a job is a pair of them. */
		size_t job = (size_t)(rp - 1) / 2;

		if (p == SOLVER_SOLUTION_JOB && rp > 0 && job < names->count)
			rc = strbuf_addf(out, " --exclude %s", names->items[job]);
		else if (p == SOLVER_SOLUTION_INFARCH)
			rc = strbuf_addf(out, " --add %s", pool_solvid2str(r->pool, rp));
	}
	return rc;
}

static int add_solutions(const struct resolver *r, Solver *solver, Id problem,
			 const struct reason *why, const struct strlist *names,
			 struct strbuf *out)
{
	Id solution = 0;
	size_t start = out->len;
	int n = 0, rc = 0;

	while (!rc && n < SOLUTIONS_MAX &&
	       (solution = solver_next_solution(solver, problem, solution))) {
		size_t before = out->len;

		rc = strbuf_adds(out, n ? ", or" : ":");
		if (!rc)
			rc = add_solution(r, solver, problem, solution, names, out);
		if (!rc && out->len == before + (n ? 4 : 1)) /* nothing that an option could do */
			out->data[out->len = before] = '\0';
		else
			n++;
	}
	if (!rc && why->type == SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP)
		rc = strbuf_addf(out, "%s add media that have %s",
				 out->len > start ? ", or" : ":", pool_dep2str(r->pool, why->dep));
	if (!rc)
		rc = strbuf_addf(out, "%s --nodeps", out->len > start ? ", or" : ":");
	return rc;
}

static int explain_problem(const struct resolver *r, Solver *solver, Id problem,
			   const struct strlist *names, struct strbuf *out)
{
	struct reason reasons[REASONS_MAX];
	int n = find_reasons(solver, problem, reasons), rc = 0;
	struct strbuf line = STRBUF_INIT;

	for (int i = 0; i < n && !rc; i++) {
		struct strbuf text = STRBUF_INIT;

		rc = say(r, solver, &reasons[i], &text);
		/* The same dependency is often met on several ways. */
		if (!rc && !(line.len && strstr(line.data, text.data)))
			rc = strbuf_addf(&line, "%s%s", line.len ? "; " : "", text.data);
		strbuf_release(&text);
	}
	if (!rc)
		rc = add_solutions(r, solver, problem, &reasons[0], names, &line);
	if (!rc)
		rc = strbuf_addf(out, "\n  %s", line.data);
	strbuf_release(&line);
	return rc;
}

int solve_explain(const struct resolver *r, Solver *solver, const struct strlist *names,
		  struct error *err)
{
	struct strbuf out = STRBUF_INIT;
	unsigned int count = solver_problem_count(solver);
	Id problem = 0;
	int rc;

	rc = strbuf_addf(&out, "dependencies cannot be satisfied (%u problem%s):", count,
			 count == 1 ? "" : "s");
	while (!rc && (problem = solver_next_problem(solver, problem)))
		rc = explain_problem(r, solver, problem, names, &out);
	if (rc)
		error_nomem(err);
	else
		rc = error_set(err, -ERR_SOLVE, NULL, "%s", out.data);
	strbuf_release(&out);
	return rc;
}
