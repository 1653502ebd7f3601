/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of packages from selections, and from names packages. */
#include <errno.h>

#include "mkroot/build.h"
#include "selections/selection.h"

/* Both questions of a query have the library as their argument, and that has the build. */
static bool media_has(void *arg, const char *name)
{
	const struct selection_library *library = arg;
	const struct build *b = library->arg;

	return resolver_has_name(b->resolver, name);
}

/* The media's first, then those that ship with mkroot. */
int build_list_selections(struct build *b, struct error *err)
{
	const struct strlist *media = resolver_selections(b->resolver);

	for (size_t i = 0; i < media->count; i++)
		if (strlist_add(&b->selection_files, media->items[i]))
			return error_nomem(err);
	return datadir_list(b->data.selections, ".sel", &b->selection_files, err);
}

/* The media's may lie in an image or on the net. */
int build_read_selection(void *build, const char *path, struct selection **out, struct error *err)
{
	struct build *b = build;
	struct strbuf text = STRBUF_INIT;
	int rc = resolver_read_selection(b->resolver, path, &text, err);

	*out = NULL;
	if (!rc && text.data)
		rc = selection_parse(text.data, text.len, path, out, err);
	else if (!rc)
		rc = selection_read(path, out, err);
	strbuf_release(&text);
	return rc;
}

static int append_new(struct strlist *to, const struct strlist *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (strlist_find(to, from->items[i]) < 0 && strlist_add(to, from->items[i]))
			return -ENOMEM;
	return 0;
}

static int take_result(struct build *b, const struct selection_result *result, struct error *err)
{
	if (append_new(&b->names, &result->packages) || append_new(&b->dropped, &result->unknown))
		return error_nomem(err);
	for (size_t i = 0; i < result->conditional.count; i++)
		if (strlist_add(&b->conditional, result->conditional.items[i]) ||
		    strlist_add(&b->conditions, result->conditions.items[i]))
			return error_nomem(err);
	for (size_t i = 0; i < result->missing_selections.count; i++)
		if (strlist_addf(&b->warnings,
				 "selection '%s', which another one asks for, is not there",
				 result->missing_selections.items[i]))
			return error_nomem(err);
	return 0;
}

static int resolve_selections(struct build *b, struct selection *const *selections, size_t count,
			      struct selection_library *library, struct error *err)
{
	const struct selection_query query = {
		.locales = &b->options->locales,
		.has_package = media_has,
		.load = selection_load,
		.arg = library,
		.recommends = true,
		.weak = b->profile.recommends,
	};
	struct selection_result result = { 0 };
	int rc = selection_resolve_all((const struct selection *const *)selections, count, &query,
				       &result, err);

	if (!rc)
		rc = take_result(b, &result, err);
	selection_result_release(&result);
	return rc;
}

static int read_and_resolve(struct build *b, const struct strlist *wanted, struct error *err)
{
	struct selection_library library = { &b->selection_files, build_read_selection, b };
	struct selection **selections = calloc(wanted->count, sizeof(struct selection *));
	int rc = selections ? 0 : error_nomem(err);

	for (size_t i = 0; !rc && i < wanted->count; i++)
		rc = selection_open(&library, wanted->items[i], &selections[i], err);
	if (!rc)
		rc = resolve_selections(b, selections, wanted->count, &library, err);
	for (size_t i = 0; selections && i < wanted->count; i++)
		selection_free(selections[i]);
	free(selections);
	return rc;
}

int build_choose(struct build *b, struct error *err)
{
	const struct strlist *wanted = &b->options->selections, *add = &b->options->add;
	int rc;

	if (b->options->locked)
		return lock_read(b, err);
	if (!wanted->count && !add->count)
		wanted = &b->profile.selections;
	rc = build_list_selections(b, err);
	if (!rc && wanted->count)
		rc = read_and_resolve(b, wanted, err);
	for (size_t i = 0; !rc && i < add->count; i++)
		if (strlist_take(&b->required, selection_capability(add->items[i])))
			rc = error_nomem(err);
	if (!rc && append_new(&b->names, &b->required))
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

static bool is_chosen(const struct build *b, const char *name)
{
	for (size_t i = 0; i < b->solved.packages.count; i++)
		if (!strcmp(b->solved.packages.items[i]->name, name))
			return true;
	return false;
}

/* Conditional packages whose condition holds become names like all others. */
static int add_conditional(struct build *b, bool *added, struct error *err)
{
	*added = false;
	for (size_t i = 0; i < b->conditional.count; i++) {
		const char *name = b->conditional.items[i];

		if (!is_chosen(b, b->conditions.items[i]) || is_chosen(b, name) ||
		    strlist_find(&b->names, name) >= 0)
			continue;
		if (strlist_add(&b->names, name))
			return error_nomem(err);
		*added = true;
	}
	return 0;
}

/* Each round but the last adds a name, so that it ends. */
static int solve(struct build *b, struct error *err)
{
	const struct solve_request request = {
		.names = &b->names,
		.required = b->options->locked ? &b->names : &b->required,
		.excluded = &b->options->exclude,
		.nodeps = b->options->nodeps || b->options->locked,
		.recommends = b->profile.recommends,
	};
	bool again = true;
	int rc = 0;

	while (!rc && again) {
		solve_result_release(&b->solved);
		rc = resolver_run(b->resolver, &request, &b->solved, err);
		if (!rc)
			rc = add_conditional(b, &again, err);
	}
	return rc;
}

int build_resolve(struct build *b, struct error *err)
{
	int rc;

	if (!b->names.count && b->dropped.count) {
		error_set(err, -ERR_NOT_FOUND, b->dropped.items[0], "no such package on the media");
		return error_hint(err, "none of the %zu packages that were asked for is there: is it the right media?",
				  b->dropped.count);
	}
	if (!b->names.count) {
		error_set(err, -ERR_NOT_FOUND, NULL, "the selections name no package");
		return b->profile.recommends ? err->code :
				error_hint(err, "what they only recommend comes with --recommends");
	}
	rc = solve(b, err);
	return rc ? rc : judge_unknown(b, err);
}
