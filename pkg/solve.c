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
	for (size_t i = 0; i < r->sources.count; i++)
		source_close(r->sources.items[i]);
	free(r->sources.items);
	strlist_release(&r->selections);
	pool_free(r->pool);
	free(r);
}

static int open_media(struct resolver *r, struct source *source, struct error *err)
{
	struct media *m;
	int rc;

	if (array_grow((void **)&r->media, r->media_count, &r->media_capacity, sizeof(*r->media)))
		return error_nomem(err);
	rc = media_open(r->pool, source, &r->sources, &m, err);
	if (rc)
		return rc;
	r->media[r->media_count++] = m;
	for (size_t i = 0; i < m->selections.count; i++)
		if (strlist_take(&r->selections,
				 source_label(source, m->selections.items[i])))
			return error_nomem(err);
	return 0;
}

static int open_source(struct resolver *r, const char *location,
		       const struct source_settings *settings, struct error *err)
{
	struct source_list *l = &r->sources;
	int rc;

	if (array_grow((void **)&l->items, l->count, &l->capacity, sizeof(struct source *)))
		return error_nomem(err);
	rc = source_open(location, settings, &l->items[l->count], err);
	l->count += !rc;
	return rc;
}

int resolver_add_all(struct resolver *r, const struct strlist *locations,
		     const struct source_settings *settings, struct error *err)
{
	size_t first = r->sources.count;
	bool alone = locations->count == 1;
	int rc = 0;

	for (size_t i = 0; i < locations->count && !rc; i++)
		rc = open_source(r, locations->items[i], settings, err);
	for (size_t i = first; i < r->sources.count && !rc; i++) {
		/* Medium 2 of a set is looked at when the metadata of medium 1 says so. */
		rc = alone ? 0 : media_is_volume(r->sources.items[i], err);
		if (!rc)
			rc = open_media(r, r->sources.items[i], err);
		else if (rc == 1)
			rc = 0;
	}
	if (!rc && !r->media_count)
		rc = error_set(err, -ERR_NOT_FOUND, locations->count ? locations->items[0] : NULL,
			       "a further medium of a set, and the first one is not given");
	return rc;
}

int resolver_add_media(struct resolver *r, const char *location, struct error *err)
{
	struct strlist one = STRLIST_INIT;
	int rc = strlist_add(&one, location) ? error_nomem(err) : 0;

	if (!rc)
		rc = resolver_add_all(r, &one, NULL, err);
	strlist_release(&one);
	return rc;
}

int resolver_read_selection(struct resolver *r, const char *path, struct strbuf *text,
			    struct error *err)
{
	strbuf_release(text);
	for (size_t i = 0; i < r->media_count; i++) {
		struct media *m = r->media[i];

		for (size_t k = 0; k < m->selections.count; k++) {
			char *label = source_label(m->source, m->selections.items[k]);
			bool is_it = label && !strcmp(label, path);

			free(label);
			if (!label)
				return error_nomem(err);
			if (is_it)
				return media_read_selection(m, k, text, err);
		}
	}
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
