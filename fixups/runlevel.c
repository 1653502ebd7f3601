/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No services in runlevel 3: they cost memory that a lab's guests do not have.
 * The services themselves stay, and so does their way back: insserv or a link.
 */
#include "fixups/table.h"

#include <ctype.h>
#include <sys/stat.h>

#include "fixups/after.h"
#include "fixups/tools.h"

/* A start or stop link: S or K, two digits, a name. */
static bool is_service_link(struct image *image, const char *path, const char *name)
{
	struct image_stat st;

	return (name[0] == 'S' || name[0] == 'K') && isdigit((unsigned char)name[1]) &&
	       isdigit((unsigned char)name[2]) && image_lstat(image, path, &st, NULL) == 0 &&
	       S_ISLNK(st.mode);
}

int runlevel_apply(struct fixup_run *run, struct error *err)
{
	static const char *const folders[] = { "/etc/init.d/rc3.d", "/etc/rc.d/rc3.d" };
	size_t count = 0;
	bool any = false;
	int rc = 0;

	/* Where rc.d is a link to init.d, the second finds nothing left. */
	for (size_t i = 0; !rc && i < sizeof(folders) / sizeof(folders[0]); i++) {
		any |= image_exists(run->image, folders[i]);
		rc = remove_matching(run->image, folders[i], is_service_link, &count, err);
	}
	/* Scriptlets that run at first boot put such links back. */
	if (!rc && any)
		rc = after_scriptlets(run,
				      "for l in /etc/init.d/rc3.d/[SK][0-9][0-9]* "
				      "/etc/rc.d/rc3.d/[SK][0-9][0-9]*; do\n"
				      "\t[ ! -h \"$l\" ] || rm -f \"$l\"\ndone\n",
				      err);
	if (rc)
		return rc;
	if (!any)
		return noted(fixup_skipped(run, "the image has no %s", folders[0]), err);
	if (!count)
		return noted(fixup_skipped(run, "no links in %s", folders[0]), err);
	return noted(fixup_changed(run, "%zu link%s removed from %s", count, count == 1 ? "" : "s",
				   folders[0]),
		     err);
}
