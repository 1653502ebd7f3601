/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/tree_internal.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "common/strbuf.h"

struct tree *tree_new(const struct tree_options *options)
{
	struct tree *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->options = *options;
	/* Only the speed depends on it: a failure costs nothing but the protection. */
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) != sizeof(t->seed))
		t->seed = (uintptr_t)t;
	t->root = node_new(t, S_IFDIR | 0755);
	if (!t->root || dir_init(t, t->root, t->root, NULL) != 0) {
		tree_free(t);
		return NULL;
	}
	t->root->mtime = options->now;
	t->root->implicit = true;
	return t;
}

void tree_free(struct tree *t)
{
	if (!t)
		return;
	free(t->names.heads);
	free(t->declared.heads);
	free(t->sets.heads);
	free(t->links);
	free(t->owners);
	arena_release(&t->arena);
	free(t);
}

int tree_add_owner(struct tree *t, const char *name, uint32_t *owner, struct error *err)
{
	const char *copy;

	*owner = 0;
	if (t->owner_count >= UINT32_MAX)
		return error_set(err, -ERR_LIMIT, name, "too many packages");
	if (array_grow((void **)&t->owners, t->owner_count, &t->owner_capacity,
		       sizeof(*t->owners)) != 0)
		return error_nomem(err);
	copy = arena_copy(&t->arena, name, strlen(name));
	if (!copy)
		return error_nomem(err);
	t->owners[t->owner_count] = copy;
	*owner = (uint32_t)t->owner_count++;
	return 0;
}

const char *tree_owner_name(const struct tree *t, uint32_t owner)
{
	return owner < t->owner_count ? t->owners[owner] : "nobody";
}

static int check_xattrs(const struct tree_entry *e, struct error *err)
{
	for (size_t i = 0; i < e->xattr_count; i++) {
		const struct tree_xattr *x = &e->xattrs[i];

		if (!x->name || !*x->name || (!x->value && x->size))
			return error_set(err, -ERR_FORMAT, e->path,
					 "has an extended attribute without a name or value");
		if (strlen(x->name) > TREE_NAME_MAX || x->size > TREE_XATTR_MAX)
			return error_set(err, -ERR_LIMIT, e->path,
					 "an extended attribute is too large");
	}
	return 0;
}

static int check_type(const struct tree_entry *e, struct error *err)
{
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		if (e->size > INT64_MAX)
			return error_set(err, -ERR_LIMIT, e->path, "the file is too large");
		return 0;
	case S_IFLNK:
		if (!e->target || !*e->target)
			return error_set(err, -ERR_FORMAT, e->path,
					 "is a symbolic link without a target");
		if (strlen(e->target) > TREE_PATH_MAX)
			return error_set(err, -ERR_LIMIT, e->path,
					 "the link's target is longer than %d bytes",
					 TREE_PATH_MAX);
		return 0;
	case S_IFCHR:
	case S_IFBLK:
		/* 12 and 20 bits are what the kernel and ext2 have. */
		if (e->rdev_major > 0xfff || e->rdev_minor > 0xfffff)
			return error_set(err, -ERR_LIMIT, e->path,
					 "device number %u:%u is out of range", e->rdev_major,
					 e->rdev_minor);
		return 0;
	case S_IFDIR:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	default:
		return error_set(err, -ERR_FORMAT, e->path, "mode %o has no known file type",
				 e->mode);
	}
}

int entry_check(const struct tree *t, const struct tree_entry *e, struct error *err)
{
	int rc = path_check(e->path, err);

	if (!rc && e->owner >= t->owner_count)
		rc = error_set(err, -ERR_LIMIT, e->path, "owner %u is not known", e->owner);
	if (!rc)
		rc = check_type(e, err);
	return rc ? rc : check_xattrs(e, err);
}

static int create(struct tree *t, const struct walk *w, const struct tree_entry *e,
		  struct tree_result *result, struct error *err)
{
	struct tree_node *node;
	struct tree_name *name;
	int rc = node_from_entry(t, e, &node, err);

	if (rc)
		return rc;
	name = name_add(t, w->dir, w->base, w->base_len, node);
	if (!name)
		return error_nomem(err);
	name->owner = e->owner;
	name->file = e->file;
	name->colour = e->colour;
	name->flags = e->flags;
	result->outcome = TREE_CREATED;
	result->node = node;
	return 0;
}

int tree_add(struct tree *t, const struct tree_entry *e, struct tree_result *result,
	     struct error *err)
{
	const struct tree_declared *link;
	struct tree_name *name = NULL;
	struct walk w;
	int rc;

	*result = (struct tree_result){ .outcome = TREE_GHOSTED };
	rc = entry_check(t, e, err);
	if (rc || (e->flags & TREE_GHOST))
		return rc;
	rc = walk_parent(t, e->path, e->owner, &w, err);
	if (rc)
		return rc;
	if (!w.base)
		return merge_entry(t, NULL, e, result, err);
	name = name_find(t, w.dir, w.base, w.base_len);
	/* A directory where a link will be: it is meant as the directory behind the link. */
	if (!name && S_ISDIR(e->mode) && (link = links_find(t, w.dir, w.base, w.base_len))) {
		name = links_realise(t, w.dir, w.base, w.base_len, link);
		if (!name)
			return error_nomem(err);
	}
	return name ? merge_entry(t, name, e, result, err) : create(t, &w, e, result, err);
}

struct tree_node *tree_root(const struct tree *t)
{
	return t->root;
}

struct tree_node *tree_nodes(const struct tree *t)
{
	return t->root;
}

size_t tree_node_count(const struct tree *t)
{
	return t->node_count;
}

int tree_each(const struct tree_node *dir,
	      int (*visit)(void *arg, const char *name, size_t name_len, struct tree_node *child),
	      void *arg)
{
	int rc = 0;

	if (!dir->dir)
		return 0;
	for (struct tree_name *name = dir->dir->first; name && rc == 0; name = name->next)
		rc = visit(arg, name->text, name->len, name->node);
	return rc;
}
