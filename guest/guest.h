/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A User Mode Linux guest as a child process with its first console on two
 * pipes.
 *
 * Life: guest_start() -> guest_read()/guest_send() -> guest_wait() or
 * guest_kill() -> guest_release(), which leaves no process behind. Between us and
 * the main process stands a guard: the main process, its I/O threads, its stubs and
 * any helper in a session of its own all become the guard's children when their
 * parent dies (it is their subreaper) and are killed one by one, also when we are
 * killed ourselves.
 *
 * The guest must be told con0=fd:0,fd:1 by its command line. Pipes, not a
 * terminal: UML starts no winch helper then, and nothing echoes twice.
 */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"

struct guest {
	pid_t pid;    /* of the guard, which ends as the main process does; 0: not started */
	int to, from; /* console input and output; -1 when closed */
	const char *memory; /* the folder of its memory, borrowed */
	char *home;   /* holds .uml/UMID; ours to remove when private_home */
	bool private_home;
	bool ended;
	int status; /* shell-like: exit code, or 128 + signal; valid when ended */
};

#define GUEST_INIT                                                                                 \
	{                                                                                          \
		0, -1, -1, NULL, NULL, false, false, 0                                             \
	}

#define GUEST_CHANNEL 3		/* the guest's number of what it inherits besides the console */
#define GUEST_NO_HOME "/dev/null" /* for guests that nobody controls: nothing is made on the host */

/*
 * home: where UML puts its sockets; NULL makes a private folder that release
 * removes. channel: a descriptor that the guest gets as GUEST_CHANNEL, or -1; it
 * stays the caller's. All others are closed in the guest.
 */
int guest_start(struct guest *g, char *const argv[], const char *home, int channel,
		struct error *err) MUST_USE;
/*
 * Where the guest's memory goes, a file that is mapped executable: /dev/shm, TMPDIR, /tmp or
 * /var/tmp, the first one that can hold and execute it. Borrowed, for as long as TMPDIR stays.
 */
int guest_memory_folder(const char **folder, struct error *err) MUST_USE;
/* Everything of text to the console; 0 or -errno. */
int guest_send(struct guest *g, const char *text, size_t n) MUST_USE;
/*
 * Console bytes into buf, waiting at most timeout_ms. Returns their number, 0
 * at the end of output (the guest is gone), -ETIMEDOUT, -EINTR, or -errno.
 */
ssize_t guest_read(struct guest *g, void *buf, size_t n, int timeout_ms);
/* Reap the main process if it ended. Returns true when it did, now or before. */
bool guest_poll(struct guest *g);
/* SIGKILL to all of its processes, and their end: a power cut. */
void guest_kill(struct guest *g);
/* Kill what is left, free everything. Returns the number of processes that outlived the guard. */
int guest_release(struct guest *g);

#endif
