/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks for one edit: taken in long runs, and given back when it fails. */
#include "image/edit_internal.h"

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

static int take(struct edit_claim *claim, struct edit_runs *runs, struct edit_run *run,
		uint64_t want, const char *path, struct error *err)
{
	ext2_filsys fs = claim->image->fs;
	blk64_t start = 0, got = 0;
	errcode_t code = EXT2_ET_BLOCK_ALLOC_FAIL;

	if (!claim->scattered)
		code = ext2fs_new_range(fs, EXT2_NEWRANGE_MIN_LENGTH, claim->goal, want, NULL,
					&start, &got);
	if (code == EXT2_ET_BLOCK_ALLOC_FAIL || (!code && got < want)) {
		claim->scattered = true;
		code = ext2fs_new_range(fs, 0, claim->goal, want, NULL, &start, &got);
	}
	if (code == EXT2_ET_BLOCK_ALLOC_FAIL)
		return error_set(err, -ERR_NO_SPACE, path, "no space left in the image");
	if (code)
		return fs_error(err, code, path, "no block can be allocated");
	run->pblk = start;
	run->len = got < want ? got : want;
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

int edit_claim_meta(struct edit_claim *claim, uint64_t *pblk, const char *path,
		    struct error *err)
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
