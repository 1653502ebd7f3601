/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack build: disks of the machines, further disks, and the script `lab`. */
#include "labpack/build.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/number.h"
#include "common/output.h"
#include "common/program.h"
#include "labpack/command.h"
#include "labpack/script.h"
#include "labpack/snapshot.h"

static bool wanted(const struct build *b, const struct lab_machine *m)
{
	const struct strlist *l = &b->options->machines;

	return !l->count || strlist_find(l, m->name) >= 0;
}

static int find_now(struct build *b, struct error *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t now = (uint64_t)time(NULL);

	if (text && *text && number_parse(text, 0, UINT32_MAX, &now))
		return error_set(err, -ERR_USAGE, text,
				 "SOURCE_DATE_EPOCH must be a number of seconds since 1970");
	/* To those who write inodes, no time at all is "take the image's". */
	b->now = now && now <= UINT32_MAX ? (uint32_t)now : 1;
	return 0;
}

/* All that can be refused is refused before a byte is written. */
static int check_all(struct build *b, struct error *err)
{
	const struct lab *lab = b->lab;
	const struct lab_machine *m;
	int rc = 0;

	for (size_t i = 0; !rc && i < b->options->machines.count; i++)
		rc = lab_machine_get(lab, b->options->machines.items[i], &m, err);
	for (size_t i = 0; !rc && i < lab->machine_count; i++)
		rc = build_check_machine(b, lab->machines[i], err);
	for (size_t i = 0; !rc && i < lab->disk_count; i++)
		rc = build_check_disk(b, lab->disks[i], err);
	return rc;
}

static int make_folder(struct build *b, struct error *err)
{
	char *path = lab_path(b->lab, "disks");
	int rc = path ? 0 : error_nomem(err);

	if (!rc && mkdir(path, 0777) != 0 && errno != EEXIST)
		rc = error_errno(err, errno, path, "cannot be made");
	free(path);
	return rc;
}

static int read_shared(struct build *b, struct error *err)
{
	char *path = lab_path(b->lab, "shared");
	int rc = path ? 0 : error_nomem(err);

	if (!rc && b->lab->has_shared)
		rc = layer_add_folder(&b->shared, path, err);
	if (!rc)
		rc = layer_finish(&b->shared, err);
	free(path);
	return rc;
}

/* With --fresh, a disk is made anew when all machines that have it are. */
static bool made_anew(const struct build *b, const struct lab_disk *d)
{
	unsigned int users = 0;

	for (size_t i = 0; i < b->lab->machine_count; i++) {
		const struct lab_machine *m = b->lab->machines[i];

		for (size_t k = 0; wanted(b, m) && k < m->disk_count; k++)
			users += m->disks[k].disk == d;
	}
	return b->options->fresh && users == d->users;
}

static int write_all(struct build *b, struct error *err)
{
	const struct lab *lab = b->lab;
	size_t count = 0;
	int rc = make_folder(b, err);

	for (size_t i = 0; i < lab->machine_count; i++)
		count += wanted(b, lab->machines[i]);
	progress_step(b->progress, "building disks");
	progress_count(b->progress, count, "machines");
	if (!rc)
		rc = read_shared(b, err);
	for (size_t i = 0; !rc && i < lab->machine_count; i++) {
		if (!wanted(b, lab->machines[i]))
			continue;
		progress_package(b->progress, lab->machines[i]->name);
		rc = build_machine(b, lab->machines[i], err);
		progress_add(b->progress, 1);
	}
	for (size_t i = 0; !rc && i < lab->disk_count; i++)
		rc = build_disk(b, lab->disks[i], made_anew(b, lab->disks[i]), err);
	return rc;
}

/* The script `lab`, for everybody to execute. */
static int write_script(const struct lab *lab, struct error *err)
{
	struct output out = OUTPUT_INIT;
	struct strbuf text = STRBUF_INIT;
	char *path = lab_path(lab, "lab");
	int rc = path ? script_write(lab, &text, err) : error_nomem(err);

	if (!rc)
		rc = output_open(&out, path, err);
	if (!rc) {
		rc = write_fully(out.fd, text.data, text.len, 0);
		if (rc)
			error_errno(err, -rc, path, "cannot be written");
	}
	if (!rc)
		rc = output_commit(&out, err);
	if (!rc && chmod(path, 0755) != 0)
		rc = error_errno(err, errno, path, "cannot be made executable");
	output_abort(&out);
	strbuf_release(&text);
	free(path);
	return rc;
}

static void report(const struct build *b)
{
	progress_clear(b->progress);
	for (size_t i = 0; i < b->warnings.count; i++)
		report_line(stderr, "labpack: %s", b->warnings.items[i]);
}

static void report_done(const struct build *b)
{
	printf("%zu disks made, %zu brought up to date: %zu files written", b->made, b->updated,
	       b->written);
	if (b->removed)
		printf(", %zu removed", b->removed);
	if (b->disks)
		printf("; %zu further disks made", b->disks);
	putchar('\n');
}

static int build(const struct build_options *o, struct error *err)
{
	struct build b = { .options = o };
	int fd = -1, rc = find_now(&b, err);

	if (!rc)
		rc = lab_read(&b.lab, ".", o->strict ? LAB_STRICT : 0, err);
	for (size_t i = 0; !rc && i < b.lab->warnings.count; i++)
		report_line(stderr, "labpack: %s", b.lab->warnings.items[i]);
	if (!rc)
		rc = lab_lock(&fd, err);
	/* Disks that a rollback had moved away must not be made anew. */
	if (!rc)
		rc = snapshot_sweep(err);
	if (!rc)
		rc = check_all(&b, err);
	b.progress = progress_new(0, o->quiet ? PROGRESS_QUIET : PROGRESS_AUTO);
	if (!rc)
		rc = write_all(&b, err);
	if (!rc)
		rc = write_script(b.lab, err);
	report(&b);
	if (!rc && !o->quiet)
		report_done(&b);
	progress_free(b.progress);
	layer_release(&b.shared);
	strlist_release(&b.warnings);
	lab_free(b.lab);
	if (fd >= 0)
		close(fd);
	return rc;
}

static const struct option_entry options[] = {
	{ "fresh", 0, NULL, "begin anew: what the machines wrote is lost, also on further disks",
	  OPTION(struct build_options, fresh, option_store_flag) },
	{ "strict", 0, NULL, "what is doubtful in lab.conf is an error",
	  OPTION(struct build_options, strict, option_store_flag) },
	{ "old-kernel", 0, NULL, "take bases with blocks below 4096 bytes, which UML 6.1 misreads "
	  "under a COW disk", OPTION(struct build_options, old_kernel, option_store_flag) },
	{ "quiet", 'q', NULL, "print errors and warnings only",
	  OPTION(struct build_options, quiet, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct build_options o = { .fresh = false };
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc)
		rc = build(&o, err);
	strlist_release(&o.machines);
	return rc;
}

const struct command command_build = {
	.name = "build",
	.synopsis = "[MACHINE...]",
	.summary = "make the machines' disks from lab.conf and the folders beside it, or bring them "
		   "up to date",
	.options = groups,
	.operands = OPERANDS_MACHINES,
	.run = run,
};
