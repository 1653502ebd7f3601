/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metadata blocks mostly lie in a row; in a row they are written. */
#include "image/layout_internal.h"

#include <errno.h>

#define BULK_BYTES (256 * 1024)

int bulk_init(struct bulk *b, const struct layout *l)
{
	*b = (struct bulk){ .io = l->fs->io,
			    .block_size = l->block_size,
			    .capacity = BULK_BYTES / l->block_size };
	b->data = malloc(BULK_BYTES);
	return b->data ? 0 : -ENOMEM;
}

errcode_t bulk_flush(struct bulk *b)
{
	if (b->count && !b->failed)
		b->failed = io_channel_write_blk64(b->io, b->start, (int)b->count, b->data);
	b->count = 0;
	return b->failed;
}

char *bulk_block(struct bulk *b, uint64_t block)
{
	char *data;

	if (b->count && block == b->start + b->count - 1)
		return b->data + (b->count - 1) * b->block_size;
	if (b->count == b->capacity || (b->count && block != b->start + b->count))
		bulk_flush(b);
	if (!b->count)
		b->start = block;
	data = b->data + b->count++ * b->block_size;
	memset(data, 0, b->block_size);
	return data;
}

void bulk_release(struct bulk *b)
{
	free(b->data);
	b->data = NULL;
}
