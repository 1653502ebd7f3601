/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a COW disk: its header, its bitmap, and reading and writing through it. */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/output.h"
#include "image/cow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct cow *cow)
{
	uint64_t start = 0, end = 0, last = 0;
	unsigned char byte[3];

	for (int i = 0; i < 10000 && end < cow_size(cow); i++) {
		if (cow_next_run(cow, end, &start, &end, NULL))
			break;
		if (start < last || end < start || end > cow_size(cow))
			abort();
		last = end;
		if (start < end && cow_pread(cow, end - 1, byte, 1, NULL))
			break;
	}
}

/* On a base of the size that the header asks for. */
static void on_base(int fd, uint64_t disk)
{
	static const char bytes[9000] = "some bytes";
	int base = memfd_create("base", MFD_CLOEXEC);
	char name[32];
	struct cow *cow;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", base);
	if (base >= 0 && disk < (1ull << 42) && ftruncate(base, (off_t)disk) == 0 &&
	    cow_open_fd(&cow, fd, "fuzz", name, COW_WRITE | COW_IGNORE_MTIME, NULL) == 0) {
		walk(cow);
		if (cow_pwrite(cow, disk / 2, bytes, disk / 2 < sizeof(bytes) ? disk / 2 : sizeof(bytes),
			       NULL) == 0)
			walk(cow);
		if (cow_close(cow, NULL))
			abort();
	}
	if (base >= 0)
		close(base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("cow", MFD_CLOEXEC);
	struct cow *cow;
	uint64_t disk;

	if (fd < 0)
		return 0;
	if (write_fully(fd, data, size, 0) == 0 &&
	    cow_open_fd(&cow, fd, "fuzz", NULL, COW_NO_BACKING, NULL) == 0) {
		if (!cow_is_cow(fd))
			abort();
		disk = cow_size(cow);
		walk(cow);
		cow_abandon(cow);
		on_base(fd, disk);
	}
	close(fd);
	return 0;
}
