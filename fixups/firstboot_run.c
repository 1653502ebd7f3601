/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner as bytes. It is a file of its own, so that shellcheck and people
 * can read it; the Makefile compiles from the top of the tree.
 */
#include "fixups/firstboot.h"

__asm__(".section .rodata\n"
	".global firstboot_run_text\n"
	".global firstboot_run_size\n"
	".type firstboot_run_text, %object\n"
	".type firstboot_run_size, %object\n"
	".balign 16\n"
	"firstboot_run_text:\n"
	".incbin \"fixups/firstboot-run.sh\"\n"
	"firstboot_run_end:\n"
	".byte 0\n"
	".balign 16\n"
	"firstboot_run_size:\n"
	".dc.a firstboot_run_end - firstboot_run_text\n"
	".previous\n");
