/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/solve.h"

#include <errno.h>
#include <solv/poolarch.h>

#include "pkg/solve_internal.h"

/* ':' makes each architecture a class of its own: no package changes from one to the next. */
static int set_arches(struct resolver *r, const char *const *arches, struct error *err)
{
	struct strbuf policy = STRBUF_INIT;

	for (size_t i = 0; arches[i]; i++) {
		if (!*arches[i] || strpbrk(arches[i], ":>= \t")) {
			strbuf_release(&policy);
			return error_set(err, -ERR_USAGE, arches[i], "no name of an architecture");
		}
		if (!strcmp(arches[i], "noarch"))
			continue;
		if ((policy.len && strbuf_adds(&policy, ":")) ||
		    strbuf_adds(&policy, arches[i])) {
			strbuf_release(&policy);
			return error_nomem(err);
		}
	}
	pool_setarchpolicy(r->pool, policy.data ? policy.data : "");
	strbuf_release(&policy);
	return 0;
}

static void be_quiet(Pool *pool, void *arg, int type, const char *text)
{
}

int resolver_new(struct resolver **out, const char *const *arches, struct error *err)
{
	struct resolver *r = calloc(1, sizeof(*r));
	int rc;

	*out = NULL;
	if (!r)
		return error_nomem(err);
	r->pool = pool_create();
	pool_setdebugcallback(r->pool, be_quiet, NULL);
	pool_setdebugmask(r->pool, 0);
	/* Debian's libsolv compares versions as dpkg does unless told otherwise. */
	if (pool_setdisttype(r->pool, DISTTYPE_RPM) < 0)
		rc = error_set(err, -ERR_UNSUPPORTED, NULL, "libsolv was built without RPM rules");
	else
		rc = set_arches(r, arches, err);
	/* glibc.i686 beside glibc.x86_64 is no other version of it. */
	pool_set_flag(r->pool, POOL_FLAG_IMPLICITOBSOLETEUSESCOLORS, 1);
	if (rc) {
		resolver_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->media_count; i++)
		media_free(r->media[i]);
	free(r->media);
	strlist_release(&r->selections);
	pool_free(r->pool);
	free(r);
}

int resolver_add_media(struct resolver *r, const char *location, struct error *err)
{
	struct media *m;
	int rc;

	if (array_grow((void **)&r->media, r->media_count, &r->media_capacity, sizeof(*r->media)))
		return error_nomem(err);
	rc = media_open(r->pool, location, &m, err);
	if (rc)
		return rc;
	r->media[r->media_count++] = m;
	for (size_t i = 0; i < m->selections.count; i++)
		if (strlist_add(&r->selections, m->selections.items[i]))
			return error_nomem(err);
	return 0;
}

size_t resolver_package_count(const struct resolver *r)
{
	size_t n = 0;

	for (Id p = 1; p < r->pool->nsolvables; p++)
		n += solvable_is_package(r, p);
	return n;
}

const struct strlist *resolver_selections(const struct resolver *r)
{
	return &r->selections;
}

bool resolver_has_name(const struct resolver *r, const char *name)
{
	Id id = pool_str2id(r->pool, name, 0);

	for (Id p = 1; id && p < r->pool->nsolvables; p++)
		if (r->pool->solvables[p].name == id && solvable_is_package(r, p) &&
		    solvable_arch_is_known(r, p))
			return true;
	return false;
}
