/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/number.h"
#include "common/output.h"

struct fd_io {
	int fd; /* the caller's; -1: no file */
	struct struct_io_stats stats;
};

static errcode_t fd_io_open(const char *name, int flags, io_channel *channel);

char *fd_io_name(char name[FD_IO_NAME_SIZE], int fd)
{
	snprintf(name, FD_IO_NAME_SIZE, "fd:%d", fd);
	return name;
}

void fd_io_attach(io_channel channel, int fd)
{
	((struct fd_io *)channel->private_data)->fd = fd;
}

static errcode_t fd_io_close(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	free(channel->private_data);
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t fd_io_set_blksize(io_channel channel, int block_size)
{
	channel->block_size = block_size;
	return 0;
}

/* A negative count is bytes, as everywhere in libext2fs. False when it cannot be meant. */
static bool span(io_channel channel, unsigned long long block, int count, off_t *offset, size_t *n)
{
	unsigned long long start;

	if (__builtin_mul_overflow(block, (unsigned long long)channel->block_size, &start) ||
	    start > INT64_MAX)
		return false;
	*offset = (off_t)start;
	*n = count < 0 ? (size_t)-(long long)count : (size_t)count * (size_t)channel->block_size;
	return true;
}

static errcode_t fd_io_read(io_channel channel, unsigned long long block, int count, void *data)
{
	struct fd_io *io = channel->private_data;
	unsigned char *to = data;
	off_t offset;
	size_t n;

	if (!span(channel, block, count, &offset, &n))
		return EXT2_ET_BAD_BLOCK_NUM;
	io->stats.bytes_read += n;
	while (n && io->fd >= 0) {
		ssize_t got = pread(io->fd, to, n, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (got == 0)
			break;
		to += got;
		offset += got;
		n -= (size_t)got;
	}
	/* Behind the end of the file: a damaged image must not give old memory. */
	memset(to, 0, n);
	return n && io->fd >= 0 ? EXT2_ET_SHORT_READ : 0;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Where the host cannot punch, zeros are written. */
static errcode_t write_zeros(struct fd_io *io, off_t offset, unsigned long long n)
{
	static const unsigned char zeros[65536];
	struct stat st;

	if (fstat(io->fd, &st) < 0)
		return errno;
	if (offset + (off_t)n <= st.st_size &&
	    fallocate(io->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, (off_t)n) == 0)
		return 0;
	while (n) {
		size_t part = n < sizeof(zeros) ? (size_t)n : sizeof(zeros);
		int rc = write_fully(io->fd, zeros, part, offset);

		if (rc)
			return -rc;
		offset += (off_t)part;
		n -= part;
	}
	return 0;
}

static errcode_t fd_io_write(io_channel channel, unsigned long long block, int count,
			     const void *data)
{
	struct fd_io *io = channel->private_data;
	off_t offset;
	size_t n;

	if (!span(channel, block, count, &offset, &n))
		return EXT2_ET_BAD_BLOCK_NUM;
	if (io->fd < 0)
		return EBADF;
	io->stats.bytes_written += n;
	if (n && all_zero(data, n))
		return write_zeros(io, offset, n);
	return -write_fully(io->fd, data, n, offset);
}

static errcode_t fd_io_read32(io_channel channel, unsigned long block, int count, void *data)
{
	return fd_io_read(channel, block, count, data);
}

static errcode_t fd_io_write32(io_channel channel, unsigned long block, int count,
			       const void *data)
{
	return fd_io_write(channel, block, count, data);
}

static errcode_t fd_io_write_byte(io_channel channel, unsigned long offset, int count,
				  const void *data)
{
	struct fd_io *io = channel->private_data;

	if (count < 0 || offset > (unsigned long)INT64_MAX)
		return EXT2_ET_BAD_BLOCK_NUM;
	if (io->fd < 0)
		return EBADF;
	return -write_fully(io->fd, data, (size_t)count, (long long)offset);
}

static errcode_t fd_io_zeroout(io_channel channel, unsigned long long block,
			       unsigned long long count)
{
	struct fd_io *io = channel->private_data;
	unsigned long long n;
	off_t offset;
	size_t unused;

	if (!span(channel, block, 0, &offset, &unused) ||
	    __builtin_mul_overflow(count, (unsigned long long)channel->block_size, &n) ||
	    n > (unsigned long long)(INT64_MAX - offset))
		return EXT2_ET_BAD_BLOCK_NUM;
	return io->fd < 0 ? EBADF : write_zeros(io, offset, n);
}

/* No cache, and durability is the seal's business. */
static errcode_t fd_io_flush(io_channel channel)
{
	return 0;
}

static errcode_t fd_io_set_option(io_channel channel, const char *option, const char *arg)
{
	return EXT2_ET_INVALID_ARGUMENT;
}

static errcode_t fd_io_get_stats(io_channel channel, io_stats *stats)
{
	if (stats)
		*stats = &((struct fd_io *)channel->private_data)->stats;
	return 0;
}

static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "mkroot descriptor I/O",
	.open = fd_io_open,
	.close = fd_io_close,
	.set_blksize = fd_io_set_blksize,
	.read_blk = fd_io_read32,
	.write_blk = fd_io_write32,
	.flush = fd_io_flush,
	.write_byte = fd_io_write_byte,
	.set_option = fd_io_set_option,
	.get_stats = fd_io_get_stats,
	.read_blk64 = fd_io_read,
	.write_blk64 = fd_io_write,
	.discard = fd_io_zeroout,
	.zeroout = fd_io_zeroout,
};

io_manager fd_io_manager = &manager;

static errcode_t fd_io_open(const char *name, int flags, io_channel *channel)
{
	struct fd_io *io;
	uint64_t fd = 0;
	bool none = name && strcmp(name, "fd:-1") == 0;

	*channel = NULL;
	if (!name || strncmp(name, "fd:", 3) != 0 ||
	    (!none && number_parse(name + 3, 0, INT32_MAX, &fd) != 0))
		return EXT2_ET_BAD_DEVICE_NAME;
	*channel = calloc(1, sizeof(**channel));
	io = calloc(1, sizeof(*io));
	if (!*channel || !io || !((*channel)->name = strdup(name))) {
		free(io);
		free(*channel);
		*channel = NULL;
		return EXT2_ET_NO_MEMORY;
	}
	io->fd = none ? -1 : (int)fd;
	io->stats.num_fields = 2;
	(*channel)->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	(*channel)->manager = &manager;
	(*channel)->block_size = 1024;
	(*channel)->refcount = 1;
	(*channel)->flags = CHANNEL_FLAGS_WRITETHROUGH;
	(*channel)->private_data = io;
	return 0;
}
