/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/number.h"

/* The parent of a process as /proc tells it, or -1. */
static pid_t parent_of(const char *pid)
{
	char path[64], line[512], *end;
	int ppid = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return -1;
	/* The name in parentheses may hold anything: look behind the last one. */
	if (fgets(line, sizeof(line), f)) {
		end = strrchr(line, ')');
		if (!end || sscanf(end + 1, " %*c %d", &ppid) != 1)
			ppid = -1;
	}
	fclose(f);
	return ppid;
}

/* Send sig to every child of ours; returns how many there are. */
static int kill_children(int sig)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	int count = 0;
	uint64_t pid;

	if (!proc)
		return 0;
	while ((e = readdir(proc)))
		if (number_parse(e->d_name, 1, INT32_MAX, &pid) == 0 &&
		    parent_of(e->d_name) == getpid()) {
			kill((pid_t)pid, sig);
			count++;
		}
	closedir(proc);
	return count;
}

/*
 * Kill and reap our children until there is none: orphans of theirs come to us as
 * their parents die, because we are their subreaper. Returns how many there were.
 */
static int end_children(void)
{
	int strays = 0;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return strays;
		if (pid > 0)
			strays++;
		else if (kill_children(SIGKILL))
			usleep(1000);
	}
}

/*
 * Should we be killed, the guest's main process could end in order, but its stubs
 * would stay, stopped for ever. So between us and it there is a guard, in a group
 * that no signal to the guest reaches, which ends everything below it: at once
 * when told SIGUSR1, after some patience when we (owner) died, and when the main
 * process has ended. Returns in the guest's process only.
 */
static void split_off_guard(pid_t owner)
{
	const struct timespec patience = { .tv_sec = 3 };
	sigset_t told;
	int status = SIGKILL, sig = SIGCHLD;
	pid_t pid;

	sigemptyset(&told);
	sigaddset(&told, SIGUSR1);
	sigaddset(&told, SIGTERM);
	sigaddset(&told, SIGCHLD);
	sigprocmask(SIG_BLOCK, &told, NULL);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 ||
	    getppid() != owner)
		_exit(126);
	pid = fork();
	if (pid < 0)
		_exit(126);
	if (pid == 0) {
		setpgid(0, 0);
		return;
	}
	while (sig == SIGCHLD && waitpid(pid, &status, WNOHANG) == 0)
		sig = sigwaitinfo(&told, NULL);
	if (sig == SIGTERM) {
		kill(pid, SIGTERM);
		sigdelset(&told, SIGTERM);
		while (sig > 0 && waitpid(pid, &status, WNOHANG) == 0)
			sig = sigtimedwait(&told, NULL, &patience);
	}
	end_children();
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* In the child: never returns. */
static void run_guest(const struct guest *g, pid_t owner, char *const argv[], int in, int out,
		      int channel)
{
	const struct rlimit none_at_all = { 0, 0 };
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	/* A session of its own has no terminal to disturb. */
	setsid();
	split_off_guard(owner);
	/* Without this the memory that the guest gets varies from run to run. */
	personality(ADDR_NO_RANDOMIZE);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGPIPE, &dfl, NULL);
	setenv("HOME", g->home, 1);
	setenv("TMPDIR", g->memory, 1);
	/* A kernel that panics aborts. */
	setrlimit(RLIMIT_CORE, &none_at_all);
	/* All three are duplicates of others: nothing is in the way of them. */
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
	    (channel >= 0 && channel != GUEST_CHANNEL && dup2(channel, GUEST_CHANNEL) < 0) ||
	    (channel == GUEST_CHANNEL && fcntl(channel, F_SETFD, 0) != 0))
		_exit(126);
	(void)close_range(channel >= 0 ? GUEST_CHANNEL + 1 : 3, ~0U, CLOSE_RANGE_CLOEXEC);
	execvp(argv[0], argv);
	dprintf(2, "cannot run '%s': %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int make_home(struct guest *g, const char *home, struct error *err)
{
	const char *tmp = getenv("TMPDIR");

	if (home && !strcmp(home, GUEST_NO_HOME)) {
		g->home = strdup(home);
		return g->home ? 0 : error_nomem(err);
	}
	if (home) {
		g->home = realpath(home, NULL);
		return g->home ? 0 : error_errno(err, errno, home, "cannot use the guest's home");
	}
	if (asprintf(&g->home, "%s/guest.XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0) {
		g->home = NULL;
		return error_nomem(err);
	}
	if (!mkdtemp(g->home))
		return error_errno(err, errno, g->home, "cannot make the guest's home");
	g->private_home = true;
	return 0;
}

int guest_start(struct guest *g, char *const argv[], const char *home, int channel,
		struct error *err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, rc;
	pid_t owner = getpid();

	*g = (struct guest)GUEST_INIT;
	rc = guest_memory_folder(&g->memory, err);
	if (!rc)
		rc = make_home(g, home, err);
	if (rc)
		return rc;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || pipe2(in, O_CLOEXEC) != 0 ||
	    pipe2(out, O_CLOEXEC) != 0) {
		rc = error_errno(err, errno, argv[0], "cannot prepare the console");
		goto out;
	}
	g->pid = fork();
	if (g->pid == 0)
		run_guest(g, owner, argv, in[0], out[1], channel);
	if (g->pid < 0) {
		g->pid = 0;
		rc = error_errno(err, errno, argv[0], "cannot fork");
		goto out;
	}
	g->to = in[1];
	g->from = out[0];
	in[1] = out[0] = -1;
out:
	for (int i = 0; i < 2; i++) {
		if (in[i] >= 0)
			close(in[i]);
		if (out[i] >= 0)
			close(out[i]);
	}
	return rc;
}

int guest_send(struct guest *g, const char *text, size_t n)
{
	while (n) {
		ssize_t done = write(g->to, text, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		text += done;
		n -= (size_t)done;
	}
	return 0;
}

ssize_t guest_read(struct guest *g, void *buf, size_t n, int timeout_ms)
{
	struct pollfd p = { .fd = g->from, .events = POLLIN };
	int ready = poll(&p, 1, timeout_ms);
	ssize_t done;

	if (ready < 0)
		return -errno;
	if (ready == 0)
		return -ETIMEDOUT;
	done = read(g->from, buf, n);
	return done < 0 ? -errno : done;
}

bool guest_poll(struct guest *g)
{
	int status;

	if (!g->ended && g->pid && waitpid(g->pid, &status, WNOHANG) == g->pid) {
		g->ended = true;
		g->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	return g->ended;
}

void guest_kill(struct guest *g)
{
	int status;

	if (!g->pid)
		return;
	if (!g->ended && kill(g->pid, SIGUSR1) == 0 && waitpid(g->pid, &status, 0) == g->pid) {
		g->ended = true;
		g->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

int guest_release(struct guest *g)
{
	int strays = 0;

	if (g->pid) {
		guest_kill(g);
		strays = end_children();
	}
	if (g->to >= 0)
		close(g->to);
	if (g->from >= 0)
		close(g->from);
	if (g->private_home)
		nftw(g->home, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(g->home);
	*g = (struct guest)GUEST_INIT;
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	return strays;
}
