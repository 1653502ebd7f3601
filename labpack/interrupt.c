/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/interrupt.h"

#include <signal.h>
#include <stdbool.h>

static const int deadly[] = { SIGINT, SIGTERM, SIGHUP };
static struct sigaction before[sizeof(deadly) / sizeof(deadly[0])];
static volatile sig_atomic_t caught;

static void note(int sig)
{
	caught = sig;
}

void interrupt_catch(void)
{
	/* Without SA_RESTART: a read that waits comes back. */
	struct sigaction sa = { .sa_handler = note };

	caught = 0;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		/* What the caller ignores stays ignored. */
		if (sigaction(deadly[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
			sigaction(deadly[i], &sa, NULL);
}

int interrupt_pending(struct error *err)
{
	return caught ? error_set(err, -ERR_INTERRUPTED, NULL, "interrupted") : 0;
}

void interrupt_release(void)
{
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		sigaction(deadly[i], &before[i], NULL);
	if (caught)
		raise(caught);
}
