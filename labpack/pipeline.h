/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows (labpack/window.h) that several threads work on, and that come back
 * in the order in which they were handed in.
 *
 *     pipeline_begin(p, &ops);
 *     for each window: pipeline_get(p, &w, err), fill *w, pipeline_submit(p);
 *     pipeline_drain(p, err);
 *
 * work() runs on any thread, retire() on the caller's, in order, within
 * pipeline_get() and pipeline_drain(). The first error, by order, is returned; the
 * windows behind it are dropped without retire(). Memory is a fixed number of windows,
 * whatever the size of the file. The threads block the signals that end a program.
 */
#ifndef LABPACK_PIPELINE_H
#define LABPACK_PIPELINE_H

#include "labpack/window.h"

#define PIPELINE_WINDOWS 16u

struct pipeline_ops {
	int (*work)(void *arg, struct window *w, struct error *err);
	int (*retire)(void *arg, struct window *w, struct error *err); /* may be NULL */
	void *arg;
};

struct pipeline;

/* threads beside the caller's: 0 is fine. Fewer than asked for only take longer. */
int pipeline_new(struct pipeline **p, unsigned int threads, struct error *err) MUST_USE;
/* As many threads as there are processors, within reason. */
unsigned int pipeline_threads(void);
void pipeline_begin(struct pipeline *p, const struct pipeline_ops *ops);
/* The window to fill; its data is WINDOW_SIZE bytes of anything. */
int pipeline_get(struct pipeline *p, struct window **w, struct error *err) MUST_USE;
void pipeline_submit(struct pipeline *p);
/* To be called after an error, too: nobody works on a window afterwards. */
int pipeline_drain(struct pipeline *p, struct error *err) MUST_USE;
/* Drop what is under way. */
void pipeline_cancel(struct pipeline *p);
void pipeline_free(struct pipeline *p);

#endif
