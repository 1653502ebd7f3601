/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab for tests that work on all of it. */
#ifndef TESTS_UNIT_LAB_BENCH_H
#define TESTS_UNIT_LAB_BENCH_H

#include "tests/unit/cow_bench.h"

#include <time.h>

#include "labpack/cow.h"

/*
 * A lab of one machine in folder, which is made: base.img, lab.conf, and disks/r1.cow with an 'r' at 500000.
 * For tests of failing allocations, too: what the C library keeps for good is there behind it.
 */
JUDGE_FN void bench_lab(struct bench *b, const char *folder)
{
	char disk[240], base[240];
	struct cow *cow;
	int fd;

	tzset();
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	snprintf(disk, sizeof(disk), "%s/disks/r1.cow", folder);
	snprintf(base, sizeof(base), "%s/base.img", folder);
	assert_int_equal(judge_run(&b->out, "mkdir -p '%s/disks' && cp '%s' '%s' && "
					    "printf 'LAB[base]=base.img\\nr1[0]=A\\n' >'%s/lab.conf'",
				   folder, b->base, base, folder),
			 0);
	fd = open(disk, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_ok(cow_create_noted(fd, disk, base, &err));
	assert_int_equal(close(fd), 0);
	assert_ok(cow_open(&cow, disk, NULL, COW_WRITE, &err));
	assert_ok(cow_pwrite(cow, 500000, "r", 1, &err));
	assert_ok(cow_close(cow, &err));
}

#endif
