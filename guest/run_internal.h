/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of guest/ only. */
#ifndef GUEST_RUN_INTERNAL_H
#define GUEST_RUN_INTERNAL_H

#include "guest/guest.h"
#include "guest/initrd.h"
#include "guest/run.h"

struct guest_plan {
	struct guest_settings settings;
	struct initrd *initrd;
	struct strbuf jobs;
	struct strlist labels; /* of the jobs */
};

enum session_state { SESSION_BOOTING, SESSION_STARTED, SESSION_READY, SESSION_DONE };

/* One run of a guest. */
struct session {
	struct guest_plan *plan;
	const struct guest_machine *machine;
	struct guest guest;
	char *folder;	       /* of its control socket */
	int channel;	       /* what the guest's init says; -1 at its end */
	struct strbuf heard;   /* of it, not yet understood */
	struct strbuf console; /* the last of what the kernel wrote */
	enum session_state state;
	size_t next;	       /* the job that begins next; with running, the one that runs is before it */
	bool running;
	size_t awaited;	       /* bytes of output that come next */
	struct guest_result result; /* of the job that runs */
	long long deadline, end;    /* milliseconds: for the next sign of life, and for all */
};

/* Take in what stands in s->heard. */
int session_hear(struct session *s, struct error *err) MUST_USE;
/* Milliseconds, by a clock that only goes forward. */
long long session_now(void);
/* When the next sign of life is due. */
void session_expect(struct session *s, unsigned int seconds);
/* The guest ended, or must be ended: why, in words. */
int session_broken(const struct session *s, struct error *err);
int session_late(const struct session *s, struct error *err);

#endif
