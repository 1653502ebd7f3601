/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a COW file whole, does it fit its base, and is its filesystem sound? */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/check.h"
#include "image/cow_internal.h"

/* The text of an error becomes a finding. */
static int find(struct check *c, struct error *why, struct error *err)
{
	int rc = check_error(c, err, "%s", why->what ? why->what : error_name(why->code));

	error_release(why);
	return rc;
}

/* Damage is a finding; that somebody has it locked, or that it cannot be read, is not. */
static bool is_damage(int rc)
{
	return rc == -ERR_FORMAT || rc == -ERR_LIMIT || rc == -ERR_UNSUPPORTED ||
	       rc == -ERR_CONFLICT;
}

/* Held bytes in all, and the pages of the guest that are held in part. */
struct census {
	uint64_t held, beyond, mixed, last_page;
};

static int count_runs(struct cow *cow, uint64_t file_size, struct census *n, struct error *err)
{
	uint64_t size = cow->info.size, start, end = 0;
	uint64_t room = file_size > cow->info.data_offset ? file_size - cow->info.data_offset : 0;

	n->last_page = UINT64_MAX;
	while (end < size) {
		uint64_t pages[2];
		int rc = cow_next_run(cow, end, &start, &end, err);

		if (rc)
			return rc;
		if (start == end)
			break;
		n->held += end - start;
		if (end > room)
			n->beyond += end - (start > room ? start : room);
		pages[0] = start % COW_UNIT ? start / COW_UNIT : UINT64_MAX;
		pages[1] = end % COW_UNIT && end < size ? end / COW_UNIT : UINT64_MAX;
		for (int i = 0; i < 2; i++) {
			if (pages[i] == UINT64_MAX || pages[i] == n->last_page)
				continue;
			n->mixed++;
			n->last_page = pages[i];
		}
	}
	return 0;
}

int cow_check_length(struct cow *cow, struct error *err)
{
	struct census n = { 0 };
	struct stat st;
	int rc;

	if (fstat(cow->fd, &st) < 0)
		return error_errno(err, errno, cow->path, "cannot look at it");
	if ((uint64_t)st.st_size >= cow->info.data_offset + cow->info.size)
		return 0;
	rc = count_runs(cow, (uint64_t)st.st_size, &n, err);
	if (!rc && n.beyond)
		rc = error_set(err, -ERR_FORMAT, cow->path,
			       "it is cut short: %llu bytes that it holds are not there",
			       (unsigned long long)n.beyond);
	return rc;
}

/* Bits behind the last sector. */
static int check_tail(struct cow *cow, struct check *c, struct error *err)
{
	unsigned char last;
	uint64_t at = cow->sectors / 8;

	if (cow->sectors % 8 == 0 || at >= cow->info.bitmap_size)
		return 0;
	if (cow_read_fully(cow->fd, &last, 1, cow->info.bitmap_offset + at) == 1 &&
	    last >> cow->sectors % 8)
		return check_error(c, err, "its bitmap holds sectors behind the disk's end");
	return 0;
}

static int check_file(struct cow *cow, struct check *c, struct census *n, struct error *err)
{
	uint64_t whole = cow->info.data_offset + cow->info.size;
	struct stat st;
	int rc;

	if (fstat(cow->fd, &st) < 0)
		return error_errno(err, errno, cow->path, "cannot look at it");
	rc = count_runs(cow, (uint64_t)st.st_size, n, err);
	if (!rc)
		rc = check_tail(cow, c, err);
	if (!rc && n->beyond)
		rc = check_error(c, err, "it is cut short: %llu bytes that it holds are not there",
				 (unsigned long long)n->beyond);
	else if (!rc && (uint64_t)st.st_size < whole)
		rc = check_note(c, err,
				"the file is shorter than its disk; UML makes it as long (truncate -s "
				"%llu mends it)",
				(unsigned long long)whole);
	if (!rc && cow->info.version < 3)
		rc = check_note(c, err, "version %u is of old; labpack cow rebase writes version 3",
				cow->info.version);
	if (!rc && cow->info.shifted)
		rc = check_note(c, err, "its header is that of 64-bit kernels before 2005; labpack "
					"cow rebase writes today's");
	if (!rc && cow->info.version < 3 && cow->info.size / COW_SECTOR % 8)
		rc = check_note(c, err, "this version forgets what is in the last %llu sectors",
				(unsigned long long)(cow->info.size / COW_SECTOR % 8));
	return rc;
}

static int check_filesystem(struct cow *cow, const struct census *n, struct check *c,
			    struct error *err)
{
	struct error why = ERROR_INIT;
	unsigned char magic[2];
	struct image *image;
	int rc;

	if (cow->info.size < 2048)
		return 0;
	rc = cow_pread(cow, 1024 + 56, magic, sizeof(magic), &why);
	if (rc && is_damage(rc))
		return find(c, &why, err);
	if (rc) {
		error_release(&why);
		return cow_pread(cow, 1024 + 56, magic, sizeof(magic), err);
	}
	if (magic[0] != 0x53 || magic[1] != 0xef)
		return check_note(c, err, "there is no ext2, ext3 or ext4 filesystem on it");
	rc = image_open_cow(&image, cow, false, 0, &why);
	if (rc == -ENOMEM) {
		error_release(&why);
		return error_nomem(err);
	}
	if (rc)
		return find(c, &why, err);
	/* Blocks of the filesystem are what a guest writes. */
	if (n->mixed && image_block_size(image) < COW_UNIT)
		rc = check_error(c, err,
				 "%llu pages are of both files, which UML of Linux 6.1 and others "
				 "misread (blocks of %u bytes)",
				 (unsigned long long)n->mixed, image_block_size(image));
	if (!rc)
		rc = image_check(image, c, err);
	image_abandon(image);
	return rc;
}

int cow_check(const char *path, const char *backing, struct check *c, struct error *err)
{
	struct error why = ERROR_INIT;
	struct census n = { 0 };
	struct cow *cow;
	int rc = cow_open(&cow, path, NULL, COW_NO_BACKING, &why);

	if (rc && is_damage(rc))
		return find(c, &why, err);
	if (!rc) {
		rc = check_file(cow, c, &n, err);
		cow_abandon(cow);
		if (!rc)
			rc = cow_open(&cow, path, backing, 0, &why);
		else
			return rc;
	}
	if (rc && (is_damage(rc) || rc == -ENOENT)) {
		char *text = error_text(&why);

		rc = check_error(c, err, "%s", text ? text : error_name(rc));
		free(text);
		error_release(&why);
		return rc;
	}
	if (rc) {
		error_release(err);
		if (err)
			*err = why;
		else
			error_release(&why);
		return rc;
	}
	rc = check_filesystem(cow, &n, c, err);
	cow_abandon(cow);
	return rc;
}
