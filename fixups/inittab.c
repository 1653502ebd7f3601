/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual terminals do not exist in User Mode Linux: the mingetty lines are
 * commented out, and the console of the profile gets a login instead.
 */
#include "fixups/inittab.h"

#include "fixups/table.h"

bool inittab_parse(struct inittab_entry *e, const char *line)
{
	struct field *fields[] = { &e->id, &e->levels, &e->action };

	*e = (struct inittab_entry){ 0 };
	line += strspn(line, " \t");
	if (*line == '#')
		return false;
	for (size_t i = 0; i < 3; i++) {
		*fields[i] = (struct field){ line, strcspn(line, ":") };
		line += fields[i]->len;
		if (!*line++)
			return false;
	}
	e->process = line;
	return true;
}

bool inittab_starts(const struct inittab_entry *e, const char *name)
{
	const char *program = e->process + (*e->process == '+');
	size_t n = strcspn(program, " \t");

	while (n && memchr(program, '/', n)) {
		const char *slash = memchr(program, '/', n);

		n -= (size_t)(slash + 1 - program);
		program = slash + 1;
	}
	return n == strlen(name) && !memcmp(program, name, n);
}

/* Put '#' before a line. */
static int comment_out(struct text *t, size_t at)
{
	char *line = NULL;
	int rc = asprintf(&line, "#%s", t->lines.items[at]) < 0 ? -1 : text_replace(t, at, line);

	free(line);
	return rc;
}

/*
 * Comment out every mingetty, and whatever else has the id that the console
 * line needs. *after is the place behind the last mingetty, commented out or not.
 */
static int comment_lines(struct text *t, const char *console, const struct field *id,
			 size_t *gettys, size_t *others, size_t *after)
{
	*gettys = *others = 0;
	*after = t->lines.count;
	for (size_t i = 0; i < t->lines.count; i++) {
		const char *line = t->lines.items[i];
		struct inittab_entry e;
		bool getty, other;

		/* What an earlier run commented out marks the place as well. */
		if (*line == '#' && strstr(line, ":respawn:/sbin/mingetty"))
			*after = i + 1;
		if (!inittab_parse(&e, line))
			continue;
		if (strcmp(line, console) == 0)
			continue;
		getty = inittab_starts(&e, "mingetty");
		other = !getty && id->len && e.id.len == id->len &&
			!memcmp(e.id.at, id->at, id->len);
		if (!getty && !other)
			continue;
		if (comment_out(t, i))
			return -1;
		*(getty ? gettys : others) += 1;
		if (getty)
			*after = i + 1;
	}
	return 0;
}

struct field inittab_terminal(const struct inittab_entry *e)
{
	struct field fields[16];
	size_t n = line_fields(e->process, fields, 16);

	for (size_t i = 1; i < n; i++)
		if (field_starts(&fields[i], "tty") || field_starts(&fields[i], "vc/") ||
		    field_starts(&fields[i], "console"))
			return fields[i];
	return (struct field){ NULL, 0 };
}

/*
 * The console line with a program that the image has: its own, else the same
 * elsewhere, else another getty in that one's words. NULL in *line: there is none.
 */
static int fit_console(struct image *image, const char *console, const struct inittab_entry *e,
		       char **line)
{
	static const struct {
		const char *path, *before, *behind;
	} others[] = {
		{ "/sbin/agetty", " --noclear 38400 ", " linux" },
		{ "/usr/sbin/agetty", " --noclear 38400 ", " linux" },
		{ "/sbin/mingetty", " --noclear ", "" },
		{ "/sbin/getty", " 38400 ", "" },
	};
	struct field terminal = inittab_terminal(e);
	char *program = strndup(e->process, strcspn(e->process, " \t"));
	int rc = program ? 0 : -1;

	*line = NULL;
	if (!rc && image_exists(image, program))
		rc = (*line = strdup(console)) ? 0 : -1;
	for (size_t i = 0; !rc && !*line && i < sizeof(others) / sizeof(others[0]); i++) {
		if (!terminal.len || !image_exists(image, others[i].path))
			continue;
		if (asprintf(line, "%.*s%s%s%.*s%s", (int)(e->process - console), console,
			     others[i].path, others[i].before, (int)terminal.len, terminal.at,
			     others[i].behind) < 0) {
			*line = NULL;
			rc = -1;
		}
	}
	free(program);
	return rc;
}

static int report(struct fixup_run *run, size_t gettys, size_t others, const char *line, bool added,
		  struct error *err)
{
	const char *console = run->settings->console_line;
	int rc = 0;

	if (gettys)
		rc = fixup_changed(run, "%zu mingetty line%s commented out", gettys,
				   gettys == 1 ? "" : "s");
	if (!rc && others)
		rc = fixup_changed(run, "%zu line%s with the console's id commented out", others,
				   others == 1 ? "" : "s");
	if (!rc && added)
		rc = fixup_changed(run, "'%s' added%s", line,
				   strcmp(line, console) ? ", with the getty that the image has"
							 : "");
	if (!rc && !line)
		rc = fixup_skipped(run,
				   "no agetty, mingetty or getty in the image: no login on the "
				   "console");
	else if (!rc && !gettys && !others && !added)
		rc = fixup_skipped(run, "the console has its line already");
	return noted(rc, err);
}

/* The file is loaded; e is the profile's line. */
static int edit(struct fixup_run *run, struct text *t, const struct inittab_entry *e,
		struct error *err)
{
	static const struct field none = { "", 0 };
	size_t gettys, others, after;
	bool added = false;
	char *line;
	int rc;

	if (fit_console(run->image, run->settings->console_line, e, &line))
		return error_nomem(err);
	rc = comment_lines(t, line ? line : "", line ? &e->id : &none, &gettys, &others, &after);
	if (!rc && line && text_find(t, line) < 0) {
		added = true;
		rc = text_insert(t, after, line);
	}
	rc = rc ? error_nomem(err) : text_save(t, run->image, INITTAB, 0644, err);
	if (!rc)
		rc = report(run, gettys, others, line, added, err);
	free(line);
	return rc;
}

int inittab_apply(struct fixup_run *run, struct error *err)
{
	struct text t = TEXT_INIT;
	struct inittab_entry e;
	int rc;

	if (!run->settings->console_line)
		return noted(fixup_skipped(run, "the profile has no console line"), err);
	if (!inittab_parse(&e, run->settings->console_line))
		return error_set(err, -ERR_FORMAT, run->settings->console_line,
				 "is no line for " INITTAB " (id:runlevels:action:process)");
	rc = text_load(&t, run->image, INITTAB, err);
	if (!rc && !t.exists)
		rc = noted(fixup_skipped(run, "the image has no " INITTAB), err);
	else if (!rc)
		rc = edit(run, &t, &e, err);
	text_release(&t);
	return rc;
}
