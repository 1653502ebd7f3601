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

static int extract_archive(const struct extract *o, struct extraction *x, struct error *err)
{
	struct unpack *u = &x->stream;
	struct stat st;
	int rc = archive_in_open(&u->in, x->file, err);

	if (!rc)
		rc = extract_begin(x, err);
	if (!rc)
		rc = pipeline_new(&u->pipeline, pipeline_threads(), err);
	if (!rc && !o->quiet && isatty(2))
		u->progress = progress_new(stat(x->file, &st) == 0 ? (uint64_t)st.st_size : 0,
					   PROGRESS_AUTO);
	progress_step(u->progress, "extracting");
	if (!rc)
		rc = unpack_stream(u, err);
	if (!rc)
		rc = extract_finish(x, err);
	progress_free(u->progress);
	pipeline_free(u->pipeline);
	archive_in_free(u->in);
	return rc;
}

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct extract o = { .operands = STRLIST_INIT };
	struct extraction x = { .stream = UNPACK_INIT, .parent_fd = -1, .temp_fd = -1 };
	int rc = option_read(extract_groups, &o, argc, argv, command_operand, err);

	setlocale(LC_CTYPE, "C.UTF-8");
	if (!rc && (o.operands.count < 1 || o.operands.count > 2))
		rc = command_usage(&command_extract, err);
	if (!rc) {
		x.file = o.operands.items[0];
		x.dir = o.operands.count > 1 ? o.operands.items[1] : NULL;
		x.stream.pending = interrupt_pending;
		x.stream.begin = extract_member;
		x.stream.end = extract_member_end;
		x.stream.arg = &x;
		below_init(&x.below, -1);
		interrupt_catch();
		rc = extract_archive(&o, &x, err);
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
