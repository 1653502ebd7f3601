/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packages: media, selections, solving, verification. */
#include <errno.h>
#include <unistd.h>

#include "mkroot/build.h"
#include "mkroot/parallel.h"
#include "mkroot/trust.h"

int build_open_media(struct build *b, struct error *err)
{
	int rc = profile_need_media(&b->profile, err);

	/* Fail before the work, not after it. */
	if (!rc && b->options->output && !b->options->dry_run)
		rc = output_check(b->options->output, err);
	if (!rc && !b->options->dry_run)
		rc = proof_check(b, err);
	if (!rc)
		rc = scripts_find_kernel(b, err);
	if (!rc)
		rc = pkg_init(err);
	if (!rc)
		rc = resolver_new(&b->resolver, (const char *const *)b->profile.arches.items, err);
	if (!rc)
		rc = build_network(b, err);
	if (!rc)
		rc = build_trust(b, err);
	if (!rc)
		rc = resolver_add_all(b->resolver, &b->profile.media, &b->sources, err);
	return rc;
}

struct fetched {
	struct progress *progress;
	uint64_t done, total;
};

static void show_fetched(void *arg, uint64_t done, uint64_t total, const char *path)
{
	struct fetched *f = arg;
	const char *slash = strrchr(path, '/');

	if (total != f->total) {
		progress_total(f->progress, total);
		f->total = total;
		f->done = 0;
	}
	progress_package(f->progress, slash ? slash + 1 : path);
	progress_add(f->progress, done > f->done ? done - f->done : 0);
	f->done = done > f->done ? done : f->done;
}

int build_fetch(struct build *b, struct error *err)
{
	struct fetched shown = { b->progress, 0, 0 };
	const struct source_progress progress = { show_fetched, &shown };
	int rc = resolver_fetch(b->resolver, &b->solved.packages, &progress, err);

	progress_total(b->progress, 0);
	return rc;
}

static int verify_one(void *arg, size_t index, struct error *err)
{
	struct build *b = arg;

	return package_verify(b->verifier, b->solved.packages.items[index], err);
}

/* A dry run answers from metadata alone when the tree has no package files at all. */
static bool files_are_absent(const struct build *b)
{
	for (size_t i = 0; i < b->solved.packages.count; i++)
		if (access(b->solved.packages.items[i]->path, F_OK) == 0 || errno != ENOENT)
			return false;
	return b->solved.packages.count > 0;
}

int build_verify(struct build *b, struct error *err)
{
	struct parallel work = {
		.jobs = b->options->jobs,
		.keep_going = true,
		.work = verify_one,
		.arg = b,
	};
	int rc;

	if (b->options->dry_run && files_are_absent(b)) {
		b->metadata_only = true;
		return 0;
	}
	rc = parallel_run(&work, b->solved.packages.count, err);
	if (rc && work.failed > 1 && !err->hint)
		return error_hint(err, "and %zu more packages are refused", work.failed - 1);
	return rc ? rc : build_trust_warnings(b, err);
}
