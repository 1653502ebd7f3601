/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack build: what its parts share. */
#ifndef LABPACK_BUILD_H
#define LABPACK_BUILD_H

#include "common/progress.h"
#include "labpack/lab.h"
#include "labpack/layer.h"

struct build_options {
	struct strlist machines; /* none: all */
	bool fresh, strict, old_kernel, quiet;
};

struct build {
	const struct build_options *options;
	struct lab *lab;
	struct layer shared; /* finished */
	uint32_t now;
	struct progress *progress;
	size_t made, updated, disks, written, removed;
	struct strlist warnings;
};

/* build_machine.c: disks/MACHINE.cow, new or brought up to date. */
int build_machine(struct build *b, const struct lab_machine *m, struct error *err) MUST_USE;
/* Everything that can be refused before anything is written: the base, a machine that runs. */
int build_check_machine(struct build *b, const struct lab_machine *m, struct error *err) MUST_USE;

/* build_disk.c: disks beyond the first. all: every machine of the lab is built. */
int build_check_disk(struct build *b, const struct lab_disk *d, struct error *err) MUST_USE;
int build_disk(struct build *b, const struct lab_disk *d, bool anew, struct error *err) MUST_USE;

#endif
