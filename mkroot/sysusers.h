/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accounts that packages declare instead of making them in a scriptlet: files
 * in /usr/lib/sysusers.d (sysusers.d(5)), and rpm's user(NAME) and group(NAME)
 * provides, whose version is such a line in base64.
 *
 * Those that own files and that nobody else brings get numbers when the image
 * is planned, so that these files have their owner, and their lines in the
 * image's account files.
 *
 * Life: sysusers_learn() for each package in order -> sysusers_want() for each
 * file -> sysusers_settle() once -> sysusers_apply() -> sysusers_release().
 */
#ifndef MKROOT_SYSUSERS_H
#define MKROOT_SYSUSERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "image/edit.h"
#include "mkroot/owners.h"
#include "pkg/payload.h"

struct sysuser {
	char *name;
	bool is_user; /* with a group of the same name unless gid says another */
	bool wanted;
	uint32_t uid, gid;	   /* SYSUSER_ANY: whatever is free */
	char *gecos, *home, *shell; /* NULL: the default */
};

#define SYSUSER_ANY UINT32_MAX

struct sysusers {
	struct sysuser *items; /* in the order in which they were declared */
	size_t count, capacity;
	struct strbuf passwd, group, shadow, gshadow; /* lines for the image, after sysusers_settle() */
};

int sysusers_learn(struct sysusers *s, const struct package *p, const struct package_files *files,
		   struct error *err) MUST_USE;
/* The text of one file; what is no declaration is passed over, as systemd does. -ENOMEM. */
int sysusers_add_text(struct sysusers *s, const char *text) MUST_USE;
/* A file belongs to these, and one of them is not known. */
void sysusers_want(struct sysusers *s, const char *user, const char *group);
/* Numbers for those that are wanted and not in o, which learns them. now: for shadow's days. */
int sysusers_settle(struct sysusers *s, struct owners *o, uint32_t now) MUST_USE;
int sysusers_apply(const struct sysusers *s, struct image *image, struct error *err) MUST_USE;
void sysusers_release(struct sysusers *s);

#endif
