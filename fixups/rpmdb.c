/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Berkeley DB database has its packages, and no index of their names and
 * files: the guest's own rpm makes these from the packages, once.
 */
#include "fixups/table.h"

#include "fixups/after.h"
#include "fixups/tools.h"

int rpmdb_apply(struct fixup_run *run, struct error *err)
{
	static const char *const programs[] = { "/bin/rpm", "/usr/bin/rpm" };
	bool has_rpm = false, queued = false;
	int rc;

	if (!run->settings->rebuild_database)
		return noted(fixup_skipped(run, "the rpm database is complete, or there is none"), err);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		has_rpm |= image_exists(run->image, programs[i]);
	if (!has_rpm)
		return noted(fixup_skipped(run, "the image has no rpm"), err);
	if (image_exists(run->image, FIRSTBOOT_DIR "/after/rpmdb"))
		return noted(fixup_skipped(run, "'rpm --rebuilddb' is queued already"), err);
	rc = at_first_boot(run, "rpm --rebuilddb\n", &queued, err);
	if (rc)
		return rc;
	if (!queued)
		return noted(fixup_skipped(run, "nothing runs at first boot: 'rpm --rebuilddb' in the guest "
						"makes the indexes that 'rpm -q' needs"),
			     err);
	return noted(fixup_changed(run, "'rpm --rebuilddb' queued for the first boot"), err);
}
