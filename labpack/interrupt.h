/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGINT, SIGTERM and SIGHUP as an error that is returned, for work that has
 * something to put right before the program ends: a folder to remove, machines
 * that were stopped.
 *
 *     interrupt_catch();
 *     ... work that asks interrupt_pending(err) between its pieces, and cleans up ...
 *     interrupt_release();   ends the program by the signal, if one came
 */
#ifndef LABPACK_INTERRUPT_H
#define LABPACK_INTERRUPT_H

#include "common/error.h"

void interrupt_catch(void);
/* -ERR_INTERRUPTED when a signal came. */
int interrupt_pending(struct error *err) MUST_USE;
void interrupt_release(void);

#endif
