/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user sees on stderr while a program works: a bar on a terminal, one
 * line a step in a log, nothing with -q.
 *
 * Life: progress_new() -> progress_step() for each step; progress_total()
 * before or in the one that moves bytes; progress_add()/progress_package() from any
 * thread -> progress_free() (leaves the cursor on a fresh line). Nothing fails:
 * without memory or a terminal there is less to see. All functions accept NULL.
 */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

#include <stdint.h>
#include <stdio.h>

enum progress_mode {
	PROGRESS_AUTO,  /* a bar when stderr is a terminal that can move its cursor, else lines */
	PROGRESS_LINES, /* one line a step */
	PROGRESS_BAR,
	PROGRESS_QUIET,
};

struct progress;

/* total: bytes of payload, 0 when not yet known. Output goes to stderr. */
struct progress *progress_new(uint64_t total, enum progress_mode mode);
/* The bytes that progress_add() will count up to; starts the clock for the time left. */
void progress_total(struct progress *p, uint64_t bytes);
/* The same, counting things instead of bytes: "machines". unit stays the caller's. */
void progress_count(struct progress *p, uint64_t items, const char *unit);
/* Cheap: an atomic addition, and at most ten times a second one caller redraws. */
void progress_add(struct progress *p, uint64_t bytes);
/* The package that was begun last; the name is copied and cut to what fits. */
void progress_package(struct progress *p, const char *name);
/* "solving": a line in a log, the text before the bar on a terminal. Main thread only. */
void progress_step(struct progress *p, const char *text);
/* Take the bar away so that something else can print to stderr; the next redraw brings it back. */
void progress_clear(struct progress *p);
void progress_free(struct progress *p);

/* For tests: another stream and width in columns (0: asked from the terminal). */
struct progress *progress_new_on(FILE *f, unsigned int columns, uint64_t total,
				 enum progress_mode mode);

#endif
