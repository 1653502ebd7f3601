/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files below one folder, and nowhere else: no part of a path is followed when
 * it is a symbolic link, whoever put it there, at whatever moment.
 *
 * Life: below_init() -> below_*() -> below_release(). Paths passed
 * member_path_check(). The folder's descriptor stays the caller's.
 */
#ifndef LABPACK_BELOW_H
#define LABPACK_BELOW_H

#include <stdint.h>

#include "common/error.h"

struct below {
	int root;
	char *last; /* the folder that was used last, and its descriptor */
	int last_fd;
};

void below_init(struct below *b, int root);
/* A new file, open for reading and writing (mode 0600); missing folders are made (0700). */
int below_create(struct below *b, const char *path, int *fd, struct error *err) MUST_USE;
int below_mkdir(struct below *b, const char *path, struct error *err) MUST_USE;
int below_symlink(struct below *b, const char *target, const char *path,
		  struct error *err) MUST_USE;
/* A file or folder that is there, for reading. */
int below_open(struct below *b, const char *path, int *fd, struct error *err) MUST_USE;
/* Time of a link itself. */
int below_set_mtime(struct below *b, const char *path, int64_t mtime, struct error *err) MUST_USE;
void below_release(struct below *b);

/* Remove what has this name in the folder, with all below it. Nothing there is fine. */
int remove_tree(int folder, const char *name);

#endif
