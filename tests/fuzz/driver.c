/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A main for fuzz targets where no libFuzzer is: feeds the files that are
 * named, and mutations of them that depend on nothing but the seed.
 *
 *     NAME_fuzz [--mutations N] FILE...
 */
#include <errno.h>
#include <stdint.h>

#include "common/error.h"
#include "common/number.h"

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 88172645463325252ull;

static uint64_t random_below(uint64_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit ? state % limit : 0;
}

/* A few changes of one to eight bytes: flip, set, insert a copy, cut out. Returns the new size. */
static size_t mutate(uint8_t *data, size_t size)
{
	static const uint8_t favourites[] = { 0,   1,	0x7f, 0x80, 0xff, '\n',
					      '/', '.', '+',  '-',  '=',  ':' };

	for (uint64_t changes = 1 + random_below(4); changes && size; changes--) {
		size_t at = random_below(size), n = 1 + random_below(8);

		if (n > size - at)
			n = size - at;
		switch (random_below(4)) {
		case 0:
			data[at] ^= (uint8_t)(1u << random_below(8));
			break;
		case 1:
			data[at] = favourites[random_below(sizeof(favourites))];
			break;
		case 2:
			if (size + n <= INPUT_MAX) {
				memmove(data + at + n, data + at, size - at);
				size += n;
			}
			break;
		default:
			memmove(data + at, data + at + n, size - at - n);
			size -= n;
		}
	}
	return size;
}

/* The target sees a block of exactly its size, so that a sanitizer sees a byte too far. */
static int feed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return 0;
}

static int feed_file(const char *path, uint64_t mutations)
{
	static uint8_t whole[INPUT_MAX], changed[INPUT_MAX];
	FILE *f = fopen(path, "re");
	size_t size;
	int rc;

	if (!f)
		return -errno;
	size = fread(whole, 1, sizeof(whole), f);
	rc = ferror(f) ? -EIO : feed(whole, size);
	fclose(f);
	for (; !rc && mutations; mutations--) {
		memcpy(changed, whole, size);
		rc = feed(changed, mutate(changed, size));
	}
	return rc;
}

int main(int argc, char **argv)
{
	uint64_t mutations = 0;
	int first = 1, rc;

	if (argc > 3 && strcmp(argv[1], "--mutations") == 0) {
		if (number_parse(argv[2], 0, 100000000, &mutations))
			return 2;
		first = 3;
	}
	if (first >= argc) {
		fprintf(stderr, "usage: %s [--mutations N] FILE...\n", argv[0]);
		return 2;
	}
	for (int i = first; i < argc; i++) {
		rc = feed_file(argv[i], mutations);
		if (rc) {
			fprintf(stderr, "%s: '%s': %s\n", argv[0], argv[i], strerror(-rc));
			return 1;
		}
	}
	printf("%d files, %llu mutations of each\n", argc - first, (unsigned long long)mutations);
	return 0;
}
