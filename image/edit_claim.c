/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks for one edit: taken in long runs, and given back when it fails. */
#include "image/edit_internal.h"

#include <errno.h>

void edit_claim_init(struct edit_claim *claim, struct image *image, ext2_ino_t ino)
{
	dgrp_t group = ext2fs_group_of_ino(image->fs, ino);

	*claim = (struct edit_claim){
		.image = image,
		.goal = ext2fs_group_first_block2(image->fs, group),
	};
}

/* Note a run; one that continues the last one makes that longer. */
static int runs_add(struct edit_runs *runs, const struct edit_run *run)
{
	struct edit_run *last = runs->count ? &runs->items[runs->count - 1] : NULL;

	if (last && last->lblk + last->len == run->lblk && last->pblk + last->len == run->pblk) {
		last->len += run->len;
	} else {
		if (array_grow((void **)&runs->items, runs->count, &runs->capacity,
			       sizeof(*runs->items)))
			return -ENOMEM;
		runs->items[runs->count++] = *run;
	}
	runs->blocks += run->len;
	return 0;
}

static void mark(struct image *image, const struct edit_run *run, int in_use)
{
	ext2fs_block_alloc_stats_range(image->fs, run->pblk, (blk_t)run->len, in_use);
}

struct search {
	ext2fs_block_bitmap map;
	uint64_t want;
	bool any; /* the first run will do, however short */
	struct edit_run best;
};

/* Look at the free runs of [from, to]; true when one is good enough. */
static errcode_t search_part(struct search *s, uint64_t from, uint64_t to, bool *found)
{
	*found = false;
	while (from <= to) {
		uint64_t limit, start, end;
		errcode_t code;

		code = ext2fs_find_first_zero_block_bitmap2(s->map, from, to, (blk64_t *)&start);
		if (code == ENOENT)
			return 0;
		if (code)
			return code;
		limit = to - start < s->want ? to : start + s->want - 1;
		code = ext2fs_find_first_set_block_bitmap2(s->map, start, limit, (blk64_t *)&end);
		if (code == ENOENT)
			end = limit + 1;
		else if (code)
			return code;
		if (end - start > s->best.len)
			s->best = (struct edit_run){ .pblk = start, .len = end - start };
		*found = s->any || s->best.len >= s->want;
		if (*found)
			return 0;
		from = end;
	}
	return 0;
}

/*
 * A free run of `want` blocks, else the longest there is. ext2fs_new_range()
 * is meant for this, but 1.47.0 never returns when no run is long enough.
 */
static errcode_t search_run(struct edit_claim *claim, uint64_t want, struct edit_run *run)
{
	ext2_filsys fs = claim->image->fs;
	uint64_t first = fs->super->s_first_data_block;
	uint64_t last = ext2fs_blocks_count(fs->super) - 1;
	uint64_t goal = claim->goal < first || claim->goal > last ? first : claim->goal;
	struct search s = { .map = fs->block_map, .want = want, .any = claim->scattered };
	errcode_t code;
	bool found;

	code = search_part(&s, goal, last, &found);
	if (!code && !found && goal > first)
		code = search_part(&s, first, goal - 1, &found);
	if (code)
		return code;
	if (!s.best.len)
		return EXT2_ET_BLOCK_ALLOC_FAIL;
	if (s.best.len < want)
		claim->scattered = true;
	run->pblk = s.best.pblk;
	run->len = s.best.len;
	return 0;
}

static int take(struct edit_claim *claim, struct edit_runs *runs, struct edit_run *run,
		uint64_t want, const char *path, struct error *err)
{
	errcode_t code = search_run(claim, want, run);

	if (code == EXT2_ET_BLOCK_ALLOC_FAIL)
		return error_set(err, -ERR_NO_SPACE, path, "no space left in the image");
	if (code)
		return fs_error(err, code, path, "no block can be allocated");
	if (runs_add(runs, run))
		return error_nomem(err);
	mark(claim->image, run, +1);
	claim->goal = run->pblk + run->len;
	return 0;
}

int edit_claim_data(struct edit_claim *claim, uint64_t lblk, uint64_t want, struct edit_run *run,
		    const char *path, struct error *err)
{
	*run = (struct edit_run){ .lblk = lblk };
	return take(claim, &claim->data, run, want, path, err);
}

int edit_claim_meta(struct edit_claim *claim, uint64_t *pblk, const char *path, struct error *err)
{
	/* So that neighbours on the disk are one run here as well. */
	struct edit_run run = { .lblk = claim->meta.blocks };
	int rc = take(claim, &claim->meta, &run, 1, path, err);

	*pblk = run.pblk;
	return rc;
}

static void runs_release(struct image *image, struct edit_runs *runs, bool keep)
{
	for (size_t i = 0; !keep && i < runs->count; i++)
		mark(image, &runs->items[i], -1);
	free(runs->items);
	*runs = (struct edit_runs){ 0 };
}

void edit_claim_release(struct edit_claim *claim, bool keep)
{
	runs_release(claim->image, &claim->data, keep);
	runs_release(claim->image, &claim->meta, keep);
}
