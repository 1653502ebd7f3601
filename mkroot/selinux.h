/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SELinux labels by the policy that the image itself has: libselinux's label
 * back-end on its file_contexts. The host's policy is never asked.
 *
 * Life: policy_open() on an image with all its files -> policy_label() for each
 * path -> policy_close().
 */
#ifndef MKROOT_SELINUX_H
#define MKROOT_SELINUX_H

#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "image/edit.h"

struct selabel_handle;

struct policy {
	char *type;                    /* "targeted", from /etc/selinux/config */
	struct selabel_handle *labels;
	struct strlist aliases;        /* from, to, from, to, ... */
	int fd;                        /* of the policy's text, in memory */
};

#define POLICY_INIT { NULL, NULL, STRLIST_INIT, -1 }

/* -ERR_NOT_FOUND when the image has no policy, -ERR_FORMAT for one that cannot be read. */
int policy_open(struct policy *p, struct image *image, struct error *err) MUST_USE;
void policy_close(struct policy *p);

/* The context of a path, to be freed by the caller; NULL when it gets none. mode with its type. */
int policy_label(const struct policy *p, const char *path, uint32_t mode, char **context,
		 struct error *err) MUST_USE;

#endif
