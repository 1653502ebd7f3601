/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a manifest promises, against what is there. */
#include "labpack/unpack.h"

struct comparison {
	void (*problem)(void *arg, const char *path, const char *words);
	void *arg;
	size_t problems;
};

static void tell(struct comparison *c, const char *path, const char *words)
{
	c->problems++;
	if (c->problem)
		c->problem(c->arg, path, words);
}

static void compare_entries(struct comparison *c, const struct manifest_entry *want,
			    const struct manifest_entry *have)
{
	if (want->type != have->type)
		tell(c, want->path, "is of another kind than the manifest says");
	else if (want->type == MANIFEST_LINK && strcmp(want->target, have->target) != 0)
		tell(c, want->path, "is a link to somewhere else than the manifest says");
	else if (want->type == MANIFEST_FILE && want->size != have->size)
		tell(c, want->path, "has another size than the manifest says");
	else if (want->type == MANIFEST_FILE &&
		 (memcmp(want->digest, have->digest, DIGEST_SIZE) != 0 || want->data != have->data))
		tell(c, want->path, "differs from what the manifest says");
}

/* The path below top; NULL for top itself and, which cannot be, for what lies outside. */
static const char *strip(const char *path, const char *top)
{
	size_t n = top ? strlen(top) : 0;

	if (!top)
		return path;
	return strncmp(path, top, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

size_t manifest_compare(const struct manifest *promised, const struct manifest *found,
			const char *top,
			void (*problem)(void *arg, const char *path, const char *words), void *arg)
{
	struct comparison c = { problem, arg, 0 };
	size_t i = 0, k = 0;

	/* Both are sorted bytewise, and stay so when the same beginning is cut off. */
	while (i < promised->count || k < found->count) {
		const struct manifest_entry *want = &promised->entries[i];
		const char *path = k < found->count ? strip(found->entries[k].path, top) : NULL;
		int order;

		if (k < found->count && !path) {
			k++;
			continue;
		}
		order = i == promised->count ? 1 : !path ? -1 : strcmp(want->path, path);
		if (order < 0)
			tell(&c, want->path, "is missing");
		else if (order > 0)
			tell(&c, path, "is not in the manifest");
		else
			compare_entries(&c, want, &found->entries[k]);
		i += order <= 0;
		k += order >= 0;
	}
	return c.problems;
}
