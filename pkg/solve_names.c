/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a name on the command line or in a selection means. */
#include <solv/evr.h>
#include <solv/knownid.h>
#include <solv/poolarch.h>
#include <solv/selection.h>

#include "pkg/solve_internal.h"

bool solvable_is_package(const struct resolver *r, Id p)
{
	const Solvable *s = r->pool->solvables + p;

	return s->repo && !media_is_source(s->arch);
}

bool solvable_arch_is_known(const struct resolver *r, Id p)
{
	return pool_arch2score(r->pool, r->pool->solvables[p].arch) != 0;
}

bool solvable_is_considered(const struct resolver *r, Id p)
{
	return !r->pool->considered || MAPTST(r->pool->considered, p);
}

/* Does text begin with word? Then *text moves behind it. */
static bool skip_word(const char **text, const char *word, size_t n)
{
	if (strncmp(*text, word, n))
		return false;
	*text += n;
	return true;
}

/* Nothing is left but ".arch", ".rpm" or both. */
static bool is_tail(const char *rest, const char *arch, bool *has_arch)
{
	const char *after = rest;

	*has_arch = *rest == '.' && (rest++, skip_word(&rest, arch, strlen(arch)));
	if (*has_arch)
		after = rest;
	return !*after || !strcmp(after, ".rpm");
}

/* text is name.arch or name-[epoch:]version[-release][.arch]. */
static bool is_exact(const Pool *pool, const Solvable *s, const char *text, bool *has_arch)
{
	const char *name = pool_id2str(pool, s->name), *evr = pool_id2str(pool, s->evr);
	const char *arch = pool_id2str(pool, s->arch), *rest = text, *colon, *dash;

	if (!skip_word(&rest, name, strlen(name)))
		return false;
	if (*rest == '.')
		return is_tail(rest, arch, has_arch) && *has_arch;
	if (*rest++ != '-')
		return false;
	colon = strchr(evr, ':');
	if (colon && strncmp(rest, evr, (size_t)(colon - evr) + 1))
		evr = colon + 1; /* rpm's file names have no epoch */
	text = rest;
	if (skip_word(&rest, evr, strlen(evr)) && is_tail(rest, arch, has_arch))
		return true;
	dash = strrchr(evr, '-');
	return dash && skip_word(&text, evr, (size_t)(dash - evr)) &&
	       is_tail(text, arch, has_arch);
}

static void find_named(const struct resolver *r, const char *text, Queue *packages)
{
	Id name = pool_str2id(r->pool, text, 0);

	for (Id p = 1; name && p < r->pool->nsolvables; p++)
		if (r->pool->solvables[p].name == name && solvable_is_package(r, p))
			queue_push(packages, p);
}

static void find_exact(const struct resolver *r, const char *text, Queue *packages, bool *has_arch)
{
	for (Id p = 1; p < r->pool->nsolvables; p++) {
		bool arch;

		if (!solvable_is_package(r, p) ||
		    !is_exact(r->pool, r->pool->solvables + p, text, &arch))
			continue;
		queue_push(packages, p);
		*has_arch |= arch;
	}
}

void name_find_packages(const struct resolver *r, const char *text, Queue *packages,
			bool *has_arch)
{
	*has_arch = false;
	queue_empty(packages);
	find_named(r, text, packages);
	if (!packages->count)
		find_exact(r, text, packages, has_arch);
}

static void find_provided(const struct resolver *r, const char *text, Queue *packages)
{
	int flags = SELECTION_PROVIDES | SELECTION_REL | SELECTION_FLAT;
	Queue job, found;

	if (*text == '/')
		flags |= SELECTION_FILELIST;
	queue_init(&job);
	queue_init(&found);
	if (selection_make(r->pool, &job, text, flags))
		selection_solvables(r->pool, &job, &found);
	for (int i = 0; i < found.count; i++)
		if (solvable_is_package(r, found.elements[i]))
			queue_push(packages, found.elements[i]);
	queue_free(&found);
	queue_free(&job);
}

/* Keep those that match; how many are left. */
static int keep(const struct resolver *r, Queue *packages,
		bool (*match)(const struct resolver *r, Id p))
{
	int n = 0;

	for (int i = 0; i < packages->count; i++)
		if (match(r, packages->elements[i]))
			packages->elements[n++] = packages->elements[i];
	queue_truncate(packages, n);
	return n;
}

static bool any(const struct resolver *r, const Queue *packages,
		bool (*match)(const struct resolver *r, Id p))
{
	for (int i = 0; i < packages->count; i++)
		if (match(r, packages->elements[i]))
			return true;
	return false;
}

/*
 * A name alone means the best architecture that there is; else a package that
 * cannot be installed would be replaced, in silence, by one of a lesser architecture.
 */
static void keep_best_arch(const struct resolver *r, Queue *packages)
{
	unsigned int best = 0;
	int n = 0;

	for (int i = 0; i < packages->count; i++) {
		Id arch = r->pool->solvables[packages->elements[i]].arch;
		unsigned int score = pool_arch2score(r->pool, arch);

		if (arch != ARCH_NOARCH && (!best || score < best))
			best = score;
	}
	for (int i = 0; i < packages->count; i++) {
		Id arch = r->pool->solvables[packages->elements[i]].arch;

		if (arch == ARCH_NOARCH || pool_arch2score(r->pool, arch) == best)
			packages->elements[n++] = packages->elements[i];
	}
	queue_truncate(packages, n);
}

enum name_match resolver_find_name(const struct resolver *r, const char *text, Queue *packages,
			  bool *has_arch)
{
	bool is_foreign, is_name;

	name_find_packages(r, text, packages, has_arch);
	is_name = packages->count && !*has_arch;
	is_foreign = packages->count && !any(r, packages, solvable_arch_is_known);
	if (is_foreign || !packages->count) {
		Queue provided;

		queue_init(&provided);
		find_provided(r, text, &provided);
		if (any(r, &provided, solvable_arch_is_known)) {
			queue_empty(packages);
			queue_insertn(packages, 0, provided.count, provided.elements);
			is_foreign = is_name = *has_arch = false;
		}
		queue_free(&provided);
	}
	if (!packages->count)
		return NAME_UNKNOWN;
	if (is_foreign)
		return NAME_FOREIGN;
	keep(r, packages, solvable_arch_is_known);
	if (!keep(r, packages, solvable_is_considered))
		return NAME_EXCLUDED;
	if (is_name)
		keep_best_arch(r, packages);
	return NAME_FOUND;
}
