/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cowdiff BASE CHANGED COW: a COW disk on BASE that reads as CHANGED, a changed
 * sparse copy of it. What benchmarks make labs of.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "image/cow.h"

#define BLOCK 4096

static int copy_changes(struct cow *cow, int base, int changed, struct error *err)
{
	char a[BLOCK], b[BLOCK];
	off_t at = 0, end;

	while ((at = lseek(changed, at, SEEK_DATA)) >= 0 &&
	       (end = lseek(changed, at, SEEK_HOLE)) >= 0) {
		for (at -= at % BLOCK; at < end; at += BLOCK) {
			if (pread(base, a, BLOCK, at) != BLOCK || pread(changed, b, BLOCK, at) != BLOCK)
				return error_set(err, -EIO, NULL, "the images cannot be read");
			if (memcmp(a, b, BLOCK) != 0 && cow_pwrite(cow, (uint64_t)at, b, BLOCK, err))
				return err->code;
		}
	}
	return 0;
}

static int run(char **argv, struct error *err)
{
	int base = open(argv[1], O_RDONLY | O_CLOEXEC);
	int changed = open(argv[2], O_RDONLY | O_CLOEXEC);
	int fd = open(argv[3], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct cow *cow = NULL;
	int rc;

	if (base < 0 || changed < 0 || fd < 0)
		return error_errno(err, errno, NULL, "cannot open");
	rc = cow_create(fd, argv[1], NULL, err);
	if (!rc)
		rc = cow_open_fd(&cow, fd, argv[3], argv[1], COW_WRITE | COW_NO_LOCK, err);
	if (!rc)
		rc = copy_changes(cow, base, changed, err);
	return rc ? rc : cow_close(cow, err);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	char *text;

	if (argc != 4) {
		fprintf(stderr, "usage: cowdiff BASE CHANGED COW\n");
		return 2;
	}
	if (!run(argv, &err))
		return 0;
	text = error_text(&err);
	fprintf(stderr, "cowdiff: %s\n", text ? text : "failed");
	free(text);
	error_release(&err);
	return 1;
}
