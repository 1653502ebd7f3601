/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packages: media, selections, solving, verification. */
#include <errno.h>
#include <unistd.h>

#include "mkroot/build.h"
#include "mkroot/parallel.h"
#include "selections/selection.h"

int build_open_media(struct build *b, struct error *err)
{
	int rc = profile_need_media(&b->profile, err);

	/* Fail before the work, not after it. */
	if (!rc && b->options->output && !b->options->dry_run)
		rc = output_check(b->options->output, err);
	if (!rc)
		rc = pkg_init(err);
	if (!rc)
		rc = resolver_new(&b->resolver, (const char *const *)b->profile.arches.items, err);
	for (size_t i = 0; !rc && i < b->profile.media.count; i++)
		rc = resolver_add_media(b->resolver, b->profile.media.items[i], err);
	return rc;
}

static bool media_has(void *arg, const char *name)
{
	const struct build *b = arg;

	return resolver_has_name(b->resolver, name);
}

/* A selection by name: the media's own first, then those that ship with mkroot. */
static int load_selection(void *arg, const char *name, struct selection **out, struct error *err)
{
	const struct build *b = arg;
	struct strlist candidates = STRLIST_INIT;
	const struct strlist *media = resolver_selections(b->resolver);
	char *path = NULL;
	int rc = 0;

	*out = NULL;
	for (size_t i = 0; !rc && i < media->count; i++)
		rc = strlist_add(&candidates, media->items[i]);
	if (rc)
		rc = error_nomem(err);
	else
		rc = datadir_list(b->data.selections, ".sel", &candidates, err);
	if (!rc)
		rc = selection_find(name, &candidates, &path, err);
	if (!rc)
		rc = selection_read(path, out, err);
	free(path);
	strlist_release(&candidates);
	return rc;
}

static int append_new(struct strlist *to, const struct strlist *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (strlist_find(to, from->items[i]) < 0 && strlist_add(to, from->items[i]))
			return -ENOMEM;
	return 0;
}

static int select_one(struct build *b, const char *name, struct error *err)
{
	const struct selection_query query = {
		.locales = &b->options->locales,
		.has_package = media_has,
		.load = load_selection,
		.arg = b,
		.recommends = true,
	};
	struct selection_result result = { 0 };
	struct selection *selection;
	int rc = load_selection(b, name, &selection, err);

	if (rc)
		return rc;
	rc = selection_resolve(selection, &query, &result, err);
	selection_free(selection);
	if (!rc && (append_new(&b->names, &result.packages) ||
		    append_new(&b->dropped, &result.unknown)))
		rc = error_nomem(err);
	for (size_t i = 0; !rc && i < result.missing_selections.count; i++)
		if (strlist_addf(&b->warnings, "'%s': selection '%s' that it asks for is not there",
				 name, result.missing_selections.items[i]))
			rc = error_nomem(err);
	selection_result_release(&result);
	return rc;
}

int build_select(struct build *b, struct error *err)
{
	const struct strlist *wanted = &b->options->selections;
	int rc = 0;

	if (!wanted->count && !b->options->add.count)
		wanted = &b->profile.selections;
	for (size_t i = 0; !rc && i < wanted->count; i++)
		rc = select_one(b, wanted->items[i], err);
	if (!rc && append_new(&b->names, &b->options->add))
		rc = error_nomem(err);
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
		.required = &b->options->add,
		.excluded = &b->options->exclude,
		.nodeps = b->options->nodeps,
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

static int warn_unsigned(struct build *b, struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < b->solved.packages.count; i++)
		count += !b->solved.packages.items[i]->is_signed;
	if (count && verifier_has_keys(b->verifier) &&
	    strlist_addf(&b->warnings, "%zu packages without a signature were accepted (--allow-unsigned)",
			 count))
		return error_nomem(err);
	return 0;
}

int build_verify(struct build *b, struct error *err)
{
	struct parallel work = {
		.jobs = b->options->jobs,
		.keep_going = true,
		.work = verify_one,
		.arg = b,
	};
	int rc = verifier_new(&b->verifier, err);

	for (size_t i = 0; !rc && i < b->profile.keyrings.count; i++)
		rc = verifier_add_keyring(b->verifier, b->profile.keyrings.items[i], err);
	if (rc)
		return rc;
	verifier_allow_unsigned(b->verifier, b->options->allow_unsigned);
	if (b->options->dry_run && files_are_absent(b)) {
		b->metadata_only = true;
		return 0;
	}
	rc = parallel_run(&work, b->solved.packages.count, err);
	if (rc && work.failed > 1 && !err->hint)
		return error_hint(err, "and %zu more packages are refused", work.failed - 1);
	return rc ? rc : warn_unsigned(b, err);
}
