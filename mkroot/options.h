/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. One table (mkroot/option_table.c) is the source of parsing, of
 * --help, of the completion files and of the list that a test holds against
 * the man page.
 *
 * Life: options_parse() -> look at action -> options_release(). Strings that
 * are not in a list point into argv. Numbers are checked: a value that is here
 * is in its range. Errors: -ERR_USAGE with the text for the user (main exits
 * with 2 and adds "try 'mkroot --help'"), -ENOMEM.
 */
#ifndef MKROOT_OPTIONS_H
#define MKROOT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/strbuf.h"

enum options_action {
	OPTIONS_BUILD, /* plan, and unless dry_run write the image */
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_LIST_FIXUPS,
	OPTIONS_COMPLETION, /* print the completion file for options.shell */
	OPTIONS_LIST,       /* set by `mkroot list`: the packages, or which selections there are */
};

enum options_scripts {
	SCRIPTS_UNSET, /* the profile decides */
	SCRIPTS_NONE,
	SCRIPTS_FIRSTBOOT,
	SCRIPTS_UML, /* while the image is built, in a guest */
};

/* What stands before an entry of runs: a command, or the name of a file of commands. */
enum options_run { RUN_COMMAND = 'c', RUN_FILE = 'f' };

#define OPTIONS_BYTES_UNSET UINT64_MAX

struct options {
	enum options_action action;
	const char *profile;       /* NAME or a path; NULL only when action is not OPTIONS_BUILD */
	struct strlist selections; /* files or names; may be empty when add is not */
	const char *output;        /* NULL only with dry_run */

	struct strlist media, keyrings; /* -m, --keyring */
	bool offline, no_cache;
	uint64_t limit_rate; /* bytes a second; 0: none */
	const char *arch;
	struct strlist add, exclude; /* package names */
	struct strlist locales;      /* "de_AT", "de" */
	bool recommends, nodeps, no_docs, replace_files, allow_unsigned, strict;

	const char *filesystem; /* "ext2", "ext3", "ext4", or NULL: the profile decides */
	uint64_t size;          /* bytes of the image; 0: from the contents */
	uint64_t free_bytes;    /* OPTIONS_BYTES_UNSET: the profile decides */
	uint64_t inodes;        /* 0: from the contents */
	uint32_t block_size;    /* 1024, 2048, 4096; 0: the profile decides */
	const char *label;      /* at most 16 bytes, or NULL */
	bool selinux;
	bool has_uuid;
	uint8_t uuid[16];

	const char *hostname, *modules; /* NULL: not given */
	struct strlist module_names;    /* kernel modules; empty: all */
	uint64_t swap;           /* bytes, 0: none; OPTIONS_BYTES_UNSET: the profile decides */
	struct strlist overlays; /* folders or tar archives, in order */
	struct strlist fixups, no_fixups;
	enum options_scripts scripts;
	bool scripts_strict;
	unsigned int scripts_timeout; /* seconds */
	const char *kernel;	      /* NULL: found */
	struct strlist runs;	      /* --run and --run-file in their order, see enum options_run */

	const char *report, *sbom, *manifest, *lock; /* files to write, or NULL */
	const char *locked;         /* lock file to build from, or NULL */
	const char *verify_rebuild; /* image to compare with instead of writing one, or NULL */

	unsigned int jobs; /* threads, 1 to 256; default: the processors this process may use */
	bool dry_run, quiet, verbose;
	const char *shell; /* of OPTIONS_COMPLETION: "bash" or "zsh" */
};

/* Clears *o first; release it also after a failure. argv is not changed in order. */
int options_parse(struct options *o, int argc, char **argv, struct error *err) MUST_USE;
void options_release(struct options *o);

/* "none", "firstboot", "uml"; of SCRIPTS_UNSET "default". */
const char *options_scripts_name(enum options_scripts scripts);
/* And back; SCRIPTS_UNSET for another word. */
enum options_scripts options_scripts_parse(const char *name);

/* What --help prints; the caller checks the stream. */
void options_print_help(FILE *f);
/* The completion file of a shell ("bash", "zsh"); -ERR_UNSUPPORTED for another one. */
int options_print_completion(FILE *f, const char *shell, struct error *err) MUST_USE;

#endif
