/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of the host, in an order that does not depend on the host. */
#ifndef FIXUPS_HOST_WALK_H
#define FIXUPS_HOST_WALK_H

#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"

enum host_type { HOST_FILE, HOST_FOLDER, HOST_LINK };

struct host_entry {
	enum host_type type;
	const char *path; /* on the host */
	const char *name; /* below the folder that is walked: "kernel/fs/ext2.ko" */
	uint64_t size;	  /* of a file */
};

/* Names in a folder, in the order of their bytes, without "." and "..". */
int host_list(const char *path, struct strlist *names, struct error *err) MUST_USE;

/*
 * Call visit for everything below root, a folder before its contents, names in
 * the order of their bytes. Sockets, fifos and devices are left out. Links are
 * not followed. Stops at the first result that is not 0 and returns it.
 */
int host_walk(const char *root, int (*visit)(void *arg, const struct host_entry *e), void *arg,
	      struct error *err) MUST_USE;

#endif
