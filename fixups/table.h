/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions behind the table: one file each, named after the fixup. */
#ifndef FIXUPS_TABLE_H
#define FIXUPS_TABLE_H

#include "fixups/fixup.h"

typedef int fixup_apply_fn(struct fixup_run *run, struct error *err);
typedef int fixup_need_fn(const struct fixup_settings *settings, struct fixup_need *need,
			  struct error *err);

fixup_need_fn modules_need, swap_need, firstboot_need;
fixup_apply_fn modules_apply, devices_apply, blogd_apply, inittab_apply, runlevel_apply,
	bootclock_apply, securetty_apply, hostname_apply, swap_apply, fstab_apply, sysrq_apply,
	systemd_apply, sh_apply, rpmdb_apply, firstboot_apply;

#endif
