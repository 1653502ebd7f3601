/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The init of the guest in which scriptlets run: a static program in an
 * initrd. It mounts the image below TARGET, runs the jobs of /jobs in it
 * (chroot), one after another, and tells about each on a serial line.
 *
 * It lies outside of what jobs can see or remove, and nothing of it comes into
 * the image. See guest/protocol.h for what is said.
 */
#ifndef GUEST_INIT_INIT_H
#define GUEST_INIT_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "guest/protocol.h"

#define TARGET "/target"

struct init {
	int channel;	 /* the serial line */
	int listener;	 /* of watch.c; -1: this kernel cannot */
	int signals;	 /* a signalfd for SIGCHLD */
	char *next, *end; /* of the jobs that are left */
	uint64_t clock;	  /* seconds since 1970: the time at which every job begins */
	unsigned int timeout; /* seconds for each job */
	const char *filesystem;
	unsigned long idle_processes; /* before the first job */
	uint64_t used_inodes;	      /* the same */
	bool had_room;
};

struct job {
	unsigned long index;
	const char *script; /* "" for none */
	bool optional;
	int argc;
	char **argv; /* NULL at the end; strings belong to the jobs' text */
};

struct outcome {
	enum guest_end end;
	int value;
	unsigned long milliseconds;
	uint64_t dropped; /* bytes of output that were not handed over */
	bool strays;	  /* it left processes behind */
};

/* channel.c */
int channel_open(void);
void tell(const struct init *in, const char *fmt, ...) PRINTF_LIKE(2, 3);
void tell_bytes(const struct init *in, const void *data, size_t n);
/* Say what is wrong and end the machine. */
void die(const struct init *in, const char *fmt, ...) PRINTF_LIKE(2, 3) __attribute__((noreturn));
void power_off(void) __attribute__((noreturn));

/* watch.c: notice who wants to kill init or end the machine */
void watch_install(struct init *in);
/* One event of the listener: the job's offence, or GUEST_EXITED for none. */
enum guest_end watch_event(const struct init *in);

/* disk.c */
void disk_mount(struct init *in);
void disk_unmount(const struct init *in);
/* GUEST_FULL, GUEST_EMPTIED, or GUEST_EXITED when all is well. */
enum guest_end disk_check(const struct init *in);

/* job.c */
void job_run(const struct init *in, const struct job *job, struct outcome *o);
/* SIGKILL to everything but init, until nothing is left. */
void kill_all(const struct init *in);
unsigned long process_count(void);
/* Run something in a process of its own whose root is the image; its result, or -1. */
int in_target(int (*work)(void *arg), void *arg);

/* owner.c */
struct owner_job {
	const char *path, *user, *group;
	const char *capability; /* in hexadecimal; "" for none */
};
void owner_settle(const struct owner_job *o);

#endif
