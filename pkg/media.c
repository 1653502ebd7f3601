/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/media.h"

#include <errno.h>
#include <solv/chksum.h>
#include <solv/knownid.h>

#define SELECTION_MAX (16 << 20) /* bytes */

/* Asked in this order: a tree is a folder with RPMs, too. */
static const struct media_kind *const kinds[] = {
	&media_tree,
	&media_rpmmd,
	&media_folder,
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

bool media_is_source(Id arch)
{
	return arch == ARCH_SRC || arch == ARCH_NOSRC;
}

static int need_packages(struct media *m, struct error *err)
{
	const Pool *pool = m->repo->pool;
	size_t sources = m->sources;

	for (Id p = m->repo->start; p < m->repo->end; p++) {
		if (pool->solvables[p].repo != m->repo)
			continue;
		if (!media_is_source(pool->solvables[p].arch))
			return 0;
		sources++;
	}
	if (!sources)
		return error_set(err, -ERR_NOT_FOUND, m->location, "the media has no packages");
	return error_set(err, -ERR_NOT_FOUND, m->location,
			 "the media has source packages only (%zu)", sources);
}

/* The first kind that knows what is there, or an error with every kind's reason. */
static int find_kind(struct source *source, const struct media_kind **kind, struct error *err)
{
	struct strbuf why = STRBUF_INIT;
	int rc = 0;

	*kind = NULL;
	for (size_t i = 0; i < KIND_COUNT && !rc; i++) {
		rc = strbuf_addf(&why, "%sno %s: ", i ? "; " : "", kinds[i]->name);
		if (!rc)
			rc = kinds[i]->detect(source, &why, err);
		if (rc == 1)
			*kind = kinds[i];
	}
	if (rc == -ENOMEM)
		error_nomem(err);
	else if (*kind)
		rc = 0;
	else if (!rc)
		rc = error_set(err, -ERR_NOT_FOUND, source->location,
			       "not recognised as media: %s", why.data);
	strbuf_release(&why);
	return rc;
}

int media_open(Pool *pool, struct source *source, const struct source_list *all,
	       struct media **out, struct error *err)
{
	const struct media_kind *kind;
	struct media *m;
	int rc;

	*out = NULL;
	rc = find_kind(source, &kind, err);
	if (rc)
		return rc;
	m = calloc(1, sizeof(*m));
	if (!m)
		return error_nomem(err);
	m->kind = kind;
	m->location = source->location;
	m->source = source;
	m->all = all;
	m->repo = repo_create(pool, m->location);
	m->repo->appdata = m;
	rc = kind->load(m, err);
	if (!rc)
		rc = need_packages(m, err);
	if (rc) {
		repo_free(m->repo, 1);
		m->repo = NULL;
		media_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

void media_free(struct media *m)
{
	if (!m)
		return;
	if (m->kind)
		m->kind->release(m);
	strlist_release(&m->selections);
	strlist_release(&m->selection_sums);
	free(m);
}

int media_add_selection(struct media *m, char *path, const struct source_file *promised,
			struct error *err)
{
	bool has_sum = promised->checksum_algo && promised->checksum;

	if (path && strlist_find(&m->selections, path) >= 0) {
		free(path);
		return 0;
	}
	if (strlist_take(&m->selections, path) ||
	    strlist_addf(&m->selection_sums, "%s%s%s", has_sum ? promised->checksum_algo : "",
			 has_sum ? " " : "", has_sum ? promised->checksum : ""))
		return error_nomem(err);
	return 0;
}

int media_read_selection(const struct media *m, size_t i, struct strbuf *text, struct error *err)
{
	struct source_file file = { .path = m->selections.items[i] };
	char *algo = strdup(m->selection_sums.items[i]), *space;
	int rc;

	if (!algo)
		return error_nomem(err);
	space = strchr(algo, ' ');
	if (space) {
		*space = '\0';
		file.checksum_algo = algo;
		file.checksum = space + 1;
	}
	rc = source_read(m->source, &file, SELECTION_MAX, text, err);
	free(algo);
	return rc;
}

int media_describe(const struct media *m, Id package, struct package *p, struct error *err)
{
	return m->kind->describe(m, package, p, err);
}

int media_place(struct source *source, const char *path, struct package *p, struct error *err)
{
	struct source_file file = { .path = path, .optional = true };
	int rc = 0;

	p->source = source;
	p->location = strdup(path);
	if (!p->location)
		return error_nomem(err);
	if (!source->ops->local)
		return 0;
	/* It need not be there to solve; but when it is, it must be inside. */
	rc = source_fetch(source, &file, 1, NULL, err);
	free(file.local);
	if (rc)
		return rc;
	p->path = source->ops->local(source, path);
	return p->path ? 0 : error_nomem(err);
}

int media_set_checksum(Solvable *s, struct package *p, struct error *err)
{
	Id type = 0;
	const char *sum = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);

	if (!p->size)
		p->size = solvable_lookup_num(s, SOLVABLE_DOWNLOADSIZE, 0);
	if (!sum || !type)
		return 0;
	p->checksum_algo = solv_chksum_type2str(type);
	p->checksum = strdup(sum);
	return p->checksum ? 0 : error_nomem(err);
}

int media_is_volume(struct source *s, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	bool first = false, further = false;
	int rc;

	if (!source_can_list(s))
		return 0;
	rc = source_list(s, "", &names, err);
	for (size_t i = 0; i < names.count && !rc; i++) {
		const char *name = names.items[i];

		first |= !strcasecmp(name, "media.1/") || !strcasecmp(name, "content");
		further |= !strncasecmp(name, "media.", 6) && strspn(name + 6, "0123456789") &&
			   !strcmp(name + 6 + strspn(name + 6, "0123456789"), "/");
	}
	strlist_release(&names);
	return rc ? rc : further && !first;
}
