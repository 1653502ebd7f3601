/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkroot list PROFILE: the selections there are. With SELECTION: its packages. */
#include <errno.h>

#include "common/number.h"
#include "mkroot/build.h"
#include "mkroot/command.h"
#include "pkg/patterns.h"
#include "selections/selection.h"

#define NAME_WIDTH 24

static void print_selection(const char *name, const char *summary)
{
	if (summary && *summary)
		report_line(stdout, "%-*s %s", NAME_WIDTH, name, summary);
	else
		report_line(stdout, "%s", name);
}

/* A file of one goes by the file's name, parts go by theirs. */
static int print_file(const struct build *b, const char *path, const struct selection *s,
		      struct error *err)
{
	char *name;

	for (size_t i = 0; i < s->part_count; i++)
		if (s->parts[i]->visible || b->options->verbose)
			print_selection(s->parts[i]->name, s->parts[i]->summary);
	if (s->part_count || (!s->visible && !b->options->verbose))
		return 0;
	name = selection_file_name(path);
	if (!name)
		return error_nomem(err);
	/* Of a file like patterns.xml the name says nothing. */
	print_selection(s->kind > SELECTION_SEL && s->name ? s->name : name, s->summary);
	free(name);
	return 0;
}

/* One that cannot be read does not hide the others. */
static int warn(struct build *b, struct error *why, struct error *err)
{
	char *text = error_text(why);
	int rc = text ? strlist_take(&b->warnings, text) : -ENOMEM;

	error_release(why);
	return rc ? error_nomem(err) : 0;
}

static int list_files(struct build *b, struct error *err)
{
	int rc = build_list_selections(b, err);

	for (size_t i = 0; !rc && i < b->selection_files.count; i++) {
		const char *path = b->selection_files.items[i];
		struct error why = ERROR_INIT;
		struct selection *s;

		if (build_read_selection(b, path, &s, &why))
			rc = warn(b, &why, err);
		else
			rc = print_file(b, path, s, err);
		selection_free(s);
	}
	return rc;
}

static int show_pattern(void *arg, const char *name, const char *summary, bool visible)
{
	const struct build *b = arg;
	char *text;

	if (!visible && !b->options->verbose)
		return 0;
	if (asprintf(&text, "pattern:%s", name) < 0)
		return -ENOMEM;
	print_selection(text, summary);
	free(text);
	return 0;
}

static int list_selections(struct build *b, struct error *err)
{
	int rc = list_files(b, err);

	if (!rc && resolver_each_pattern(b->resolver, show_pattern, b))
		rc = error_nomem(err);
	return rc;
}

static int list_packages(struct build *b, struct error *err)
{
	const struct package_list *l = &b->solved.packages;
	uint64_t sum = 0;
	char size[32];
	int rc = build_choose(b, err);

	if (!rc)
		rc = build_resolve(b, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < l->count; i++) {
		sum += l->items[i]->size;
		report_line(stdout, "%10s  %s%s",
			    size_format(l->items[i]->size, size, sizeof(size)),
			    l->items[i]->nevra, l->items[i]->requested ? "" : " (dependency)");
	}
	report_absent(b, stdout);
	printf("%zu packages, %s\n", l->count, size_format(sum, size, sizeof(size)));
	return 0;
}

static int list(const struct options *o, struct error *err)
{
	struct build b;
	int rc = build_init(&b, o, err);

	if (!rc)
		rc = build_open_media(&b, err);
	if (!rc && (o->selections.count || o->add.count))
		rc = list_packages(&b, err);
	else if (!rc)
		rc = list_selections(&b, err);
	report_warnings(&b);
	build_release(&b);
	return rc;
}

int command_list(int argc, char **argv, bool *differs, struct error *err)
{
	/* The options of a dry run: nothing is written. */
	char name[] = "mkroot", dry[] = "--dry-run";
	char **words = calloc((size_t)argc + 3, sizeof(*words));
	struct options o;
	int rc;

	if (!words)
		return error_nomem(err);
	words[0] = name;
	words[1] = dry;
	for (int i = 0; i < argc; i++)
		words[i + 2] = argv[i];
	rc = options_parse(&o, argc + 2, words, err);
	if (!rc && (o.action != OPTIONS_BUILD || o.output || o.locked || o.verify_rebuild))
		rc = command_usage("list", err);
	o.action = OPTIONS_LIST;
	if (!rc)
		rc = list(&o, err);
	options_release(&o);
	free(words);
	return rc;
}
