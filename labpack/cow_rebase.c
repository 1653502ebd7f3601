/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack cow rebase: a COW disk follows its base to another place. */
#include "labpack/cow.h"

struct rebase {
	struct strlist operands;
	bool trust;
};

static int rebase(const struct rebase *o, struct error *err)
{
	const char *path = o->operands.items[0], *base = o->operands.items[1];
	struct cow *cow;
	int rc = cow_open(&cow, path, NULL, COW_NO_BACKING, err);

	if (rc)
		return rc;
	rc = cow_prove_base(cow_info(cow), base, o->trust, err);
	cow_abandon(cow);
	if (!rc)
		rc = cow_relink(path, base, NULL, err);
	if (!rc)
		rc = cow_note_base_of(path, err);
	return rc;
}

static const struct option_entry options[] = {
	{ "trust", 0, NULL, "without a proof that BASE has the bytes of the old base",
	  OPTION(struct rebase, trust, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct rebase o = { .trust = false };
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc)
		rc = o.operands.count == 2 ? rebase(&o, err) :
					     command_usage(&command_cow_rebase, err);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_cow_rebase = {
	.name = "cow rebase",
	.synopsis = "FILE BASE",
	.summary = "a COW disk follows its base that moved or was copied",
	.options = groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
