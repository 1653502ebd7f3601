/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine: its command line, its channels, its time. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include "guest/run_internal.h"

#define BOOT_SECONDS_MIN 30 /* seldom more than 2; but the host may be busy */
#define BOOT_SECONDS_MAX 120
#define CONSOLE_BYTES 16384
#define MEMORY	      "256M"
#define SOCKET_FOLDER_MAX 60 /* bytes */

long long session_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

void session_expect(struct session *s, unsigned int seconds)
{
	s->deadline = session_now() + seconds * 1000LL;
}

/*
 * UML insists on a folder for its control socket. It removes that at its end,
 * and also when we are killed and it is told so; when it is killed, we do. A
 * socket's path must be short, and one word of a kernel's command line.
 */
static int choose_folder(struct session *s, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return error_errno(err, errno, NULL, "no random numbers");
	if (!tmp || tmp[0] != '/' || strlen(tmp) > SOCKET_FOLDER_MAX || strpbrk(tmp, " \t\n\""))
		tmp = "/tmp";
	if (asprintf(&s->folder, "%s/mkroot-%08x", tmp, (unsigned int)number) < 0) {
		s->folder = NULL;
		return error_nomem(err);
	}
	return 0;
}

static void remove_folder(const struct session *s)
{
	static const char *const files[] = { "mconsole", "pid" };
	char path[SOCKET_FOLDER_MAX + 64];

	for (size_t i = 0; s->folder && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, files[i]);
		unlink(path);
	}
	if (s->folder)
		rmdir(s->folder);
}

/* hostfs would show the guest the files of this machine: its root is a place that cannot be. */
static int start(struct session *s, int initrd, int channel, struct error *err)
{
	struct strlist args = STRLIST_INIT;
	int rc = strlist_add(&args, s->machine->kernel) ||
		 strlist_addf(&args, "umid=%s", strrchr(s->folder, '/') + 1) ||
		 strlist_addf(&args, "uml_dir=%.*s/", (int)(strrchr(s->folder, '/') - s->folder),
			      s->folder) ||
		 strlist_add(&args, "hostfs=" GUEST_NO_HOME "/none") ||
		 strlist_add(&args, "mem=" MEMORY) || strlist_addf(&args, "ubd0=%s", s->machine->disk) ||
		 strlist_addf(&args, "initrd=/proc/%d/fd/%d", (int)getpid(), initrd) ||
		 strlist_add(&args, "con0=null,fd:1") || strlist_add(&args, "con=null") ||
		 strlist_addf(&args, "ssl0=null,fd:%d", GUEST_CHANNEL) ||
		 strlist_add(&args, "ssl=null") || strlist_add(&args, "quiet") ||
		 array_grow((void **)&args.items, args.count, &args.capacity, sizeof(*args.items));

	if (rc) {
		rc = error_nomem(err);
	} else {
		args.items[args.count] = NULL;
		rc = guest_start(&s->guest, args.items, GUEST_NO_HOME, channel, err);
	}
	strlist_release(&args);
	return rc;
}

/* Bytes of a descriptor into s; -1 in *fd at its end. */
static int take(int *fd, struct strbuf *s, struct error *err)
{
	char buf[65536];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		close(*fd);
		*fd = -1;
		return 0;
	}
	return strbuf_add(s, buf, (size_t)n) ? error_nomem(err) : 0;
}

static void forget_old_console(struct strbuf *c)
{
	if (c->len > 2 * CONSOLE_BYTES) {
		memmove(c->data, c->data + c->len - CONSOLE_BYTES, CONSOLE_BYTES);
		c->len = CONSOLE_BYTES;
	}
}

/* One wait for a sign of life. */
static int listen_once(struct session *s, struct error *err)
{
	struct pollfd p[] = { { .fd = s->channel, .events = POLLIN },
			      { .fd = s->guest.from, .events = POLLIN } };
	int rc = 0;

	/* The guest's helpers may hold the pipes after its end: so it is asked for, too. */
	if (poll(p, 2, 200) < 0)
		return errno == EINTR ? 0 : error_errno(err, errno, NULL, "cannot wait for the guest");
	if (p[1].revents)
		rc = take(&s->guest.from, &s->console, err);
	forget_old_console(&s->console);
	if (!rc && p[0].revents)
		rc = take(&s->channel, &s->heard, err);
	if (!rc && p[0].revents)
		rc = session_hear(s, err);
	if (rc || s->state == SESSION_DONE)
		return rc;
	if (!p[0].revents && !p[1].revents && guest_poll(&s->guest))
		return session_broken(s, err);
	/* Whoever never stops talking has no more time than others. */
	if (session_now() > s->end || (!p[0].revents && session_now() > s->deadline))
		return session_late(s, err);
	return 0;
}

static unsigned int boot_seconds(unsigned int timeout)
{
	if (timeout < BOOT_SECONDS_MIN)
		return BOOT_SECONDS_MIN;
	return timeout < BOOT_SECONDS_MAX ? timeout : BOOT_SECONDS_MAX;
}

static int converse(struct session *s, struct error *err)
{
	int rc = 0;

	s->end = session_now() + s->plan->settings.total * 1000LL;
	session_expect(s, boot_seconds(s->plan->settings.timeout));
	while (!rc && s->state != SESSION_DONE)
		rc = listen_once(s, err);
	/* Everything is on its disk: it may take its time for the end, but not for ever. */
	for (int i = 0; !rc && !guest_poll(&s->guest) && i < 100; i++)
		usleep(20000);
	return rc;
}

static int finish_plan(struct guest_plan *plan, int *initrd, struct error *err)
{
	int rc = initrd_add(plan->initrd, "jobs", plan->jobs.data, plan->jobs.len, err);

	*initrd = -1;
	return rc ? rc : initrd_finish(plan->initrd, initrd, err);
}

int guest_run(struct guest_plan *plan, const struct guest_machine *machine, struct error *err)
{
	struct session s = { .plan = plan, .machine = machine, .guest = GUEST_INIT, .channel = -1 };
	int pipe_fds[2] = { -1, -1 }, initrd = -1, rc;

	rc = finish_plan(plan, &initrd, err);
	if (!rc && pipe2(pipe_fds, O_CLOEXEC) != 0)
		rc = error_errno(err, errno, machine->kernel, "cannot prepare its serial line");
	s.channel = pipe_fds[0];
	if (!rc)
		rc = choose_folder(&s, err);
	if (!rc)
		rc = start(&s, initrd, pipe_fds[1], err);
	/* Ours must go, or the end of the guest's would not be seen. */
	if (pipe_fds[1] >= 0)
		close(pipe_fds[1]);
	if (!rc)
		rc = converse(&s, err);
	guest_release(&s.guest);
	remove_folder(&s);
	free(s.folder);
	if (s.channel >= 0)
		close(s.channel);
	if (initrd >= 0)
		close(initrd);
	strbuf_release(&s.heard);
	strbuf_release(&s.console);
	strbuf_release(&s.result.output);
	return rc;
}
