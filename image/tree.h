/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The planned root filesystem: every inode and every name that the image will
 * hold, in memory, before a byte is written.
 *
 * Life: tree_new() -> tree_add_owner() for each package, in transaction order
 * -> tree_declare_link() for each symbolic link of any package -> tree_add()
 * for each file of each package, in order -> tree_finish() -> layout_new()
 * (image/layout.h) -> tree_free() when the image is sealed.
 *
 * Paths are absolute byte strings ("/usr/bin/ls"); any byte but NUL and '/'
 * may stand in a component. Parents are resolved through symbolic links
 * inside the tree, as the guest's kernel would ('..' of the root is the root,
 * an absolute target starts at the root), never outside; a component ".." or
 * an empty path in an entry is refused with -ERR_ESCAPE, a loop of links too.
 * Parents that nobody owns become directories 0755 root:root.
 *
 * What happens to two entries with one path follows rpm (see tree_add()).
 * Errors: -ERR_ESCAPE, -ERR_CONFLICT, -ERR_LIMIT, -ENOMEM.
 */
#ifndef IMAGE_TREE_H
#define IMAGE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct tree;

struct tree_xattr {
	const char *name; /* "security.capability" */
	const void *value;
	size_t size; /* bytes */
};

enum tree_flags {
	TREE_CONFIG = 1 << 0,
	TREE_GHOST = 1 << 1,  /* owned, not created: makes no node unless somebody else brings it */
	TREE_SOURCE = 1 << 2, /* overlay and the like: replaces what is there, never conflicts */
};

/* A file as its package wants it. All pointers are borrowed for the call. */
struct tree_entry {
	const char *path;
	uint32_t mode; /* S_IFMT bits and permissions */
	uint32_t uid, gid;
	uint32_t mtime; /* seconds since the epoch */
	uint64_t size;  /* bytes, regular files only */
	uint32_t rdev_major, rdev_minor;
	const char *target; /* of a symbolic link */
	const struct tree_xattr *xattrs;
	size_t xattr_count;
	const uint8_t *digest; /* of a regular file's bytes; NULL when unknown */
	size_t digest_size;
	uint32_t digest_algo; /* the caller's number; digests of two algorithms are never equal */
	uint32_t owner;       /* from tree_add_owner() */
	uint32_t file;        /* the caller's index of the file within the owner */
	uint32_t colour;      /* rpm's file colour: 0 none, 1 ELF32, 2 ELF64 */
	uint32_t link_set;    /* not 0: regular files of one owner with one number are one inode */
	uint32_t flags;
};

/* One inode. Read-only for callers, except where said. */
struct tree_node {
	uint32_t mode, uid, gid, mtime;
	uint32_t nlink; /* true after tree_finish() */
	uint32_t rdev_major, rdev_minor;
	uint64_t size;
	char *target;
	struct tree_xattr *xattrs; /* owned */
	size_t xattr_count;
	uint8_t *digest;
	size_t digest_size;
	uint32_t digest_algo;
	uint32_t owner, file; /* who brings the bytes: fill looks for (owner, file) */
	uint32_t flags, colour;
	uint32_t link_set;
	bool implicit;        /* an unowned parent */
	uint32_t ino;         /* set by layout */
	struct layout_run *runs; /* physical blocks of the data in order, set by layout */
	size_t run_count;
	struct tree_dir *dir; /* children; NULL unless a directory */
	struct tree_node *next; /* all live nodes, in order of creation */
};

enum tree_outcome {
	TREE_CREATED,  /* a new node (or a link set got one more name) */
	TREE_SHARED,   /* identical to what is there; for a directory, the newest owner and mode hold */
	TREE_GHOSTED,  /* a ghost: no node */
	TREE_SKIPPED_COLOUR, /* the other file's colour is preferred */
	TREE_REPLACED, /* replaced another owner's file: see lost_owner, lost_file, lost_colour */
};

struct tree_result {
	enum tree_outcome outcome;
	struct tree_node *node; /* NULL for TREE_GHOSTED and TREE_SKIPPED_COLOUR */
	uint32_t lost_owner, lost_file; /* for TREE_REPLACED: whose file is no longer there */
	bool lost_by_colour; /* TREE_REPLACED by rule of colours, not by --replace-files */
};

struct tree_options {
	uint32_t now;              /* mtime of what nobody owns */
	uint32_t preferred_colour; /* 2 on 64-bit guests, 1 on 32-bit ones, 0: colours do not decide */
	bool replace_files;        /* a conflict is won by the later package */
};

struct tree *tree_new(const struct tree_options *options);
void tree_free(struct tree *t);

/* name is shown in conflict messages. *owner counts from 0. */
int tree_add_owner(struct tree *t, const char *name, uint32_t *owner, struct error *err) MUST_USE;
const char *tree_owner_name(const struct tree *t, uint32_t owner);

/*
 * Tell of a symbolic link before files are added, so that a path through it
 * does not depend on the order of packages: the link is created when the
 * first path goes through it, and tree_add() of the link then finds it.
 */
int tree_declare_link(struct tree *t, const struct tree_entry *e, struct error *err) MUST_USE;

/*
 * Put a file into the tree. Two files with one path:
 *   two directories                   -> shared, the later one's owner and mode hold
 *   one is a ghost                    -> the other one holds
 *   same type, same target/digest/rdev-> shared
 *   both have a colour, and they differ, and one is preferred -> that one holds
 *   a directory where the path through a link leads to a directory -> shared with it,
 *                                        and what another package said of it holds
 *   otherwise                         -> -ERR_CONFLICT naming both owners and the path,
 *                                        or, with replace_files, the later one holds
 * Of what is shared, the bytes are the first one's and owner, mode, time and
 * attributes the later one's. A directory that has something in it is never
 * replaced. err's subject is the path. All conflicts of a run can be collected
 * by the caller: a failed call leaves at most parents behind. With a declared
 * link, a directory at its path means the directory that it leads to.
 */
int tree_add(struct tree *t, const struct tree_entry *e, struct tree_result *result,
	     struct error *err) MUST_USE;

/* Follow a path inside the tree (last link followed too). NULL when there is none. */
struct tree_node *tree_lookup(const struct tree *t, const char *path);

/* Count links, add /lost+found, drop nodes without a name, check the limits of ext2. */
int tree_finish(struct tree *t, struct error *err) MUST_USE;

struct tree_node *tree_root(const struct tree *t);
/* Head of the list of nodes (tree_node.next); inodes are numbered in this order. */
struct tree_node *tree_nodes(const struct tree *t);
size_t tree_node_count(const struct tree *t);

/*
 * Call visit for every name of a directory in insertion order. Stops at the
 * first result that is not 0 and returns it.
 */
int tree_each(const struct tree_node *dir,
	      int (*visit)(void *arg, const char *name, size_t name_len, struct tree_node *child),
	      void *arg);

#endif
