/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scriptlets as a queue in the image, in the order in which rpm runs them:
 *
 *     FIRSTBOOT_DIR/queue                a line for each: file, package, kind, has a body,
 *                                        arguments, interpreter; tabs between, never empty
 *     FIRSTBOOT_DIR/0001-PACKAGE-KIND    its body; with .in, what it reads
 *     FIRSTBOOT_DIR/after/NAME           what other fixups want done in the end
 *     FIRSTBOOT_DIR/run                  works it off and removes it all
 */
#include "fixups/firstboot.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

#include "fixups/table.h"
#include "fixups/tools.h"

#define NAME_BYTES 160 /* of package and kind in a file name */

int at_first_boot(struct fixup_run *run, const char *text, bool *queued, struct error *err)
{
	bool changed = false;
	char *path = NULL;
	int rc;

	*queued = (run->settings->first_boot || run->settings->scriptlet_count) &&
		  firstboot_hook_find(run->image) != HOOK_NONE;
	if (!*queued)
		return 0;
	if (asprintf(&path, FIRSTBOOT_DIR "/after/%s", run->name) < 0)
		return error_nomem(err);
	rc = put_folder(run->image, FIRSTBOOT_DIR "/after", &changed, err);
	if (!rc)
		rc = put_file(run->image, path, text, strlen(text), 0644, &changed, err);
	free(path);
	return rc;
}

int after_scriptlets(struct fixup_run *run, const char *text, struct error *err)
{
	bool queued;

	return run->settings->scriptlet_count ? at_first_boot(run, text, &queued, err) : 0;
}

static uint64_t whole_blocks(size_t n)
{
	return ((uint64_t)n + 4095) / 4096 * 4096;
}

int firstboot_need(const struct fixup_settings *s, struct fixup_need *need, struct error *err)
{
	if (!s->scriptlet_count && !s->rebuild_database)
		return 0;
	for (size_t i = 0; i < s->scriptlet_count; i++) {
		const struct fixup_scriptlet *x = &s->scriptlets[i];

		need->bytes += whole_blocks(x->body ? strlen(x->body) : 0);
		need->inodes++;
		if (x->input) {
			need->bytes += whole_blocks(strlen(x->input));
			need->inodes++;
		}
	}
	/* Lines of the queue and names in the folder, at their longest; runner, folders, hooks. */
	need->bytes += s->scriptlet_count * 1024 + 16 * 4096;
	need->inodes += 12;
	return 0;
}

/* A field of the queue: no tab or newline in it, and never empty. */
static int add_field(struct strbuf *queue, const char *text, const char *end)
{
	size_t at = queue->len;

	if (strbuf_adds(queue, *text ? text : "-"))
		return -ENOMEM;
	for (; at < queue->len; at++)
		if (queue->data[at] == '\t' || queue->data[at] == '\n')
			queue->data[at] = ' ';
	return strbuf_adds(queue, end);
}

/* "0001-PACKAGE-KIND" with nothing in it that a shell or a person would stumble over. */
static char *file_name(size_t number, const struct fixup_scriptlet *x)
{
	char *name = NULL;

	if (asprintf(&name, "%04zu-%.*s-%.*s", number, NAME_BYTES, x->package, NAME_BYTES / 4,
		     x->kind) < 0)
		return NULL;
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-+._~", *p))
			*p = '_';
	return name;
}

static int add_to_queue(struct strbuf *queue, const char *file, const struct fixup_scriptlet *x)
{
	char args[32] = "-";

	if (x->arg1 >= 0 && x->arg2 >= 0)
		snprintf(args, sizeof(args), "%d %d", x->arg1, x->arg2);
	else if (x->arg1 >= 0)
		snprintf(args, sizeof(args), "%d", x->arg1);
	if (add_field(queue, file, "\t") || add_field(queue, x->package, "\t") ||
	    add_field(queue, x->kind, "\t") || add_field(queue, x->body ? "yes" : "no", "\t") ||
	    add_field(queue, args, "\t"))
		return -ENOMEM;
	return add_field(queue, x->interpreter ? x->interpreter : "/bin/sh", "\n");
}

static int write_scriptlet(struct image *image, const char *file, const struct fixup_scriptlet *x,
			   bool *changed, struct error *err)
{
	const char *body = x->body ? x->body : "";
	char *path = NULL, *input = NULL;
	int rc;

	if (asprintf(&path, FIRSTBOOT_DIR "/%s", file) < 0)
		return error_nomem(err);
	rc = put_file(image, path, body, strlen(body), 0600, changed, err);
	if (!rc && x->input) {
		if (asprintf(&input, "%s.in", path) < 0)
			rc = error_nomem(err);
		else
			rc = put_file(image, input, x->input, strlen(x->input), 0600, changed, err);
		free(input);
	}
	free(path);
	return rc;
}

static int write_queue(struct image *image, const struct fixup_settings *s, bool *changed,
		       struct error *err)
{
	struct strbuf queue = STRBUF_INIT;
	int rc = put_folder(image, FIRSTBOOT_DIR, changed, err);

	for (size_t i = 0; !rc && i < s->scriptlet_count; i++) {
		char *file = file_name(i + 1, &s->scriptlets[i]);

		if (!file || add_to_queue(&queue, file, &s->scriptlets[i]))
			rc = error_nomem(err);
		else
			rc = write_scriptlet(image, file, &s->scriptlets[i], changed, err);
		free(file);
	}
	if (!rc)
		rc = put_file(image, FIRSTBOOT_DIR "/queue", queue.data ? queue.data : "", queue.len,
			      0600, changed, err);
	if (!rc)
		rc = put_file(image, FIRSTBOOT_RUN, firstboot_run_text, firstboot_run_size, 0755,
			      changed, err);
	strbuf_release(&queue);
	return rc;
}

int firstboot_apply(struct fixup_run *run, struct error *err)
{
	const struct fixup_settings *s = run->settings;
	enum firstboot_hook hook;
	bool changed = false;
	int rc;

	if (!s->scriptlet_count && !image_exists(run->image, FIRSTBOOT_DIR "/after"))
		return noted(fixup_skipped(run, "no scriptlets are to run at first boot"), err);
	hook = firstboot_hook_find(run->image);
	if (hook == HOOK_NONE && !image_exists(run->image, "/bin/sh"))
		return noted(fixup_skipped(run, "nothing could run them: no /bin/sh"), err);
	if (hook == HOOK_NONE)
		return noted(fixup_skipped(run, "nothing could start them: the image has no "
						"/etc/inittab and no systemd"),
			     err);
	rc = write_queue(run->image, s, &changed, err);
	if (!rc)
		rc = firstboot_hook_install(run->image, hook, &changed, err);
	if (rc)
		return rc;
	if (!changed)
		return noted(fixup_skipped(run, "the %zu scriptlets are queued already",
					   s->scriptlet_count),
			     err);
	return noted(fixup_changed(run, "%zu scriptlet%s queued for the first boot, by %s",
				   s->scriptlet_count, s->scriptlet_count == 1 ? "" : "s",
				   hook == HOOK_SYSTEMD ? "a unit of systemd" : "/etc/inittab"),
		     err);
}
