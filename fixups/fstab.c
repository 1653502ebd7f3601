/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root device and what the kernel itself offers; other lines stay as they are. */
#include "fixups/fstab.h"

#include "fixups/table.h"

long fstab_find(const struct text *t, size_t field, const char *value)
{
	for (size_t i = 0; i < t->lines.count; i++) {
		struct field fields[6];
		size_t n = line_fields(t->lines.items[i], fields, 6);

		if (n > field && field_is(&fields[field], value))
			return (long)i;
	}
	return -1;
}

/* The root line is right when it names the device and the filesystem: options are its owner's. */
static bool root_is(const char *line, const struct fixup_settings *s)
{
	struct field fields[6];
	size_t n = line_fields(line, fields, 6);

	return n >= 4 && field_is(&fields[0], s->root_device) &&
	       field_is(&fields[2], s->filesystem);
}

static int set_root(struct fixup_run *run, struct text *t, struct strbuf *done)
{
	const struct fixup_settings *s = run->settings;
	long at = fstab_find(t, 1, "/");
	char *line = NULL;
	int rc;

	if (!s->root_device || !s->filesystem || (at >= 0 && root_is(t->lines.items[at], s)))
		return 0;
	if (asprintf(&line, "%s / %s defaults 1 1", s->root_device, s->filesystem) < 0)
		return -1;
	if (at >= 0)
		rc = text_replace(t, (size_t)at, line);
	else
		rc = text_insert(t, 0, line);
	if (!rc)
		rc = strbuf_addf(done, "%s /", done->len ? "," : "");
	free(line);
	return rc;
}

/* Add a line for a mount point that has none. */
static int set_other(struct fixup_run *run, struct text *t, const char *where, const char *line,
		     struct strbuf *done, struct error *err)
{
	bool changed;
	int rc = 0;

	if (fstab_find(t, 1, where) >= 0)
		return 0;
	if (text_append(t, line) || strbuf_addf(done, "%s %s", done->len ? "," : "", where))
		return error_nomem(err);
	if (where[0] == '/')
		rc = put_folder(run->image, where, &changed, err);
	return rc;
}

static int set_all(struct fixup_run *run, struct text *t, struct strbuf *done, struct error *err)
{
	bool old = run->settings->kernel && !strncmp(run->settings->kernel, "2.4", 3);
	int rc = set_root(run, t, done) ? error_nomem(err) : 0;

	/* systemd mounts these by itself, before it reads the file. */
	if (image_has_systemd(run->image))
		return rc;
	if (!rc)
		rc = set_other(run, t, "/proc", "proc /proc proc defaults 0 0", done, err);
	if (!rc)
		rc = set_other(run, t, "/dev/pts", "devpts /dev/pts devpts mode=0620,gid=5 0 0",
			       done, err);
	if (!rc && !old)
		rc = set_other(run, t, "/sys", "sysfs /sys sysfs defaults 0 0", done, err);
	return rc;
}

int fstab_apply(struct fixup_run *run, struct error *err)
{
	struct strbuf done = STRBUF_INIT;
	struct text t = TEXT_INIT;
	int rc;

	if (!image_exists(run->image, "/etc"))
		return noted(fixup_skipped(run, "the image has no /etc"), err);
	rc = text_load(&t, run->image, FSTAB, err);
	if (!rc)
		rc = set_all(run, &t, &done, err);
	if (!rc && run->settings->swap_bytes && image_exists(run->image, SWAPFILE) &&
	    fstab_find(&t, 0, SWAPFILE) < 0 &&
	    (text_append(&t, SWAP_LINE) || strbuf_addf(&done, "%s swap", done.len ? "," : "")))
		rc = error_nomem(err);
	if (!rc)
		rc = text_save(&t, run->image, FSTAB, 0644, err);
	if (!rc && done.len)
		rc = noted(fixup_changed(run, "lines for%s", done.data), err);
	else if (!rc)
		rc = noted(fixup_skipped(run, "all lines are there already"), err);
	text_release(&t);
	strbuf_release(&done);
	return rc;
}
