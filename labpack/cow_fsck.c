/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack cow fsck: is a COW disk whole, and its filesystem sound? */
#include "common/json.h"
#include "common/program.h"
#include "image/check.h"
#include "labpack/cow.h"

struct fsck {
	struct strlist operands;
	const char *base;
	bool json;
};

static void print_text(const char *path, const struct check *c)
{
	for (size_t i = 0; i < c->errors.count; i++)
		report_line(stdout, "%s: %s", path, c->errors.items[i]);
	if (c->error_count > c->errors.count)
		report_line(stdout, "%s: and %llu more", path,
			    (unsigned long long)(c->error_count - c->errors.count));
	for (size_t i = 0; i < c->notes.count; i++)
		report_line(stdout, "%s: note: %s", path, c->notes.items[i]);
	if (!c->error_count)
		report_line(stdout, "%s: clean", path);
}

static json_t *list(const struct strlist *l)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(a, cow_json_text(l->items[i]));
	return a;
}

static int print_json(const struct check *c, struct error *err)
{
	json_t *j;

	json_begin();
	j = json_object();
	json_object_set_new(j, "error_count", json_integer((json_int_t)c->error_count));
	json_object_set_new(j, "errors", list(&c->errors));
	json_object_set_new(j, "notes", list(&c->notes));
	return json_print(j, stdout, "stdout", err);
}

static int fsck(const struct fsck *o, bool *differs, struct error *err)
{
	struct check c = CHECK_INIT;
	int rc = cow_check(o->operands.items[0], o->base, &c, err);

	if (!rc && o->json)
		rc = print_json(&c, err);
	else if (!rc)
		print_text(o->operands.items[0], &c);
	*differs = c.error_count > 0;
	check_release(&c);
	return rc;
}

static const struct option_entry options[] = {
	{ "base", 0, "FILE", "the base, when it is not the one that the header names",
	  OPTION(struct fsck, base, option_store_text), .complete = COMPLETE_FILE },
	{ "json", 0, NULL, "print it as JSON", OPTION(struct fsck, json, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct fsck o = { .json = false };
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc)
		rc = o.operands.count == 1 ? fsck(&o, differs, err) :
					     command_usage(&command_cow_fsck, err);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_cow_fsck = {
	.name = "cow fsck",
	.synopsis = "FILE",
	.summary = "whether a COW disk is whole, and its filesystem sound",
	.options = groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
