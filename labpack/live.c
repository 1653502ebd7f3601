/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/live.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a sync is given, and what requests that are under way take after the stop. */
#define SYNC_US	  700000
#define SETTLE_US 300000

/* `lab mconsole MACHINE WORD [WORD]`; false unless it answers. */
static bool tell(const char *script, const char *machine, const char *word, const char *argument)
{
	char *argv[] = { (char *)"sh",	  (char *)script, (char *)"mconsole", (char *)machine,
			 (char *)word, (char *)argument, NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; fd < 3 && null >= 0; fd++)
			dup2(null, fd);
		execv("/bin/sh", argv);
		_exit(127);
	}
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Until the pipe closes; then everybody goes on. Signals to the terminal's group pass it by. */
static void guard(int fd, const char *script, const struct strlist *machines)
{
	bool all = true;
	char byte;

	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < machines->count; i++)
		all = tell(script, machines->items[i], "go", NULL) && all;
	_exit(all ? 0 : 1);
}

static int start_guard(struct live *live, const char *script, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_errno(err, errno, script, "cannot be watched");
	live->guard = fork();
	if (live->guard == 0) {
		close(ends[1]);
		guard(ends[0], script, &live->stopped);
	}
	close(ends[0]);
	if (live->guard < 0) {
		int saved_errno = errno;

		live->guard = 0;
		close(ends[1]);
		return error_errno(err, saved_errno, script, "cannot be watched");
	}
	live->pipe = ends[1];
	return 0;
}

static int stop_all(struct live *live, const char *script, struct error *err)
{
	for (size_t i = 0; i < live->stopped.count; i++)
		if (!tell(script, live->stopped.items[i], "sysrq", "s"))
			return error_set(err, -EIO, live->stopped.items[i], "does not answer");
	usleep(SYNC_US);
	for (size_t i = 0; i < live->stopped.count; i++)
		if (!tell(script, live->stopped.items[i], "stop", NULL))
			return error_set(err, -EIO, live->stopped.items[i], "cannot be stopped");
	usleep(SETTLE_US);
	return 0;
}

int live_stop(struct live *live, const struct lab *lab, struct error *err)
{
	char *script = lab_path(lab, "lab");
	int rc = 0;

	*live = (struct live)LIVE_INIT;
	if (!script)
		return error_nomem(err);
	/* execv() must find it, and so must sh, whose search a name without '/' would begin. */
	if (access(script, R_OK) != 0)
		rc = error_errno(err, errno, script, "cannot be used to stop the machines");
	for (size_t i = 0; !rc && i < lab->machine_count; i++)
		if (tell(script, lab->machines[i]->name, "version", NULL) &&
		    strlist_add(&live->stopped, lab->machines[i]->name))
			rc = error_nomem(err);
	if (!rc && live->stopped.count)
		rc = start_guard(live, script, err);
	if (!rc)
		rc = stop_all(live, script, err);
	free(script);
	if (rc)
		live_go(live, NULL);
	return rc;
}

int live_go(struct live *live, struct error *err)
{
	int status = 0, rc = 0;

	if (live->guard > 0) {
		close(live->pipe);
		while (waitpid(live->guard, &status, 0) < 0 && errno == EINTR)
			;
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			rc = error_set(err, -EIO, NULL, "a machine that was stopped does not answer");
	}
	strlist_release(&live->stopped);
	*live = (struct live)LIVE_INIT;
	return rc;
}
