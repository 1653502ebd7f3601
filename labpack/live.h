/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines that stand still while their disks are copied.
 *
 *     live_stop() -> copy -> live_go()
 *
 * Each machine that runs is told to sync and then stopped, through its mconsole
 * and the lab's own script. A process of its own waits for this one to be done, or
 * to die in whatever way, and lets them go on: no machine stays stopped.
 */
#ifndef LABPACK_LIVE_H
#define LABPACK_LIVE_H

#include <sys/types.h>

#include "labpack/lab.h"

struct live {
	struct strlist stopped; /* names of machines */
	pid_t guard;		/* 0: none */
	int pipe;		/* the guard's other end */
};

#define LIVE_INIT { STRLIST_INIT, 0, -1 }

/* On failure everything goes on. */
int live_stop(struct live *live, const struct lab *lab, struct error *err) MUST_USE;
/* All go on; NULL err is fine. -EIO when one does not answer any more. */
int live_go(struct live *live, struct error *err);

#endif
