/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mebibyte of a file, and the digest of a whole file that is made of such
 * windows.
 *
 * What counts of a window are its blocks of 4096 bytes that are not all zeros;
 * how the filesystem stores zeros (as a hole or as zeros) makes no difference,
 * so the digest of a disk is the same on every filesystem, in an archive of any
 * sparse form, and after any copy. A window without such blocks counts for nothing.
 *
 *     window digest = H(offset as 8 bytes big endian, 32 bytes: bit i of byte i / 8 is block i,
 *                       the blocks that are not zero, the file's last one padded with zeros)
 *     file digest   = H(size as 8 bytes big endian, the digests of its windows in order)
 *
 * H is XXH3 of 128 bits in its canonical form. It finds damage, not malice: whoever could
 * change a file could change the manifest beside it, whatever it is made with; who wants more
 * signs the archive. So it may be one that costs less than reading does.
 *
 * A COW disk names its base by path and time, which change when it moves, and may have a
 * note of the base's digest: of a file that begins with the magic and version 3 of a
 * COW (image/cow.h), the bytes 8 to 11 and 32 to 8191 count as zeros.
 *
 * labpack-manifest(5) tells the same to people.
 */
#ifndef LABPACK_WINDOW_H
#define LABPACK_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

#define WINDOW_SIZE   1048576u
#define WINDOW_BLOCK  4096u
#define WINDOW_BLOCKS (WINDOW_SIZE / WINDOW_BLOCK)
#define DIGEST_SIZE   16
#define DIGEST_HEX    32

struct window {
	uint64_t offset; /* in the file; a multiple of WINDOW_SIZE */
	size_t length;	 /* less than WINDOW_SIZE only at the file's end */
	unsigned char *data;
	unsigned char used[WINDOW_BLOCKS / 8];
	bool empty; /* no block is used */
	size_t bytes; /* in the blocks that went into the digest */
	unsigned char digest[DIGEST_SIZE];
	void *tag; /* the caller's */
};

/* Find the blocks that are not zeros; what lies behind length in its last block becomes zero. */
void window_scan(struct window *w);
/* After window_scan(): digest and bytes. The window is as before afterwards. */
#define WINDOW_COW_HEAD 8192u /* bytes of a COW in front of its bitmap */
/* Whether a file that begins with these n bytes is a COW disk of version 3. */
bool window_is_cow(const unsigned char *head, size_t n);

int window_digest(struct window *w, struct error *err) MUST_USE;
/*
 * The next run of used blocks at or behind byte `from` of the window, as bytes
 * of the window; false when there is none. The last run ends with length.
 */
bool window_run(const struct window *w, size_t from, size_t *start, size_t *end);

/* The digest of a file. */
struct file_digest;
int file_digest_new(struct file_digest **d, struct error *err) MUST_USE;
void file_digest_begin(struct file_digest *d, uint64_t size);
void file_digest_add(struct file_digest *d, const struct window *w);
void file_digest_end(const struct file_digest *d, unsigned char out[DIGEST_SIZE]);
void file_digest_free(struct file_digest *d);

void digest_to_hex(const unsigned char digest[DIGEST_SIZE], char hex[DIGEST_HEX + 1]);

#endif
