/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same work for every index, on several threads.
 *
 * Indices are taken in rising order, so a caller that sorts its items largest
 * first keeps all threads busy to the end. The error that is returned is the one with
 * the lowest index among those that failed: the same input gives the same message.
 */
#ifndef MKROOT_PARALLEL_H
#define MKROOT_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct parallel {
	unsigned int jobs; /* threads, at least 1; 1 works in the calling thread */
	bool keep_going;   /* work on all indices even when some fail */
	int (*work)(void *arg, size_t index, struct error *err);
	void *arg;
	size_t failed; /* out: how many indices failed */
};

int parallel_run(struct parallel *p, size_t count, struct error *err) MUST_USE;

#endif
