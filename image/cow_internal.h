/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of image/cow*.c share. */
#ifndef IMAGE_COW_INTERNAL_H
#define IMAGE_COW_INTERNAL_H

#include "common/output.h"
#include "image/cow.h"

/* Copy-on-write goes by the guest's pages. */
#define COW_UNIT 4096u
/* One slot of the cache of the bitmap: a page stands for 16 MiB of disk. */
#define COW_MAP_PAGE 4096u
#define COW_MAP_SLOTS 64u
#define COW_PAGE_SECTORS ((uint64_t)COW_MAP_PAGE * 8)
/* The longest header of all versions. */
#define COW_HEADER_MAX 4136u

struct cow_map_page {
	uint64_t number; /* which page of the bitmap */
	bool loaded, dirty;
	unsigned char bits[COW_MAP_PAGE];
};

struct cow {
	char *path, *base_path;
	int fd, base_fd; /* -1: none */
	bool own_fd, writable;
	int lock_fd;	   /* the file that the copy will replace, locked; -1 */
	struct output out; /* the copy */
	struct cow_info info;
	uint64_t file_size; /* of the COW file when it was opened */
	uint64_t sectors;
	struct cow_map_page *map; /* COW_MAP_SLOTS */
};

/*
 * Open the file at path and lock it as a guest does, for itself when flags have
 * COW_WRITE. It is the one that has the name while the lock is held.
 */
int cow_open_locked(const char *path, unsigned int flags, int *fd, struct error *err) MUST_USE;
/* Whether the base is the one of the COW, by size and (unless flags say no) mtime. */
int cow_check_backing(const struct cow *cow, uint64_t size, int64_t mtime, unsigned int flags,
		      struct error *err) MUST_USE;
/* Parse and check the header of fd. info is released by cow_info_release() either way. */
int cow_header_read(int fd, const char *path, struct cow_info *info, struct error *err) MUST_USE;
void cow_info_release(struct cow_info *info);
/*
 * Write a header of version 3 for these facts; the file gets its length. Its
 * place in the file and the places of bitmap and data are set in info.
 */
int cow_header_write(int fd, const char *path, struct cow_info *info,
		     struct error *err) MUST_USE;
/*
 * Whether another name of the base (and another mtime) can be written into the
 * header in place: all that changes is in one sector, which a disk writes whole
 * or not at all.
 */
bool cow_header_patches(const struct cow_info *info, const char *backing) MUST_USE;
/* Do so, and sync. */
int cow_header_patch(int fd, const char *path, struct cow_info *info,
		     struct error *err) MUST_USE;
/* Open the base and see whether it is a file that a header can stand for. */
int cow_base_open(const char *base, int *fd, uint64_t *size, int64_t *mtime,
		  struct error *err) MUST_USE;

/* Whether `sector` is held, and up to which sector (at most end) this is so. */
int cow_map_run(struct cow *cow, uint64_t sector, uint64_t end, bool *held, uint64_t *run_end,
		struct error *err) MUST_USE;
int cow_map_set(struct cow *cow, uint64_t sector, uint64_t end, struct error *err) MUST_USE;
int cow_map_flush(struct cow *cow, struct error *err) MUST_USE;
/* The first sector at or after `sector` whose bit may be set: holes are skipped. */
int cow_map_skip(struct cow *cow, uint64_t *sector, struct error *err) MUST_USE;

/* Copy n bytes, holes and blocks of zeros as holes; `to` has zeros there already. */
int cow_copy_range(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t n) MUST_USE;
/* Make the whole file a reflink of another. False where the host cannot. */
bool cow_reflink(int from, int to);

/* pread() all or as much as there is; the number of bytes, or -errno. */
long long cow_read_fully(int fd, void *buf, size_t n, uint64_t offset) MUST_USE;

#endif
