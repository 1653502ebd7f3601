/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the planned tree. A node is an inode, a name is a directory entry;
 * both live in the arena until tree_free(), also when they lost their meaning,
 * so no pointer that a caller holds ever dangles.
 *
 * Names are found by a hash of (parent directory, component); every directory
 * also chains its names in the order in which they came, which alone decides
 * the bytes of the image. The hash is seeded by chance, so that no package can
 * be built to make it slow.
 */
#ifndef IMAGE_TREE_INTERNAL_H
#define IMAGE_TREE_INTERNAL_H

#include <stddef.h>

#include "image/tree.h"

enum {
	TREE_NAME_MAX = 255,   /* bytes of a component, ext2's limit */
	TREE_PATH_MAX = 4095,  /* bytes of a path or a link's target, the kernel's limit */
	TREE_LINKS_MAX = 40,   /* symbolic links followed in one path, the kernel's limit */
	TREE_XATTR_MAX = 65536 /* bytes of one attribute's value */
};

struct arena_chunk;

/* Memory that is freed in one piece. */
struct arena {
	struct arena_chunk *chunks;
	size_t left; /* bytes in the newest chunk */
	char *next;
};

void *arena_alloc(struct arena *a, size_t n);                  /* zeroed; NULL without memory */
void *arena_copy(struct arena *a, const void *data, size_t n); /* with a NUL behind it */
void arena_release(struct arena *a);

struct tree_name {
	struct tree_name *hash_next;
	struct tree_name *next; /* of the same directory */
	struct tree_node *parent;
	struct tree_node *node;
	uint64_t hash;
	uint32_t owner, file, colour, flags; /* of the entry that holds the name */
	bool declared; /* a link that was gone through before its package added it */
	uint8_t len;
	char text[];
};

struct tree_dir {
	struct tree_node *parent; /* of the root: the root */
	struct tree_name *self;   /* NULL for the root */
	struct tree_name *first, *last;
	uint64_t hash; /* of the path, folded by component */
};

/* What tree_node is allocated as. */
struct node_full {
	struct tree_node node;
	struct tree_name *name; /* the first one, for messages */
};

/* A link of which tree_declare_link() told. */
struct tree_declared {
	struct tree_declared *hash_next;
	uint64_t hash;
	const char *path;  /* as declared */
	const char *place; /* with its parents resolved; NULL when they cannot be */
	const char *fresh; /* the place that the current round found */
	const char *target;
	uint32_t uid, gid, mtime, owner, file, flags, colour, mode;
};

struct link_set {
	struct link_set *hash_next;
	uint32_t owner, number;
	struct tree_node *node;
};

/* A growing table of chains; the items hold their own hash_next. */
struct buckets {
	void **heads;
	size_t count; /* a power of two, or 0 */
	size_t used;
};

struct tree {
	struct tree_options options;
	struct arena arena;
	struct tree_node *root, *last;
	size_t node_count; /* live ones; true after tree_finish() */
	const char **owners;
	size_t owner_count, owner_capacity;
	struct buckets names, declared, sets;
	struct tree_declared **links; /* in order of declaration */
	size_t link_count, link_capacity;
	bool links_settled; /* every link's place is known */
	uint64_t seed;
};

/* tree_names.c: nodes, names, directories. */
uint64_t hash_fold(uint64_t h, const void *bytes, size_t n);
struct tree_node *node_new(struct tree *t, uint32_t mode);
int dir_init(struct tree *t, struct tree_node *node, struct tree_node *parent,
	     struct tree_name *self);
struct tree_name *name_find(const struct tree *t, const struct tree_node *dir, const char *text,
			    size_t len);
/* A new name for node; it must not exist. NULL without memory. */
struct tree_name *name_add(struct tree *t, struct tree_node *dir, const char *text, size_t len,
			   struct tree_node *node);
int link_set_find(struct tree *t, uint32_t owner, uint32_t number, struct link_set **set) MUST_USE;
int buckets_grow(struct buckets *b, uint64_t (*hash_of)(const void *item),
		 void **(*next_of)(void *item)) MUST_USE;
/* Path of a node by its first name; the caller frees. NULL without memory. */
char *tree_node_path(const struct tree_node *node);
/* Path of a name below dir; the caller frees. */
char *tree_join_path(const struct tree_node *dir, const char *text, size_t len);

/* tree_walk.c: paths to nodes. */
struct walk {
	struct tree_node *dir;  /* directory that holds the last component */
	const char *base;       /* the last component; NULL when the path is "/" */
	size_t base_len;
};
/* Refuse what is no path of an entry. */
int path_check(const char *path, struct error *err) MUST_USE;
/*
 * Go to the directory that holds path's last component. Missing parents are
 * made (and declared links become real); owner is noted as who needed them.
 */
int walk_parent(struct tree *t, const char *path, uint32_t owner, struct walk *w,
		struct error *err) MUST_USE;
/*
 * The directory that a symbolic link (a node in dir) leads to. *dir is NULL
 * when it leads nowhere or to something else; with make, what is missing is made.
 */
int walk_link(struct tree *t, struct tree_node *parent, const struct tree_node *link, bool make,
	      uint32_t owner, const char *path, struct tree_node **dir,
	      struct error *err) MUST_USE;

/* tree.c */
/* Refuse an entry that no file can be made of. */
int entry_check(const struct tree *t, const struct tree_entry *e, struct error *err) MUST_USE;

/* tree_links.c: links that were declared. */
int links_settle(struct tree *t, struct error *err) MUST_USE;
/* The declared link of this place, or NULL. */
const struct tree_declared *links_find(const struct tree *t, const struct tree_node *dir,
				       const char *text, size_t len);
/* Make it real. NULL without memory. */
struct tree_name *links_realise(struct tree *t, struct tree_node *dir, const char *text,
				size_t len, const struct tree_declared *link);

/* tree_merge.c: an entry onto a name that is there. */
int merge_entry(struct tree *t, struct tree_name *name, const struct tree_entry *e,
		struct tree_result *result, struct error *err) MUST_USE;
/* A node as the entry says. In a link set: the set's node. */
int node_from_entry(struct tree *t, const struct tree_entry *e, struct tree_node **node,
		    struct error *err) MUST_USE;
int node_take_attributes(struct tree *t, struct tree_node *node,
			 const struct tree_entry *e) MUST_USE;

#endif
