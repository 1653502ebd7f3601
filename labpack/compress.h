/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zstd and xz by several threads within a bound of memory, which libarchive's own filters have
 * not: pieces are cut small enough, and there are as many threads as fit.
 *
 * Life: compress_new() -> compress_write() in order -> compress_finish() -> compress_free().
 * The same bytes give the same bytes, whatever the number of threads.
 */
#ifndef LABPACK_COMPRESS_H
#define LABPACK_COMPRESS_H

#include <stddef.h>

#include "common/error.h"

enum archive_compression { ARCHIVE_PLAIN, ARCHIVE_GZIP, ARCHIVE_XZ, ARCHIVE_ZSTD };

/* For all that the threads hold; hard levels, of which one thread alone takes more, get two. */
#define COMPRESS_MEMORY (36u << 20)

struct compress;

/* Takes n bytes; 0, or what compress_write() then returns. */
typedef int compress_sink(void *arg, const void *data, size_t n);

/* c is ARCHIVE_XZ or ARCHIVE_ZSTD. -ENOMEM, -EINVAL for a level that there is not. */
int compress_new(struct compress **out, enum archive_compression c, int level, compress_sink *sink,
		 void *arg) MUST_USE;
/* -ENOMEM, -EIO, or of the sink. */
int compress_write(struct compress *c, const void *data, size_t n) MUST_USE;
int compress_finish(struct compress *c) MUST_USE;
void compress_free(struct compress *c);

#endif
