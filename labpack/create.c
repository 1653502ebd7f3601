/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack create: a lab into one file. */
#include <errno.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/number.h"
#include "common/output.h"
#include "common/program.h"
#include "labpack/command.h"
#include "labpack/create.h"
#include "labpack/interrupt.h"
#include "labpack/live.h"
#include "labpack/snapshot.h"

struct create {
	struct strlist operands;
	uint64_t level;
	bool keep_free, snapshots, tools, no_kernel, old_kernel, live, no_sync, quiet;
};

static const struct option_entry create_options[] = {
	{ "level", 0, "N", "how hard to compress: zstd 1 to 19 (3), xz 0 to 9 (2), gzip 1 to 9 (6)",
	  OPTION(struct create, level, option_store_number), .min = 0, .max = 19 },
	{ "keep-free", 0, NULL, "take along what filesystems call free, too",
	  OPTION(struct create, keep_free, option_store_flag) },
	{ "with-snapshots", 0, NULL, "take along the lab's snapshots",
	  OPTION(struct create, snapshots, option_store_flag) },
	{ "with-tools", 0, NULL, "take along uml_switch and uml_mconsole (and uml_watchdog for [watchdog])",
	  OPTION(struct create, tools, option_store_flag) },
	{ "no-kernel", 0, NULL, "leave the kernel and its modules behind",
	  OPTION(struct create, no_kernel, option_store_flag) },
	{ "old-kernel", 0, NULL, "a base with blocks below 4096 bytes is fine: the kernel is an old one",
	  OPTION(struct create, old_kernel, option_store_flag) },
	{ "live", 0, NULL, "machines that run stand still while their disks are copied",
	  OPTION(struct create, live, option_store_flag) },
	{ "no-sync", 0, NULL, "do not wait until the disk has the archive",
	  OPTION(struct create, no_sync, option_store_flag) },
	{ "quiet", 'q', NULL, "no progress bar and no summary",
	  OPTION(struct create, quiet, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group create_groups[] = { { "Options", create_options }, { NULL, NULL } };

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static uint64_t total_bytes(const struct pack *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->count; i++)
		sum += p->members[i].size;
	return sum;
}

static void tell(const struct create *o, const struct pack *p, const char *file,
		 const struct manifest *m, uint64_t bytes)
{
	uint64_t data = 0, apparent = 0;
	char a[32], b[32], c[32];

	for (size_t i = 0; i < p->notes.count; i++)
		report_line(stderr, "labpack: %s", p->notes.items[i]);
	if (o->quiet)
		return;
	for (size_t i = 0; i < m->count; i++) {
		data += m->entries[i].data;
		apparent += m->entries[i].size;
	}
	report_line(stderr, "labpack: '%s': %s; %zu files, %s of data in %s", file,
		    size_format(bytes, a, sizeof(a)), m->count, size_format(data, b, sizeof(b)),
		    size_format(apparent, c, sizeof(c)));
}

static int write_archive(const struct create *o, struct collection *c, const char *file,
			 struct pack_options *options, struct error *err)
{
	struct output out = OUTPUT_INIT;
	struct manifest manifest = MANIFEST_INIT;
	uint64_t bytes = 0;
	int rc = output_open(&out, file, err);

	out.no_sync = o->no_sync;
	options->progress = progress_new(total_bytes(&c->pack),
					 o->quiet || !isatty(2) ? PROGRESS_QUIET : PROGRESS_AUTO);
	progress_step(options->progress, "packing");
	if (!rc && create_is_iso(file))
		rc = create_iso(c, out.fd, file, options, &manifest, &bytes, err);
	else if (!rc)
		rc = pack_write(&c->pack, out.fd, file, options, &manifest, &bytes, err);
	if (!rc)
		rc = interrupt_pending(err);
	progress_free(options->progress);
	if (!rc)
		rc = output_commit(&out, err);
	else
		output_abort(&out);
	if (!rc)
		tell(o, &c->pack, file, &manifest, bytes);
	manifest_release(&manifest);
	return rc;
}

static int create_lab(const struct create *o, const char *file, const struct lab *lab,
		      struct pack_options *options, struct error *err)
{
	struct collection c = COLLECTION_INIT;
	struct live live = LIVE_INIT;
	struct stat st;
	struct collect_options how = {
		.snapshots = o->snapshots,
		.tools = o->tools,
		.no_kernel = o->no_kernel,
		.old_kernel = o->old_kernel,
		.output = stat(file, &st) == 0 ? &st : NULL,
	};
	int rc;

	interrupt_catch();
	rc = o->live ? live_stop(&live, lab, err) : 0;
	how.stopped = &live.stopped;
	if (!rc)
		rc = collect(&c, lab, &how, err);
	if (!rc)
		rc = write_archive(o, &c, file, options, err);
	if (!rc)
		rc = live_go(&live, err);
	else
		live_go(&live, NULL);
	collection_release(&c);
	interrupt_release();
	return rc;
}

static int create(const struct create *o, struct error *err)
{
	const char *file = o->operands.items[0];
	const char *folder = o->operands.count > 1 ? o->operands.items[1] : ".";
	struct pack_options options = {
		.keep_free = o->keep_free,
		.threads = pipeline_threads(),
		.pending = interrupt_pending,
		.archive.level = o->level == UINT64_MAX ? ARCHIVE_LEVEL_DEFAULT : (int)o->level,
		.archive.no_sync = o->no_sync,
	};
	struct lab *lab = NULL;
	char *top;
	int rc = create_kind(file, &options.archive.compression, err);

	if (!rc)
		rc = archive_level_check(options.archive.compression, options.archive.level, err);
	if (!rc)
		rc = output_check(file, err);
	if (rc)
		return rc;
	/* The folder's name, whatever the lab calls itself. */
	top = realpath(folder, NULL);
	if (!top)
		return error_errno(err, errno, folder, "cannot be read");
	options.top = *last_part(top) ? last_part(top) : "lab";
	rc = lab_read(&lab, folder, 0, err);
	if (!rc)
		rc = snapshot_check_rollback(folder, NULL, err);
	if (!rc)
		rc = create_lab(o, file, lab, &options, err);
	lab_free(lab);
	free(top);
	return rc;
}

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct create o = { .operands = STRLIST_INIT, .level = UINT64_MAX };
	int rc = option_read(create_groups, &o, argc, argv, command_operand, err);

	/* Names of files are bytes; those that are UTF-8 are said to be so in the archive. */
	setlocale(LC_CTYPE, "C.UTF-8");
	if (!rc && (o.operands.count < 1 || o.operands.count > 2))
		rc = command_usage(&command_create, err);
	if (!rc)
		rc = create(&o, err);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_create = {
	.name = "create",
	.synopsis = "FILE [LAB]",
	.summary = "pack a lab with all its disks into one file",
	.options = create_groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
