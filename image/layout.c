/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/layout_internal.h"

#include <errno.h>
#include <sys/stat.h>

/* Three such numbers together still fit into 32 bits. */
#define INODES_MAX (1u << 30)

static int check_options(const struct layout_options *o, struct error *err)
{
	if (o->block_size != 1024 && o->block_size != 2048 && o->block_size != 4096)
		return error_set(err, -ERR_LIMIT, NULL,
				 "the block size %u is none of 1024, 2048 and 4096",
				 o->block_size);
	if (o->inode_size != 0 && o->inode_size != 128 && o->inode_size != 256)
		return error_set(err, -ERR_LIMIT, NULL, "the inode size %u is neither 128 nor 256",
				 o->inode_size);
	if (o->label && strlen(o->label) > 16)
		return error_set(err, -ERR_LIMIT, o->label, "the label is longer than 16 bytes");
	return 0;
}

static uint64_t blocks_of(uint64_t bytes, uint32_t block_size)
{
	return bytes / block_size + (bytes % block_size != 0);
}

/*
 * Room for edits: their bytes with the blocks that map them, and for each inode
 * a last block that is not full and its share of a directory.
 */
static uint64_t room_for_edits(const struct layout_options *o)
{
	uint64_t blocks = blocks_of(o->extra_bytes, o->block_size);

	if (!o->extra_bytes && !o->extra_inodes)
		return 0;
	return blocks + blocks / (o->block_size / 4) + 8 + o->extra_inodes +
	       o->extra_inodes * 32 / o->block_size;
}

static int compute(struct layout *l, const struct layout_options *o, struct error *err)
{
	uint64_t reserve;
	int rc = layout_features(l, o, err);

	if (!rc)
		rc = layout_demand(l, err);
	if (rc)
		return rc;
	reserve = l->count / 10 > 64 ? l->count / 10 : 64;
	if (o->extra_inodes > INODES_MAX || o->inodes > INODES_MAX || l->count > INODES_MAX)
		return error_set(err, -ERR_LIMIT, NULL, "more inodes than a filesystem can have");
	if (o->extra_bytes > INT64_MAX)
		return error_set(err, -ERR_LIMIT, NULL, "the image would be too large");
	l->inodes_wanted = o->inodes;
	l->inodes_needed = EXT2_GOOD_OLD_FIRST_INO - 1 + l->count - 1 + o->extra_inodes + reserve;
	l->extra_blocks = room_for_edits(o);
	return layout_solve(l, o, err);
}

/* The runs have their final address now. */
static void publish_runs(struct layout *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct place *p = &l->places[i];

		p->node->runs = p->runs ? l->runs + p->first : NULL;
		p->node->run_count = p->runs;
		if (S_ISDIR(p->node->mode))
			p->node->size = p->blocks * l->block_size;
	}
}

int layout_new(struct layout **layout, struct tree *t, const struct layout_options *options,
	       struct error *err)
{
	struct layout *l;
	int rc = check_options(options, err);

	*layout = NULL;
	if (rc)
		return rc;
	if (!tree_node_count(t))
		return error_set(err, -EINVAL, NULL, "the tree is not finished");
	l = calloc(1, sizeof(*l));
	if (!l)
		return error_nomem(err);
	l->tree = t;
	l->block_size = options->block_size;
	l->now = image_time(options->now);
	memcpy(l->uuid, options->uuid, sizeof(l->uuid));
	if (options->label)
		memcpy(l->label, options->label, strlen(options->label));
	rc = compute(l, options, err);
	if (rc) {
		layout_free(l);
		return rc;
	}
	l->inodes = l->fs->super->s_inodes_count;
	publish_runs(l);
	*layout = l;
	return 0;
}

void layout_free(struct layout *l)
{
	if (!l)
		return;
	for (size_t i = 0; l->places && i < l->count; i++) {
		if (!l->places[i].node)
			break;
		l->places[i].node->runs = NULL;
		l->places[i].node->run_count = 0;
	}
	if (l->fs)
		ext2fs_free(l->fs);
	free(l->places);
	free(l->runs);
	free(l);
}

uint64_t layout_size(const struct layout *l)
{
	return l->size;
}

uint64_t layout_used(const struct layout *l)
{
	return l->used;
}

uint64_t layout_inode_count(const struct layout *l)
{
	return l->inodes;
}

size_t layout_dropped_xattrs(const struct layout *l)
{
	return l->dropped_xattrs;
}
