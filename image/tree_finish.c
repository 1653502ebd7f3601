/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From "what was added" to "what will be there". */
#include "image/tree_internal.h"

#include <sys/stat.h>

#define LOST_FOUND "lost+found"

/* Takes what a package brings, if it is a directory. */
static int add_lost_found(struct tree *t, struct tree_node **out, struct error *err)
{
	size_t len = strlen(LOST_FOUND);
	struct tree_name *name = name_find(t, t->root, LOST_FOUND, len);
	struct tree_node *node;

	if (name && !S_ISDIR(name->node->mode))
		return error_set(err, -ERR_CONFLICT, "/" LOST_FOUND,
				 "'%s' has something other than a directory there",
				 tree_owner_name(t, name->owner));
	if (name) {
		*out = name->node;
		return 0;
	}
	node = node_new(t, S_IFDIR | 0700);
	if (!node || !name_add(t, t->root, LOST_FOUND, len, node))
		return error_nomem(err);
	node->mtime = t->options.now;
	node->implicit = true;
	*out = node;
	return 0;
}

/* Every name counts; a directory also has "." and a ".." from each directory in it. */
static int count_links(struct tree *t, struct error *err)
{
	struct tree_name *name;

	for (struct tree_node *node = t->root; node; node = node->next)
		node->nlink = 0;
	t->root->nlink = 2;
	for (struct tree_node *node = t->root; node; node = node->next) {
		if (!node->dir)
			continue;
		for (name = node->dir->first; name; name = name->next) {
			struct tree_node *child = name->node;

			if (child->nlink == 0) {
				((struct node_full *)child)->name = name;
				/* The set's first member may have been replaced. */
				if (child->link_set) {
					child->owner = name->owner;
					child->file = name->file;
				}
			}
			if (child->dir) {
				child->nlink += 2;
				node->nlink++;
			} else if (++child->nlink == UINT32_MAX) {
				return error_set(err, -ERR_LIMIT, name->text,
						 "the file has too many names");
			}
		}
	}
	return 0;
}

/* Root first, then /lost+found as other tools have it, then all that have a name. */
static void relink(struct tree *t, struct tree_node *lost_found)
{
	struct tree_node *node = t->root->next, *next;
	struct tree_node *last = t->root;

	for (; node; node = next) {
		next = node->next;
		if (node == lost_found || node->nlink == 0)
			continue;
		last->next = node;
		last = node;
		t->node_count++;
	}
	last->next = NULL;
	lost_found->next = t->root->next;
	t->root->next = lost_found;
	t->last = last == t->root ? lost_found : last;
	t->node_count += 2;
}

int tree_finish(struct tree *t, struct error *err)
{
	struct tree_node *lost_found = NULL;
	int rc = add_lost_found(t, &lost_found, err);

	if (!rc)
		rc = count_links(t, err);
	if (rc)
		return rc;
	t->node_count = 0;
	relink(t, lost_found);
	if (t->node_count > INT32_MAX)
		return error_set(err, -ERR_LIMIT, NULL, "too many files for one filesystem");
	return 0;
}
