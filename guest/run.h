/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs of an image, run in it by its own kind of kernel: User-Mode Linux as
 * a child process, without root, network, or a file of this machine but the
 * image's disk. Memory and time are bounded, and no process is left behind.
 *
 * Life: guest_plan_new() -> guest_plan_run(), guest_plan_own() in order ->
 * guest_run() -> guest_plan_free() (NULL is fine). Errors: -ERR_GUEST (the
 * kernel or our init in it failed; err says how), -errno.
 */
#ifndef GUEST_RUN_H
#define GUEST_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "guest/protocol.h"

struct guest_plan;

struct guest_settings {
	uint32_t now;	      /* the guest's time at the beginning of each job */
	unsigned int timeout; /* seconds for each job */
	unsigned int total;   /* seconds for all of it */
	const char *filesystem; /* "ext2": how the disk is mounted */
};

struct guest_job {
	const char *label; /* "three-1-1.noarch: %post", for messages */
	const char *const *argv; /* NULL at the end, at least one */
	const char *script; /* where the body is while it runs, also a word of argv; NULL: none */
	const char *body, *input; /* input: what it reads; or NULL */
	bool optional;	    /* passed over when the guest has no such program */
};

struct guest_result {
	enum guest_end end;
	int value;
	double seconds;
	struct strbuf output; /* at most GUEST_OUTPUT_KEPT */
	uint64_t dropped;     /* bytes of output that are not in it */
	bool strays;	      /* processes that it left behind were killed */
};

int guest_plan_new(struct guest_plan **plan, const struct guest_settings *s,
		   struct error *err) MUST_USE;
int guest_plan_run(struct guest_plan *plan, const struct guest_job *job, struct error *err) MUST_USE;
/* Give a file to its owner, should these names be known by then and it still be root's. */
int guest_plan_own(struct guest_plan *plan, const char *path, const char *user, const char *group,
		   const void *capability, size_t size, struct error *err) MUST_USE;
void guest_plan_free(struct guest_plan *plan);

struct guest_machine {
	const char *kernel; /* an executable file */
	const char *disk;   /* what UML calls it: "FILE" or "COW,BASE" */
	/* When a job has ended; what is not 0 ends the run, and is its result. May take output. */
	int (*ended)(void *arg, size_t index, struct guest_result *r, struct error *err);
	void (*begun)(void *arg, size_t index); /* may be NULL */
	void *arg;
};

/* Jobs are numbered from 0 in the order in which they were added. */
int guest_run(struct guest_plan *plan, const struct guest_machine *machine,
	      struct error *err) MUST_USE;

#endif
