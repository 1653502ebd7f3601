/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From paths to nodes, through symbolic links, never out of the root. */
#include "image/tree_internal.h"

#include <errno.h>
#include <sys/stat.h>

/*
 * What is left to go: the path, and on top of it the targets of the links that
 * were met. No text is copied; the limit of links bounds the stack.
 */
struct trail {
	struct {
		const char *at, *end;
	} part[TREE_LINKS_MAX + 1];
	int depth;
	int links;
};

/* Who asks for missing directories, and for what path. */
struct maker {
	uint32_t owner;
	const char *path;
};

static bool is_dot(const char *text, size_t len)
{
	return len == 1 && text[0] == '.';
}

static bool is_dotdot(const char *text, size_t len)
{
	return len == 2 && text[0] == '.' && text[1] == '.';
}

/* One component of [*at, end); false at the end. "." and empty ones are passed over. */
static bool component(const char **at, const char *end, const char **text, size_t *len)
{
	const char *p = *at;

	do {
		while (p < end && *p == '/')
			p++;
		*text = p;
		while (p < end && *p != '/')
			p++;
		*len = (size_t)(p - *text);
	} while (is_dot(*text, *len));
	*at = p;
	return *len > 0;
}

static bool trail_next(struct trail *trail, const char **text, size_t *len)
{
	for (;;) {
		if (component(&trail->part[trail->depth].at, trail->part[trail->depth].end, text,
			      len))
			return true;
		if (trail->depth == 0)
			return false;
		trail->depth--;
	}
}

/* Continue in the target of a link. False when there were too many. */
static bool trail_enter(struct trail *trail, const char *target)
{
	if (++trail->links > TREE_LINKS_MAX)
		return false;
	trail->depth++;
	trail->part[trail->depth].at = target;
	trail->part[trail->depth].end = target + strlen(target);
	return true;
}

int path_check(const char *path, struct error *err)
{
	const char *at = path, *end, *text;
	size_t len;

	if (!path || path[0] != '/')
		return error_set(err, -ERR_ESCAPE, path ? path : "", "is not an absolute path");
	end = path + strlen(path);
	if (end - path > TREE_PATH_MAX)
		return error_set(err, -ERR_LIMIT, path, "the path is longer than %d bytes",
				 TREE_PATH_MAX);
	while (component(&at, end, &text, &len)) {
		if (is_dotdot(text, len))
			return error_set(err, -ERR_ESCAPE, path,
					 "the path has a component '..' and could leave the root");
		if (len > TREE_NAME_MAX)
			return error_set(err, -ERR_LIMIT, path,
					 "the path has a component longer than %d bytes",
					 TREE_NAME_MAX);
	}
	return 0;
}

static int make_parent(struct tree *t, struct tree_node *dir, const char *text, size_t len,
		       uint32_t owner, struct tree_node **made, struct error *err)
{
	struct tree_node *node;
	struct tree_name *name;

	if (len > TREE_NAME_MAX)
		return error_set(err, -ERR_LIMIT, text,
				 "a symbolic link has a component longer than %d bytes",
				 TREE_NAME_MAX);
	node = node_new(t, S_IFDIR | 0755);
	if (!node)
		return error_nomem(err);
	node->mtime = t->options.now;
	node->owner = owner;
	node->implicit = true;
	name = name_add(t, dir, text, len, node);
	if (!name)
		return error_nomem(err);
	name->owner = owner;
	*made = node;
	return 0;
}

static int not_a_directory(const struct tree *t, const struct maker *maker,
			   const struct tree_name *name, struct error *err)
{
	char *path = tree_join_path(name->parent, name->text, name->len);
	int rc;

	if (!path)
		return error_nomem(err);
	rc = error_set(err, -ERR_CONFLICT, maker->path,
		       "'%s' wants it, but '%s' of '%s' is not a directory",
		       tree_owner_name(t, maker->owner), path, tree_owner_name(t, name->owner));
	error_hint(err, "leave one of the two out");
	free(path);
	return rc;
}

/*
 * Follow the trail from the directory `at`. Without maker nothing is made and
 * no error is set: *out is NULL when the trail leads nowhere.
 */
static int follow(struct tree *t, struct tree_node *at, struct trail *trail,
		  const struct maker *maker, struct tree_node **out, struct error *err)
{
	const struct tree_declared *link;
	struct tree_name *name = NULL;
	const char *text;
	size_t len;
	int rc;

	*out = NULL;
	while (trail_next(trail, &text, &len)) {
		if (!at->dir)
			return maker ? not_a_directory(t, maker, name, err) : 0;
		if (is_dotdot(text, len)) {
			at = at->dir->parent;
			continue;
		}
		name = name_find(t, at, text, len);
		if (!name && maker && (link = links_find(t, at, text, len))) {
			name = links_realise(t, at, text, len, link);
			if (!name)
				return error_nomem(err);
		}
		if (!name && !maker)
			return 0;
		if (!name) {
			rc = make_parent(t, at, text, len, maker->owner, &at, err);
			if (rc)
				return rc;
		} else if (!S_ISLNK(name->node->mode)) {
			at = name->node;
		} else if (trail_enter(trail, name->node->target)) {
			at = name->node->target[0] == '/' ? t->root : at;
		} else {
			return maker ? error_set(err, -ERR_ESCAPE, maker->path,
						 "the symbolic links in its path are a loop")
				     : 0;
		}
	}
	/* Only somebody who makes needs a directory for certain. */
	if (maker && !at->dir)
		return not_a_directory(t, maker, name, err);
	*out = at;
	return 0;
}

int walk_parent(struct tree *t, const char *path, uint32_t owner, struct walk *w,
		struct error *err)
{
	struct maker maker = { owner, path };
	struct trail trail = { 0 };
	const char *at = path, *text;
	size_t len;
	int rc;

	*w = (struct walk){ 0 };
	rc = path_check(path, err);
	if (!rc && !t->links_settled)
		rc = links_settle(t, err);
	if (rc)
		return rc;
	trail.part[0].at = path;
	trail.part[0].end = path;
	while (component(&at, path + strlen(path), &text, &len)) {
		w->base = text;
		w->base_len = len;
		trail.part[0].end = text;
	}
	return follow(t, t->root, &trail, &maker, &w->dir, err);
}

int walk_link(struct tree *t, struct tree_node *parent, const struct tree_node *link, bool make,
	      uint32_t owner, const char *path, struct tree_node **dir, struct error *err)
{
	struct maker maker = { owner, path };
	struct trail trail = { 0 };
	int rc;

	trail.part[0].at = link->target;
	trail.part[0].end = link->target + strlen(link->target);
	trail.links = 1;
	rc = follow(t, link->target[0] == '/' ? t->root : parent, &trail, make ? &maker : NULL,
		    dir, err);
	if (!rc && *dir && !(*dir)->dir)
		*dir = NULL;
	return rc;
}

struct tree_node *tree_lookup(const struct tree *t, const char *path)
{
	struct trail trail = { 0 };
	struct tree_node *node;

	if (!path || path[0] != '/')
		return NULL;
	trail.part[0].at = path;
	trail.part[0].end = path + strlen(path);
	/* Without a maker follow() changes nothing. */
	if (follow((struct tree *)t, t->root, &trail, NULL, &node, NULL) != 0)
		return NULL;
	return node;
}
