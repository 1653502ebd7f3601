/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/parallel.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct crew {
	struct parallel *p;
	size_t count;
	atomic_size_t next;
	atomic_bool stop;
	pthread_mutex_t lock; /* the fields below */
	struct error first;
	size_t first_index;
	size_t failed;
};

static void note_failure(struct crew *c, size_t index, struct error *err)
{
	pthread_mutex_lock(&c->lock);
	c->failed++;
	if (index < c->first_index) {
		error_release(&c->first);
		c->first = *err;
		c->first_index = index;
		*err = (struct error)ERROR_INIT;
	}
	pthread_mutex_unlock(&c->lock);
	error_release(err);
	if (!c->p->keep_going)
		atomic_store(&c->stop, true);
}

static void *worker(void *arg)
{
	struct crew *c = arg;

	while (!atomic_load(&c->stop)) {
		size_t index = atomic_fetch_add(&c->next, 1);
		struct error err = ERROR_INIT;
		int rc;

		if (index >= c->count)
			break;
		rc = c->p->work(c->p->arg, index, &err);
		if (rc) {
			if (!err.code)
				error_set(&err, rc, NULL, "%s", error_name(rc));
			note_failure(c, index, &err);
		}
	}
	return NULL;
}

int parallel_run(struct parallel *p, size_t count, struct error *err)
{
	struct crew crew = { .p = p, .count = count, .first = ERROR_INIT, .first_index = SIZE_MAX };
	size_t want = p->jobs > 1 ? p->jobs - 1 : 0, started = 0;
	pthread_t *threads;

	pthread_mutex_init(&crew.lock, NULL);
	if (want > count)
		want = count;
	threads = calloc(want + 1, sizeof(*threads));
	/* Fewer threads than asked for only take longer; the calling thread works, too. */
	for (; threads && started < want; started++)
		if (pthread_create(&threads[started], NULL, worker, &crew) != 0)
			break;
	worker(&crew);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	pthread_mutex_destroy(&crew.lock);
	p->failed = crew.failed;
	if (!crew.failed)
		return 0;
	error_release(err);
	*err = crew.first;
	return err->code;
}
