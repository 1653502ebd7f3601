/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the bytes of media come from: a source delivers files by their path
 * relative to its location. What lies there is understood by the kinds of media
 * (pkg/media.h). A new source is one file with a struct source_ops and one line in
 * the table of source.c.
 *
 * Life: source_open() asks each kind of source whether the location is its own ->
 * source_has(), source_list(), source_find(), source_fetch() -> source_close(), after
 * the last use of any local path. Calls on one source come from one thread at a time.
 *
 * Paths are plain: relative, no empty, "." or ".." parts, no slash at the ends. A
 * source never follows anything out of its location (links in a folder included):
 * -ERR_ESCAPE. Other errors: -ERR_NOT_FOUND, -ERR_DIGEST (checksum or size), -ERR_LIMIT
 * (longer than max), -ERR_FORMAT (damaged), -errno.
 */
#ifndef PKG_SOURCE_H
#define PKG_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/strbuf.h"

struct verifier; /* pkg/verify.h */
struct fetcher; /* of the URL source: cache, connections, limits */

/* What the command line says to all sources. Borrowed by each until it is closed. */
struct source_settings {
	struct fetcher *fetcher; /* NULL: URLs cannot be read */
	const struct verifier *verifier; /* checks the signatures of metadata; may be NULL */
};

/* One file that is wanted; and, in local, where it is. */
struct source_file {
	const char *path;          /* borrowed */
	const char *checksum_algo; /* "sha1", "md5", "sha256", ...; NULL: none is known */
	const char *checksum;      /* hex; borrowed */
	uint64_t size;             /* bytes; 0: not known */
	uint64_t max;              /* more bytes than these are refused; 0: no bound */
	bool optional;             /* when it is not there, local stays NULL: no error */
	/*
	 * Out: a path that open() takes, good until the source is closed; freed by
	 * the caller. May be "/proc/self/fd/N", the content of which has no name and
	 * vanishes with the process. A URL's was compared with checksum and size, an image's with
	 * size; a folder's is given as it is (source_read() and package_verify() compare).
	 */
	char *local;
};

/* Progress of one source_fetch(): bytes of all its files. total is 0 while it is not known. */
struct source_progress {
	void (*report)(void *arg, uint64_t done, uint64_t total, const char *path);
	void *arg;
};

/* How many bytes from its beginning are enough of a file, when have of them are there. */
typedef uint64_t source_need(const unsigned char *head, size_t have);
/* A file, or its beginning, is at local during the call. index: of the path. Not 0: stop. */
typedef int source_visit(void *arg, size_t index, const char *local, struct error *err);

struct source;

struct source_ops {
	const char *name; /* for messages: "ISO image" */
	/* 1: mine. 0: not mine, and why says it in a few words. Negative: -ENOMEM. */
	int (*detect)(const char *location, struct strbuf *why);
	/* Set s->data; a failure leaves s fit for close(). */
	int (*open)(struct source *s, struct error *err);
	void (*close)(struct source *s);
	/* Fetch all: many at once, so that they can be asked for together. */
	int (*fetch)(struct source *s, struct source_file *files, size_t count,
		     const struct source_progress *progress, struct error *err);

	/* What costs nothing; each NULL where it would mean a transfer, and all of a URL's. */

	/* 1: a regular file or (with is_folder) a folder is there; 0: not. */
	int (*has)(struct source *s, const char *path, bool is_folder, struct error *err);
	/* Names in a folder ("" is the location), sorted; folders end in '/'. */
	int (*list)(struct source *s, const char *folder, struct strlist *names,
		    struct error *err);
	/* Paths of all files at any depth whose name ends so (case does not matter), sorted. */
	int (*find)(struct source *s, const char *suffix, bool only_first, struct strlist *paths,
		    struct error *err);
	/* Show the beginnings of files, in the order that is cheapest. */
	int (*visit)(struct source *s, const struct strlist *paths, source_need *need,
		     source_visit *visit, void *arg, struct error *err);
	/* The local path of a file that needs no fetching; allocated. */
	char *(*local)(const struct source *s, const char *path);
};

struct source {
	char *location; /* as the user named it */
	const struct source_ops *ops;
	const struct source_settings *settings; /* borrowed; may be NULL */
	void *data;                             /* the kind's own */
};

extern const struct source_ops source_folder, source_iso, source_url;

int source_open(const char *location, const struct source_settings *settings, struct source **s,
		struct error *err) MUST_USE;
void source_close(struct source *s);

/* progress may be NULL. After a failure no file has a local path. */
int source_fetch(struct source *s, struct source_file *files, size_t count,
		 const struct source_progress *progress, struct error *err) MUST_USE;
/* 1, 0 or negative. A file is fetched where that is the only way to know; max bounds it. */
int source_has(struct source *s, const char *path, struct error *err) MUST_USE;

/* Can it list, find and visit? */
bool source_can_list(const struct source *s);
int source_list(struct source *s, const char *folder, struct strlist *names,
		struct error *err) MUST_USE;

/*
 * A whole small file, decompressed by its suffix, of at most max bytes (the compressed
 * one, too). An optional file that is not there: 0, and out->data is NULL.
 */
int source_read(struct source *s, const struct source_file *file, size_t max,
		struct strbuf *out, struct error *err) MUST_USE;

/* The same as a stream, compressed by at most max bytes; *f is NULL when it is not there. */
int source_stream(struct source *s, const struct source_file *file, size_t max, FILE **f,
		  struct error *err) MUST_USE;

/* "LOCATION/path": for messages. Allocated. */
char *source_label(const struct source *s, const char *path);

/* Compare a file's bytes with what is promised of it; -ERR_DIGEST. label: for messages. */
int source_check(const struct source_file *file, int fd, const char *label,
		 struct error *err) MUST_USE;

/*
 * A nameless file of this process, in $TMPDIR or /var/tmp, else in memory: nothing of it is left
 * behind after SIGKILL. -1 and errno.
 */
int source_temp(void);
/* "/proc/self/fd/N"; allocated. */
char *source_fd_path(int fd);

#endif
