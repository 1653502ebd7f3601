/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feature names, as e2fsprogs has them, and what each filesystem gets by default. */
#include "image/layout_internal.h"

static const struct {
	const char *name;
	uint32_t compat, incompat, ro_compat;
} features[] = {
	{ "has_journal", EXT3_FEATURE_COMPAT_HAS_JOURNAL, 0, 0 },
	{ "ext_attr", EXT2_FEATURE_COMPAT_EXT_ATTR, 0, 0 },
	{ "dir_index", EXT2_FEATURE_COMPAT_DIR_INDEX, 0, 0 },
	{ "filetype", 0, EXT2_FEATURE_INCOMPAT_FILETYPE, 0 },
	{ "extent", 0, EXT3_FEATURE_INCOMPAT_EXTENTS, 0 },
	{ "extents", 0, EXT3_FEATURE_INCOMPAT_EXTENTS, 0 },
	{ "64bit", 0, EXT4_FEATURE_INCOMPAT_64BIT, 0 },
	{ "flex_bg", 0, EXT4_FEATURE_INCOMPAT_FLEX_BG, 0 },
	{ "sparse_super", 0, 0, EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER },
	{ "large_file", 0, 0, EXT2_FEATURE_RO_COMPAT_LARGE_FILE },
	{ "huge_file", 0, 0, EXT4_FEATURE_RO_COMPAT_HUGE_FILE },
	{ "uninit_bg", 0, 0, EXT4_FEATURE_RO_COMPAT_GDT_CSUM },
	{ "dir_nlink", 0, 0, EXT4_FEATURE_RO_COMPAT_DIR_NLINK },
	{ "extra_isize", 0, 0, EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE },
	{ "metadata_csum", 0, 0, EXT4_FEATURE_RO_COMPAT_METADATA_CSUM },
};

/*
 * What a kernel of its time and e2fsprogs of ours both like. No resize_inode:
 * the image is made in its final size.
 */
static const struct {
	const char *filesystem, *features;
} defaults[] = {
	{ "ext2", "ext_attr filetype sparse_super large_file" },
	{ "ext3", "ext_attr dir_index filetype sparse_super large_file has_journal" },
	{ "ext4", "ext_attr dir_index filetype sparse_super large_file has_journal extent "
		  "flex_bg huge_file dir_nlink extra_isize metadata_csum" },
};

static int add_feature(struct layout *l, const char *name, size_t len, struct error *err)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (strlen(features[i].name) != len || memcmp(features[i].name, name, len) != 0)
			continue;
		l->compat |= features[i].compat;
		l->incompat |= features[i].incompat;
		l->ro_compat |= features[i].ro_compat;
		return 0;
	}
	return error_set(err, -ERR_UNSUPPORTED, NULL,
			 "the filesystem feature '%.*s' is none that mkroot writes", (int)len,
			 name);
}

static const char *default_features(const char *filesystem)
{
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (filesystem && strcmp(defaults[i].filesystem, filesystem) == 0)
			return defaults[i].features;
	return NULL;
}

/* Combinations that no kernel would mount, or that need what 128-byte inodes lack. */
static int check_features(struct layout *l, struct error *err)
{
	if (layout_has_csum(l) && (l->ro_compat & EXT4_FEATURE_RO_COMPAT_GDT_CSUM))
		l->ro_compat &= ~(uint32_t)EXT4_FEATURE_RO_COMPAT_GDT_CSUM;
	if ((l->incompat & EXT4_FEATURE_INCOMPAT_64BIT) && !layout_extents(l))
		return error_set(err, -ERR_UNSUPPORTED, NULL,
				 "the filesystem feature '64bit' needs 'extent'");
	if (l->inode_size == 128)
		l->ro_compat &= ~(uint32_t)EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE;
	return 0;
}

int layout_features(struct layout *l, const struct layout_options *options, struct error *err)
{
	const char *at = default_features(options->filesystem);
	size_t len;
	int rc = 0;

	if (!at)
		return error_set(err, -ERR_UNSUPPORTED, NULL,
				 "the filesystem '%s' is none of ext2, ext3 and ext4",
				 options->filesystem ? options->filesystem : "");
	l->inode_size = options->inode_size;
	if (!l->inode_size)
		l->inode_size = strcmp(options->filesystem, "ext4") == 0 ? 256 : 128;
	if (options->features)
		at = options->features;
	for (; !rc; at += len) {
		at += strspn(at, " \t,");
		len = strcspn(at, " \t,");
		if (!len)
			break;
		rc = add_feature(l, at, len, err);
	}
	return rc ? rc : check_features(l, err);
}
