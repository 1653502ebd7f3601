/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mkroot and its init in the guest (guest/init/) say to each other.
 *
 * To the guest, in the initrd: /jobs, strings that each end with a NUL:
 *
 *     GUEST_GREETING clock timeout filesystem      numbers are decimal
 *     "run" index script optional argc argv...     body in /s/INDEX, what it reads in /s/INDEX.in
 *     "own" path user group capability             hexadecimal, "" for none
 *
 * script is where the body lies in the guest while it runs, "" when there is none.
 * An optional job whose program is missing is passed over.
 *
 * From the guest, on its first serial line: lines, each ended by a newline.
 *
 *     GUEST_GREETING          init runs
 *     ready                   the disk is mounted
 *     begin INDEX
 *     out N                   N bytes of output follow
 *     end INDEX END VALUE MILLISECONDS DROPPED STRAYS
 *     error TEXT              nothing follows
 *     done                    all is on the disk, and that is unmounted
 */
#ifndef GUEST_PROTOCOL_H
#define GUEST_PROTOCOL_H

#define GUEST_GREETING "mkroot-guest-1"

#define GUEST_OUTPUT_KEPT (1u << 20)  /* bytes of each job that are handed over */
#define GUEST_OUTPUT_MAX  (64u << 20) /* bytes after which a job is stopped */
#define GUEST_PROCESSES	  256	      /* at a time */
#define GUEST_FULL_BYTES  (256u << 10) /* a disk with less room than this is full */

/* How a job ended. */
enum guest_end {
	GUEST_EXITED,	  /* value: its exit code */
	GUEST_SIGNALLED,  /* value: the signal */
	GUEST_TIMEOUT,	  /* stopped: too long */
	GUEST_FLOOD,	  /* stopped: too much output */
	GUEST_FORKS,	  /* stopped: too many processes */
	GUEST_FULL,	  /* it left no room on the disk */
	GUEST_EMPTIED,	  /* it removed most of what was on the disk */
	GUEST_KILLS_INIT, /* stopped: it wanted to kill init */
	GUEST_HALTS,	  /* stopped: it wanted to end or restart the machine */
	GUEST_SKIPPED,	  /* its program is missing */
	GUEST_NOT_RUN,
};

#endif
