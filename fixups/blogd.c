/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SuSE's boot logger wants a real console and stops the boot without one. The
 * talk keeps it as blogd.orig and puts a copy of true in its place: the boot
 * script starts it, gets "yes", and goes on.
 */
#include "fixups/table.h"

#include <sys/stat.h>

#include "fixups/tools.h"

#define BLOGD	 "/sbin/blogd"
#define ORIGINAL "/sbin/blogd.orig"
#define TRUE_MAX (8u << 20)

static const char script[] = "#!/bin/sh\nexit 0\n";

/*
 * The image's own true, when a copy of it works under another name: one that
 * is a link to a program with many names (busybox, coreutils) looks at its name.
 */
static const char *find_true(struct image *image)
{
	static const char *const places[] = { "/bin/true", "/usr/bin/true" };
	struct image_stat st;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (image_lstat(image, places[i], &st, NULL) == 0 && S_ISREG(st.mode) &&
		    st.nlink == 1 && st.size <= TRUE_MAX)
			return places[i];
	return NULL;
}

/* What takes blogd's place; *from says it in words, NULL when there is nothing. */
static int find_replacement(struct image *image, struct strbuf *bytes, const char **from,
			    struct error *err)
{
	*from = find_true(image);
	if (*from)
		return image_read_file(image, *from, TRUE_MAX, bytes, err);
	if (!image_exists(image, "/bin/sh"))
		return 0;
	*from = "a script that does nothing, as the image has no true of its own";
	return strbuf_adds(bytes, script) ? error_nomem(err) : 0;
}

/* blogd holds these bytes already. */
static bool is_replaced(struct image *image, const struct strbuf *bytes)
{
	struct strbuf now = STRBUF_INIT;
	bool same;

	same = image_read_file(image, BLOGD, bytes->len, &now, NULL) == 0 &&
	       now.len == bytes->len && !memcmp(now.data, bytes->data, now.len);
	strbuf_release(&now);
	return same;
}

static int replace(struct fixup_run *run, const struct strbuf *bytes, const char *from,
		   struct error *err)
{
	bool changed;
	int rc = image_rename(run->image, BLOGD, ORIGINAL, err);

	if (!rc && from)
		rc = put_file(run->image, BLOGD, bytes->data, bytes->len, 0755, &changed, err);
	if (rc)
		return rc;
	if (!from)
		return noted(fixup_changed(run, BLOGD " is now " ORIGINAL
						      ", and nothing is in its place"),
			     err);
	return noted(fixup_changed(run, BLOGD " is now " ORIGINAL ", replaced by %s", from), err);
}

int blogd_apply(struct fixup_run *run, struct error *err)
{
	struct strbuf bytes = STRBUF_INIT;
	struct image_stat st;
	const char *from;
	int rc;

	if (image_lstat(run->image, BLOGD, &st, NULL))
		return noted(fixup_skipped(run, image_exists(run->image, ORIGINAL)
							? BLOGD " is out of the way already"
							: "the image has no " BLOGD),
			     err);
	rc = find_replacement(run->image, &bytes, &from, err);
	if (!rc && from && image_exists(run->image, ORIGINAL) && is_replaced(run->image, &bytes))
		rc = noted(fixup_skipped(run, BLOGD " is replaced already"), err);
	else if (!rc)
		rc = replace(run, &bytes, from, err);
	strbuf_release(&bytes);
	return rc;
}
