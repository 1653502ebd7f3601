/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libext2fs on a file descriptor that stays the caller's.
 *
 * libext2fs's own descriptor manager closes the descriptor, calls fsync in the
 * midst of work and keeps blocks in a cache that node_write() would not see.
 * This one has no cache, never syncs (the seal does that once) and leaves
 * blocks of zeros as holes.
 *
 * The channel's name is "fd:N", written by fd_io_name(). "fd:-1" is a channel
 * without a file: reads give zeros, writes fail with EBADF. The planner works
 * on such a one and fd_io_attach() gives it its file when writing begins.
 */
#ifndef IMAGE_IO_H
#define IMAGE_IO_H

#include <ext2fs/ext2fs.h>

extern io_manager fd_io_manager;

#define FD_IO_NAME_SIZE 16

/* Write the channel name for fd into name; returns name. */
char *fd_io_name(char name[FD_IO_NAME_SIZE], int fd);

/* Replace the channel's descriptor. */
void fd_io_attach(io_channel channel, int fd);

#endif
