/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that has the disk begin to write a file's bytes while the caller goes
 * on: the fsync at the end then finds little to do.
 *
 * Life: write_behind_new() -> write_behind_note() as the file grows -> write_behind_free().
 * Nothing fails: without a thread the disk writes later.
 */
#ifndef LABPACK_WRITE_BEHIND_H
#define LABPACK_WRITE_BEHIND_H

#include <stdint.h>

struct write_behind;

/* May be NULL, which all functions take. fd stays the caller's. */
struct write_behind *write_behind_new(int fd);
/* So many bytes from the file's beginning are handed to the system. */
void write_behind_note(struct write_behind *w, uint64_t written);
void write_behind_free(struct write_behind *w);

#endif
