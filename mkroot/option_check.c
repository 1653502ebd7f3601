/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules between options. What needs the profile is checked by profile_settle(). */
#include "common/output.h"
#include "mkroot/option_table.h"

/* A name in both lists contradicts itself. */
static int check_both(const struct strlist *yes, const struct strlist *no, const char *yes_name,
		      const char *no_name, struct error *err)
{
	for (size_t i = 0; i < yes->count; i++)
		if (strlist_find(no, yes->items[i]) >= 0)
			return error_set(err, -ERR_USAGE, yes->items[i],
					 "%s and %s contradict each other", yes_name, no_name);
	return 0;
}

/* What is written last would replace what was written before. */
static int check_files(const struct options *o, struct error *err)
{
	const struct {
		const char *option, *path;
	} files[] = {
		{ "--report", o->report }, { "--sbom", o->sbom },     { "--manifest", o->manifest },
		{ "--lock", o->lock },	   { "--output", o->output }, { "--verify-rebuild", o->verify_rebuild },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (size_t k = 0; k < i; k++)
			if (files[i].path && files[k].path && output_is_same(files[k].path, files[i].path))
				return error_set(err, -ERR_USAGE, files[k].path, "%s and %s name the same file",
						 files[k].option, files[i].option);
	return 0;
}

int options_check(struct options *o, struct error *err)
{
	int rc;

	if (!o->profile) {
		error_set(err, -ERR_USAGE, NULL, "no PROFILE given");
		return error_hint(err, "mkroot PROFILE SELECTION... -o IMAGE");
	}
	if (o->output && o->verify_rebuild)
		return error_set(err, -ERR_USAGE, NULL,
				 "--output and --verify-rebuild contradict each other");
	if (o->locked && (o->selections.count || o->add.count || o->exclude.count))
		return error_set(err, -ERR_USAGE, NULL,
				 "--locked says which packages; selections, --add and --exclude contradict it");
	if (!o->output && !o->dry_run && !o->verify_rebuild) {
		error_set(err, -ERR_USAGE, NULL, "no output given");
		return error_hint(err, "-o IMAGE, or --dry-run to see the plan");
	}
	if (o->size && o->free_bytes != OPTIONS_BYTES_UNSET)
		return error_set(err, -ERR_USAGE, NULL, "--size and --free contradict each other");
	if (o->offline && o->no_cache)
		return error_set(err, -ERR_USAGE, NULL,
				 "--offline and --no-cache contradict each other");
	if (o->quiet && o->verbose)
		return error_set(err, -ERR_USAGE, NULL,
				 "--quiet and --verbose contradict each other");
	rc = check_both(&o->add, &o->exclude, "--add", "--exclude", err);
	if (!rc)
		rc = check_both(&o->fixups, &o->no_fixups, "--fixup", "--no-fixup", err);
	return rc ? rc : check_files(o, err);
}
