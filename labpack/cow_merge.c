/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack cow merge: a COW disk and its base become one. */
#include <errno.h>
#include <sys/stat.h>

#include "common/number.h"
#include "common/program.h"
#include "labpack/cow.h"

struct merge {
	struct strlist operands;
	const char *base;
	bool in_place, force;
};

static int to_new_file(const struct merge *o, struct error *err)
{
	const char *out = o->operands.items[1];
	struct cow *cow;
	int rc = cow_must_be_new(out, err);

	if (rc)
		return rc;
	rc = cow_open(&cow, o->operands.items[0], o->base, 0, err);
	if (rc)
		return rc;
	rc = cow_merge(cow, out, err);
	cow_abandon(cow);
	return rc;
}

/* The other disks of the base would be worth nothing afterwards. */
static int refuse_siblings(const char *path, const char *base, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	int rc = cow_find_siblings(path, base, &names, err);

	if (!rc && names.count) {
		if (names.count == 1)
			rc = error_set(err, -ERR_CONFLICT, base, "is the base of '%s', too",
				       names.items[0]);
		else
			rc = error_set(err, -ERR_CONFLICT, base,
				       "is the base of %zu other COW disks, one is '%s'",
				       names.count, names.items[0]);
		error_hint(err, "what they hold would be lost; merge to a new file, or say --force");
	}
	strlist_release(&names);
	return rc;
}

static int in_place(const struct merge *o, struct error *err)
{
	const char *path = o->operands.items[0];
	struct cow *cow;
	int rc = 0;

	if (!o->force) {
		rc = cow_open(&cow, path, o->base, COW_IGNORE_MTIME, err);
		if (rc)
			return rc;
		rc = refuse_siblings(path, cow_backing(cow), err);
		cow_abandon(cow);
	}
	if (!rc)
		rc = cow_merge_in_place(path, o->base, err);
	return rc ? rc : cow_note_base_of(path, err);
}

static const struct option_entry options[] = {
	{ "base", 0, "FILE", "the base, when it is not the one that the header names",
	  OPTION(struct merge, base, option_store_text), .complete = COMPLETE_FILE },
	{ "in-place", 0, NULL, "into the base; FILE becomes an empty COW disk on it",
	  OPTION(struct merge, in_place, option_store_flag) },
	{ "force", 0, NULL, "although other COW disks of the base are lost by it",
	  OPTION(struct merge, force, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct merge o = { .in_place = false };
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc && o.operands.count != (o.in_place ? 1 : 2))
		rc = command_usage(&command_cow_merge, err);
	if (!rc && o.force && !o.in_place)
		rc = error_set(err, -ERR_USAGE, NULL, "--force is for --in-place");
	if (!rc)
		rc = o.in_place ? in_place(&o, err) : to_new_file(&o, err);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_cow_merge = {
	.name = "cow merge",
	.synopsis = "FILE (OUT | --in-place)",
	.summary = "a COW disk and its base become one disk",
	.options = groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
