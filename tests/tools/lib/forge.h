/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making RPMs for tests, hostile ones too: what rpmbuild would refuse to
 * write. Used by rpmforge only.
 *
 * Life: forge_read() a recipe -> forge_write() -> forge_release(). Errors go
 * to standard error with the recipe's line; a test that cannot make its input
 * must stop, so there is nothing to recover.
 */
#ifndef TESTS_TOOLS_LIB_FORGE_H
#define TESTS_TOOLS_LIB_FORGE_H

#include <rpm/rpmlib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/strbuf.h"

enum forge_content { CONTENT_NONE, CONTENT_TEXT, CONTENT_ZEROS, CONTENT_RANDOM };

struct forge_file {
	char *path, *user, *group;
	char *text; /* of CONTENT_TEXT, target of a link */
	uint32_t mode, flags, colour, rdev, inode, mtime;
	char *caps;
	uint64_t size; /* bytes */
	enum forge_content content;
	uint64_t seed;
	long link_to;	 /* index of the file that this one is a hard link of, or -1 */
	char digest[65]; /* hex, set by forge_payload_write() */
};

struct forge_dep {
	rpmTagVal name_tag; /* RPMTAG_REQUIRENAME, ... */
	char *name, *version;
	uint32_t flags;
};

struct forge_patch {
	char part;	 /* 'l'ead, 's'ignature, 'h'eader, 'p'ayload */
	uint64_t offset; /* bytes from the part's start */
	uint8_t bytes[64];
	size_t size;
};

/* Each says something else than the truth, under digests that are right. */
enum forge_lie {
	LIE_DIGEST = 1 << 0,	   /* the last file's digest */
	LIE_DIRINDEX = 1 << 1,	   /* a directory index out of range */
	LIE_SIZE = 1 << 2,	   /* the last file is one byte longer in the header */
	LIE_COUNT = 1 << 3,	   /* one mode too few */
	LIE_CPIO_NAME = 1 << 4,	   /* the payload has a name that the header has not */
	LIE_CPIO_MISSING = 1 << 5, /* the payload lacks the last file */
	LIE_NO_DIGESTS = 1 << 6,   /* neither header nor payload digests */
	LIE_CPIO_CUT = 1 << 7,	   /* the archive ends within the last file */
};

struct forge {
	char *name, *version, *release, *arch, *os, *compress;
	uint32_t epoch, build_time;
	bool has_epoch, old_layout;
	struct forge_file *files;
	size_t file_count, file_capacity;
	struct forge_dep *deps;
	size_t dep_count, dep_capacity;
	struct {
		rpmTagVal tag, interpreter_tag;
		char *interpreter, *body;
	} scripts[8];
	size_t script_count;
	struct forge_patch patches[16];
	size_t patch_count;
	uint64_t cut; /* bytes to drop at the end */
	unsigned int lies;
};

int forge_read(struct forge *f, FILE *recipe) MUST_USE;
int forge_write(struct forge *f, const char *path) MUST_USE;
void forge_release(struct forge *f);

/* lib/forge_payload.c: the compressed archive into path; sets digests. */
int forge_payload_write(struct forge *f, const char *path, uint64_t *archive_size) MUST_USE;
/* Does the archive need rpm's format without names and sizes? */
bool forge_is_large(const struct forge *f);

/* lib/forge_header.c: a new header with everything about files, dependencies and scripts. */
Header forge_header(const struct forge *f, const char *payload_digest, uint64_t archive_size);

#endif
