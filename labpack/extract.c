/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack extract: a lab out of its archive. */
#include <errno.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/program.h"
#include "labpack/command.h"
#include "labpack/extract.h"
#include "labpack/interrupt.h"

struct extract {
	struct strlist operands;
	bool quiet;
};

static const struct option_entry extract_options[] = {
	{ "quiet", 'q', NULL, "no progress bar and no summary",
	  OPTION(struct extract, quiet, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group extract_groups[] = { { "Options", extract_options },
						      { NULL, NULL } };

static void tell(const struct extract *o, const struct extraction *x)
{
	for (size_t i = 0; i < x->notes.count; i++)
		report_line(stderr, "labpack: %s", x->notes.items[i]);
	if (x->lost_bits)
		report_line(stderr, "labpack: %zu files lost their set-user-id bits and the like",
			    x->lost_bits);
	if (!o->quiet && !x->verified)
		report_line(stderr, "labpack: '%s': has no manifest, so nothing was verified", x->file);
	if (!o->quiet)
		report_line(stderr, "labpack: '%s': %zu files%s", x->name, x->stream.found.count - (x->top ? 1 : 0),
			    x->verified ? ", verified" : "");
}

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct extract o = { .operands = STRLIST_INIT };
	struct extraction x;
	int rc = option_read(extract_groups, &o, argc, argv, command_operand, err);

	setlocale(LC_CTYPE, "C.UTF-8");
	if (!rc && (o.operands.count < 1 || o.operands.count > 2))
		rc = command_usage(&command_extract, err);
	if (!rc) {
		extract_init(&x, o.operands.items[0],
			     o.operands.count > 1 ? o.operands.items[1] : NULL);
		x.show = !o.quiet && isatty(2);
		interrupt_catch();
		rc = extract_all(&x, err);
		if (!rc)
			tell(&o, &x);
		extract_end(&x);
		interrupt_release();
	}
	strlist_release(&o.operands);
	return rc;
}

const struct command command_extract = {
	.name = "extract",
	.synopsis = "FILE [DIR]",
	.summary = "unpack a lab, verify it and make its disks fit their new place",
	.options = extract_groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
