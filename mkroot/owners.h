/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users and groups of the guest: names to numbers, from the passwd and group
 * files that the packages bring. The host's are never asked.
 *
 * Life: owners_init() -> owners_add_passwd(), owners_add_group() -> owners_user(),
 * owners_group() per file -> owners_warn() once -> owners_release().
 */
#ifndef MKROOT_OWNERS_H
#define MKROOT_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"

struct owners_name {
	char *name;
	uint32_t id;
	uint32_t unknown_files; /* files that wanted this name while nobody knew it */
	int known;
};

struct owners_table {
	struct owners_name *items; /* sorted by name */
	size_t count, capacity;
};

struct owners {
	struct owners_table users, groups;
};

/* "root" is 0 in both tables from the start. */
int owners_init(struct owners *o) MUST_USE;
void owners_release(struct owners *o);

/*
 * Take in a file as of passwd(5) or group(5). Lines that do not fit are
 * skipped, as the C library does; a name that is known already keeps its
 * number. -ENOMEM is the only error.
 */
int owners_add_passwd(struct owners *o, const char *text, size_t size) MUST_USE;
int owners_add_group(struct owners *o, const char *text, size_t size) MUST_USE;

/* The number of a name; 0 (and counted) for one that nobody knows. */
int owners_user(struct owners *o, const char *name, uint32_t *uid) MUST_USE;
int owners_group(struct owners *o, const char *name, uint32_t *gid) MUST_USE;

/* Without counting: false for a name that nobody knows. */
bool owners_user_id(const struct owners *o, const char *name, uint32_t *uid);
bool owners_group_id(const struct owners *o, const char *name, uint32_t *gid);
/* Whether both names have a number. */
bool owners_know(const struct owners *o, const char *user, const char *group);

/* One line for each name that files wanted and nobody knew. */
int owners_warn(const struct owners *o, struct strlist *warnings) MUST_USE;

#endif
