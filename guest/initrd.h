/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first filesystem of a guest, in memory: our init and what it is to do.
 *
 * Life: initrd_new() -> initrd_add() for each file -> initrd_finish(), whose
 * descriptor is a nameless file that the caller closes. initrd_free() at any
 * time, NULL is fine.
 */
#ifndef GUEST_INITRD_H
#define GUEST_INITRD_H

#include "common/error.h"

struct initrd;

/* With both inits in it: whichever the guest's kernel can run is run. */
int initrd_new(struct initrd **initrd, struct error *err) MUST_USE;
int initrd_add(struct initrd *initrd, const char *path, const void *data, size_t n,
	       struct error *err) MUST_USE;
int initrd_finish(struct initrd *initrd, int *fd, struct error *err) MUST_USE;
void initrd_free(struct initrd *initrd);

/* The programs, as they are; one whose compiler was missing is empty. */
extern const char guest_init64[], guest_init32[];
extern const size_t guest_init64_size, guest_init32_size;

#endif
