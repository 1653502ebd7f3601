/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the guest's init comes to start the runner: after the root filesystem can
 * be written, before the first service.
 */
#include "fixups/firstboot.h"

#include "fixups/inittab.h"

#define INITTAB_LINE "mk:2345:wait:" FIRSTBOOT_RUN
#define UNIT	     "/etc/systemd/system/mkroot-firstboot.service"
#define WANTS	     "/etc/systemd/system/sysinit.target.wants"

/* sysinit.target is what every service waits for. */
static const char unit[] = "[Unit]\n"
			   "Description=Scriptlets of the packages, once\n"
			   "DefaultDependencies=no\n"
			   "ConditionPathExists=" FIRSTBOOT_RUN "\n"
			   "After=local-fs.target systemd-tmpfiles-setup.service\n"
			   "Before=sysinit.target\n"
			   "\n"
			   "[Service]\n"
			   "Type=oneshot\n"
			   "ExecStart=" FIRSTBOOT_RUN "\n"
			   "TimeoutStartSec=0\n"
			   "StandardOutput=journal+console\n";

enum firstboot_hook firstboot_hook_find(struct image *image)
{
	if (!image_exists(image, "/bin/sh"))
		return HOOK_NONE;
	if (image_has_systemd(image))
		return HOOK_SYSTEMD;
	return image_exists(image, INITTAB) ? HOOK_INITTAB : HOOK_NONE;
}

/*
 * sysvinit runs the entries of a runlevel in the order of the file, and goes
 * on behind a "wait" one when that is done: ours must be the first of them.
 * What is marked boot, bootwait or sysinit runs before all, wherever it stands.
 */
static bool is_of_runlevel(const char *line)
{
	struct inittab_entry e;

	if (!inittab_parse(&e, line))
		return false;
	if (!field_is(&e.action, "wait") && !field_is(&e.action, "once") &&
	    !field_is(&e.action, "respawn") && !field_is(&e.action, "ondemand"))
		return false;
	return !e.levels.len || strcspn(e.levels.at, "2345") < e.levels.len;
}

static bool is_wait(const char *line)
{
	struct inittab_entry e;

	return inittab_parse(&e, line) && field_is(&e.action, "wait");
}

/* Before the block of lines in which the first of a runlevel stands: l0, l1, l2, ... */
static size_t place_of_hook(const struct text *t)
{
	size_t at = 0;

	while (at < t->lines.count && !is_of_runlevel(t->lines.items[at]))
		at++;
	while (at > 0 && is_wait(t->lines.items[at - 1]))
		at--;
	return at;
}

static int hook_inittab(struct image *image, bool *changed, struct error *err)
{
	struct text t = TEXT_INIT;
	int rc = text_load(&t, image, INITTAB, err);

	if (!rc && text_find(&t, INITTAB_LINE) < 0) {
		*changed = true;
		rc = text_insert(&t, place_of_hook(&t), INITTAB_LINE) ? error_nomem(err) : 0;
		if (!rc)
			rc = text_save(&t, image, INITTAB, 0644, err);
	}
	text_release(&t);
	return rc;
}

static int hook_systemd(struct image *image, bool *changed, struct error *err)
{
	int rc = put_folder(image, WANTS, changed, err);

	if (!rc)
		rc = put_file(image, UNIT, unit, sizeof(unit) - 1, 0644, changed, err);
	if (!rc)
		rc = put_link(image, UNIT, WANTS "/mkroot-firstboot.service", changed, err);
	return rc;
}

int firstboot_hook_install(struct image *image, enum firstboot_hook hook, bool *changed,
			   struct error *err)
{
	return hook == HOOK_SYSTEMD ? hook_systemd(image, changed, err)
				    : hook_inittab(image, changed, err);
}
