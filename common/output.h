/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that appears whole or not at all.
 *
 * output_open() makes a nameless file (O_TMPFILE) in the target's folder, so
 * that not even SIGKILL leaves litter; where the filesystem has none, a hidden
 * ".NAME.XXXXXX" that is unlinked on failure and on SIGINT, SIGTERM and SIGHUP
 * (call output_cleanup_on_signal() once in main). output_commit() does fsync,
 * gives it the umask's mode, and puts it under its name (replacing a regular file);
 * output_abort() forgets it. Life: open -> write to fd -> commit or abort.
 */
#ifndef COMMON_OUTPUT_H
#define COMMON_OUTPUT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/error.h"

struct output {
	int fd;     /* read-write, close-on-exec; -1 when closed */
	char *path; /* the final name */
	char *folder; /* that it is in: known before, so that nothing can fail when the name is there */
	char *temp; /* the hidden name; NULL for a nameless file */
	int mode;   /* permissions that the file gets; -1: those of the umask */
	bool no_sync; /* whole for every program, but not after a power cut */
};

#define OUTPUT_INIT { -1, NULL, NULL, NULL, -1, false }

/*
 * Refuses a path that exists and is not a regular file (a device, a folder).
 * Returns 0 or a negative code; out is ready for output_abort() either way.
 */
int output_open(struct output *out, const char *path, struct error *err) MUST_USE;
int output_commit(struct output *out, struct error *err) MUST_USE;
/* A file that replaces another one gets its mode and, where we may, its owner. */
void output_resemble(struct output *out, const struct stat *st);
void output_abort(struct output *out);

/* Refuse early what output_open() would refuse later, and create nothing. */
int output_check(const char *path, struct error *err) MUST_USE;
/* Would both be the same file? One name, in one folder, however that is called. */
bool output_is_same(const char *a, const char *b);

/*
 * Install handlers for SIGINT, SIGTERM, SIGHUP that unlink every hidden file,
 * restore the default action and raise the signal again; one that the caller
 * ignores stays ignored. SIGPIPE is ignored, and so is SIGXFSZ: writing past a
 * limit is then an error like any other.
 */
void output_cleanup_on_signal(void);

/* Where large temporary files go: TMPDIR, else /var/tmp, else (its filesystem may be read-only) /tmp. */
const char *output_temp_folder(void);

/* pwrite() everything or fail; -errno. Retries short writes and EINTR. */
int write_fully(int fd, const void *data, size_t n, long long offset) MUST_USE;

#endif
