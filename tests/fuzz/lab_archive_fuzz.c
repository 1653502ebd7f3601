/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Archives of any bytes, with libarchive under their reader, and the manifest within. Each
 * input is read as it is, and again with the checksums of tar's headers mended, or no change of
 * a header would ever get further than them.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/output.h"
#include "labpack/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLOCK 512

static struct pipeline *pipeline;

static void read_archive(int fd)
{
	struct unpack u = UNPACK_INIT;
	struct manifest promised = MANIFEST_INIT;
	struct error err = ERROR_INIT;
	char *top = NULL;

	u.pipeline = pipeline;
	if (!archive_in_open_fd(&u.in, fd, "fuzz", &err) && !unpack_stream(&u, &err) &&
	    !unpack_top(&u.found, &top, &err) && u.manifest_text.data &&
	    !manifest_parse(&promised, u.manifest_text.data, u.manifest_text.len, "fuzz", &err))
		manifest_compare(&promised, &u.found, top, NULL, NULL);
	free(top);
	archive_in_free(u.in);
	manifest_release(&promised);
	unpack_release(&u);
	error_release(&err);
}

static void mend(uint8_t *p)
{
	unsigned int sum = 0;
	char text[8];

	memset(p + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += p[i];
	snprintf(text, sizeof(text), "%06o", sum & 0777777);
	memcpy(p + 148, text, 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	uint8_t *copy = malloc(size + 1);

	if (fd < 0 || !copy || (!pipeline && pipeline_new(&pipeline, 0, NULL)))
		abort();
	if (!write_fully(fd, data, size, 0))
		read_archive(fd);
	memcpy(copy, data, size);
	for (size_t at = 0; at + BLOCK <= size; at += BLOCK)
		if (!memcmp(copy + at + 257, "ustar", 5))
			mend(copy + at);
	if (memcmp(copy, data, size) != 0 && lseek(fd, 0, SEEK_SET) == 0 &&
	    !write_fully(fd, copy, size, 0))
		read_archive(fd);
	free(copy);
	close(fd);
	return 0;
}
