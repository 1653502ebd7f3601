/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/pack.h"

#include <errno.h>
#include <fcntl.h>

static void release_member(struct pack_member *m)
{
	free(m->path);
	free(m->source);
	free(m->text);
	free(m->target);
	free(m->base);
	free(m->base_path);
}

int pack_add(struct pack *p, const struct pack_member *m, struct error *err)
{
	struct pack_member copy = *m;
	int rc = 0;

	if (p->count >= MANIFEST_ENTRIES_MAX)
		rc = error_set(err, -ERR_LIMIT, m->path, "a lab has at most %u files",
			       MANIFEST_ENTRIES_MAX);
	else if (!m->path || (m->type == MANIFEST_LINK && !m->target) ||
		 (m->type == MANIFEST_FILE && !m->source && !m->text) ||
		 array_grow((void **)&p->members, p->count, &p->capacity, sizeof(*p->members)))
		rc = error_nomem(err);
	else
		rc = member_path_check(m->path, m->path, err);
	if (rc) {
		release_member(&copy);
		return rc;
	}
	p->members[p->count++] = copy;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct pack_member *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int pack_sort(struct pack *p, struct error *err)
{
	if (p->count)
		qsort(p->members, p->count, sizeof(*p->members), by_path);
	for (size_t i = 1; i < p->count; i++)
		if (strcmp(p->members[i - 1].path, p->members[i].path) == 0)
			return error_set(err, -ERR_CONFLICT, p->members[i].path,
					 "two files would have this name in the archive");
	return 0;
}

const struct pack_member *pack_find(const struct pack *p, const char *path)
{
	struct pack_member key = { .path = (char *)path };

	return p->count ? bsearch(&key, p->members, p->count, sizeof(*p->members), by_path) : NULL;
}

void pack_release(struct pack *p)
{
	for (size_t i = 0; i < p->count; i++)
		release_member(&p->members[i]);
	free(p->members);
	strlist_release(&p->notes);
	*p = (struct pack)PACK_INIT;
}
