/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of mkroot: everything that its steps hand to each other. main.c
 * lists the steps in order; each is a function here, in the file that its
 * comment names. A step may rely on all steps before it, leaves the run ready for
 * build_release(), and prints nothing: what people should read goes into the
 * lists, which report.c prints.
 */
#ifndef MKROOT_BUILD_H
#define MKROOT_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/output.h"
#include "common/strbuf.h"
#include "fixups/fixup.h"
#include "image/edit.h"
#include "image/layout.h"
#include "mkroot/datadir.h"
#include "mkroot/options.h"
#include "image/overlay.h"
#include "mkroot/plan.h"
#include "mkroot/profile.h"
#include "common/program.h"
#include "common/progress.h"
#include "mkroot/proof.h"
#include "mkroot/scripts.h"
#include "pkg/database.h"
#include "pkg/scriptlet.h"
#include "pkg/solve.h"
#include "pkg/verify.h"

#define BUILD_MAX_STEPS 16

struct selection;

struct timing {
	const char *step; /* as progress shows it */
	double seconds;   /* by the wall clock */
};

struct build {
	const struct options *options; /* borrowed */
	struct progress *progress;     /* may be NULL */
	struct datadir data;
	struct profile profile;

	struct source_settings sources; /* for URLs among the media */
	struct resolver *resolver;
	struct strlist selection_files; /* full paths, in the order in which a name is looked for */
	struct strlist names;      /* packages asked for, by selections and --add */
	struct strlist dropped;    /* "name (selection)": no such package on the media */
	struct strlist required;   /* those of --add */
	struct strlist conditional, conditions; /* in pairs, as in struct selection_result */
	struct solve_result solved;

	struct verifier *verifier;
	bool metadata_only; /* a dry run on media whose package files are not there */
	uint32_t now;       /* every time in the image that no package says */
	uint8_t uuid[16];

	struct scriptlet_list scriptlets;
	struct fixup_scriptlet *queue; /* the same, as fixups see them */
	struct scripts scripts;	       /* of those that run while the image is built */
	struct fixup_settings settings;
	struct overlay_need overlay;
	struct plan plan;
	struct layout *layout;
	struct output output;
	struct image *image;

	struct proof proof;
	struct timing timings[BUILD_MAX_STEPS];
	size_t timing_count;

	char *policy;      /* whose labels the files have, or NULL */
	uint64_t labelled; /* files that have one */
	struct strlist warnings, changed, skipped;
};

/* Set up: options are parsed already. profile and data folder are found here. */
int build_init(struct build *b, const struct options *o, struct error *err) MUST_USE;
void build_release(struct build *b);

/* network.c: what URLs need; no step of its own */
int build_network(struct build *b, struct error *err) MUST_USE;

/* prepare.c: which packages */
int build_open_media(struct build *b, struct error *err) MUST_USE;
int build_fetch(struct build *b, struct error *err) MUST_USE;
int build_verify(struct build *b, struct error *err) MUST_USE;

/* select.c: names, by lists and by dependencies */
int build_choose(struct build *b, struct error *err) MUST_USE;
int build_resolve(struct build *b, struct error *err) MUST_USE;
/* No steps: the selections that can be named, and a way to read one of them. */
int build_list_selections(struct build *b, struct error *err) MUST_USE;
int build_read_selection(void *build, const char *path, struct selection **out,
			 struct error *err) MUST_USE;

/* arrange.c: where everything goes */
int build_order(struct build *b, struct error *err) MUST_USE;
int build_plan(struct build *b, struct error *err) MUST_USE;
int build_layout(struct build *b, struct error *err) MUST_USE;

/* produce.c: the image */
int build_write(struct build *b, struct error *err) MUST_USE;
int build_overlay(struct build *b, struct error *err) MUST_USE;
/* scripts.c: programs of the image, run in a guest */
int build_scripts(struct build *b, struct error *err) MUST_USE;
int build_fixups(struct build *b, struct error *err) MUST_USE;
/* label.c */
/* Will files be labelled? Known as soon as there is a plan. */
bool build_has_labels(const struct build *b);
int build_label(struct build *b, struct error *err) MUST_USE;
/* produce.c: report, bill of materials, manifest and lock, from the finished image. */
int build_prove(struct build *b, struct error *err) MUST_USE;
int build_seal(struct build *b, struct error *err) MUST_USE;

/* report.c */
/* Names that nobody has, for this architecture or at all. */
void report_absent(const struct build *b, FILE *f);
/* What --dry-run prints on stdout. */
void report_plan(const struct build *b);
/* What a finished build prints: warnings on stderr, the summary on stdout unless quiet. */
void report_warnings(const struct build *b);
void report_done(const struct build *b);

#endif
