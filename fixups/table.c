/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixups/table.h"

#include <errno.h>
#include <stdarg.h>

const struct fixup fixup_table[] = {
	{ "modules", "copy the modules of the guest's kernel to /lib/modules", modules_need,
	  modules_apply },
	{ "devices", "make the device nodes that a kernel without devtmpfs needs", NULL,
	  devices_apply },
	{ "blogd", "replace the boot logger, which wants a real console, by a copy of true", NULL,
	  blogd_apply },
	{ "inittab", "comment out the mingetty lines, add the console of the profile", NULL,
	  inittab_apply },
	{ "runlevel", "remove the links of services in rc3.d", NULL, runlevel_apply },
	{ "bootclock", "remove the boot script that reads a hardware clock", NULL,
	  bootclock_apply },
	{ "securetty", "add the terminals of the profile to /etc/securetty", NULL,
	  securetty_apply },
	{ "hostname", "write the name of the guest", NULL, hostname_apply },
	{ "swap", "make a swap file without holes, signed, with its fstab line", swap_need,
	  swap_apply },
	{ "fstab", "write the lines of /etc/fstab for the root device and the kernel's filesystems",
	  NULL, fstab_apply },
	{ "sysrq", "switch the magic keys on at boot", NULL, sysrq_apply },
	{ "systemd", "give systemd the console of User Mode Linux", NULL, systemd_apply },
	{ "sh", "make the static shell of the profile /sh, for init=/sh", NULL, sh_apply },
	{ "rpmdb", "have an old rpm make the indexes of its database at first boot", NULL,
	  rpmdb_apply },
	{ "firstboot", "queue the scriptlets of the packages for the first boot", firstboot_need,
	  firstboot_apply },
	{ NULL, NULL, NULL, NULL },
};

const struct fixup *fixup_find(const char *name)
{
	for (const struct fixup *f = fixup_table; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

/* One line "NAME: text" more in a list. */
static int note(struct strlist *list, const char *name, const char *fmt, va_list ap)
{
	char *text = NULL;
	int rc;

	if (vasprintf(&text, fmt, ap) < 0)
		return -ENOMEM;
	rc = strlist_addf(list, "%s: %s", name, text);
	free(text);
	return rc;
}

int fixup_changed(struct fixup_run *run, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = note(run->changed, run->name, fmt, ap);
	va_end(ap);
	return rc;
}

int fixup_skipped(struct fixup_run *run, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = note(run->skipped, run->name, fmt, ap);
	va_end(ap);
	return rc;
}
