/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/number.h"
#include "common/strbuf.h"
#include "guest/init/init.h"

#define MAX_JOBS_BYTES (64u << 20)
#define MAX_ARGS       1000000

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, text, strlen(text));
		close(fd);
	}
}

static const char *next_text(struct init *in)
{
	char *text = in->next, *end = memchr(text, '\0', (size_t)(in->end - text));

	if (text == in->end || !end)
		die(in, "the list of scriptlets is cut off");
	in->next = end + 1;
	return text;
}

static uint64_t next_number(struct init *in, uint64_t max)
{
	uint64_t value;

	if (number_parse(next_text(in), 0, max, &value))
		die(in, "the list of scriptlets is damaged");
	return value;
}

static void read_jobs(struct init *in)
{
	int fd = open("/jobs", O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > MAX_JOBS_BYTES)
		die(in, "there is no list of scriptlets");
	in->next = in->end = malloc((size_t)st.st_size + 1);
	if (!in->next)
		die(in, "no memory for the list of scriptlets");
	while (n > 0) {
		n = read(fd, in->end, (size_t)(in->next + st.st_size - in->end));
		in->end += n > 0 ? n : 0;
	}
	close(fd);
	if (strcmp(next_text(in), GUEST_GREETING) != 0)
		die(in, "the list of scriptlets is not for this init");
	in->clock = next_number(in, UINT32_MAX);
	in->timeout = (unsigned int)next_number(in, 1000000);
	in->filesystem = next_text(in);
}

static void prepare(struct init *in)
{
	char limit[32];
	sigset_t chld;

	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mknod("/null", S_IFCHR | 0600, makedev(1, 3));
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	in->signals = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sethostname("localhost", 9) != 0)
		die(in, "the guest's name cannot be set: %s", strerror(errno));
	put("/proc/sys/kernel/modules_disabled", "1");
	put("/proc/self/oom_score_adj", "-1000");
	in->idle_processes = process_count();
	snprintf(limit, sizeof(limit), "%lu", in->idle_processes + GUEST_PROCESSES);
	put("/proc/sys/kernel/threads-max", limit);
	watch_install(in);
}

struct owner_list {
	struct owner_job *items;
	size_t count, capacity;
};

/* The first job and the last, on any machine, see the same time. */
static void set_clock(const struct init *in)
{
	struct timespec t = { .tv_sec = (time_t)in->clock };

	clock_settime(CLOCK_REALTIME, &t);
}

static void run_next(struct init *in)
{
	struct job job = { .index = next_number(in, ULONG_MAX) };
	struct outcome o;

	job.script = next_text(in);
	job.optional = next_number(in, 1) == 1;
	job.argc = (int)next_number(in, MAX_ARGS);
	job.argv = calloc((size_t)job.argc + 1, sizeof(*job.argv));
	if (!job.argv || !job.argc)
		die(in, "no memory for a scriptlet");
	for (int i = 0; i < job.argc; i++)
		job.argv[i] = (char *)next_text(in);
	tell(in, "begin %lu", job.index);
	set_clock(in);
	job_run(in, &job, &o);
	free(job.argv);
	tell(in, "end %lu %d %d %lu %llu %d", job.index, (int)o.end, o.value, o.milliseconds,
	     (unsigned long long)o.dropped, o.strays);
}

static int settle_all(void *arg)
{
	const struct owner_list *l = arg;

	for (size_t i = 0; i < l->count; i++)
		owner_settle(&l->items[i]);
	return 0;
}

/* This one and all that follow it at once: a process for each would take its time. */
static void settle_owners(struct init *in)
{
	struct owner_list l = { NULL, 0, 0 };

	do {
		struct owner_job *o;

		if (array_grow((void **)&l.items, l.count, &l.capacity, sizeof(*l.items)))
			die(in, "no memory for the list of owners");
		o = &l.items[l.count++];
		o->path = next_text(in);
		o->user = next_text(in);
		o->group = next_text(in);
		o->capability = next_text(in);
	} while (in->next < in->end && !strcmp(in->next, "own") && next_text(in));
	set_clock(in);
	(void)in_target(settle_all, &l);
	free(l.items);
}

int main(void)
{
	struct init in = { .listener = -1, .signals = -1 };

	in.channel = channel_open();
	tell(&in, GUEST_GREETING);
	if (getpid() != 1)
		die(&in, "this is the init of a guest");
	read_jobs(&in);
	prepare(&in);
	set_clock(&in);
	disk_mount(&in);
	tell(&in, "ready");
	while (in.next < in.end) {
		const char *verb = next_text(&in);

		if (!strcmp(verb, "run"))
			run_next(&in);
		else if (!strcmp(verb, "own"))
			settle_owners(&in);
		else
			die(&in, "the list of scriptlets is damaged");
	}
	kill_all(&in);
	disk_unmount(&in);
	tell(&in, "done");
	fsync(in.channel);
	power_off();
}
