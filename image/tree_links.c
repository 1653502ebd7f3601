/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbolic links that packages will bring, known before any file is added.
 *
 * Each is filed under its place, which is its path with the parents resolved
 * through the other declared links: with /lib -> usr/lib declared, the link
 * /lib/cpp has the place /usr/lib/cpp. Places depend on each other, so they
 * are computed in rounds until nothing changes.
 */
#include "image/tree_internal.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/strbuf.h"

/* Links behind links behind links: more rounds than this no distribution needs. */
#define ROUNDS_MAX 8

static uint64_t declared_hash(const void *item)
{
	return ((const struct tree_declared *)item)->hash;
}

static void **declared_next(void *item)
{
	return (void **)&((struct tree_declared *)item)->hash_next;
}

/* Fold a path as the hash of nested directories does; NUL-terminated, normalised. */
static uint64_t hash_path(uint64_t h, const char *path)
{
	size_t len;

	while (*path++ == '/') {
		len = strcspn(path, "/");
		h = hash_fold(h, path, len);
		path += len;
	}
	return h;
}

static const struct tree_declared *find_place(const struct tree *t, const char *place)
{
	uint64_t hash = hash_path(t->seed, place);
	struct tree_declared *d;

	if (!t->declared.count)
		return NULL;
	for (d = t->declared.heads[hash & (t->declared.count - 1)]; d; d = d->hash_next)
		if (d->hash == hash && strcmp(d->place, place) == 0)
			return d;
	return NULL;
}

static void cut_last(struct strbuf *place)
{
	while (place->len && place->data[place->len - 1] != '/')
		place->len--;
	if (place->len)
		place->len--;
	if (place->data)
		place->data[place->len] = '\0';
}

/* Go one component further: 0 or -ENOMEM. */
static int enter(struct strbuf *place, const char *text, size_t len)
{
	if (len == 2 && memcmp(text, "..", 2) == 0) {
		cut_last(place);
		return 0;
	}
	if (len == 1 && *text == '.')
		return 0;
	return strbuf_add(place, "/", 1) || strbuf_add(place, text, len) ? -ENOMEM : 0;
}

/* The rest of the way becomes the link's target and then what is behind the link. */
static int enter_link(struct strbuf *place, const char *target, struct strbuf *rest, size_t *at)
{
	struct strbuf next = STRBUF_INIT;

	if (strbuf_adds(&next, target) || strbuf_adds(&next, rest->data + *at)) {
		strbuf_release(&next);
		return -ENOMEM;
	}
	strbuf_release(rest);
	*rest = next;
	*at = 0;
	cut_last(place);
	if (target[0] == '/' && place->data) {
		place->len = 0;
		place->data[0] = '\0';
	}
	return 0;
}

/*
 * Resolve all of path but its last component through the declared links.
 * 0, -ENOMEM, or -ELOOP when it has no place.
 */
static int resolve_place(const struct tree *t, const char *path, struct strbuf *place)
{
	const struct tree_declared *link;
	struct strbuf rest = STRBUF_INIT;
	int links = 0, rc = strbuf_adds(&rest, path);
	size_t at = 0, len;

	while (!rc) {
		at += strspn(rest.data + at, "/");
		len = strcspn(rest.data + at, "/");
		if (len == 0)
			break;
		rc = enter(place, rest.data + at, len);
		at += len;
		/* The last component is the link itself, not a way through it. */
		if (rc || rest.data[at + strspn(rest.data + at, "/")] == '\0')
			continue;
		link = place->data ? find_place(t, place->data) : NULL;
		if (link)
			rc = ++links > TREE_LINKS_MAX ?
				     -ELOOP :
				     enter_link(place, link->target, &rest, &at);
	}
	strbuf_release(&rest);
	return rc;
}

/* Every link's place, seen through the places of the round before. */
static int settle_round(struct tree *t, bool *changed)
{
	*changed = false;
	for (size_t i = 0; i < t->link_count; i++) {
		struct tree_declared *d = t->links[i];
		struct strbuf place = STRBUF_INIT;
		int rc = resolve_place(t, d->path, &place);
		bool nowhere = rc == -ELOOP || (!rc && !place.data);

		d->fresh = NULL;
		if (nowhere) {
			rc = 0;
		} else if (!rc && d->place && strcmp(d->place, place.data) == 0) {
			d->fresh = d->place;
		} else if (!rc) {
			d->fresh = arena_copy(&t->arena, place.data, place.len);
			rc = d->fresh ? 0 : -ENOMEM;
		}
		*changed |= d->fresh != d->place;
		strbuf_release(&place);
		if (rc)
			return rc;
	}
	return 0;
}

/* File every link under its fresh place. */
static int file_all(struct tree *t)
{
	if (t->declared.count)
		memset(t->declared.heads, 0, t->declared.count * sizeof(*t->declared.heads));
	t->declared.used = 0;
	for (size_t i = 0; i < t->link_count; i++)
		t->links[i]->place = t->links[i]->fresh;
	for (size_t i = 0; i < t->link_count; i++) {
		struct tree_declared *d = t->links[i];
		void **slot;

		/* Of two with one place the first counts; tree_add() will tell of a conflict. */
		if (!d->place || find_place(t, d->place))
			continue;
		if (buckets_grow(&t->declared, declared_hash, declared_next) != 0)
			return -ENOMEM;
		d->hash = hash_path(t->seed, d->place);
		slot = &t->declared.heads[d->hash & (t->declared.count - 1)];
		d->hash_next = *slot;
		*slot = d;
		t->declared.used++;
	}
	return 0;
}

int links_settle(struct tree *t, struct error *err)
{
	bool changed = t->link_count > 0;

	for (int round = 0; changed && round < ROUNDS_MAX; round++)
		if (settle_round(t, &changed) != 0 || file_all(t) != 0)
			return error_nomem(err);
	t->links_settled = true;
	return 0;
}

/* Whether place is dir's path and text; compared from the end, nothing is built. */
static bool place_is(const char *place, const struct tree_node *dir, const char *text, size_t len)
{
	size_t left = strlen(place);

	for (;;) {
		if (left < len + 1 || memcmp(place + left - len, text, len) != 0 ||
		    place[left - len - 1] != '/')
			return false;
		left -= len + 1;
		if (!dir->dir->self)
			return left == 0;
		text = dir->dir->self->text;
		len = dir->dir->self->len;
		dir = dir->dir->parent;
	}
}

const struct tree_declared *links_find(const struct tree *t, const struct tree_node *dir,
				       const char *text, size_t len)
{
	uint64_t hash = hash_fold(dir->dir->hash, text, len);
	const struct tree_declared *d;

	if (!t->declared.count)
		return NULL;
	for (d = t->declared.heads[hash & (t->declared.count - 1)]; d; d = d->hash_next)
		if (d->hash == hash && place_is(d->place, dir, text, len))
			return d;
	return NULL;
}

struct tree_name *links_realise(struct tree *t, struct tree_node *dir, const char *text,
				size_t len, const struct tree_declared *link)
{
	struct tree_node *node = node_new(t, link->mode);
	struct tree_name *name;

	if (!node)
		return NULL;
	node->uid = link->uid;
	node->gid = link->gid;
	node->mtime = link->mtime;
	node->owner = link->owner;
	node->file = link->file;
	node->flags = link->flags;
	node->colour = link->colour;
	node->target = (char *)link->target; /* both live in the arena */
	node->size = strlen(link->target);
	name = name_add(t, dir, text, len, node);
	if (!name)
		return NULL;
	name->owner = link->owner;
	name->file = link->file;
	name->colour = link->colour;
	name->flags = link->flags;
	name->declared = true;
	return name;
}

int tree_declare_link(struct tree *t, const struct tree_entry *e, struct error *err)
{
	struct tree_declared *d;
	int rc = entry_check(t, e, err);

	if (rc)
		return rc;
	if (!S_ISLNK(e->mode) || (e->flags & TREE_GHOST))
		return 0;
	if (array_grow((void **)&t->links, t->link_count, &t->link_capacity,
		       sizeof(*t->links)) != 0)
		return error_nomem(err);
	d = arena_alloc(&t->arena, sizeof(*d));
	if (!d)
		return error_nomem(err);
	*d = (struct tree_declared){
		.path = arena_copy(&t->arena, e->path, strlen(e->path)),
		.target = arena_copy(&t->arena, e->target, strlen(e->target)),
		.uid = e->uid,
		.gid = e->gid,
		.mtime = e->mtime,
		.owner = e->owner,
		.file = e->file,
		.flags = e->flags,
		.colour = e->colour,
		.mode = e->mode,
	};
	if (!d->path || !d->target)
		return error_nomem(err);
	t->links[t->link_count++] = d;
	t->links_settled = false;
	return 0;
}
