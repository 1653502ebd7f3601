/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Digests on a thread of their own: what arrives is copied into a bounded queue,
 * first in, first out, and the network is not kept waiting. Without the thread
 * (no memory, no more threads) the same is done at once.
 */
#include <pthread.h>
#include <signal.h>

#include "pkg/fetch_internal.h"

#define QUEUE_PIECES 64 /* of at most CURLOPT_BUFFERSIZE bytes: 8 MiB */

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
		free(p.data);
		pthread_mutex_lock(&h->lock);
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

uint64_t fetch_hash_push(struct fetch_hash *h, struct fetch_digest *d, const void *data, size_t n)
{
	char *copy = h ? malloc(n) : NULL;
	uint64_t ticket;

	if (!copy) {
		/* In order all the same: what was pushed before goes first. */
		if (h)
			fetch_hash_wait(h, h->pushed);
		fetch_digest_update(d, data, n);
		return 0;
	}
	memcpy(copy, data, n);
	pthread_mutex_lock(&h->lock);
	while (h->pushed - h->done >= QUEUE_PIECES)
		pthread_cond_wait(&h->changed, &h->lock);
	h->pieces[h->pushed % QUEUE_PIECES] = (struct piece){ d, copy, n };
	ticket = ++h->pushed;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	return ticket;
}
