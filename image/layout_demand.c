/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each inode of the tree needs, and whether the format can hold it. */
#include "image/layout_internal.h"

#include <errno.h>
#include <sys/stat.h>

#include "image/tree_internal.h"

uint64_t indirect_blocks(uint32_t block_size, uint64_t n)
{
	uint64_t per = block_size / 4, total, part;

	if (n <= 12)
		return 0;
	n -= 12;
	total = 1;
	if (n <= per)
		return total;
	n -= per;
	part = n < per * per ? n : per * per;
	total += 1 + (part + per - 1) / per;
	if (n <= per * per)
		return total;
	n -= per * per;
	if (n > per * per * per)
		return UINT64_MAX;
	return total + 1 + (n + per * per - 1) / (per * per) + (n + per - 1) / per;
}

uint64_t extent_blocks(uint32_t block_size, uint64_t extents)
{
	uint64_t per = (block_size - sizeof(struct ext3_extent_header)) /
		       sizeof(struct ext3_extent);
	uint64_t leaves = (extents + per - 1) / per, indices;

	if (extents <= 4)
		return 0;
	if (leaves <= 4)
		return leaves;
	indices = (leaves + per - 1) / per;
	return indices <= 4 ? leaves + indices : UINT64_MAX;
}

static int refuse(const struct tree_node *node, struct error *err, const char *what,
		  const char *hint)
{
	char *path = tree_node_path(node);
	int rc;

	if (!path)
		return error_nomem(err);
	rc = error_set(err, -ERR_LIMIT, path, "%s", what);
	if (hint)
		error_hint(err, "%s", hint);
	free(path);
	return rc;
}

/*
 * A long directory is filled as write_dir() fills it: entry after entry, a new
 * block when the next one does not fit.
 */
struct dir_pack {
	uint32_t room, used;
	uint64_t blocks;
};

static int pack_entry(void *arg, const char *name, size_t len, struct tree_node *child)
{
	struct dir_pack *pack = arg;
	uint32_t size = dirent_size(len);

	if (pack->used + size > pack->room) {
		pack->blocks++;
		pack->used = 0;
	}
	pack->used += size;
	return 0;
}

static uint64_t dir_blocks(const struct layout *l, const struct tree_node *node)
{
	struct dir_pack pack = { layout_dir_room(l), dirent_size(1) + dirent_size(2), 1 };
	uint64_t lost_found;

	if (tree_each(node, pack_entry, &pack) != 0)
		return UINT64_MAX;
	if (node != tree_root(l->tree)->next)
		return pack.blocks;
	/* Direct blocks only, as mke2fs does it. */
	lost_found = LOST_FOUND_BYTES / l->block_size;
	if (lost_found > 12)
		lost_found = 12;
	return pack.blocks > lost_found ? pack.blocks : lost_found;
}

static int check_links(const struct layout *l, const struct tree_node *node, struct error *err)
{
	bool many = layout_extents(l) || (l->ro_compat & EXT4_FEATURE_RO_COMPAT_DIR_NLINK);
	uint32_t limit = many ? 65000 : 32000;

	/* With dir_nlink a directory just stops counting. */
	if (node->nlink <= limit ||
	    (node->dir && (l->ro_compat & EXT4_FEATURE_RO_COMPAT_DIR_NLINK)))
		return 0;
	return refuse(node, err,
		      node->dir ? "has more directories than the filesystem can hold in one" :
				  "has more hard links than the filesystem can hold",
		      "ext4 holds more");
}

/* Blocks that an extent tree can surely hold, when the groups' metadata splits the file. */
static uint64_t extents_hold(uint32_t block_size)
{
	uint64_t per = (block_size - sizeof(struct ext3_extent_header)) /
		       sizeof(struct ext3_extent);

	return 4 * per * per * (block_size * 4);
}

static int check_size(const struct layout *l, const struct tree_node *node,
		      const struct place *p, struct error *err)
{
	uint64_t sectors;

	if (node->size > INT32_MAX && S_ISREG(node->mode) &&
	    !(l->ro_compat & EXT2_FEATURE_RO_COMPAT_LARGE_FILE))
		return refuse(node, err,
			      "is a file of 2 GiB or more, and the filesystem lacks the feature "
			      "'large_file'",
			      "add large_file to the profile's features");
	if (p->map_blocks == UINT64_MAX || p->blocks > UINT32_MAX ||
	    (layout_extents(l) && p->blocks > extents_hold(l->block_size)))
		return refuse(node, err, "is too large for the filesystem",
			      "larger blocks or ext4 hold more");
	sectors = (p->blocks + p->map_blocks) * (l->block_size / 512);
	if (sectors > UINT32_MAX && !(l->ro_compat & EXT4_FEATURE_RO_COMPAT_HUGE_FILE))
		return refuse(node, err,
			      "is a file of 2 TiB or more, and the filesystem lacks the feature "
			      "'huge_file'",
			      NULL);
	return 0;
}

/* A name without the prefix that ext2 keeps as a number. */
static size_t xattr_name_size(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? strlen(dot + 1) : strlen(name);
}

static int demand_xattrs(struct layout *l, const struct tree_node *node, struct error *err)
{
	/* 32 bytes of wider fields and a magic number are in the inode already. */
	size_t in_inode = l->inode_size > 128 ? l->inode_size - 128 - 32 - 4 : 0;
	size_t total = 4;

	if (!node->xattr_count)
		return 0;
	if (!(l->compat & EXT2_FEATURE_COMPAT_EXT_ATTR)) {
		l->dropped_xattrs++;
		return 0;
	}
	for (size_t i = 0; i < node->xattr_count; i++)
		total += 16 + ((xattr_name_size(node->xattrs[i].name) + 3) & ~(size_t)3) +
			 ((node->xattrs[i].size + 3) & ~(size_t)3);
	if (total > l->block_size - 32)
		return refuse(node, err, "its extended attributes do not fit into a block", NULL);
	if (total > in_inode)
		l->xattr_blocks++;
	return 0;
}

static int demand_node(struct layout *l, struct place *p, struct error *err)
{
	const struct tree_node *node = p->node;
	int rc = check_links(l, node, err);

	if (rc)
		return rc;
	if (S_ISDIR(node->mode)) {
		p->blocks = dir_blocks(l, node);
	} else if (S_ISREG(node->mode)) {
		p->blocks = node->size / l->block_size + (node->size % l->block_size != 0);
	} else if (S_ISLNK(node->mode) && node->size > FAST_LINK_MAX) {
		if (node->size >= l->block_size)
			return refuse(node, err,
				      "the link's target does not fit into a block", NULL);
		p->blocks = 1;
	}
	if (!layout_extents(l))
		p->map_blocks = indirect_blocks(l->block_size, p->blocks);
	rc = check_size(l, node, p, err);
	if (rc)
		return rc;
	l->place_blocks += p->blocks + p->map_blocks;
	return demand_xattrs(l, node, err);
}

int layout_demand(struct layout *l, struct error *err)
{
	struct tree_node *node;
	int rc = 0;

	l->count = tree_node_count(l->tree);
	l->places = calloc(l->count ? l->count : 1, sizeof(*l->places));
	if (!l->places)
		return error_nomem(err);
	node = tree_nodes(l->tree);
	for (size_t i = 0; i < l->count && !rc; i++, node = node->next) {
		l->places[i].node = node;
		/* The root has a number of its own, before those that are reserved. */
		node->ino = i ? EXT2_GOOD_OLD_FIRST_INO + (uint32_t)i - 1 : EXT2_ROOT_INO;
		rc = demand_node(l, &l->places[i], err);
	}
	return rc;
}
