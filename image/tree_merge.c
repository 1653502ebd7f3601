/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of an entry whose path is taken: rpm's rules, see tree.h. */
#include "image/tree_internal.h"

#include <errno.h>
#include <sys/stat.h>

static const char *kind(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFCHR:
		return "a character device";
	case S_IFBLK:
		return "a block device";
	case S_IFIFO:
		return "a fifo";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a file";
	}
}

static int copy_xattrs(struct tree *t, struct tree_node *node, const struct tree_entry *e)
{
	struct tree_xattr *copy = NULL;

	if (e->xattr_count) {
		copy = arena_alloc(&t->arena, e->xattr_count * sizeof(*copy));
		if (!copy)
			return -ENOMEM;
	}
	for (size_t i = 0; i < e->xattr_count; i++) {
		const struct tree_xattr *x = &e->xattrs[i];

		copy[i].name = arena_copy(&t->arena, x->name, strlen(x->name));
		copy[i].value = arena_copy(&t->arena, x->value, x->size);
		copy[i].size = x->size;
		if (!copy[i].name || !copy[i].value)
			return -ENOMEM;
	}
	node->xattrs = copy;
	node->xattr_count = e->xattr_count;
	return 0;
}

int node_take_attributes(struct tree *t, struct tree_node *node, const struct tree_entry *e)
{
	int rc = copy_xattrs(t, node, e);

	if (rc)
		return rc;
	node->mode = e->mode & (S_IFMT | 07777);
	node->uid = e->uid;
	node->gid = e->gid;
	node->mtime = e->mtime;
	return 0;
}

static bool same_bytes(const struct tree_node *node, const struct tree_entry *e)
{
	if (node->size != e->size)
		return false;
	if (node->size == 0)
		return true;
	return node->digest && e->digest && node->digest_algo == e->digest_algo &&
	       node->digest_size == e->digest_size &&
	       memcmp(node->digest, e->digest, e->digest_size) == 0;
}

static bool same_contents(const struct tree_node *node, const struct tree_entry *e)
{
	if ((node->mode & S_IFMT) != (e->mode & S_IFMT))
		return false;
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		return same_bytes(node, e);
	case S_IFLNK:
		return strcmp(node->target, e->target) == 0;
	case S_IFCHR:
	case S_IFBLK:
		return node->rdev_major == e->rdev_major && node->rdev_minor == e->rdev_minor;
	default:
		return true;
	}
}

static int fill_node(struct tree *t, struct tree_node *node, const struct tree_entry *e)
{
	int rc = node_take_attributes(t, node, e);

	node->owner = e->owner;
	node->file = e->file;
	node->flags = e->flags;
	node->colour = e->colour;
	node->link_set = S_ISREG(e->mode) ? e->link_set : 0;
	if (S_ISREG(e->mode)) {
		node->size = e->size;
		node->digest_algo = e->digest_algo;
		node->digest_size = e->digest ? e->digest_size : 0;
		node->digest = e->digest ? arena_copy(&t->arena, e->digest, e->digest_size) : NULL;
		if (e->digest && !node->digest)
			rc = -ENOMEM;
	} else if (S_ISLNK(e->mode)) {
		node->size = strlen(e->target);
		node->target = arena_copy(&t->arena, e->target, node->size);
		if (!node->target)
			rc = -ENOMEM;
	} else if (S_ISCHR(e->mode) || S_ISBLK(e->mode)) {
		node->rdev_major = e->rdev_major;
		node->rdev_minor = e->rdev_minor;
	}
	return rc;
}

int node_from_entry(struct tree *t, const struct tree_entry *e, struct tree_node **node,
		    struct error *err)
{
	struct link_set *set = NULL;

	*node = NULL;
	if (S_ISREG(e->mode) && e->link_set) {
		if (link_set_find(t, e->owner, e->link_set, &set) != 0)
			return error_nomem(err);
		/* A set whose members were all replaced so far lives on with this one. */
		if (set->node && set->node->size != e->size)
			return error_set(err, -ERR_FORMAT, e->path,
					 "hard links to one file differ in size in '%s'",
					 tree_owner_name(t, e->owner));
		*node = set->node;
		if (*node)
			return 0;
	}
	*node = node_new(t, e->mode);
	if (!*node || fill_node(t, *node, e) != 0)
		return error_nomem(err);
	if (set)
		set->node = *node;
	return 0;
}

static int conflict(const struct tree *t, const struct tree_name *name,
		    const struct tree_node *node, const struct tree_entry *e, const char *why,
		    struct error *err)
{
	const char *ours = tree_owner_name(t, e->owner);
	const char *theirs = tree_owner_name(t, name ? name->owner : node->owner);
	int rc;

	if (!name)
		rc = error_set(err, -ERR_CONFLICT, e->path,
			       "is %s in '%s', but it is the root directory", kind(e->mode), ours);
	else if (node->implicit)
		rc = error_set(err, -ERR_CONFLICT, e->path,
			       "is %s in '%s', but '%s' has files below it", kind(e->mode), ours,
			       theirs);
	else if ((node->mode & S_IFMT) != (e->mode & S_IFMT))
		rc = error_set(err, -ERR_CONFLICT, e->path, "is %s in '%s', but %s in '%s'%s",
			       kind(node->mode), theirs, kind(e->mode), ours, why);
	else
		rc = error_set(err, -ERR_CONFLICT, e->path,
			       "'%s' and '%s' both bring it, and the two differ%s", theirs, ours,
			       why);
	error_hint(err, "leave one of the two out, or let the later one win with "
			"--replace-files");
	return rc;
}

static void hold_name(struct tree_name *name, const struct tree_entry *e)
{
	name->owner = e->owner;
	name->file = e->file;
	name->colour = e->colour;
	name->flags = e->flags;
	name->declared = false;
}

static int merge_directory(struct tree *t, struct tree_name *name, struct tree_node *node,
			   const struct tree_entry *e, struct tree_result *result,
			   struct error *err)
{
	if (node_take_attributes(t, node, e) != 0)
		return error_nomem(err);
	result->outcome = node->implicit ? TREE_CREATED : TREE_SHARED;
	result->node = node;
	node->implicit = false;
	node->owner = e->owner;
	node->file = e->file;
	node->flags = e->flags;
	if (name)
		hold_name(name, e);
	return 0;
}

/* A directory where a link is. *done stays false when the link leads to no directory. */
static int merge_through_link(struct tree *t, struct tree_name *name, const struct tree_entry *e,
			      struct tree_result *result, bool *done, struct error *err)
{
	struct tree_node *dir;
	int rc;

	/*
	 * Of a link that was only declared so far, the directory behind it may just not
	 * have come yet; parents are made through it as well.
	 */
	rc = walk_link(t, name->parent, name->node, name->declared, e->owner, e->path, &dir, err);
	if (rc || !dir)
		return rc;
	*done = true;
	if (dir->implicit)
		return merge_directory(t, dir->dir->self, dir, e, result, err);
	result->outcome = TREE_SHARED;
	result->node = dir;
	return 0;
}

static int merge_same(struct tree *t, struct tree_name *name, const struct tree_entry *e,
		      struct tree_result *result, struct error *err)
{
	if (node_take_attributes(t, name->node, e) != 0)
		return error_nomem(err);
	result->node = name->node;
	result->outcome = TREE_SHARED;
	if (name->declared && name->owner == e->owner) {
		hold_name(name, e);
		name->node->file = e->file;
		result->outcome = TREE_CREATED;
	}
	return 0;
}

static int replace(struct tree *t, struct tree_name *name, const struct tree_entry *e,
		   struct tree_result *result, struct error *err)
{
	struct tree_node *node;
	int rc;

	if (name->node->dir && name->node->dir->first)
		return conflict(t, name, name->node, e, ", and the directory is not empty", err);
	rc = node_from_entry(t, e, &node, err);
	if (rc)
		return rc;
	if (S_ISDIR(e->mode) && dir_init(t, node, name->parent, name) != 0)
		return error_nomem(err);
	if (!((struct node_full *)node)->name)
		((struct node_full *)node)->name = name;
	result->outcome = TREE_REPLACED;
	result->node = node;
	result->lost_owner = name->owner;
	result->lost_file = name->file;
	name->node = node;
	hold_name(name, e);
	return 0;
}

int merge_entry(struct tree *t, struct tree_name *name, const struct tree_entry *e,
		struct tree_result *result, struct error *err)
{
	struct tree_node *node = name ? name->node : t->root;
	uint32_t preferred = t->options.preferred_colour;
	bool done = false;
	int rc;

	if (S_ISDIR(e->mode) && S_ISDIR(node->mode))
		return merge_directory(t, name, node, e, result, err);
	if (!name)
		return conflict(t, NULL, node, e, "", err);
	if (S_ISDIR(e->mode) && S_ISLNK(node->mode)) {
		rc = merge_through_link(t, name, e, result, &done, err);
		if (rc || done)
			return rc;
	}
	if (same_contents(node, e))
		return merge_same(t, name, e, result, err);
	if (name->colour && e->colour && name->colour != e->colour &&
	    !(e->flags & TREE_SOURCE)) {
		if (e->colour & preferred) {
			result->lost_by_colour = true;
			return replace(t, name, e, result, err);
		}
		if (name->colour & preferred) {
			result->outcome = TREE_SKIPPED_COLOUR;
			return 0;
		}
	}
	if (!t->options.replace_files && !(e->flags & TREE_SOURCE))
		return conflict(t, name, node, e, "", err);
	return replace(t, name, e, result, err);
}
