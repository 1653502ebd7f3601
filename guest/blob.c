/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's init as bytes, once for each kind of kernel. The Makefile makes both first. */
#include "guest/initrd.h"

#ifndef GUEST_BUILD
#define GUEST_BUILD "build/guest"
#endif

#define BLOB(name, file)                                                                           \
	__asm__(".section .rodata\n"                                                               \
		".global " name "\n"                                                               \
		".global " name "_size\n"                                                          \
		".type " name ", %object\n"                                                        \
		".balign 16\n" name ":\n"                                                          \
		".incbin \"" GUEST_BUILD "/" file "\"\n" name "_end:\n"                            \
		".byte 0\n"                                                                        \
		".balign 16\n"                                                                     \
		".type " name "_size, %object\n" name "_size:\n"                                   \
		".dc.a " name "_end - " name "\n"                                                  \
		".previous\n")

BLOB("guest_init64", "init64");
BLOB("guest_init32", "init32");
