/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runs inside a machine of a lab: the lab's startup and shutdown scripts,
 * and the other end of the line of `lab exec`.
 *
 * Order of calls: guest_add() before layer_finish(), guest_hook() behind layer_apply().
 */
#ifndef LABPACK_GUEST_H
#define LABPACK_GUEST_H

#include "image/edit.h"
#include "labpack/lab.h"
#include "labpack/layer.h"

#define GUEST_PROGRAM LAYER_FOLDER "/guest"

/*
 * GUEST_PROGRAM and the scripts of the lab's folder: MACHINE.startup becomes
 * LAYER_FOLDER/machine.startup, and so on. Errors: -errno of the files, -ERR_LIMIT.
 */
int guest_add(struct layer *l, const struct lab *lab, const struct lab_machine *m,
	      struct error *err) MUST_USE;

/*
 * Let the machine's init call it: systemd, an inittab (sysvinit's or
 * busybox's), else the end of a boot script (rcS, rc.local; shutdown scripts
 * do not run then). *hooked is false when there is none of them. Does nothing
 * that was done before.
 */
int guest_hook(struct image *image, bool *hooked, struct error *err) MUST_USE;

#endif
