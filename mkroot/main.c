/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkroot: from a list of packages to a filesystem image that boots. */
#include <malloc.h>

#include "common/program.h"
#include "mkroot/build.h"
#include "mkroot/command.h"

static const struct step {
	const char *text; /* shown while it runs */
	int (*run)(struct build *b, struct error *err);
	bool dry; /* part of --dry-run */
} steps[] = {
	{ "reading media", build_open_media, true },
	{ "reading selections", build_choose, true },
	{ "solving", build_resolve, true },
	{ "fetching packages", build_fetch, true },
	{ "verifying packages", build_verify, true },
	{ "ordering", build_order, true },
	{ "planning", build_plan, true },
	{ "laying out", build_layout, true },
	{ "writing files", build_write, false },
	{ "adding overlays", build_overlay, false },
	{ "running scriptlets", build_scripts, false },
	{ "applying fixups", build_fixups, false },
	{ "labelling", build_label, false },
	{ "proving", build_prove, false },
	{ "sealing", build_seal, false },
};

static int timed_step(struct build *b, const struct step *step, struct error *err)
{
	struct timespec begin, end;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	rc = step->run(b, err);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (b->timing_count < BUILD_MAX_STEPS)
		b->timings[b->timing_count++] = (struct timing){
			.step = step->text,
			.seconds = (double)(end.tv_sec - begin.tv_sec) +
				   (double)(end.tv_nsec - begin.tv_nsec) / 1e9,
		};
	return rc;
}

static int run_build(const struct options *o, struct error *err)
{
	struct build b;
	int rc = build_init(&b, o, err);

	for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (o->dry_run && !steps[i].dry)
			break;
		progress_step(b.progress, steps[i].text);
		rc = timed_step(&b, &steps[i], err);
	}
	progress_free(b.progress);
	b.progress = NULL;
	report_warnings(&b);
	if (!rc && o->dry_run)
		report_plan(&b);
	else if (!rc)
		report_done(&b);
	build_release(&b);
	return rc;
}

static void list_fixups(void)
{
	for (const struct fixup *f = fixup_table; f->name; f++)
		printf("%-12s %s\n", f->name, f->summary);
}

static int run(const struct options *o, struct error *err)
{
	switch (o->action) {
	case OPTIONS_HELP:
		options_print_help(stdout);
		return 0;
	case OPTIONS_VERSION:
		printf("mkroot %s\n", MKROOT_VERSION);
		return 0;
	case OPTIONS_LIST_FIXUPS:
		list_fixups();
		return 0;
	case OPTIONS_COMPLETION:
		return options_print_completion(stdout, o->shell, err);
	case OPTIONS_BUILD:
	case OPTIONS_LIST:
		return run_build(o, err);
	}
	return error_set(err, -ERR_USAGE, NULL, "nothing to do");
}

static int run_options(int argc, char **argv, struct error *err)
{
	struct options options;
	int rc = options_parse(&options, argc, argv, err);

	if (!rc)
		rc = run(&options, err);
	options_release(&options);
	return rc;
}

static int run_command(const struct command *c, int argc, char **argv, bool *differs,
		       struct error *err)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") != 0 && strcmp(argv[i], "-h") != 0)
			continue;
		printf("usage: mkroot %s %s\n\n%s\n", c->name, c->synopsis, c->summary);
		return 0;
	}
	return c->run(argc, argv, differs, err);
}

int main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
	struct error err = ERROR_INIT;
	bool differs = false;
	int rc;

	/*
	 * Buffers of a megabyte and more go back to the system at once; by default glibc keeps them
	 * for each thread, which with eight threads is as much memory again.
	 */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	program_begin("mkroot");
	rc = command ? run_command(command, argc - 2, argv + 2, &differs, &err) :
		       run_options(argc, argv, &err);
	return program_end(rc, differs, &err);
}
