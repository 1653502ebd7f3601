/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a package of medium N lies: in the tree itself, when all media were merged into one;
 * beside it (CD2 for CD1, DVD2.iso for DVD1.iso); in the folder CD2 of a folder of media; or on
 * another source that was given, which has a media.N of the same set.
 */
#include <errno.h>

#include "pkg/media_tree.h"

char *media_join(const char *a, const char *b)
{
	char *path;

	return asprintf(&path, "%s%s%s", a, *a && *b ? "/" : "", b) < 0 ? NULL : path;
}

/*
 * The name of another medium beside this one: "CD2" for "CD1", "DVD2.iso" for
 * "SuSE-DVD1.iso"; NULL when the name does not end in this medium's number.
 */
static char *sibling(const char *location, unsigned int medium)
{
	size_t n = strlen(location), end, digits = 0;
	char *path;

	while (n > 1 && location[n - 1] == '/')
		n--;
	end = n > 4 && !strncasecmp(location + n - 4, ".iso", 4) ? n - 4 : n;
	while (digits < end && strchr("0123456789", location[end - digits - 1]))
		digits++;
	if (digits != 1 || location[end - 1] != '1' ||
	    asprintf(&path, "%.*s%u%.*s", (int)(end - 1), location, medium, (int)(n - end),
		     location + end) < 0)
		return NULL;
	return path;
}

static int read_mark(struct source *s, unsigned int medium, struct strbuf *text, struct error *err)
{
	char path[40];
	const struct source_file file = { .path = path, .optional = true };

	snprintf(path, sizeof(path), "media.%u/media", medium);
	return source_read(s, &file, MEDIA_TEXT_MAX, text, err);
}

/* The lines of vendor and identification: the same on all media of a set. */
static size_t mark_size(const struct strbuf *text)
{
	const char *first = text->data ? strchr(text->data, '\n') : NULL;
	const char *second = first ? strchr(first + 1, '\n') : NULL;

	return second ? (size_t)(second - text->data) : 0;
}

/* The source that was given for the medium: it has a media.N, of the same set if both say so. */
static int find_given(const struct media *m, unsigned int medium, struct source **found,
		      struct error *err)
{
	struct strbuf own = STRBUF_INIT, other = STRBUF_INIT;
	int rc = read_mark(m->source, 1, &own, err);
	size_t n = mark_size(&own);
	char folder[24];

	*found = NULL;
	snprintf(folder, sizeof(folder), "media.%u", medium);
	for (size_t i = 0; !rc && !*found && m->all && i < m->all->count; i++) {
		struct source *s = m->all->items[i];

		if (s == m->source || !s->ops->has || s->ops->has(s, folder, true, NULL) != 1)
			continue;
		rc = read_mark(s, medium, &other, err);
		if (!rc && (!n || !mark_size(&other) ||
			    (n == mark_size(&other) && !memcmp(own.data, other.data, n))))
			*found = s;
	}
	strbuf_release(&own);
	strbuf_release(&other);
	return rc;
}

/* Once for a medium of a source where each look costs a transfer: who has its media.N? */
static int find_mark(const struct media *m, const char *folder, struct tree_medium *t,
		     struct error *err)
{
	char *inner = sibling(folder, t->number), *path = NULL, mark[40];
	int rc;

	snprintf(mark, sizeof(mark), "media.%u/media", t->number);
	t->found = m->source;
	rc = source_has(m->source, mark, err);
	if (!rc && t->beside) {
		rc = source_has(t->beside, mark, err);
		if (rc == 1)
			t->found = t->beside;
	}
	if (!rc && inner) {
		path = media_join(inner, mark);
		rc = path ? source_has(m->source, path, err) : error_nomem(err);
		t->found_inner = rc == 1;
	}
	free(path);
	free(inner);
	return rc < 0 ? rc : 0;
}

static int get_medium(const struct media *m, const char *folder, unsigned int number,
		      struct tree_medium **out, struct error *err)
{
	struct tree *t = m->data;
	char *beside;
	int rc = 0;

	for (size_t i = 0; i < t->medium_count; i++) {
		*out = &t->media[i];
		if (t->media[i].number == number)
			return 0;
	}
	if (array_grow((void **)&t->media, t->medium_count, &t->medium_capacity,
		       sizeof(*t->media)))
		return error_nomem(err);
	*out = &t->media[t->medium_count++];
	**out = (struct tree_medium){ .number = number };
	beside = sibling(m->location, number);
	/* That there is none is no error: it may be elsewhere. */
	if (beside && source_open(beside, m->source->settings, &(*out)->beside, NULL))
		(*out)->beside = NULL;
	free(beside);
	if (!m->source->ops->has)
		rc = find_mark(m, folder, *out, err);
	return rc;
}

static bool has(struct source *s, const char *path)
{
	return s && path && s->ops->has && s->ops->has(s, path, false, NULL) == 1;
}

/* It is nowhere: the name that it would have beside this one tells which medium is missing. */
static int place_missing(const struct media *m, unsigned int medium, const char *path,
			 struct package *p, struct error *err)
{
	char *beside = m->source->ops->local ? sibling(m->location, medium) : NULL;
	int n;

	if (!beside)
		return media_place(m->source, path, p, err);
	n = asprintf(&p->path, "%s/%s", beside, path);
	free(beside);
	if (n < 0) {
		p->path = NULL;
		return error_nomem(err);
	}
	return 0;
}

static int place_elsewhere(const struct media *m, const char *folder, unsigned int medium,
			   const char *path, const char *inner, struct package *p,
			   struct error *err)
{
	struct tree_medium *t = NULL;
	struct source *given;
	int rc = get_medium(m, folder, medium, &t, err);

	if (rc)
		return rc;
	if (t->found)
		return media_place(t->found, t->found_inner ? inner : path, p, err);
	if (has(t->beside, path))
		return media_place(t->beside, path, p, err);
	if (inner && has(m->source, inner))
		return media_place(m->source, inner, p, err);
	rc = find_given(m, medium, &given, err);
	if (rc)
		return rc;
	t->found = given;
	return given ? media_place(given, path, p, err) : place_missing(m, medium, path, p, err);
}

int tree_place(const struct media *m, const char *folder, unsigned int medium, const char *file,
	       struct package *p, struct error *err)
{
	char *path = media_join(folder, file), *beside = sibling(folder, medium);
	char *inner = beside ? media_join(beside, file) : NULL;
	int rc;

	if (!path || (beside && !inner))
		rc = error_nomem(err);
	else if (medium <= 1 || has(m->source, path))
		rc = media_place(m->source, path, p, err);
	else
		rc = place_elsewhere(m, folder, medium, path, inner, p, err);
	free(inner);
	free(beside);
	free(path);
	return rc;
}
