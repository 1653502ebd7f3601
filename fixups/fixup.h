/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What turns an installed system into one that boots in User Mode Linux. One
 * file per fixup, one line in the table of fixups/table.c.
 *
 * A fixup edits the finished image through image/edit.h. It is idempotent:
 * run twice, the second run changes nothing and says so. It reports, in one
 * line each, what it changed (fixup_changed) or why it did not apply
 * (fixup_skipped); only what cannot be done is an error.
 */
#ifndef FIXUPS_FIXUP_H
#define FIXUPS_FIXUP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "image/edit.h"

/* A scriptlet that firstboot queues; strings are borrowed. */
struct fixup_scriptlet {
	const char *package;	 /* NEVRA */
	const char *kind;	 /* "pretrans", "pre", "post", "posttrans", "triggerin", ... */
	const char *interpreter; /* "/bin/sh", "/sbin/ldconfig", "<lua>"; blank separated with
				    arguments */
	const char *body;	 /* NULL when the interpreter needs none */
	int arg1;	   /* $1 as rpm gives it on a first installation, -1 when there is none */
	int arg2;	   /* $2 of a trigger, -1 when there is none */
	const char *input; /* for its standard input (file triggers), or NULL */
};

/* Everything a fixup may depend on; borrowed for the run. NULL or 0: not asked for. */
struct fixup_settings {
	const char *kernel;	      /* "2.4" or "6": which device names the guest's kernel uses */
	const char *root_device;      /* "/dev/ubda" or "/dev/ubd/0" */
	const char *filesystem;	      /* "ext2" */
	const char *console_line;     /* the inittab line of the profile */
	const char *const *securetty; /* terminal names, NULL-terminated */
	const char *hostname;
	const char *modules_dir; /* host folder that holds KERNELRELEASE/, or is one */
	const struct strlist *modules; /* names of those to take; NULL or empty: all */
	uint64_t swap_bytes;
	const char *shell; /* "sh" fixup: the static shell that becomes /sh */
	const struct fixup_scriptlet *scriptlets;
	size_t scriptlet_count;
	const char *arch; /* "x86_64", "i586" */
	bool rebuild_database; /* the guest's rpm must make the indexes of its database itself */
	bool first_boot;       /* something may be left to the guest's first boot */
};

/* What fixups will add, for the size of the image. */
struct fixup_need {
	uint64_t bytes; /* of file data, rounded up to 4096 per file */
	uint64_t inodes;
};

struct fixup_run {
	struct image *image;
	const struct fixup_settings *settings;
	const char *name;	 /* of the fixup that runs */
	struct strlist *changed; /* "inittab: 6 mingetty lines commented out, ..." */
	struct strlist *skipped; /* "blogd: no /sbin/blogd in the image" */
};

struct fixup {
	const char *name;
	const char *summary; /* one line for --list-fixups */
	/* May be NULL: a few blocks, covered by the slack that mkroot always adds. */
	int (*need)(const struct fixup_settings *settings, struct fixup_need *need,
		    struct error *err);
	int (*apply)(struct fixup_run *run, struct error *err);
};

/* In the order in which they run; ends with a NULL name. */
extern const struct fixup fixup_table[];
const struct fixup *fixup_find(const char *name);

/* For fixups: note a change or a reason; printf-like, prefixed with the fixup's name. */
int fixup_changed(struct fixup_run *run, const char *fmt, ...) MUST_USE PRINTF_LIKE(2, 3);
int fixup_skipped(struct fixup_run *run, const char *fmt, ...) MUST_USE PRINTF_LIKE(2, 3);

#endif
