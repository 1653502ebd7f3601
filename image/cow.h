/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copy-on-write disks of User-Mode Linux: a sparse file that holds the sectors
 * which differ from those of its backing file (the base).
 *
 * Read are versions 1, 2 and 3, and the version 3 of 64-bit kernels before
 * December 2005; written is version 3, as today's kernel takes it.
 *
 * Life: cow_open() -> cow_pread()/cow_pwrite()/cow_next_run() -> cow_close()
 * or cow_abandon(). A COW that was opened by its name for writing changes at
 * cow_close() and not before: what is written goes into a copy (a reflink
 * where the host can) that then takes the name. So the file under that name is
 * the old state or the new one, whatever happens. cow_open_fd() writes straight
 * into the caller's descriptor, for files that are not in their place yet.
 *
 * Offsets and lengths are bytes of the disk. One thread at a time for each
 * struct cow. Errors: -ERR_FORMAT (not a COW, damaged), -ERR_UNSUPPORTED,
 * -ERR_LIMIT, -ERR_CONFLICT (the base is not the one of the COW), -EBUSY (a
 * machine runs on it), -errno; err's subject is the file.
 */
#ifndef IMAGE_COW_H
#define IMAGE_COW_H

#include <stdbool.h>
#include <stdint.h>

#include <ext2fs/ext2fs.h>

#include "common/error.h"
#include "image/edit.h"

#define COW_SECTOR 512u
#define COW_PATH_MAX 4095 /* bytes of a backing file's name in a header */

/* What a header says; the numbers are checked, the name is whatever it is. */
struct cow_info {
	unsigned int version; /* 1 to 3 */
	bool shifted;	      /* version 3 with the fields of 64-bit kernels before 2005 */
	char *backing;	      /* the base's name; relative ones mean the working folder */
	int64_t mtime;	      /* the base's, in seconds */
	uint64_t size;	      /* of the disk */
	uint32_t sector_size; /* always COW_SECTOR */
	uint32_t alignment;
	uint64_t bitmap_offset, bitmap_size, data_offset; /* in the COW file */
	bool has_digest;	   /* of the base's contents: noted by cow_set_digest() */
	unsigned char digest[32];
};

enum cow_flags {
	COW_WRITE = 1 << 0,	   /* see above; needs the lock for writing */
	COW_NO_LOCK = 1 << 1,	   /* neither take nor look at locks (a stopped guest) */
	COW_IGNORE_MTIME = 1 << 2, /* a base that was copied; its size must still be right */
	COW_NO_BACKING = 1 << 3,   /* without its base: cow_info(), cow_next_run(), held bytes */
};

struct cow;

/*
 * Open the COW file at path on the base `backing` (NULL: the one that the
 * header names). Both are locked as UML locks them, so that a guest that runs
 * is -EBUSY here, and a guest that starts is kept out until the end.
 */
int cow_open(struct cow **cow, const char *path, const char *backing, unsigned int flags,
	     struct error *err) MUST_USE;
/*
 * The same on a descriptor that stays the caller's (and is not locked); path
 * is for messages only. With COW_WRITE, bytes are in fd after cow_flush().
 */
int cow_open_fd(struct cow **cow, int fd, const char *path, const char *backing,
		unsigned int flags, struct error *err) MUST_USE;
const struct cow_info *cow_info(const struct cow *cow);
uint64_t cow_size(const struct cow *cow);
/* The base as it was opened; NULL with COW_NO_BACKING. */
const char *cow_backing(const struct cow *cow);

/* Whole range or failure; the range must lie within the disk (-ERR_LIMIT). */
int cow_pread(struct cow *cow, uint64_t offset, void *buf, size_t n, struct error *err) MUST_USE;
/*
 * Bytes equal to what the disk reads already take no room. The COW takes 4096
 * bytes at once (the guest's page; UML 6.1 misreads pages of two origins).
 */
int cow_pwrite(struct cow *cow, uint64_t offset, const void *buf, size_t n,
	       struct error *err) MUST_USE;
/* n bytes of zeros; as holes in the COW file where they can be. */
int cow_zero(struct cow *cow, uint64_t offset, uint64_t n, struct error *err) MUST_USE;
/*
 * The next run of bytes that the COW itself holds, at or after `from`:
 * [*start, *end), whole sectors but at the disk's end. None left: both are
 * cow_size(). Takes time for bitmap that is there, not for holes in it.
 */
int cow_next_run(struct cow *cow, uint64_t from, uint64_t *start, uint64_t *end,
		 struct error *err) MUST_USE;
/* All written bytes and bits into the file. */
int cow_flush(struct cow *cow, struct error *err) MUST_USE;
/* Flush, put the new file in the old one's place and free. NULL is fine. */
int cow_close(struct cow *cow, struct error *err) MUST_USE;
/* Forget what was written and free. */
void cow_abandon(struct cow *cow);

/*
 * Make fd (empty) a COW of the base: a header, a bitmap and data of holes.
 * recorded is the base's name for the header, or NULL for its real path.
 */
int cow_create(int fd, const char *base, const char *recorded, struct error *err) MUST_USE;
/*
 * Make the header of the COW at path true again for a base that moved or lost
 * its mtime in copying: name (recorded, NULL: the real path), mtime. Refuses
 * one of another size (-ERR_CONFLICT); that the bytes are the same is up to
 * the caller. Old versions become version 3.
 */
int cow_relink(const char *path, const char *base, const char *recorded,
	       struct error *err) MUST_USE;
/*
 * Note a digest of the base's contents in the gap behind the header of the COW
 * in fd, where neither UML nor uml-utilities look: so that a copy of the base
 * can be told from another file after its mtime was lost. What the digest is
 * of is the caller's business. -ERR_UNSUPPORTED where a COW has no room for it.
 */
int cow_set_digest(int fd, const char *path, const unsigned char digest[32],
		   struct error *err) MUST_USE;
/*
 * The disk that the COW and its base make together, into a new file at `out`:
 * sparse, and read again and compared before it gets its name.
 */
int cow_merge(struct cow *cow, const char *out, struct error *err) MUST_USE;
/*
 * The same into the base itself, and an empty COW in the place of the old one,
 * so that a machine starts as before. No guest may run on either. The base
 * gets a new mtime: other COWs of it are of no use any more, and UML refuses
 * them for it. The new base is made beside the old one and takes its name, so
 * there must be room for it, and a crash leaves the old pair, or the merged base
 * with the old COW, which UML refuses and where the same call again finishes.
 */
int cow_merge_in_place(const char *path, const char *backing, struct error *err) MUST_USE;
/* Whether the file begins like a COW of any version. */
bool cow_is_cow(int fd);

/*
 * UML before some version after 6.1 misreads COW disks whose filesystem has
 * blocks below 4096 bytes: -ERR_UNSUPPORTED with the reason for such an ext2
 * in fd. Anything that is not ext2, ext3 or ext4 passes.
 */
int cow_check_base(int fd, const char *path, struct error *err) MUST_USE;

/*
 * -ERR_FORMAT when the file ends before bytes that the disk holds, as an interrupted copy does.
 * cow_open() for writing looks itself.
 */
int cow_check_length(struct cow *cow, struct error *err) MUST_USE;

/*
 * UML's lock on a disk: a guest has its COW (or its plain disk) for itself and
 * shares its base. -EBUSY while somebody else's lock is in the way. The lock
 * goes with the descriptor.
 */
int disk_lock(int fd, bool exclusive, const char *path, struct error *err) MUST_USE;
/* Whether disk_lock() would be refused now; *pid is who has it, 0 when unknown. */
int disk_in_use(const char *path, bool exclusive, bool *busy, int *pid,
		struct error *err) MUST_USE;

/*
 * The bytes of file `from` into the empty file `to`: a reflink where the host
 * can, else data only, with holes where `from` has holes or zeros. pending: asked now and then
 * whether to stop, by returning an error of its own; or NULL.
 */
int disk_copy(int from, const char *from_path, int to, const char *to_path,
	      int (*pending)(struct error *err), struct error *err) MUST_USE;

/* libext2fs on a COW. The channel's name is written by cow_io_name(). */
extern io_manager cow_io_manager;
#define COW_IO_NAME_SIZE 32
char *cow_io_name(char name[COW_IO_NAME_SIZE], struct cow *cow);

/*
 * The filesystem on a COW as image/edit.h has it. image_close() first, then
 * cow_close(). The cow stays the caller's.
 */
int image_open_cow(struct image **image, struct cow *cow, bool writable, uint32_t now,
		   struct error *err) MUST_USE;

/*
 * Which bytes of a disk of disk_size bytes its filesystem uses, by its block
 * bitmaps: run(arg, start, end) for each range, ascending; it stops at a value
 * that is not 0 and that is the result. Whatever lies outside of the filesystem
 * counts as used, and so does everything when the filesystem was not unmounted
 * cleanly: its bitmaps may lag behind.
 */
int image_used_runs(struct image *image, uint64_t disk_size,
		    int (*run)(void *arg, uint64_t start, uint64_t end), void *arg,
		    struct error *err) MUST_USE;
/* Whether the bitmaps can be relied on; image_used_runs() counts everything as used otherwise. */
bool image_bitmaps_hold(const struct image *image);

#endif
