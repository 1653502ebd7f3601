/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

/* Hidden files that a signal must unlink. A name is never freed while it stands here. */
#define MAX_HIDDEN 8
static _Atomic(char *) hidden[MAX_HIDDEN];

static void unlink_hidden(int sig)
{
	for (int i = 0; i < MAX_HIDDEN; i++) {
		char *name = atomic_load(&hidden[i]);

		if (name)
			unlink(name);
	}
	/* SA_RESETHAND restored the default action, and the signal is unblocked on return. */
	raise(sig);
}

void output_cleanup_on_signal(void)
{
	static const int deadly[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = unlink_hidden, .sa_flags = (int)SA_RESETHAND };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	sigemptyset(&sa.sa_mask);
	/* What the caller ignores (nohup, a shell's background) stays ignored. */
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		if (sigaction(deadly[i], NULL, &before) != 0 || before.sa_handler != SIG_IGN)
			sigaction(deadly[i], &sa, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

static void hide(char *name)
{
	for (int i = 0; i < MAX_HIDDEN; i++) {
		char *none = NULL;

		if (atomic_compare_exchange_strong(&hidden[i], &none, name))
			return;
	}
}

static void unhide(char *name)
{
	for (int i = 0; i < MAX_HIDDEN; i++) {
		char *expected = name;

		if (atomic_compare_exchange_strong(&hidden[i], &expected, NULL))
			return;
	}
}

/*
 * A hidden name is published in the same breath as it is made: a signal that
 * comes between the two waits. Other threads must not run then, or block the
 * signals themselves.
 */
static void hold_signals(sigset_t *before)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &held, before);
}

static void release_signals(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* The folder of path as a new string ("." when it names none). */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int output_check(const char *path, struct error *err)
{
	struct stat st;
	char *folder;
	int rc = 0;

	if (!*name_of(path))
		return error_set(err, -EISDIR, path, "the output must be a file, not a folder");
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return error_set(err, -EISDIR, path, "the output is a folder");
		if (!S_ISREG(st.st_mode))
			return error_set(err, -EINVAL, path, "the output is not a regular file");
	} else if (errno != ENOENT) {
		return error_errno(err, errno, path, "cannot look at the output");
	}
	folder = folder_of(path);
	if (!folder)
		return error_nomem(err);
	if (stat(folder, &st) != 0)
		rc = error_errno(err, errno, folder, "cannot use the output folder");
	else if (access(folder, W_OK | X_OK) != 0)
		rc = error_errno(err, errno, folder, "cannot write to the output folder");
	free(folder);
	return rc;
}

bool output_is_same(const char *a, const char *b)
{
	char *x = folder_of(a), *y = folder_of(b);
	struct stat s, t;
	bool same = !strcmp(a, b) ||
		    (x && y && !strcmp(name_of(a), name_of(b)) && stat(x, &s) == 0 && stat(y, &t) == 0 &&
		     s.st_dev == t.st_dev && s.st_ino == t.st_ino);

	free(x);
	free(y);
	return same;
}

static int open_hidden(struct output *out, struct error *err)
{
	const char *folder = out->folder;
	char *temp = NULL;
	sigset_t before;
	int saved_errno;

	if (asprintf(&temp, "%s/.%s.XXXXXX", folder, name_of(out->path)) < 0)
		return error_nomem(err);
	hold_signals(&before);
	out->fd = mkostemp(temp, O_CLOEXEC);
	saved_errno = errno;
	if (out->fd >= 0)
		hide(temp);
	release_signals(&before);
	if (out->fd < 0) {
		free(temp);
		return error_errno(err, saved_errno, folder,
				   "cannot create a file in the output folder");
	}
	out->temp = temp;
	return 0;
}

int output_open(struct output *out, const char *path, struct error *err)
{
	int rc;

	*out = (struct output)OUTPUT_INIT;
	rc = output_check(path, err);
	if (rc)
		return rc;
	out->path = strdup(path);
	out->folder = folder_of(path);
	if (!out->path || !out->folder) {
		rc = error_nomem(err);
		goto out;
	}
	out->fd = open(out->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (out->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		rc = open_hidden(out, err);
	else if (out->fd < 0)
		rc = error_errno(err, errno, out->folder,
				 "cannot create a file in the output folder");
out:
	if (rc)
		output_abort(out);
	return rc;
}

/* A hidden name for the nameless file behind proc; *temp belongs to the caller. */
static int link_hidden(const struct output *out, const char *proc, char **temp, struct error *err)
{
	int rc = -EEXIST;

	*temp = NULL;
	for (int tries = 0; tries < 100 && rc == -EEXIST; tries++) {
		free(*temp);
		if (asprintf(temp, "%s/.%s.%d-%d", out->folder, name_of(out->path), (int)getpid(),
			     tries) < 0) {
			*temp = NULL;
			rc = -ENOMEM;
		} else {
			rc = linkat(AT_FDCWD, proc, AT_FDCWD, *temp, AT_SYMLINK_FOLLOW) == 0 ?
				     0 :
				     -errno;
		}
	}
	return rc ? error_errno(err, -rc, out->path, "cannot name the finished file") : 0;
}

/*
 * Give the nameless file a name. linkat() never replaces, so an existing
 * target is replaced by way of a hidden name and rename().
 */
static int name_it(struct output *out, struct error *err)
{
	char proc[64], *temp;
	sigset_t before;
	int rc;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", out->fd);
	if (linkat(AT_FDCWD, proc, AT_FDCWD, out->path, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST)
		return error_errno(err, errno, out->path, "cannot name the finished file");
	hold_signals(&before);
	rc = link_hidden(out, proc, &temp, err);
	if (!rc && rename(temp, out->path) != 0) {
		rc = error_errno(err, errno, out->path, "cannot replace the old file");
		unlink(temp);
	}
	release_signals(&before);
	free(temp);
	return rc;
}

static int sync_folder(const char *folder, struct error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	/* Some filesystems refuse to sync a folder; the file itself is safe by then. */
	if (fd >= 0 && fsync(fd) != 0 && errno != EINVAL && errno != EROFS && errno != EBADF)
		rc = error_errno(err, errno, folder, "cannot sync the output folder");
	if (fd >= 0)
		close(fd);
	return rc;
}

/* umask can only be read by setting it; at commit no other thread of ours runs. */
static mode_t default_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

void output_resemble(struct output *out, const struct stat *st)
{
	out->mode = (int)(st->st_mode & 07777);
	/* Only root may give a file away; then it stays ours, as with any copy. */
	if ((st->st_uid != geteuid() || st->st_gid != getegid()) &&
	    fchown(out->fd, st->st_uid, st->st_gid) != 0)
		errno = 0;
}

int output_commit(struct output *out, struct error *err)
{
	int rc = 0, fd = out->fd;

	if (fchmod(fd, out->mode >= 0 ? (mode_t)out->mode : default_mode()) != 0 ||
	    (!out->no_sync && fsync(fd) != 0))
		rc = error_errno(err, errno, out->path, "cannot finish writing");
	else if (!out->temp)
		rc = name_it(out, err);
	else if (rename(out->temp, out->path) != 0)
		rc = error_errno(err, errno, out->path, "cannot put the finished file in place");
	if (!rc && out->temp) {
		unhide(out->temp);
		free(out->temp);
		out->temp = NULL;
	}
	if (!rc && !out->no_sync)
		rc = sync_folder(out->folder, err);
	if (!rc) {
		out->fd = -1;
		if (close(fd) != 0)
			rc = error_errno(err, errno, out->path, "cannot close");
	}
	output_abort(out);
	return rc;
}

void output_abort(struct output *out)
{
	if (out->fd >= 0)
		close(out->fd);
	if (out->temp) {
		unlink(out->temp);
		unhide(out->temp);
	}
	free(out->temp);
	free(out->folder);
	free(out->path);
	*out = (struct output)OUTPUT_INIT;
}

int write_fully(int fd, const void *data, size_t n, long long offset)
{
	const char *p = data;

	while (n) {
		ssize_t done = pwrite(fd, p, n, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		p += done;
		n -= (size_t)done;
		offset += done;
	}
	return 0;
}

const char *output_temp_folder(void)
{
	const char *folder = getenv("TMPDIR");

	if (folder && *folder)
		return folder;
	return access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp";
}
