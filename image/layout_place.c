/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks for every inode, out of the runs that the fixed metadata left free.
 *
 * Each gets the first run that holds it whole. Only what no run can hold is
 * split: it goes on from where nothing was taken yet, over as many runs as it
 * needs, or when that is not enough, into whatever is left.
 */
#include "image/layout_internal.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/strbuf.h"

struct space {
	struct layout_run *runs; /* free ones; taken from their front */
	size_t count, capacity;
	size_t first;    /* all before it are used up */
	size_t frontier; /* the last one that was taken from */
	uint64_t left;   /* blocks */
};

static int space_init(struct space *s, ext2_filsys fs, struct error *err)
{
	blk64_t last = ext2fs_blocks_count(fs->super) - 1, start, end;

	*s = (struct space){ 0 };
	start = fs->super->s_first_data_block;
	while (start <= last &&
	       ext2fs_find_first_zero_block_bitmap2(fs->block_map, start, last, &start) == 0) {
		if (ext2fs_find_first_set_block_bitmap2(fs->block_map, start, last, &end) != 0)
			end = last + 1;
		if (array_grow((void **)&s->runs, s->count, &s->capacity, sizeof(*s->runs)) != 0)
			return error_nomem(err);
		s->runs[s->count++] = (struct layout_run){ start, end - start };
		s->left += end - start;
		start = end;
	}
	return 0;
}

/* Move up to n blocks from run i to the layout's runs. The number moved, or 0 without memory. */
static uint64_t take_from(struct layout *l, struct space *s, size_t i, uint64_t n)
{
	struct layout_run *from = &s->runs[i];

	if (array_grow((void **)&l->runs, l->run_count, &l->run_capacity, sizeof(*l->runs)) != 0)
		return 0;
	if (n > from->count)
		n = from->count;
	l->runs[l->run_count++] = (struct layout_run){ from->start, n };
	from->start += n;
	from->count -= n;
	s->left -= n;
	if (i > s->frontier)
		s->frontier = i;
	return n;
}

/* The first of the runs that a split file goes through. */
static size_t split_start(const struct space *s, uint64_t n)
{
	uint64_t sum = 0;

	for (size_t i = s->frontier; i < s->count; i++) {
		sum += s->runs[i].count;
		if (sum >= n)
			return s->frontier;
	}
	return s->first;
}

/* n blocks; the caller made sure that so many are left. */
static int take(struct layout *l, struct space *s, uint64_t n, size_t *first, size_t *runs,
		struct error *err)
{
	uint64_t moved;
	size_t i;

	*first = l->run_count;
	while (s->first < s->count && s->runs[s->first].count == 0)
		s->first++;
	for (i = s->first; i < s->count && s->runs[i].count < n; i++)
		;
	if (i == s->count)
		i = split_start(s, n);
	for (; n; i++, n -= moved) {
		moved = 0;
		if (s->runs[i].count == 0)
			continue;
		moved = take_from(l, s, i, n);
		if (!moved)
			return error_nomem(err);
	}
	*runs = l->run_count - *first;
	return 0;
}

static uint64_t count_extents(const struct layout *l, const struct place *p)
{
	uint64_t extents = 0;

	for (size_t i = 0; i < p->runs; i++)
		extents += (l->runs[p->first + i].count + MAX_EXTENT_BLOCKS - 1) /
			   MAX_EXTENT_BLOCKS;
	return extents;
}

/* n blocks, or *missing is how many are lacking. */
static int take_or_miss(struct layout *l, struct space *s, uint64_t n, size_t *first, size_t *runs,
			uint64_t *missing, struct error *err)
{
	*runs = 0;
	if (!n || *missing)
		return 0;
	if (n > s->left) {
		*missing = n - s->left;
		return 0;
	}
	return take(l, s, n, first, runs, err);
}

static int place_data(struct layout *l, struct space *s, struct place *p, uint64_t *missing,
		      struct error *err)
{
	int rc = take_or_miss(l, s, p->blocks, &p->first, &p->runs, missing, err);

	if (rc || *missing || !layout_extents(l))
		return rc;
	/* How many extents there are shows only now. */
	p->map_blocks = extent_blocks(l->block_size, count_extents(l, p));
	return take_or_miss(l, s, p->map_blocks, &p->map_first, &p->map_runs, missing, err);
}

/* Indirect blocks, whose number follows from the size. */
static int place_map(struct layout *l, struct space *s, struct place *p, uint64_t *missing,
		     struct error *err)
{
	if (layout_extents(l))
		return 0;
	p->map_blocks = indirect_blocks(l->block_size, p->blocks);
	return take_or_miss(l, s, p->map_blocks, &p->map_first, &p->map_runs, missing, err);
}

typedef int place_fn(struct layout *l, struct space *s, struct place *p, uint64_t *missing,
		     struct error *err);

static int place_each(struct layout *l, struct space *s, place_fn *place, uint32_t type,
		      uint64_t *missing, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < l->count && !rc && !*missing; i++)
		if ((l->places[i].node->mode & S_IFMT) == type)
			rc = place(l, s, &l->places[i], missing, err);
	return rc;
}

static int place_all(struct layout *l, struct space *s, uint64_t *missing, struct error *err)
{
	int rc = place_each(l, s, place_data, S_IFDIR, missing, err);

	if (!rc)
		rc = place_each(l, s, place_data, S_IFLNK, missing, err);
	if (!rc)
		rc = place_each(l, s, place_map, S_IFDIR, missing, err);
	if (!rc)
		rc = place_each(l, s, place_map, S_IFREG, missing, err);
	if (!rc)
		rc = place_map(l, s, &l->journal, missing, err);
	if (!rc)
		rc = place_data(l, s, &l->journal, missing, err);
	return rc ? rc : place_each(l, s, place_data, S_IFREG, missing, err);
}

int layout_place(struct layout *l, uint64_t want, uint64_t *missing, struct error *err)
{
	uint64_t least = l->place_blocks + l->journal.blocks + l->xattr_blocks + want;
	struct space s;
	int rc = space_init(&s, l->fs, err);

	*missing = 0;
	l->run_count = 0;
	if (!rc && least > s.left)
		*missing = least - s.left;
	if (!rc && !*missing)
		rc = place_all(l, &s, missing, err);
	if (!rc && !*missing && s.left < l->xattr_blocks + want)
		*missing = l->xattr_blocks + want - s.left;
	if (!rc && !*missing)
		l->used = (ext2fs_blocks_count(l->fs->super) - s.left + l->xattr_blocks) *
			  l->block_size;
	free(s.runs);
	return rc;
}
