/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What packages require of the rpm library itself. */
#include <errno.h>
#include <rpm/rpmds.h>
#include <solv/knownid.h>

#include "pkg/solve_internal.h"

static bool is_feature(const Pool *pool, Id dep)
{
	while (ISRELDEP(dep))
		dep = GETRELDEP(pool, dep)->name;
	return !strncmp(pool_id2str(pool, dep), "rpmlib(", 7);
}

static bool has_feature(const Pool *pool, Id dep, rpmds features)
{
	const char *name, *evr = "";
	rpmsenseFlags flags = RPMSENSE_RPMLIB;
	bool found;
	rpmds ds;

	if (ISRELDEP(dep)) {
		const Reldep *rel = GETRELDEP(pool, dep);

		/* A rich dependency on a feature: no rpm has ever made one. */
		if (rel->flags > (REL_GT | REL_EQ | REL_LT) || ISRELDEP(rel->name))
			return false;
		flags |= rel->flags & REL_GT ? RPMSENSE_GREATER : 0;
		flags |= rel->flags & REL_EQ ? RPMSENSE_EQUAL : 0;
		flags |= rel->flags & REL_LT ? RPMSENSE_LESS : 0;
		evr = pool_id2str(pool, rel->evr);
		dep = rel->name;
	}
	name = pool_id2str(pool, dep);
	ds = rpmdsSingle(RPMTAG_REQUIRENAME, name, evr, flags);
	found = rpmdsSearch(features, ds) >= 0;
	rpmdsFree(ds);
	return found;
}

int solve_check_features(const struct resolver *r, const Queue *packages, struct error *err)
{
	struct strbuf missing = STRBUF_INIT;
	rpmds features = NULL;
	Queue requires;
	int rc = 0;

	if (rpmdsRpmlib(&features, NULL))
		return error_set(err, -ERR_RPM, NULL, "librpm does not tell its features");
	queue_init(&requires);
	for (int i = 0; i < packages->count && !rc; i++) {
		Solvable *s = r->pool->solvables + packages->elements[i];

		queue_empty(&requires); /* libsolv adds to what is there */
		solvable_lookup_deparray(s, SOLVABLE_REQUIRES, &requires, 0);
		for (int k = 0; k < requires.count && !rc; k++) {
			Id dep = requires.elements[k];

			if (dep == SOLVABLE_PREREQMARKER || !is_feature(r->pool, dep) ||
			    has_feature(r->pool, dep, features))
				continue;
			rc = strbuf_addf(&missing, "\n  %s needs %s", pool_solvable2str(r->pool, s),
					 pool_dep2str(r->pool, dep));
		}
	}
	queue_free(&requires);
	rpmdsFree(features);
	if (rc)
		error_nomem(err);
	else if (missing.len)
		rc = error_set(err, -ERR_UNSUPPORTED, NULL,
			       "packages need what this rpm library does not have:%s",
			       missing.data);
	strbuf_release(&missing);
	return rc;
}
