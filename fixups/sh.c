/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The talk's smallest filesystem: one static shell, started by init=/sh. */
#include "fixups/table.h"

#include <sys/stat.h>

#include "fixups/tools.h"

int sh_apply(struct fixup_run *run, struct error *err)
{
	const char *shell = run->settings->shell;
	struct image_stat target, own, now;
	bool changed = false;
	int rc;

	if (!shell)
		return noted(fixup_skipped(run, "the profile names no static shell"), err);
	if (image_stat(run->image, shell, &target, NULL) || !S_ISREG(target.mode))
		return noted(fixup_skipped(run, "the image has no %s", shell), err);
	if (image_lstat(run->image, "/sh", &now, NULL) == 0) {
		bool same = image_stat(run->image, "/sh", &now, NULL) == 0 && now.ino == target.ino;

		return noted(same ? fixup_skipped(run, "/sh is %s already", shell)
				  : fixup_skipped(run, "there is another /sh"),
			     err);
	}
	/* A second name costs nothing; a link does where the shell is reached through one. */
	rc = image_lstat(run->image, shell, &own, err);
	if (!rc && S_ISREG(own.mode))
		rc = image_link(run->image, shell, "/sh", err);
	else if (!rc)
		rc = put_link(run->image, shell, "/sh", &changed, err);
	return rc ? rc : noted(fixup_changed(run, "/sh is %s", shell), err);
}
