/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/program.h"

#define NAME_MAX_BYTES 64
#define LEFT_COLUMNS 11 /* of " 12:34 left": kept free, or the bar would jump */
#define BAR_CELLS      24	 /* at most */
#define REDRAW_NS      100000000 /* ten times a second */
#define SECOND_NS      1000000000

struct progress {
	FILE *f;
	enum progress_mode mode;
	unsigned int columns; /* 0: ask the terminal at each redraw */
	atomic_uint_fast64_t total, done;
	atomic_uint_fast64_t start, last; /* nanoseconds of CLOCK_MONOTONIC */
	pthread_mutex_t lock;		  /* of everything below, and of drawing */
	char step[NAME_MAX_BYTES], package[NAME_MAX_BYTES];
	const char *unit; /* what total counts; NULL: bytes */
	bool drawn; /* there is a bar in the line of the cursor */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* Can it go back to the begin of a line? */
static bool can_draw(FILE *f)
{
	const char *term = getenv("TERM");

	return isatty(fileno(f)) && term && *term && strcmp(term, "dumb") != 0;
}

struct progress *progress_new_on(FILE *f, unsigned int columns, uint64_t total,
				 enum progress_mode mode)
{
	struct progress *p;

	if (mode == PROGRESS_QUIET)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	if (mode == PROGRESS_AUTO)
		mode = can_draw(f) ? PROGRESS_BAR : PROGRESS_LINES;
	p->f = f;
	p->mode = mode;
	p->columns = columns;
	pthread_mutex_init(&p->lock, NULL);
	progress_total(p, total);
	return p;
}

struct progress *progress_new(uint64_t total, enum progress_mode mode)
{
	return progress_new_on(stderr, 0, total, mode);
}

static unsigned int width(const struct progress *p)
{
	struct winsize size;

	if (p->columns)
		return p->columns;
	if (ioctl(fileno(p->f), TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col;
}

/* Copy what fits; bytes that a terminal would take for a command become '?'. */
static void copy_text(char to[NAME_MAX_BYTES], const char *text)
{
	size_t i;

	for (i = 0; i < NAME_MAX_BYTES - 1 && text[i]; i++)
		to[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	to[i] = '\0';
}

/* "0:07", or nothing while there is too little to judge by. */
static void time_left(const struct progress *p, uint64_t done, uint64_t total, char *buf, size_t n)
{
	uint64_t start = atomic_load(&p->start), spent = now() - start, left;

	*buf = '\0';
	if (!done || done >= total || spent < SECOND_NS / 2)
		return;
	left = (uint64_t)((double)spent * (double)(total - done) / (double)done / SECOND_NS + 0.5);
	if (left < 100 * 3600)
		snprintf(buf, n, " %u:%02u left", (unsigned int)(left / 60),
			 (unsigned int)(left % 60));
}

/* " [=======>        ]": as many cells as there is room for. */
static void draw_cells(char *buf, size_t n, unsigned int percent, size_t room)
{
	size_t cells = room > BAR_CELLS + 3 ? BAR_CELLS : room > 3 ? room - 3 : 0;
	size_t full = cells * percent / 100;

	*buf = '\0';
	if (cells < 4 || cells + 4 > n)
		return;
	buf[0] = ' ';
	buf[1] = '[';
	memset(buf + 2, ' ', cells);
	memset(buf + 2, '=', full);
	if (full < cells)
		buf[2 + full] = '>';
	buf[2 + cells] = ']';
	buf[3 + cells] = '\0';
}

/* " 50%  6.0/12.0 MiB", " 50%  6/12 machines": of one width while it counts. */
static void format_amount(const struct progress *p, uint64_t done, uint64_t total,
			  unsigned int percent, char *buf, size_t size)
{
	char sum[32];
	int n;

	if (p->unit) {
		n = snprintf(sum, sizeof(sum), "%llu", (unsigned long long)total);
		snprintf(buf, size, " %3u%% %*llu/%s %s", percent, n, (unsigned long long)done, sum,
			 p->unit);
		return;
	}
	n = snprintf(sum, sizeof(sum), "%.1f", (double)total / 1048576);
	snprintf(buf, size, " %3u%% %*.1f/%s MiB", percent, n, (double)done / 1048576, sum);
}

/* With the lock held. One line, never longer than the terminal is wide. */
static void draw(struct progress *p)
{
	uint64_t total = atomic_load(&p->total), done = atomic_load(&p->done);
	char line[512], bytes[64] = "", cells[BAR_CELLS + 8] = "", left[32] = "";
	unsigned int columns = width(p), percent = 0;
	size_t used, size;
	int n;

	if (done > total)
		done = total;
	if (total) {
		percent = (unsigned int)((double)done / (double)total * 100);
		format_amount(p, done, total, percent, bytes, sizeof(bytes));
		time_left(p, done, total, left, sizeof(left));
	}
	size = columns < sizeof(line) ? columns : sizeof(line);
	used = strlen(p->step) + strlen(bytes) + LEFT_COLUMNS;
	if (total && used + 20 < size)
		draw_cells(cells, sizeof(cells), percent, (size - used) / 2);
	n = snprintf(line, size, "%s%s%s%s%s%s", p->step, cells, bytes, left,
		     *p->package ? " " : "", p->package);
	if (n < 0)
		return;
	fprintf(p->f, "\r%s\033[K", line);
	fflush(p->f);
	p->drawn = true;
}

static void erase(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", p->f);
	p->drawn = false;
}

void progress_total(struct progress *p, uint64_t bytes)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->unit = NULL;
	pthread_mutex_unlock(&p->lock);
	atomic_store(&p->done, 0);
	atomic_store(&p->start, now());
	atomic_store(&p->last, 0);
	atomic_store(&p->total, bytes);
}

void progress_count(struct progress *p, uint64_t items, const char *unit)
{
	if (!p)
		return;
	progress_total(p, items);
	pthread_mutex_lock(&p->lock);
	p->unit = unit;
	pthread_mutex_unlock(&p->lock);
}

/* Whoever moves `last` forward redraws, unless somebody is at it. */
static void redraw(struct progress *p)
{
	uint64_t t, last;

	if (p->mode != PROGRESS_BAR)
		return;
	t = now();
	last = atomic_load(&p->last);
	if (t - last < REDRAW_NS || !atomic_compare_exchange_strong(&p->last, &last, t))
		return;
	if (pthread_mutex_trylock(&p->lock))
		return;
	draw(p);
	pthread_mutex_unlock(&p->lock);
}

void progress_add(struct progress *p, uint64_t bytes)
{
	if (!p)
		return;
	atomic_fetch_add(&p->done, bytes);
	redraw(p);
}

void progress_package(struct progress *p, const char *name)
{
	if (!p || p->mode != PROGRESS_BAR)
		return;
	pthread_mutex_lock(&p->lock);
	copy_text(p->package, name);
	pthread_mutex_unlock(&p->lock);
	redraw(p);
}

void progress_step(struct progress *p, const char *text)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	copy_text(p->step, text);
	p->package[0] = '\0';
	/* What the last step counted says nothing about this one. */
	if (atomic_load(&p->done))
		atomic_store(&p->total, 0);
	if (p->mode == PROGRESS_BAR)
		draw(p);
	else
		fprintf(p->f, "%s: %s\n", program_name, p->step);
	pthread_mutex_unlock(&p->lock);
}

void progress_clear(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	erase(p);
	fflush(p->f);
	pthread_mutex_unlock(&p->lock);
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	progress_clear(p);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
