/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packages: media, selections, solving, verification. */
#include <errno.h>
#include <unistd.h>

#include "mkroot/build.h"
#include "mkroot/parallel.h"
#include "mkroot/trust.h"
#include "selections/selection.h"

int build_open_media(struct build *b, struct error *err)
{
	int rc = profile_need_media(&b->profile, err);

	/* Fail before the work, not after it. */
	if (!rc && b->options->output && !b->options->dry_run)
		rc = output_check(b->options->output, err);
	if (!rc && !b->options->dry_run)
		rc = proof_check(b, err);
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

static bool media_has(void *arg, const char *name)
{
	const struct build *b = arg;

	return resolver_has_name(b->resolver, name);
}

/* Where names of selections are looked for: the media's first, then those that ship with mkroot. */
static int list_selections(struct build *b, struct error *err)
{
	const struct strlist *media = resolver_selections(b->resolver);

	for (size_t i = 0; i < media->count; i++)
		if (strlist_add(&b->selection_files, media->items[i]))
			return error_nomem(err);
	return datadir_list(b->data.selections, ".sel", &b->selection_files, err);
}

static int append_new(struct strlist *to, const struct strlist *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (strlist_find(to, from->items[i]) < 0 && strlist_add(to, from->items[i]))
			return -ENOMEM;
	return 0;
}

/* The media's may lie in an image or on the net. */
static int read_selection(struct build *b, const char *path, struct selection **out,
			  struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	int rc = resolver_read_selection(b->resolver, path, &text, err);

	if (!rc && text.data)
		rc = selection_parse(text.data, text.len, path, out, err);
	else if (!rc)
		rc = selection_read(path, out, err);
	strbuf_release(&text);
	return rc;
}

static int load_selection(void *arg, const char *name, struct selection **out, struct error *err)
{
	struct build *b = arg;
	char *path;
	int rc = selection_find(name, &b->selection_files, &path, err);

	*out = NULL;
	if (rc)
		return rc;
	rc = read_selection(b, path, out, err);
	free(path);
	return rc;
}

static int read_selections(struct build *b, const struct strlist *wanted, struct selection **out,
			   struct error *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		char *path = NULL;
		int rc = selection_locate(wanted->items[i], &b->selection_files, &path, err);

		if (!rc)
			rc = read_selection(b, path, &out[i], err);
		free(path);
		if (rc)
			return rc;
	}
	return 0;
}

static int resolve_selections(struct build *b, struct selection *const *selections, size_t count,
			      struct error *err)
{
	const struct selection_query query = {
		.locales = &b->options->locales,
		.has_package = media_has,
		.load = load_selection,
		.arg = b,
		.recommends = true,
	};
	struct selection_result result = { 0 };
	int rc = selection_resolve_all((const struct selection *const *)selections, count, &query,
				       &result, err);

	if (!rc && (append_new(&b->names, &result.packages) ||
		    append_new(&b->dropped, &result.unknown)))
		rc = error_nomem(err);
	for (size_t i = 0; !rc && i < result.missing_selections.count; i++)
		if (strlist_addf(&b->warnings, "selection '%s', which another one asks for, is not there",
				 result.missing_selections.items[i]))
			rc = error_nomem(err);
	selection_result_release(&result);
	return rc;
}

int build_select(struct build *b, struct error *err)
{
	const struct strlist *wanted = &b->options->selections;
	struct selection **selections;
	int rc;

	if (b->options->locked)
		return lock_read(b, err);
	if (!wanted->count && !b->options->add.count)
		wanted = &b->profile.selections;
	selections = calloc(wanted->count + 1, sizeof(struct selection *));
	if (!selections)
		return error_nomem(err);
	rc = list_selections(b, err);
	if (!rc)
		rc = read_selections(b, wanted, selections, err);
	if (!rc && wanted->count)
		rc = resolve_selections(b, selections, wanted->count, err);
	if (!rc && append_new(&b->names, &b->options->add))
		rc = error_nomem(err);
	for (size_t i = 0; i < wanted->count; i++)
		selection_free(selections[i]);
	free(selections);
	return rc;
}

/* Names that a list had and the media has not: told, or with --strict refused. */
static int judge_unknown(struct build *b, struct error *err)
{
	int rc = append_new(&b->dropped, &b->solved.unknown);

	if (rc)
		return error_nomem(err);
	if (!b->dropped.count || !b->options->strict)
		return 0;
	error_set(err, -ERR_NOT_FOUND, b->dropped.items[0], "no such package on the media");
	return b->dropped.count == 1 ? err->code :
				       error_hint(err, "and %zu more; without --strict they are left out",
						  b->dropped.count - 1);
}

int build_solve(struct build *b, struct error *err)
{
	const struct solve_request request = {
		.names = &b->names,
		.required = b->options->locked ? &b->names : &b->options->add,
		.excluded = &b->options->exclude,
		.nodeps = b->options->nodeps || b->options->locked,
		.recommends = b->profile.recommends,
	};
	int rc;

	if (!b->names.count && b->dropped.count) {
		error_set(err, -ERR_NOT_FOUND, b->dropped.items[0], "no such package on the media");
		return error_hint(err, "none of the %zu packages that were asked for is there: is it the right media?",
				  b->dropped.count);
	}
	if (!b->names.count)
		return error_set(err, -ERR_NOT_FOUND, NULL, "the selections name no package");
	rc = resolver_run(b->resolver, &request, &b->solved, err);
	return rc ? rc : judge_unknown(b, err);
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
