/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One job: its process, its output, its end, and the end of all that it left behind. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/init/init.h"

#define LINGER_MS 1000 /* for children that end soon after their parent */
#define STRAYS_MAX 64  /* more than these left behind is no service that was started */

/* rpm's %_install_script_path, and what a login of root would have. */
static char *const environment[] = { "PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/X11R6/bin", "HOME=/root",
				     "TERM=dumb", "SYSTEMD_OFFLINE=1", NULL };

struct running {
	const struct init *in;
	pid_t pid;
	int output; /* the read end; -1 at its end */
	uint64_t written;
	bool ended;
	int status;
	struct outcome *o;
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

unsigned long process_count(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 ? info.procs : 0;
}

int in_target(int (*work)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(chroot(TARGET) == 0 && chdir("/") == 0 ? work(arg) & 0xff : 255);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) == 255)
		return -1;
	return WEXITSTATUS(status);
}

static int remove_script(void *arg)
{
	return unlink(arg) == 0 || errno == ENOENT ? 0 : 1;
}

/* The body from the initrd to where the interpreter reads it. */
static bool write_script(const struct job *job, int body)
{
	char buf[16384];
	ssize_t n = 0, done = 0;
	int fd;

	unlink(job->script);
	fd = open(job->script, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);
	while (fd >= 0 && done == n && (n = read(body, buf, sizeof(buf))) > 0)
		done = write(fd, buf, (size_t)n);
	return fd >= 0 && n == 0 && close(fd) == 0;
}

/* Fits anywhere on the shell's usual path. */
static bool is_program(const char *name)
{
	static const char *const folders[] = { "/sbin", "/bin", "/usr/sbin", "/usr/bin" };
	char path[512];

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static int check_program(void *name)
{
	return is_program(name);
}

static int open_part(const struct job *job, const char *end)
{
	char path[64];

	snprintf(path, sizeof(path), "/s/%lu%s", job->index, end);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* In the child: never returns. */
static void become(const struct job *job, int out)
{
	int body = open_part(job, ""), input = open_part(job, ".in");
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (input < 0)
		input = open("/null", O_RDONLY | O_CLOEXEC);
	umask(022);
	if (dup2(input, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || chroot(TARGET) != 0 ||
	    chdir("/") != 0)
		_exit(126);
	/* Modules and /dev/mem lead out of the guest. */
	prctl(PR_CAPBSET_DROP, CAP_SYS_MODULE, 0, 0, 0);
	prctl(PR_CAPBSET_DROP, CAP_SYS_RAWIO, 0, 0, 0);
	if (*job->script && !write_script(job, body)) {
		dprintf(2, "cannot write the scriptlet to '%s': %s\n", job->script, strerror(errno));
		_exit(126);
	}
	environ = (char **)environment;
	execvp(job->argv[0], job->argv);
	dprintf(2, "cannot run '%s': %s\n", job->argv[0], strerror(errno));
	_exit(127);
}

static void take_output(struct running *r)
{
	static char buf[65536];
	ssize_t n = read(r->output, buf, sizeof(buf));
	size_t keep;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		close(r->output);
		r->output = -1;
		return;
	}
	keep = r->written < GUEST_OUTPUT_KEPT ? GUEST_OUTPUT_KEPT - (size_t)r->written : 0;
	if (keep > (size_t)n)
		keep = (size_t)n;
	if (keep) {
		tell(r->in, "out %zu", keep);
		tell_bytes(r->in, buf, keep);
	}
	r->written += (uint64_t)n;
	r->o->dropped += (uint64_t)n - keep;
}

/* Orphans come to init, too. */
static void reap(struct running *r)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == r->pid) {
			r->ended = true;
			r->status = status;
		}
}

/* Wait for something to happen, at most so long, and take note of it. */
static void pump(struct running *r, int timeout_ms)
{
	struct pollfd p[] = { { .fd = r->output, .events = POLLIN },
			      { .fd = r->in->signals, .events = POLLIN },
			      { .fd = r->in->listener, .events = POLLIN } };
	struct signalfd_siginfo info;

	if (poll(p, 3, timeout_ms) <= 0)
		return;
	if (p[0].revents)
		take_output(r);
	if (p[1].revents)
		(void)!read(r->in->signals, &info, sizeof(info));
	if (p[2].revents & POLLIN) {
		enum guest_end offence = watch_event(r->in);

		if (offence != GUEST_EXITED && r->o->end == GUEST_EXITED)
			r->o->end = offence;
	}
	reap(r);
}

static bool is_crowded(const struct init *in)
{
	return process_count() >= in->idle_processes + GUEST_PROCESSES - 8;
}

static void judge(struct running *r, long long deadline)
{
	if (r->o->end != GUEST_EXITED)
		return;
	if (r->written > GUEST_OUTPUT_MAX)
		r->o->end = GUEST_FLOOD;
	else if (is_crowded(r->in))
		r->o->end = GUEST_FORKS;
	else if (now_ms() >= deadline)
		r->o->end = GUEST_TIMEOUT;
}

/* Whoever has lost its parent is init's child: none means that nobody is left. */
static bool others_left(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void kill_all(const struct init *in)
{
	long long deadline = now_ms() + 20000;

	while (others_left()) {
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (now_ms() > deadline)
			die(in, "a process of the scriptlets cannot be killed");
		usleep(1000);
	}
}

static void watch_over(struct running *r, long long begin)
{
	long long deadline = begin + r->in->timeout * 1000LL, linger;
	unsigned long most = 0, count;

	while (!r->ended && r->o->end == GUEST_EXITED) {
		pump(r, 100);
		judge(r, deadline);
	}
	linger = now_ms() + LINGER_MS;
	while (r->o->end == GUEST_EXITED && others_left() && now_ms() < linger) {
		pump(r, 10);
		judge(r, deadline + LINGER_MS);
		/* Those that multiply are watched, on a busy machine too, until it is clear. */
		count = process_count();
		if (count > most) {
			most = count;
			linger = now_ms() + LINGER_MS;
		}
	}
	r->o->strays = others_left();
	if (r->o->end == GUEST_EXITED && process_count() > r->in->idle_processes + STRAYS_MAX)
		r->o->end = GUEST_FORKS;
	kill_all(r->in);
	/* Nobody is left who could write: the pipe has an end. */
	while (r->output >= 0 && r->written <= GUEST_OUTPUT_MAX)
		take_output(r);
}

static void conclude(struct running *r)
{
	struct outcome *o = r->o;
	enum guest_end disk = disk_check(r->in);

	if (o->end == GUEST_EXITED && disk != GUEST_EXITED)
		o->end = disk;
	if (o->end != GUEST_EXITED)
		return;
	if (WIFSIGNALED(r->status))
		o->end = GUEST_SIGNALLED;
	o->value = WIFSIGNALED(r->status) ? WTERMSIG(r->status) : WEXITSTATUS(r->status);
}

void job_run(const struct init *in, const struct job *job, struct outcome *o)
{
	struct running r = { .in = in, .output = -1, .o = o };
	long long begin = now_ms();
	int fds[2];

	*o = (struct outcome){ .end = GUEST_EXITED };
	if (job->optional && in_target(check_program, job->argv[0]) != 1) {
		o->end = GUEST_SKIPPED;
		return;
	}
	if (pipe2(fds, O_CLOEXEC) != 0)
		die(in, "no pipe for a scriptlet: %s", strerror(errno));
	r.pid = fork();
	if (r.pid == 0)
		become(job, fds[1]);
	close(fds[1]);
	if (r.pid < 0)
		die(in, "no process for a scriptlet: %s", strerror(errno));
	r.output = fds[0];
	fcntl(r.output, F_SETFL, O_NONBLOCK);
	watch_over(&r, begin);
	if (r.output >= 0)
		close(r.output);
	if (*job->script)
		(void)in_target(remove_script, (char *)job->script);
	conclude(&r);
	o->milliseconds = (unsigned long)(now_ms() - begin);
}
