/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a Berkeley DB hash file: the database of an image that somebody else made. */
#include <assert.h>
#include <stdint.h>

#include "pkg/bdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct total {
	size_t bytes;
	uint8_t sum;
};

static int take(void *arg, uint32_t key, const void *value, size_t size, struct error *err)
{
	struct total *t = arg;

	for (size_t i = 0; i < size; i++)
		t->sum ^= ((const uint8_t *)value)[i];
	t->bytes += size;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	struct total total = { 0, 0 };

	if (bdb_each(data, size, "fuzz", take, &total, &err))
		assert(err.code < 0 && err.what);
	/* Each byte belongs to one value at most. */
	assert(total.bytes <= 2 * size);
	error_release(&err);
	return 0;
}
