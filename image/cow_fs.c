/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filesystem on a COW disk, for libext2fs. */
#include "image/cow_internal.h"
#include "image/internal.h"

#include <errno.h>
#include <inttypes.h>

static errcode_t cow_io_open(const char *name, int flags, io_channel *channel);

/* Within the program only: the channel's name is where the cow is. */
char *cow_io_name(char name[COW_IO_NAME_SIZE], struct cow *cow)
{
	snprintf(name, COW_IO_NAME_SIZE, "cow:%" PRIxPTR, (uintptr_t)cow);
	return name;
}

/* libext2fs knows errno's numbers and its own. */
static errcode_t code_of(int rc, errcode_t other)
{
	return rc <= -ERR_FORMAT ? other : -rc;
}

static errcode_t cow_io_close(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t cow_io_set_blksize(io_channel channel, int block_size)
{
	channel->block_size = block_size;
	return 0;
}

/* A negative count is bytes, as everywhere in libext2fs. */
static bool span(io_channel channel, unsigned long long block, int count, uint64_t *offset,
		 size_t *n)
{
	if (__builtin_mul_overflow(block, (unsigned long long)channel->block_size, offset))
		return false;
	*n = count < 0 ? (size_t)-(long long)count : (size_t)count * (size_t)channel->block_size;
	return true;
}

static errcode_t cow_io_read(io_channel channel, unsigned long long block, int count, void *data)
{
	struct cow *cow = channel->private_data;
	uint64_t offset;
	size_t n, part;
	int rc;

	if (!span(channel, block, count, &offset, &n))
		return EXT2_ET_BAD_BLOCK_NUM;
	part = offset >= cow->info.size	      ? 0 :
	       cow->info.size - offset < n ? (size_t)(cow->info.size - offset) :
					     n;
	rc = part ? cow_pread(cow, offset, data, part, NULL) : 0;
	if (rc)
		part = 0;
	/* Behind the end of the disk: a damaged image must not give old memory. */
	memset((char *)data + part, 0, n - part);
	if (rc)
		return code_of(rc, EXT2_ET_SHORT_READ);
	return part < n ? EXT2_ET_SHORT_READ : 0;
}

static errcode_t cow_io_write(io_channel channel, unsigned long long block, int count,
			      const void *data)
{
	uint64_t offset;
	size_t n;

	if (!span(channel, block, count, &offset, &n))
		return EXT2_ET_BAD_BLOCK_NUM;
	return code_of(cow_pwrite(channel->private_data, offset, data, n, NULL),
		       EXT2_ET_SHORT_WRITE);
}

static errcode_t cow_io_read32(io_channel channel, unsigned long block, int count, void *data)
{
	return cow_io_read(channel, block, count, data);
}

static errcode_t cow_io_write32(io_channel channel, unsigned long block, int count,
				const void *data)
{
	return cow_io_write(channel, block, count, data);
}

static errcode_t cow_io_write_byte(io_channel channel, unsigned long offset, int count,
				   const void *data)
{
	if (count < 0)
		return EXT2_ET_BAD_BLOCK_NUM;
	return code_of(cow_pwrite(channel->private_data, offset, data, (size_t)count, NULL),
		       EXT2_ET_SHORT_WRITE);
}

static errcode_t cow_io_zeroout(io_channel channel, unsigned long long block,
				unsigned long long count)
{
	uint64_t offset, n;
	size_t unused;

	if (!span(channel, block, 0, &offset, &unused) ||
	    __builtin_mul_overflow(count, (unsigned long long)channel->block_size, &n))
		return EXT2_ET_BAD_BLOCK_NUM;
	return code_of(cow_zero(channel->private_data, offset, n, NULL), EXT2_ET_SHORT_WRITE);
}

/* What was written is kept by cow_close(). */
static errcode_t cow_io_flush(io_channel channel)
{
	return 0;
}

static errcode_t cow_io_set_option(io_channel channel, const char *option, const char *arg)
{
	return EXT2_ET_INVALID_ARGUMENT;
}

static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "User-Mode Linux COW I/O",
	.open = cow_io_open,
	.close = cow_io_close,
	.set_blksize = cow_io_set_blksize,
	.read_blk = cow_io_read32,
	.write_blk = cow_io_write32,
	.flush = cow_io_flush,
	.write_byte = cow_io_write_byte,
	.set_option = cow_io_set_option,
	.read_blk64 = cow_io_read,
	.write_blk64 = cow_io_write,
	.discard = cow_io_zeroout,
	.zeroout = cow_io_zeroout,
};

io_manager cow_io_manager = &manager;

static errcode_t cow_io_open(const char *name, int flags, io_channel *channel)
{
	uintptr_t where;
	int length = 0;

	*channel = NULL;
	if (!name || sscanf(name, "cow:%" SCNxPTR "%n", &where, &length) != 1 || name[length])
		return EXT2_ET_BAD_DEVICE_NAME;
	*channel = calloc(1, sizeof(**channel));
	if (!*channel || !((*channel)->name = strdup(name))) {
		free(*channel);
		*channel = NULL;
		return EXT2_ET_NO_MEMORY;
	}
	(*channel)->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	(*channel)->manager = &manager;
	(*channel)->block_size = 1024;
	(*channel)->refcount = 1;
	(*channel)->flags = CHANNEL_FLAGS_WRITETHROUGH;
	(*channel)->private_data = (void *)where;
	return 0;
}

int image_open_cow(struct image **image, struct cow *cow, bool writable, uint32_t now,
		   struct error *err)
{
	char name[COW_IO_NAME_SIZE];
	int rc;

	*image = NULL;
	if (writable && !cow->writable)
		return error_set(err, -EROFS, cow->path, "it is open for reading only");
	rc = image_open_channel(image, cow_io_name(name, cow), cow_io_manager, -1, writable, now, err);
	/* e2fsck cannot read what is advised for a plain image. */
	if (rc == -ERR_FS && err && err->hint)
		error_hint(err, "its machine repairs it when it starts; a base, e2fsck does");
	return rc;
}

int cow_check_base(int fd, const char *path, struct error *err)
{
	unsigned char super[1024];
	uint32_t log_size;
	int rc;

	if (cow_read_fully(fd, super, sizeof(super), 1024) != (long long)sizeof(super) ||
	    super[56] != 0x53 || super[57] != 0xef)
		return 0;
	log_size = super[24] | (uint32_t)super[25] << 8 | (uint32_t)super[26] << 16 |
		   (uint32_t)super[27] << 24;
	if (log_size >= 2)
		return 0;
	rc = error_set(err, -ERR_UNSUPPORTED, path,
		       "its blocks of %u bytes cannot be under a COW disk", 1024u << log_size);
	error_hint(err, "UML of Linux 6.1 and others read wrong bytes then; make the image with "
			"blocks of 4096 bytes, or say --old-kernel when the kernel is known to do it "
			"right");
	return rc;
}
