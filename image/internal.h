/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What layout, write and edit share inside this room: an open filesystem and
 * the translation of libext2fs's errors. Nothing outside image/ includes this.
 */
#ifndef IMAGE_INTERNAL_H
#define IMAGE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <ext2fs/ext2fs.h>

#include "common/error.h"
#include "image/edit.h"
#include "image/io.h"
#include "image/layout.h"
#include "image/tree.h"

/* An open filesystem on the caller's descriptor. fs->now is always set. */
struct image {
	ext2_filsys fs;
	uint32_t now; /* never 0: libext2fs would read the clock */
	bool writable;
	int fd; /* the caller's, for bytes that need not go through libext2fs; -1: none */
	int failure; /* of a look at a path that could not say so; image_close() does */
};

/*
 * Make an image of an open fs (bitmaps read or built, fs->io is fd_io on fd).
 * Takes ownership of fs on success. Sets fs->now.
 */
int image_wrap(struct image **image, ext2_filsys fs, int fd, bool writable, uint32_t now,
	       struct error *err) MUST_USE;

/* Open the filesystem on a channel of any kind; fd is -1 when there is none behind it. */
int image_open_channel(struct image **image, const char *name, io_manager manager, int fd,
		       bool writable, uint32_t now, struct error *err) MUST_USE;

/* 0 is the one time that libext2fs takes for "ask the clock". */
static inline uint32_t image_time(uint32_t now)
{
	return now ? now : 1;
}

/*
 * The code of errcode from libext2fs (0 stays 0): -errno for what the system
 * refused, -ENOMEM, -ENOENT and the like where one fits, -ERR_NO_SPACE when blocks or
 * inodes ran out, else -ERR_FS.
 */
int fs_code(errcode_t code);

/* Fill err with "fmt: text of code" and return fs_code(code). code must not be 0. */
int fs_error(struct error *err, errcode_t code, const char *subject, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

#endif
