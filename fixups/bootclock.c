/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User Mode Linux has no hardware clock to read at boot. */
#include "fixups/table.h"

#include <fnmatch.h>

#include "fixups/after.h"
#include "fixups/tools.h"

static bool is_clock(struct image *image, const char *path, const char *name)
{
	return fnmatch("*boot.clock", name, 0) == 0;
}

int bootclock_apply(struct fixup_run *run, struct error *err)
{
	static const char *const folders[] = { "/etc/init.d/boot.d", "/etc/rc.d/boot.d",
					       "/etc/boot.d" };
	size_t count = 0;
	bool any = false;
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(folders) / sizeof(folders[0]); i++) {
		any |= image_exists(run->image, folders[i]);
		rc = remove_matching(run->image, folders[i], is_clock, &count, err);
	}
	if (!rc && any)
		rc = after_scriptlets(run,
				      "rm -f /etc/init.d/boot.d/*boot.clock "
				      "/etc/rc.d/boot.d/*boot.clock\n",
				      err);
	if (rc)
		return rc;
	if (!count)
		return noted(fixup_skipped(run, any ? "no boot.clock in %s" : "the image has no %s",
					   folders[0]),
			     err);
	return noted(fixup_changed(run, "%zu boot.clock link%s removed from %s", count,
				   count == 1 ? "" : "s", folders[0]),
		     err);
}
