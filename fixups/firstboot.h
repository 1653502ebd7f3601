/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of firstboot: its runner, and how the guest's init comes to start it. */
#ifndef FIXUPS_FIRSTBOOT_H
#define FIXUPS_FIRSTBOOT_H

#include "fixups/after.h"

#define FIRSTBOOT_RUN FIRSTBOOT_DIR "/run"

/* fixups/firstboot-run.sh, as it is. */
extern const char firstboot_run_text[];
extern const size_t firstboot_run_size;

enum firstboot_hook { HOOK_NONE, HOOK_INITTAB, HOOK_SYSTEMD };

/* What can start the runner in this image. */
enum firstboot_hook firstboot_hook_find(struct image *image);
int firstboot_hook_install(struct image *image, enum firstboot_hook hook, bool *changed,
			   struct error *err) MUST_USE;

#endif
