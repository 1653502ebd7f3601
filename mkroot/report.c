/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people read at the end: the plan of a dry run, warnings, the summary. */
#include <inttypes.h>

#include "common/number.h"
#include "mkroot/build.h"

static void print_list(FILE *f, const char *title, const struct strlist *l)
{
	if (!l->count)
		return;
	fprintf(f, "%s:\n", title);
	for (size_t i = 0; i < l->count; i++)
		report_line(f, "  %s", l->items[i]);
}

void report_absent(const struct build *b, FILE *f)
{
	if (b->dropped.count)
		fprintf(f, "%zu names that the media does not have:\n", b->dropped.count);
	for (size_t i = 0; i < b->dropped.count; i++)
		report_line(f, "  %s", b->dropped.items[i]);
	if (b->solved.foreign.count)
		fprintf(f, "%zu names for another architecture only:\n", b->solved.foreign.count);
	for (size_t i = 0; i < b->solved.foreign.count; i++)
		report_line(f, "  %s", b->solved.foreign.items[i]);
}

static uint64_t download_size(const struct package_list *l)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->count; i++)
		sum += l->items[i]->size;
	return sum;
}

void report_plan(const struct build *b)
{
	const struct package_list *l = &b->solved.packages;
	char text[32];

	printf("%zu packages in %s (%zu asked for, the others by dependencies):\n", l->count,
	       b->metadata_only ? "alphabetical order" : "the order of installation",
	       b->names.count);
	for (size_t i = 0; i < l->count; i++)
		report_line(stdout, "  %s%s", l->items[i]->nevra,
			    l->items[i]->requested ? "" : " (dependency)");
	report_absent(b, stdout);
	printf("packages: %s\n", size_format(download_size(l), text, sizeof(text)));
	if (b->metadata_only) {
		printf("the media has metadata only: order, files and size of the image need the packages\n");
		return;
	}
	printf("files: %zu, %s\n", tree_node_count(b->plan.tree),
	       size_format(b->plan.bytes, text, sizeof(text)));
	printf("scriptlets: %zu\n", b->scriptlets.count);
	printf("image: %" PRIu64 " bytes (%s), ", layout_size(b->layout),
	       size_format(layout_size(b->layout), text, sizeof(text)));
	printf("%s in use\n", size_format(layout_used(b->layout), text, sizeof(text)));
}

/* --scripts=none: say what a real installation would have run. */
static void print_scriptlets_not_run(const struct build *b)
{
	if (b->profile.scripts != SCRIPTS_NONE || !b->scriptlets.count || b->options->dry_run)
		return;
	printf("%zu scriptlets were not run:\n", b->scriptlets.count);
	for (size_t i = 0; i < b->scriptlets.count; i++)
		report_line(stdout, "  %s: %s (%s)", b->scriptlets.items[i].package,
			    b->scriptlets.items[i].kind, b->scriptlets.items[i].interpreter);
}

/* When they run, and by what. */
static void print_scriptlets(const struct build *b)
{
	const struct scripts *s = &b->scripts;

	if (b->profile.scripts == SCRIPTS_FIRSTBOOT && b->scriptlets.count)
		printf("%zu scriptlets will run at first boot%s\n", b->scriptlets.count,
		       s->by_default ? ": no kernel of User-Mode Linux was found to run them now" : "");
	if (s->results)
		report_line(stdout, "%zu scriptlets and commands were run by %s in %.1f s, %zu failed",
			    s->count - s->first, s->kernel, s->seconds, s->failed);
	print_list(stdout, "scriptlets made, and it may differ from run to run", &s->varying);
	if (b->options->verbose)
		print_list(stdout, "scriptlets made, and it was cleared", &s->cleared);
}

void report_warnings(const struct build *b)
{
	for (size_t i = 0; i < b->plan.conflicts.count; i++)
		report_line(stderr, "mkroot: %s", b->plan.conflicts.items[i]);
	for (size_t i = 0; i < b->warnings.count; i++)
		report_line(stderr, "mkroot: warning: %s", b->warnings.items[i]);
}

void report_done(const struct build *b)
{
	char size[32], used[32];

	if (b->options->quiet)
		return;
	if (b->options->verify_rebuild) {
		report_line(stdout, "%s: identical to what is built now", b->options->verify_rebuild);
		return;
	}
	report_absent(b, stdout);
	print_list(stdout, "fixups", &b->changed);
	if (b->options->verbose)
		print_list(stdout, "fixups that did not apply", &b->skipped);
	print_scriptlets_not_run(b);
	print_scriptlets(b);
	printf("%s: %zu packages, %zu files, %s, %s in use\n", b->options->output,
	       b->solved.packages.count, tree_node_count(b->plan.tree),
	       size_format(layout_size(b->layout), size, sizeof(size)),
	       size_format(layout_used(b->layout), used, sizeof(used)));
}
