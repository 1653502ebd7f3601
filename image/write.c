/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All metadata of a laid-out filesystem, in the order in which it lies. */
#include "image/layout_internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/tree_internal.h"

static void mark_runs(struct layout *l, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++) {
		uint64_t start = l->runs[i].start, left = l->runs[i].count;

		/* libext2fs counts in 32 bits here. */
		while (left) {
			uint32_t part = left < INT32_MAX ? (uint32_t)left : INT32_MAX;

			ext2fs_block_alloc_stats_range(l->fs, start, part, +1);
			start += part;
			left -= part;
		}
	}
}

static void mark_inodes(struct layout *l)
{
	for (ext2_ino_t ino = 1; ino < EXT2_GOOD_OLD_FIRST_INO; ino++)
		if (ino != EXT2_ROOT_INO)
			ext2fs_inode_alloc_stats2(l->fs, ino, +1, 0);
	for (size_t i = 0; i < l->count; i++)
		ext2fs_inode_alloc_stats2(l->fs, l->places[i].node->ino, +1,
					  S_ISDIR(l->places[i].node->mode));
	/* The tables are fresh from the host, so zero where nothing is written. */
	for (dgrp_t g = 0; ext2fs_has_group_desc_csum(l->fs) && g < l->fs->group_desc_count; g++) {
		ext2fs_bg_flags_set(l->fs, g, EXT2_BG_INODE_ZEROED);
		ext2fs_group_desc_csum_set(l->fs, g);
	}
}

static errcode_t set_xattrs(struct layout *l, const struct tree_node *node)
{
	struct ext2_xattr_handle *handle;
	errcode_t code = ext2fs_xattrs_open(l->fs, node->ino, &handle), closed;

	if (code)
		return code;
	code = ext2fs_xattrs_read(handle);
	for (size_t i = 0; i < node->xattr_count && !code; i++)
		code = ext2fs_xattr_set(handle, node->xattrs[i].name, node->xattrs[i].value,
					node->xattrs[i].size);
	if (!code)
		code = ext2fs_xattrs_write(handle);
	closed = ext2fs_xattrs_close(&handle);
	return code ? code : closed;
}

static int node_error(const struct tree_node *node, errcode_t code, struct error *err)
{
	char *path = tree_node_path(node);
	int rc = fs_error(err, code, path, "its metadata cannot be written");

	free(path);
	return rc;
}

/* Blocks of directories, maps and links, and every inode. */
static int write_nodes(struct layout *l, struct streams *s, struct error *err)
{
	errcode_t code = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct place *p = &l->places[i];

		if (S_ISDIR(p->node->mode))
			code = write_dir(l, p, &s->dirs);
		if (!code)
			code = write_inode(l, p, s);
		if (code)
			return node_error(p->node, code, err);
		if (i > 0)
			continue;
		code = write_journal(l, s);
		if (code)
			return fs_error(err, code, NULL, "the journal cannot be written");
	}
	return 0;
}

static int write_streams(struct layout *l, struct error *err)
{
	struct streams s = { 0 };
	struct bulk *const all[] = { &s.inodes, &s.dirs, &s.links, &s.maps, &s.journal };
	errcode_t code;
	int rc = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !rc; i++)
		if (bulk_init(all[i], l) != 0)
			rc = error_nomem(err);
	if (!rc)
		rc = write_nodes(l, &s, err);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		code = rc ? 0 : bulk_flush(all[i]);
		if (code)
			rc = fs_error(err, code, NULL,
				      "the filesystem's metadata cannot be written");
		bulk_release(all[i]);
	}
	/* Checksums made libext2fs read inodes before they were there. */
	ext2fs_flush_icache(l->fs);
	return rc;
}

static void mark_all(struct layout *l)
{
	for (size_t i = 0; i < l->count; i++) {
		mark_runs(l, l->places[i].first, l->places[i].runs);
		mark_runs(l, l->places[i].map_first, l->places[i].map_runs);
	}
	mark_runs(l, l->journal.first, l->journal.runs);
	mark_runs(l, l->journal.map_first, l->journal.map_runs);
	mark_inodes(l);
}

static int write_all(struct layout *l, struct error *err)
{
	errcode_t code;
	int rc = write_streams(l, err);

	if (rc)
		return rc;
	mark_all(l);
	/* Last, because libext2fs takes blocks for them from those that are free. */
	for (size_t i = 0; i < l->count && !l->dropped_xattrs; i++) {
		if (!l->places[i].node->xattr_count)
			continue;
		code = set_xattrs(l, l->places[i].node);
		if (code)
			return node_error(l->places[i].node, code, err);
	}
	code = ext2fs_flush2(l->fs, EXT2_FLAG_FLUSH_NO_SYNC);
	return code ? fs_error(err, code, NULL, "the filesystem's metadata cannot be written") : 0;
}

int layout_write(struct layout *l, int fd, struct image **image, struct error *err)
{
	struct stat st;
	int rc;

	*image = NULL;
	if (!l->fs)
		return error_set(err, -EINVAL, NULL, "the image was written already");
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, NULL, "the image cannot be examined");
	/* Blocks that are not written must read as zeros. */
	if (st.st_size != 0)
		return error_set(err, -EEXIST, NULL, "the output is not an empty file");
	if (ftruncate(fd, (off_t)l->size) < 0)
		return error_errno(err, errno, NULL, "the image cannot have %llu bytes",
				   (unsigned long long)l->size);
	fd_io_attach(l->fs->io, fd);
	rc = write_all(l, err);
	if (!rc)
		rc = image_wrap(image, l->fs, fd, true, l->now, err);
	if (!rc)
		l->fs = NULL;
	return rc;
}
