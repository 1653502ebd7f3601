/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root may log in on the terminals that the guest's kernel really has. A
 * missing file means "everywhere" (or nobody reads one): making it would lock
 * root out of every terminal that is not in it.
 */
#include "fixups/table.h"

#include "fixups/tools.h"

#define SECURETTY "/etc/securetty"

static bool has_terminal(const struct text *t, const char *name)
{
	for (size_t i = 0; i < t->lines.count; i++) {
		const char *line = t->lines.items[i] + strspn(t->lines.items[i], " \t");
		size_t n = strcspn(line, " \t#");

		if (n == strlen(name) && !memcmp(line, name, n))
			return true;
	}
	return false;
}

static int add_terminals(struct text *t, const char *const *names, struct strbuf *added)
{
	for (; *names; names++) {
		const char *name = !strncmp(*names, "/dev/", 5) ? *names + 5 : *names;

		if (has_terminal(t, name))
			continue;
		if (text_append(t, name) || strbuf_addf(added, "%s%s", added->len ? " " : "", name))
			return -1;
	}
	return 0;
}

int securetty_apply(struct fixup_run *run, struct error *err)
{
	struct strbuf added = STRBUF_INIT;
	struct text t = TEXT_INIT;
	int rc;

	if (!run->settings->securetty || !*run->settings->securetty)
		return noted(fixup_skipped(run, "the profile names no terminals"), err);
	rc = text_load(&t, run->image, SECURETTY, err);
	if (!rc && !t.exists) {
		rc = noted(fixup_skipped(run, "the image has no " SECURETTY), err);
	} else if (!rc) {
		rc = add_terminals(&t, run->settings->securetty, &added) ? error_nomem(err) : 0;
		if (!rc)
			rc = text_save(&t, run->image, SECURETTY, 0644, err);
		if (!rc && added.len)
			rc = noted(fixup_changed(run, "%s added", added.data), err);
		else if (!rc)
			rc = noted(fixup_skipped(run, "all terminals are there already"), err);
	}
	text_release(&t);
	strbuf_release(&added);
	return rc;
}
