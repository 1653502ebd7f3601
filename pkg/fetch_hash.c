/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Digests on a thread of their own: what arrives goes into a bounded queue,
 * first in, first out, and the network is not kept waiting. Without the thread
 * (no memory, no more threads) the same is done at once.
 */
#include <pthread.h>
#include <signal.h>

#include "pkg/fetch_internal.h"

#define QUEUE_PIECES 128 /* of at most FETCH_PIECE bytes: 8 MiB */

struct piece {
	struct fetch_digest *digest;
	char *data; /* owned */
	size_t n;
};

struct fetch_hash {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct piece pieces[QUEUE_PIECES];
	uint64_t pushed, done; /* pieces, since ever */
	char *spare[QUEUE_PIECES]; /* buffers to be used again: malloc() would be fought for */
	size_t spare_count;
	bool stop;
};

static void *run(void *arg)
{
	struct fetch_hash *h = arg;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		struct piece p;

		while (h->done == h->pushed && !h->stop)
			pthread_cond_wait(&h->changed, &h->lock);
		if (h->done == h->pushed)
			break;
		p = h->pieces[h->done % QUEUE_PIECES];
		pthread_mutex_unlock(&h->lock);
		fetch_digest_update(p.digest, p.data, p.n);
		pthread_mutex_lock(&h->lock);
		if (h->spare_count < QUEUE_PIECES)
			h->spare[h->spare_count++] = p.data;
		else
			free(p.data);
		h->done++;
		pthread_cond_broadcast(&h->changed);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

struct fetch_hash *fetch_hash_new(void)
{
	struct fetch_hash *h = calloc(1, sizeof(*h));
	sigset_t all, before;
	int rc;

	if (!h)
		return NULL;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&h->thread, NULL, run, h);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!rc)
		return h;
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
	return NULL;
}

void fetch_hash_free(struct fetch_hash *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->thread, NULL);
	for (size_t i = 0; i < h->spare_count; i++)
		free(h->spare[i]);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void fetch_hash_wait(struct fetch_hash *h, uint64_t ticket)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	while (h->done < ticket)
		pthread_cond_wait(&h->changed, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

bool fetch_hash_is_done(struct fetch_hash *h, uint64_t ticket)
{
	bool done = true;

	if (h) {
		pthread_mutex_lock(&h->lock);
		done = h->done >= ticket;
		pthread_mutex_unlock(&h->lock);
	}
	return done;
}

char *fetch_hash_buffer(struct fetch_hash *h)
{
	char *data = NULL;

	if (h) {
		pthread_mutex_lock(&h->lock);
		if (h->spare_count)
			data = h->spare[--h->spare_count];
		pthread_mutex_unlock(&h->lock);
	}
	return data ? data : malloc(FETCH_PIECE);
}

uint64_t fetch_hash_push(struct fetch_hash *h, struct fetch_digest *d, char *data, size_t n)
{
	uint64_t ticket;

	if (!h) {
		fetch_digest_update(d, data, n);
		free(data);
		return 0;
	}
	pthread_mutex_lock(&h->lock);
	while (h->pushed - h->done >= QUEUE_PIECES)
		pthread_cond_wait(&h->changed, &h->lock);
	h->pieces[h->pushed % QUEUE_PIECES] = (struct piece){ d, data, n };
	ticket = ++h->pushed;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	return ticket;
}
