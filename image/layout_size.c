/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The size of the filesystem. What the fixed metadata of block groups takes is
 * known only to libext2fs and depends on the size, so sizes are tried,
 * smallest first, until all fits. A try costs no I/O.
 */
#include "image/layout_internal.h"

#include <errno.h>

#include "common/number.h"

enum {
	TRIES_MAX = 4096,
	GROWTH_MIN = 8,        /* blocks, so that a last group too small to be used is soon passed */
	FREE_MIN = 16 << 20,   /* bytes left by default */
	MIB = 1 << 20,
};

static bool is_too_small(errcode_t code)
{
	return code == EXT2_ET_TOOSMALL || code == EXT2_ET_BLOCK_ALLOC_FAIL ||
	       code == EXT2_ET_INVALID_ARGUMENT || code == EXT2_ET_TOO_MANY_INODES;
}

static void set_superblock(const struct layout *l, ext2_filsys fs)
{
	struct ext2_super_block *sb = fs->super;

	fs->now = l->now;
	sb->s_mkfs_time = l->now;
	sb->s_lastcheck = l->now;
	sb->s_wtime = l->now;
	sb->s_mtime = 0;
	sb->s_checkinterval = 0;
	sb->s_max_mnt_count = -1;
	sb->s_mnt_count = 0;
	sb->s_errors = EXT2_ERRORS_CONTINUE;
	memcpy(sb->s_uuid, l->uuid, sizeof(sb->s_uuid));
	memcpy(sb->s_volume_name, l->label, sizeof(sb->s_volume_name));
	/* The hash of names must not depend on the host's char. */
	memcpy(sb->s_hash_seed, l->uuid, sizeof(sb->s_hash_seed));
	sb->s_def_hash_version = EXT2_HASH_HALF_MD4;
	sb->s_flags = (sb->s_flags & ~(uint32_t)EXT2_FLAGS_UNSIGNED_HASH) | EXT2_FLAGS_SIGNED_HASH;
	if (l->compat & EXT2_FEATURE_COMPAT_EXT_ATTR)
		sb->s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
	if (layout_has_csum(l))
		sb->s_checksum_type = EXT2_CRC32C_CHKSUM;
	ext2fs_init_csum_seed(fs);
}

/* A filesystem of so many blocks and at least so many inodes, without a file. */
static errcode_t geometry(const struct layout *l, uint64_t blocks, uint64_t inodes,
			  ext2_filsys *fs)
{
	struct ext2_super_block param = { 0 };
	char name[FD_IO_NAME_SIZE];
	errcode_t code;

	*fs = NULL;
	param.s_rev_level = EXT2_DYNAMIC_REV;
	param.s_log_block_size = (uint32_t)__builtin_ctz(l->block_size) - EXT2_MIN_BLOCK_LOG_SIZE;
	param.s_log_cluster_size = param.s_log_block_size;
	param.s_inode_size = (uint16_t)l->inode_size;
	param.s_inodes_count = (uint32_t)inodes;
	param.s_feature_compat = l->compat;
	param.s_feature_incompat = l->incompat;
	param.s_feature_ro_compat = l->ro_compat;
	if (l->incompat & EXT4_FEATURE_INCOMPAT_FLEX_BG)
		param.s_log_groups_per_flex = 4;
	if (l->incompat & EXT4_FEATURE_INCOMPAT_64BIT)
		param.s_desc_size = 64;
	ext2fs_blocks_count_set(&param, blocks);
	code = ext2fs_initialize(fd_io_name(name, -1), EXT2_FLAG_64BITS, &param, fd_io_manager,
				 fs);
	if (code)
		return code;
	set_superblock(l, *fs);
	code = ext2fs_allocate_tables(*fs);
	if (code) {
		ext2fs_free(*fs);
		*fs = NULL;
	}
	return code;
}

static uint64_t least_inodes(const struct layout *l)
{
	return l->inodes_wanted > l->inodes_needed ? l->inodes_wanted : l->inodes_needed;
}

/* Inodes to ask for: unless told, room that stays free gets its share, too. */
static uint64_t inodes_for(const struct layout *l, uint64_t blocks)
{
	uint64_t least = least_inodes(l), share;

	if (l->inodes_wanted || blocks < l->place_blocks)
		return least;
	share = (blocks - l->place_blocks) / (BYTES_PER_INODE / l->block_size);
	/* More than anybody needs, and far from where 32 bits end. */
	return least + (share < INT32_MAX ? share : INT32_MAX);
}

/*
 * The same, with the inodes that are asked for: libext2fs drops a last group that is
 * too small to be used, and its inodes with it.
 */
static errcode_t geometry_with_inodes(const struct layout *l, uint64_t blocks, ext2_filsys *fs)
{
	uint64_t least = least_inodes(l), ask = inodes_for(l, blocks);
	errcode_t code;

	for (int i = 0; i < 3; i++) {
		code = geometry(l, blocks, ask, fs);
		if (code || (*fs)->super->s_inodes_count >= least)
			return code;
		ask += least - (*fs)->super->s_inodes_count + (*fs)->super->s_inodes_per_group;
		ext2fs_free(*fs);
		*fs = NULL;
	}
	return EXT2_ET_TOO_MANY_INODES;
}

/*
 * Lay everything out in so many blocks. 0 and *missing 0: done, l->fs is set.
 * Else *missing says by how many blocks it fails, at least.
 */
static int attempt(struct layout *l, uint64_t blocks, uint64_t want, uint64_t *missing,
		   struct error *err)
{
	errcode_t code;
	int rc;

	*missing = 0;
	if (l->fs)
		ext2fs_free(l->fs);
	l->fs = NULL;
	if (l->compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL) {
		if (blocks < JOURNAL_MIN_BLOCKS) {
			*missing = JOURNAL_MIN_BLOCKS - blocks;
			return 0;
		}
		l->journal.blocks = (uint64_t)ext2fs_default_journal_size(blocks);
	}
	code = geometry_with_inodes(l, blocks, &l->fs);
	if (is_too_small(code)) {
		*missing = GROWTH_MIN + blocks / 64;
		return 0;
	}
	if (code)
		return fs_error(err, code, NULL, "the filesystem cannot be laid out");
	rc = layout_place(l, want, missing, err);
	if (rc || *missing) {
		ext2fs_free(l->fs);
		l->fs = NULL;
	}
	if (!rc && *missing && *missing < GROWTH_MIN)
		*missing = GROWTH_MIN;
	return rc;
}

/* The smallest size that has `want` blocks to spare. */
static int grow(struct layout *l, uint64_t want, struct error *err)
{
	uint64_t most = (l->incompat & EXT4_FEATURE_INCOMPAT_64BIT) ? 1ULL << 48 : UINT32_MAX;
	/* Nothing of this can be spared, so no smaller size need be tried. */
	uint64_t blocks = l->place_blocks + l->xattr_blocks +
			  least_inodes(l) * l->inode_size / l->block_size;
	uint64_t missing;
	int rc;

	if (__builtin_add_overflow(blocks, want, &blocks))
		blocks = UINT64_MAX;
	for (int i = 0; i < TRIES_MAX; i++) {
		if (blocks > most || blocks > INT64_MAX / l->block_size)
			return error_set(err, -ERR_LIMIT, NULL,
					 "the image would be larger than the filesystem can be");
		rc = attempt(l, blocks, want, &missing, err);
		if (rc || !missing)
			return rc;
		if (__builtin_add_overflow(blocks, missing, &blocks))
			blocks = UINT64_MAX;
	}
	return error_set(err, -ERR_LIMIT, NULL, "no size was found that holds all files");
}

/* The asked size is too small: find out which one is not, and say so. */
static int no_space(struct layout *l, struct error *err)
{
	uint64_t bytes, mib, missing = 1;
	int rc = grow(l, l->extra_blocks, err);

	if (rc)
		return rc;
	bytes = ext2fs_blocks_count(l->fs->super) * l->block_size;
	/* A little more may mean one more block group, which costs more than it brings. */
	for (mib = (bytes + MIB - 1) / MIB; missing; mib += missing != 0) {
		rc = attempt(l, mib * MIB / l->block_size, l->extra_blocks, &missing, err);
		if (rc)
			return rc;
	}
	rc = error_set(err, -ERR_NO_SPACE, NULL, "the image needs at least %llu bytes (%lluM)",
		       (unsigned long long)bytes, (unsigned long long)mib);
	error_hint(err, "use --size %lluM or more, or leave --size out",
		   (unsigned long long)mib);
	return rc;
}

static uint64_t default_free_bytes(const struct layout *l)
{
	uint64_t quarter = (l->place_blocks + l->xattr_blocks + l->extra_blocks) / 4 *
			   l->block_size;

	return quarter > FREE_MIN ? quarter : FREE_MIN;
}

int layout_solve(struct layout *l, const struct layout_options *options, struct error *err)
{
	uint64_t free_bytes = options->free_bytes, want, missing;
	int rc;

	if (options->size) {
		if (options->size > INT64_MAX)
			return error_set(err, -ERR_LIMIT, NULL, "the size is out of range");
		rc = attempt(l, options->size / l->block_size, l->extra_blocks, &missing, err);
		if (!rc && missing)
			rc = no_space(l, err);
		l->size = options->size / l->block_size * l->block_size;
		return rc;
	}
	if (free_bytes == UINT64_MAX)
		free_bytes = default_free_bytes(l);
	want = l->extra_blocks + free_bytes / l->block_size + (free_bytes % l->block_size != 0);
	rc = grow(l, want, err);
	if (!rc)
		l->size = ext2fs_blocks_count(l->fs->super) * l->block_size;
	return rc;
}
