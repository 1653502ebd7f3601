/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between firstboot and the fixups whose work its scriptlets may undo. */
#ifndef FIXUPS_AFTER_H
#define FIXUPS_AFTER_H

#include "fixups/fixup.h"

#define FIRSTBOOT_DIR "/usr/lib/mkroot/firstboot"

/*
 * Have shell text run once more when the first boot's scriptlets are done, as
 * FIRSTBOOT_DIR/after/NAME of the fixup that runs. Does nothing when no
 * scriptlets are queued or nothing in the image could start them.
 */
int after_scriptlets(struct fixup_run *run, const char *text, struct error *err) MUST_USE;

/* The same whether there are scriptlets or not: *queued tells whether the first boot will do it. */
int at_first_boot(struct fixup_run *run, const char *text, bool *queued, struct error *err) MUST_USE;

#endif
