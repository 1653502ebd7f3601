/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd takes tty0 for a virtual terminal and gives its login to tty1, which
 * User Mode Linux does not have; and without a machine-id it asks questions at
 * its first boot, on a console where nobody may sit.
 */
#include "fixups/table.h"

#include <sys/stat.h>

#include "fixups/inittab.h"
#include "fixups/tools.h"

#define UNITS  "/etc/systemd/system"
#define VENDOR "/usr/lib/systemd/system"

/* The terminal of the profile's console line, "tty0" when it has none. */
static void console_terminal(const struct fixup_settings *s, char *terminal, size_t size)
{
	struct inittab_entry e;
	struct field found = { NULL, 0 };

	if (s->console_line && inittab_parse(&e, s->console_line))
		found = inittab_terminal(&e);
	/* Names of Linux 2.4 with a slash in them are none that systemd could have. */
	if (!found.len || memchr(found.at, '/', found.len))
		found = (struct field){ "tty0", 4 };
	snprintf(terminal, size, "%.*s", (int)found.len, found.at);
}

static int give_login(struct image *image, const struct fixup_settings *s, bool *changed,
		      struct error *err)
{
	char terminal[32], path[128], target[128];
	const char *unit;
	int rc;

	console_terminal(s, terminal, sizeof(terminal));
	unit = !strncmp(terminal, "ttyS", 4) ? "serial-getty" : "getty";
	snprintf(path, sizeof(path), UNITS "/getty.target.wants/%s@%s.service", unit, terminal);
	snprintf(target, sizeof(target), VENDOR "/%s@.service", unit);
	rc = put_folder(image, UNITS "/getty.target.wants", changed, err);
	if (!rc)
		rc = put_link(image, target, path, changed, err);
	if (!rc && strcmp(terminal, "tty1"))
		rc = put_link(image, "/dev/null", UNITS "/getty@tty1.service", changed, err);
	return rc;
}

/* Empty means: make one at boot, and this is no first boot that asks. */
static int give_machine_id(struct image *image, bool *changed, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	bool there = image_read_file(image, "/etc/machine-id", 4096, &text, NULL) == 0 &&
		     (!text.len || strncmp(text.data, "uninitialized", 13));

	strbuf_release(&text);
	return there ? 0 : put_file(image, "/etc/machine-id", "", 0, 0444, changed, err);
}

int systemd_apply(struct fixup_run *run, struct error *err)
{
	struct image_stat st;
	bool changed = false;
	int rc;

	if (!image_has_systemd(run->image))
		return noted(fixup_skipped(run, "systemd is not the init of the image"), err);
	rc = give_login(run->image, run->settings, &changed, err);
	/* A link of its owner's choice stays; the vendor's is often a desktop. */
	if (!rc && image_lstat(run->image, UNITS "/default.target", &st, NULL))
		rc = put_link(run->image, VENDOR "/multi-user.target", UNITS "/default.target",
			      &changed, err);
	if (!rc)
		rc = give_machine_id(run->image, &changed, err);
	if (rc)
		return rc;
	return noted(
		changed ? fixup_changed(run, "a login on the console, no questions at first boot")
			: fixup_skipped(run, "systemd has its console already"),
		err);
}
