/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From solved packages to files of this machine. */
#include <errno.h>

#include "pkg/solve.h"
#include "pkg/solve_internal.h"

#define PACKAGE_MAX (4ULL << 30) /* bytes of a package file */

/* Sums over all sources. */
struct sums {
	const struct source_progress *progress;
	uint64_t before, total, now;
};

static void report(void *arg, uint64_t done, uint64_t total, const char *path)
{
	struct sums *sums = arg;

	sums->now = total > done ? total : done;
	sums->progress->report(sums->progress->arg, sums->before + done, sums->total, path);
}

/* What a source says of a file that it has not, with what could be done. */
static int explain(const struct package *p, int rc, struct error *err)
{
	if (rc == -ERR_NOT_FOUND && p->medium > 1 && err && !err->hint)
		return error_hint(err, "it is on medium %u of the set: give that one, too, with --media",
				  p->medium);
	return rc;
}

/* The packages that this source has to bring; each failure names its file. */
static int fetch_from(struct source *s, struct package_list *l, const struct source_progress *progress,
		      struct error *err)
{
	struct source_file *files = calloc(l->count, sizeof(*files));
	struct package **packages = calloc(l->count, sizeof(struct package *));
	size_t n = 0;
	int rc = files && packages ? 0 : error_nomem(err);

	for (size_t i = 0; i < l->count && !rc; i++) {
		struct package *p = l->items[i];

		if (p->path || p->source != s)
			continue;
		packages[n] = p;
		files[n++] = (struct source_file){ .path = p->location,
						   .checksum_algo = p->checksum_algo,
						   .checksum = p->checksum,
						   .size = p->size,
						   .max = PACKAGE_MAX };
		if (s->ops->has && s->ops->has(s, p->location, false, NULL) == 0) {
			char *label = source_label(s, p->location);

			rc = error_set(err, -ERR_NOT_FOUND, label, "no such file");
			rc = explain(p, rc, err);
			free(label);
		}
	}
	if (!rc)
		rc = source_fetch(s, files, n, progress, err);
	for (size_t i = 0; i < n && !rc; i++) {
		packages[i]->path = files[i].local;
		packages[i]->label = source_label(s, packages[i]->location);
		if (!packages[i]->label)
			rc = error_nomem(err);
	}
	free(files);
	free(packages);
	return rc;
}

int resolver_fetch(struct resolver *r, struct package_list *packages,
		   const struct source_progress *progress, struct error *err)
{
	struct sums sums = { .progress = progress };
	const struct source_progress sum = { report, &sums };
	int rc = 0;

	for (size_t i = 0; i < packages->count; i++)
		if (!packages->items[i]->path)
			sums.total += packages->items[i]->size;
	for (size_t i = 0; i < packages->count && !rc; i++) {
		const struct package *p = packages->items[i];

		if (p->path)
			continue;
		if (!p->source)
			return error_set(err, -ERR_NOT_FOUND, p->nevra, "no source has it");
		sums.now = 0;
		rc = fetch_from(p->source, packages, progress ? &sum : NULL, err);
		sums.before += sums.now;
	}
	return rc;
}
