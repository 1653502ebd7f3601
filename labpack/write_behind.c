/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/write_behind.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* Pieces that are large enough for any disk. */
#define PIECE (16u << 20)

struct write_behind {
	int fd;
	uint64_t written, started; /* bytes handed to the system, and to its disk */
	bool stop;
	pthread_mutex_t lock;
	pthread_cond_t more;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct write_behind *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		uint64_t from = w->started, to = w->written;

		if (to - from < PIECE) {
			pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		w->started = to;
		pthread_mutex_unlock(&w->lock);
		sync_file_range(w->fd, (off_t)from, (off_t)(to - from), SYNC_FILE_RANGE_WRITE);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct write_behind *write_behind_new(int fd)
{
	struct write_behind *w = calloc(1, sizeof(*w));
	sigset_t held, before;
	bool started;

	if (!w)
		return NULL;
	w->fd = fd;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &held, &before);
	started = pthread_create(&w->thread, NULL, work, w) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		return w;
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

void write_behind_note(struct write_behind *w, uint64_t written)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->written = written;
	if (written - w->started >= PIECE)
		pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}

void write_behind_free(struct write_behind *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
