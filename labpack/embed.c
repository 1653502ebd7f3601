/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shell files as bytes; the Makefile compiles from the top of the tree. */
#include "labpack/embed.h"

#define INCLUDE(file) ".incbin \"labpack/" file "\"\n"
#define BLOB(name, bytes)                                                                          \
	__asm__(".section .rodata\n"                                                               \
		".global " name "\n"                                                               \
		".global " name "_size\n"                                                          \
		".type " name ", %object\n"                                                        \
		".type " name "_size, %object\n"                                                   \
		".balign 16\n" name ":\n" bytes name "_end:\n"                                     \
		".byte 0\n"                                                                        \
		".balign 16\n" name "_size:\n"                                                     \
		".dc.a " name "_end - " name "\n"                                                  \
		".previous\n")

BLOB("guest_text", INCLUDE("guest/guest.sh"));
BLOB("script_head", INCLUDE("lab/head.sh"));
BLOB("script_body",
     INCLUDE("lab/base.sh") INCLUDE("lab/machine.sh") INCLUDE("lab/net.sh") INCLUDE("lab/line.sh")
     INCLUDE("lab/start.sh") INCLUDE("lab/stop.sh") INCLUDE("lab/console.sh")
     INCLUDE("lab/faults.sh") INCLUDE("lab/status.sh") INCLUDE("lab/main.sh"));
