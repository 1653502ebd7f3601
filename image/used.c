/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bytes of a disk its filesystem uses. */
#include "image/cow.h"
#include "image/internal.h"

#include <errno.h>

/* Bitmaps say the truth after a clean unmount only. */
static bool bitmaps_hold(ext2_filsys fs)
{
	return (fs->super->s_state & EXT2_VALID_FS) && !(fs->super->s_state & EXT2_ERROR_FS) &&
	       !ext2fs_has_feature_journal_needs_recovery(fs->super);
}

bool image_bitmaps_hold(const struct image *image)
{
	return bitmaps_hold(image->fs) && !ext2fs_has_feature_bigalloc(image->fs->super);
}

struct joiner {
	int (*run)(void *arg, uint64_t start, uint64_t end);
	void *arg;
	uint64_t start, end; /* not given away yet */
	uint64_t disk_size;
};

static int join(struct joiner *j, uint64_t start, uint64_t end)
{
	int rc = 0;

	if (end > j->disk_size)
		end = j->disk_size;
	if (start >= end)
		return 0;
	if (start <= j->end) {
		j->end = end;
		return 0;
	}
	if (j->end > j->start)
		rc = j->run(j->arg, j->start, j->end);
	j->start = start;
	j->end = end;
	return rc;
}

static int walk(ext2_filsys fs, struct joiner *j, struct error *err)
{
	uint64_t block = fs->super->s_first_data_block, size = fs->blocksize;
	uint64_t last = ext2fs_blocks_count(fs->super) - 1;
	/* What lies in front of the first block is the boot sector's. */
	int rc = join(j, 0, block * size);

	while (!rc && block <= last) {
		blk64_t first, stop;
		errcode_t code =
			ext2fs_find_first_set_block_bitmap2(fs->block_map, block, last, &first);

		if (code == ENOENT)
			break;
		if (code)
			return fs_error(err, code, NULL, "the image's bitmaps cannot be read");
		code = ext2fs_find_first_zero_block_bitmap2(fs->block_map, first, last, &stop);
		if (code == ENOENT)
			stop = last + 1;
		else if (code)
			return fs_error(err, code, NULL, "the image's bitmaps cannot be read");
		rc = join(j, first * size, stop * size);
		block = stop;
	}
	return rc;
}

int image_used_runs(struct image *image, uint64_t disk_size,
		    int (*run)(void *arg, uint64_t start, uint64_t end), void *arg,
		    struct error *err)
{
	struct joiner j = { .run = run, .arg = arg, .disk_size = disk_size };
	ext2_filsys fs = image->fs;
	int rc;

	if (!image_bitmaps_hold(image))
		return disk_size ? run(arg, 0, disk_size) : 0;
	rc = walk(fs, &j, err);
	if (!rc)
		rc = join(&j, ext2fs_blocks_count(fs->super) * fs->blocksize, disk_size);
	if (!rc && j.end > j.start)
		rc = run(arg, j.start, j.end);
	return rc;
}
