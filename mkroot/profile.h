/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles: what kind of system the image is for (mkroot.conf(5)).
 *
 * Life: datadir_find() (mkroot/datadir.h) -> profile_init() -> profile_load()
 * reads NAME.conf of the data folder and lays the user's own
 * ${XDG_CONFIG_HOME:-~/.config}/mkroot/NAME.conf over it (a key given there
 * replaces the shipped value, lists too) -> profile_settle() lays the command
 * line over both -> profile_release(). After profile_settle() the profile is
 * the only place to look a setting up.
 *
 * Every list is also NULL-terminated (items[count] is NULL) for those who
 * want an argv-like vector. Errors: -ERR_FORMAT with "line N" (unknown
 * section, key or value), -ERR_NOT_FOUND (no such profile), -ERR_USAGE (the
 * command line does not fit the profile), -ENOMEM, -errno.
 */
#ifndef MKROOT_PROFILE_H
#define MKROOT_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "mkroot/datadir.h"
#include "mkroot/options.h"

enum profile_selinux { SELINUX_NO, SELINUX_YES, SELINUX_AUTO /* where packages bring one */ };

struct profile {
	char *name;      /* "suse9" */
	char *path;      /* the file that was read */
	char *user_path; /* the user's own file, whether it exists or not; may be NULL */

	/* [system] */
	char *arch;            /* "i586"; the host's own when the file says "host" */
	struct strlist arches; /* acceptable ones, best first, without noarch; never empty */
	uint32_t colour;           /* rpm's transaction colour: 0 none, 1 ELF32, 2 ELF64, 3 both */
	uint32_t preferred_colour; /* which wins a path when both are there; 0: none */
	char *kernel;          /* "2.4" or "6" */
	char *root_device;     /* "/dev/ubda" */
	char *console;         /* inittab line, or NULL */
	struct strlist securetty; /* terminal names without /dev/ */
	char *hostname;        /* NULL: leave as it is */
	uint64_t swap;         /* bytes, 0: none */

	/* [filesystem] */
	char *filesystem;    /* "ext2", "ext3", "ext4" */
	char *features;      /* blank separated e2fsprogs names; NULL: the default */
	uint32_t block_size; /* 1024, 2048, 4096 */
	uint32_t inode_size; /* 128, 256, or 0: the default of the filesystem */
	uint64_t size;       /* bytes, 0: from the contents */
	uint64_t free_bytes; /* UINT64_MAX: a quarter of what is used, at least 16 MiB */
	char *label;         /* or NULL */
	enum profile_selinux selinux; /* whether files get labels by the image's own policy */

	/* [packages] */
	struct strlist selections; /* taken when the command line names no selection and no --add */
	bool no_docs;
	bool recommends; /* weak dependencies of packages too */

	/* [database] */
	char *database_path;   /* "/var/lib/rpm" */
	char *database_format; /* "sqlite", or NULL: the guest gets none */

	/* [fixups] */
	struct strlist fixups; /* known names, each once, in the order of the fixup table */
	enum options_scripts scripts; /* SCRIPTS_UNSET: as scripts_settle() finds */
	char *shell;           /* static shell that the fixup "sh" makes /sh, or NULL */
	char *modules;         /* host folder with kernel modules, or NULL */
	struct strlist module_names; /* those of it to take; empty: all */

	/* [media] */
	struct strlist media;    /* locations; relative ones are already resolved */
	struct strlist keyrings; /* key files, the same */

	/* [trust]: old crypto that is let through; see verifier_allow_digest() */
	struct strlist legacy_digests, legacy_keys;
};

/* Before anything else; once per profile_release(). */
int profile_init(struct profile *p, struct error *err) MUST_USE;

/* name: NAME, or a path when it has a '/' or ends in ".conf" (then no user's file is laid over). */
int profile_load(struct profile *p, const char *name, const struct datadir *data,
		 struct error *err) MUST_USE;

/*
 * One file from memory over what p already holds: profile_load() without the
 * search. path is for messages and for relative locations. Keys that occur in
 * this text replace what p had; a list key that occurs again in it appends.
 */
int profile_parse(struct profile *p, const char *text, const char *path,
		  struct error *err) MUST_USE;

/* Let the command line win, fill what nobody said, and check the whole. */
int profile_settle(struct profile *p, const struct options *o, struct error *err) MUST_USE;

/* p->media is empty: -ERR_NOT_FOUND with the two ways to say where the media is. */
int profile_need_media(const struct profile *p, struct error *err) MUST_USE;

void profile_release(struct profile *p);

#endif
