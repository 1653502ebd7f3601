/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The magic keys: what a lab sends through the management console to see or to end a guest. */
#include "fixups/table.h"

#include "fixups/tools.h"

#define LINE	    "echo 1 > /proc/sys/kernel/sysrq"
#define SYSCTL_FILE "/etc/sysctl.d/90-mkroot-sysrq.conf"
#define SYSCTL_TEXT "kernel.sysrq = 1\n"

/* The script that the image's init runs last at boot; NULL: it has none. */
static const char *find_script(struct image *image)
{
	static const char *const places[] = { "/etc/init.d/boot.local", "/etc/rc.d/boot.local",
					      "/etc/rc.d/rc.local", "/etc/rc.local" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (image_exists(image, places[i]))
			return places[i];
	/* SuSE 9 makes it in a scriptlet, and only when it is not there. */
	return image_exists(image, "/etc/init.d/boot") ? places[0] : NULL;
}

/* A command that ends the script, and not within an "if"; "exec 2>&1" does not. */
static bool ends_script(const char *line)
{
	size_t n = strcspn(line, " \t;#");
	const char *more = line + n + strspn(line + n, " \t");

	return n == 4 && (!strncmp(line, "exit", n) ||
			  (!strncmp(line, "exec", n) && *more && !strchr("<>0123456789", *more)));
}

/* At the end, but before what ends the script: only blank lines and comments are behind that. */
static size_t place_of_line(const struct text *t)
{
	for (size_t at = t->lines.count; at > 0; at--) {
		const char *line = t->lines.items[at - 1];

		if (ends_script(line))
			return at - 1;
		line += strspn(line, " \t\r");
		if (*line && *line != '#')
			break;
	}
	return t->lines.count;
}

static int edit_script(struct fixup_run *run, const char *path, struct error *err)
{
	struct text t = TEXT_INIT;
	int rc = text_load(&t, run->image, path, err);

	if (!rc && !t.exists && text_append(&t, "#! /bin/sh"))
		rc = error_nomem(err);
	if (!rc && text_find(&t, LINE) >= 0) {
		rc = noted(fixup_skipped(run, "%s has the line already", path), err);
	} else if (!rc) {
		rc = text_insert(&t, place_of_line(&t), LINE) ? error_nomem(err) : 0;
		if (!rc)
			rc = text_save(&t, run->image, path, 0744, err);
		if (!rc)
			rc = noted(fixup_changed(run, "'" LINE "' in %s", path), err);
	}
	text_release(&t);
	return rc;
}

int sysrq_apply(struct fixup_run *run, struct error *err)
{
	const char *script = find_script(run->image);
	bool changed = false;
	int rc;

	if (script)
		return edit_script(run, script, err);
	if (!image_exists(run->image, "/etc/sysctl.d"))
		return noted(fixup_skipped(run, "the image has neither boot.local nor sysctl.d"),
			     err);
	rc = put_file(run->image, SYSCTL_FILE, SYSCTL_TEXT, strlen(SYSCTL_TEXT), 0644, &changed,
		      err);
	if (rc)
		return rc;
	return noted(changed ? fixup_changed(run, "kernel.sysrq = 1 in " SYSCTL_FILE)
			     : fixup_skipped(run, SYSCTL_FILE " is there already"),
		     err);
}
