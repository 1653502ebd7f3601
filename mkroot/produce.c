/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image: metadata, files, the guest's rpm database, overlays, fixups, seal. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "mkroot/build.h"
#include "mkroot/fill.h"
#include "mkroot/profile_keys.h"
#include "mkroot/rebuild.h"

/* The database is made beside the payload threads: it needs only headers. */
struct database_job {
	const struct build *b;
	struct database_files files;
	struct error err;
	int rc;
};

static void *make_database(void *arg)
{
	struct database_job *job = arg;
	const struct build *b = job->b;
	const struct database_options options = {
		.format = b->profile.database_format,
		.now = b->now,
		.colour = b->profile.colour,
		.big_endian = arch_is_big_endian(b->profile.arch),
	};
	struct database_entry *entries = calloc(b->plan.count + 1, sizeof(*entries));

	if (!entries) {
		job->rc = error_nomem(&job->err);
		return NULL;
	}
	for (size_t i = 0; i < b->plan.count; i++)
		entries[i] = (struct database_entry){
			.package = b->plan.packages[i].package,
			.states = b->plan.packages[i].states,
			.state_count = b->plan.packages[i].files.count,
		};
	job->rc = database_build(entries, b->plan.count, &options, &job->files, &job->err);
	free(entries);
	return NULL;
}

static int place_database(struct build *b, const struct database_files *files, struct error *err)
{
	const char *folder = b->profile.database_path;
	int rc = image_mkdir_p(b->image, folder, err);

	for (size_t i = 0; !rc && i < files->count; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, files->items[i].name) < 0)
			return error_nomem(err);
		rc = image_write_file(b->image, path, files->items[i].data, files->items[i].size,
				      NULL, err);
		free(path);
	}
	return rc;
}

/* Payloads by all threads, and the database at the same time. */
static int fill_and_index(struct build *b, struct database_job *job, struct error *err)
{
	const struct fill_options options = {
		.layout = b->layout,
		.fd = b->output.fd,
		.jobs = b->options->jobs,
		.progress = b->progress,
	};
	bool wants_database = b->profile.database_format != NULL, threaded;
	pthread_t thread;
	int rc;

	threaded = wants_database && pthread_create(&thread, NULL, make_database, job) == 0;
	rc = fill_image(&b->plan, &options, err);
	if (threaded)
		pthread_join(thread, NULL);
	else if (wants_database && !rc)
		make_database(job);
	if (!rc && job->rc) {
		error_release(err);
		*err = job->err;
		job->err = (struct error)ERROR_INIT;
		rc = job->rc;
	}
	return rc;
}

/* --verify-rebuild leaves no image: its file lives only as long as this process. */
static int open_output(struct build *b, struct error *err)
{
	char *path = NULL;
	int rc;

	if (!b->options->verify_rebuild)
		return output_open(&b->output, b->options->output, err);
	if (asprintf(&path, "%s/mkroot-rebuild.img", output_temp_folder()) < 0)
		return error_nomem(err);
	rc = output_open(&b->output, path, err);
	free(path);
	return rc;
}

int build_write(struct build *b, struct error *err)
{
	struct database_job job = { .b = b, .err = ERROR_INIT };
	int rc = open_output(b, err);

	progress_total(b->progress, b->plan.bytes);
	if (!rc)
		rc = layout_write(b->layout, b->output.fd, &b->image, err);
	if (!rc)
		rc = fill_and_index(b, &job, err);
	if (!rc && b->profile.database_format)
		rc = place_database(b, &job.files, err);
	database_files_release(&job.files);
	error_release(&job.err);
	return rc;
}

int build_overlay(struct build *b, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < b->options->overlays.count; i++)
		rc = overlay_apply(b->options->overlays.items[i], b->image, err);
	return rc ? rc : sysusers_apply(&b->plan.sysusers, b->image, err);
}

int build_fixups(struct build *b, struct error *err)
{
	for (const struct fixup *f = fixup_table; f->name; f++) {
		struct fixup_run run = {
			.image = b->image,
			.settings = &b->settings,
			.name = f->name,
			.changed = &b->changed,
			.skipped = &b->skipped,
		};
		int rc;

		if (strlist_find(&b->profile.fixups, f->name) < 0)
			continue;
		rc = f->apply(&run, err);
		if (rc && !err->hint)
			error_hint(err, "in fixup '%s'; leave it out with --no-fixup %s", f->name,
				   f->name);
		if (rc)
			return rc;
	}
	return 0;
}

int build_prove(struct build *b, struct error *err)
{
	return proof_write(b, err);
}

int build_seal(struct build *b, struct error *err)
{
	int rc = image_close(b->image, err);

	b->image = NULL;
	if (rc)
		return rc;
	if (b->options->verify_rebuild)
		return rebuild_compare(b->options->verify_rebuild, b->output.fd, err);
	rc = output_commit(&b->output, err);
	return rc ? rc : proof_commit(b, err);
}
