/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_THREADS 8

enum state { QUEUED, WORKING, DONE };

struct slot {
	struct window window;
	enum state state;
	int rc;
	struct error err;
};

struct pipeline {
	struct pipeline_ops ops;
	struct slot slots[PIPELINE_WINDOWS];
	unsigned char *memory;
	/* Counters that only rise; a slot is a counter's rest by PIPELINE_WINDOWS. */
	size_t retired, submitted, next_work;
	bool stop, skip; /* skip: what is queued is not worked on any more */
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	pthread_t threads[MAX_THREADS];
	unsigned int thread_count;
};

static struct slot *slot_of(struct pipeline *p, size_t counter)
{
	return &p->slots[counter % PIPELINE_WINDOWS];
}

/* Take the next queued slot and work on it; the lock is held at begin and end. */
static bool work_on_one(struct pipeline *p)
{
	struct slot *s;
	bool skip;
	int rc = 0;

	if (p->next_work == p->submitted)
		return false;
	s = slot_of(p, p->next_work++);
	s->state = WORKING;
	skip = p->skip;
	pthread_mutex_unlock(&p->lock);
	if (!skip)
		rc = p->ops.work(p->ops.arg, &s->window, &s->err);
	pthread_mutex_lock(&p->lock);
	s->rc = rc;
	s->state = DONE;
	pthread_cond_signal(&p->done);
	return true;
}

static void *worker(void *arg)
{
	struct pipeline *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->stop)
		if (!work_on_one(p))
			pthread_cond_wait(&p->work, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

unsigned int pipeline_threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (unsigned int)n;
}

static void start_threads(struct pipeline *p, unsigned int wanted)
{
	sigset_t held, before;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &held, &before);
	while (p->thread_count < wanted && p->thread_count < MAX_THREADS &&
	       pthread_create(&p->threads[p->thread_count], NULL, worker, p) == 0)
		p->thread_count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int pipeline_new(struct pipeline **out, unsigned int threads, struct error *err)
{
	struct pipeline *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (!p)
		return error_nomem(err);
	/* Pages that no window ever fills are never there. */
	p->memory = mmap(NULL, (size_t)PIPELINE_WINDOWS * WINDOW_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->memory == MAP_FAILED) {
		free(p);
		return error_nomem(err);
	}
	for (size_t i = 0; i < PIPELINE_WINDOWS; i++)
		p->slots[i].window.data = p->memory + i * WINDOW_SIZE;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	start_threads(p, threads);
	*out = p;
	return 0;
}

void pipeline_begin(struct pipeline *p, const struct pipeline_ops *ops)
{
	pipeline_cancel(p);
	p->ops = *ops;
	p->skip = false;
}

/* Wait for the oldest slot, or work while waiting, and hand it back. */
static int retire_one(struct pipeline *p, struct error *err)
{
	struct slot *s = slot_of(p, p->retired);
	int rc;

	pthread_mutex_lock(&p->lock);
	while (s->state != DONE)
		if (!work_on_one(p))
			pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
	rc = s->rc;
	if (rc && !p->skip) {
		error_release(err);
		*err = s->err;
		s->err = (struct error)ERROR_INIT;
	}
	error_release(&s->err);
	if (!rc && !p->skip && p->ops.retire)
		rc = p->ops.retire(p->ops.arg, &s->window, err);
	p->retired++;
	return p->skip ? 0 : rc;
}

static void skip_rest(struct pipeline *p)
{
	pthread_mutex_lock(&p->lock);
	p->skip = true;
	pthread_mutex_unlock(&p->lock);
}

int pipeline_get(struct pipeline *p, struct window **w, struct error *err)
{
	struct slot *s = slot_of(p, p->submitted);
	int rc = 0;

	*w = NULL;
	if (p->submitted - p->retired == PIPELINE_WINDOWS)
		rc = retire_one(p, err);
	if (rc) {
		skip_rest(p);
		return rc;
	}
	s->rc = 0;
	s->window = (struct window){ .data = s->window.data };
	*w = &s->window;
	return 0;
}

void pipeline_submit(struct pipeline *p)
{
	pthread_mutex_lock(&p->lock);
	slot_of(p, p->submitted)->state = QUEUED;
	p->submitted++;
	/* A single window is done by the caller himself sooner than a thread wakes up. */
	if (p->submitted - p->next_work > 1)
		pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

int pipeline_drain(struct pipeline *p, struct error *err)
{
	int rc = 0;

	while (p->retired != p->submitted) {
		int failed = retire_one(p, err);

		if (failed)
			skip_rest(p);
		rc = rc ? rc : failed;
	}
	return rc;
}

void pipeline_cancel(struct pipeline *p)
{
	struct error ignored = ERROR_INIT;

	skip_rest(p);
	if (pipeline_drain(p, &ignored))
		error_release(&ignored);
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pipeline_cancel(p);
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned int i = 0; i < p->thread_count; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	munmap(p->memory, (size_t)PIPELINE_WINDOWS * WINDOW_SIZE);
	free(p);
}
