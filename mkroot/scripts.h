/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs of the image that run while it is built: scriptlets and --run, in a
 * guest (guest/run.h) on a copy-on-write disk. What they changed is then
 * replayed onto the image (image/replay.h).
 *
 * Life: scripts_settle() once the scriptlets are known -> build_scripts(), a
 * step -> scripts_release().
 */
#ifndef MKROOT_SCRIPTS_H
#define MKROOT_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "guest/protocol.h"
#include "image/replay.h"

struct build;
struct guest_plan;
struct guest_result;

/* How one program went: the scriptlets in their order, then those of --run. */
struct script_result {
	enum guest_end end;
	int value;
	double seconds;
	char *output; /* printable; NULL when there is none */
	uint64_t dropped;
	bool failed;
};

struct scripts {
	char *kernel;		       /* NULL: none */
	bool by_default;	       /* nobody said when scriptlets should run */
	struct script_result *results; /* NULL: nothing was run */
	size_t count;
	size_t first;	/* of results: those before it are scriptlets that wait for the first boot */
	uint32_t since; /* when the guest's clock began */
	size_t failed;		/* of those that were run */
	double seconds;		/* boot and all */
	double cpu_seconds;	/* of the guest, however busy this machine was */
	struct replay_log log;	/* what they changed in the image */
	struct strlist varying; /* "PATH: WHY": what may differ from run to run, and stays */
	struct strlist cleared; /* "PATH: HOW": what would, and was cleared */
};

/* Early: the kernel that will be needed, before any work is done. */
int scripts_find_kernel(struct build *b, struct error *err) MUST_USE;
/* When the scriptlets are known: how they will run. */
int scripts_settle(struct build *b, struct error *err) MUST_USE;
/* Whether build_scripts() will run anything. */
bool scripts_wanted(const struct build *b);
void scripts_release(struct scripts *s);

/* scripts_jobs.c: what the guest is to do, and how a job is called. Labels are new strings. */
int scripts_plan(struct build *b, struct guest_plan **plan, struct error *err) MUST_USE;
char *scripts_label(const struct build *b, size_t index);

/* scripts_result.c: note how a job went; what ends the build is an error. */
int scripts_judge(struct build *b, size_t index, struct guest_result *r, struct error *err) MUST_USE;

/* scripts_clear.c: what differs from run to run by its nature. For image_replay(); arg: struct build. */
enum replay_verdict scripts_verdict(void *build, const char *path, enum replay_kind kind,
				    uint32_t mode);
int scripts_note_cleared(struct build *b, struct error *err) MUST_USE;

#endif
