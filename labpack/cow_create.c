/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack cow create: an empty COW disk on a base. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/output.h"
#include "labpack/cow.h"

struct create {
	struct strlist operands;
	bool old_kernel;
};

static int create(const struct create *o, struct error *err)
{
	const char *path = o->operands.items[0], *base = o->operands.items[1];
	struct output out = OUTPUT_INIT;
	int fd, rc = cow_must_be_new(path, err);

	if (rc)
		return rc;
	fd = open(base, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_errno(err, errno, base, "the backing file cannot be opened");
	if (!o->old_kernel)
		rc = cow_check_base(fd, base, err);
	if (!rc)
		rc = output_open(&out, path, err);
	if (!rc)
		rc = cow_create_noted(out.fd, path, base, err);
	if (!rc)
		rc = output_commit(&out, err);
	else
		output_abort(&out);
	close(fd);
	return rc;
}

static const struct option_entry options[] = {
	{ "old-kernel", 0, NULL, "also on a filesystem with blocks below 4096 bytes",
	  OPTION(struct create, old_kernel, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct create o = { .old_kernel = false };
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc)
		rc = o.operands.count == 2 ? create(&o, err) :
					     command_usage(&command_cow_create, err);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_cow_create = {
	.name = "cow create",
	.synopsis = "FILE BASE",
	.summary = "a new COW disk on a base",
	.options = groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
