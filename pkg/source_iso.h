/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of an ISO 9660 image: what lies in it, in the order in which it lies
 * there. iso_index_read() -> iso_find() -> iso_index_release().
 */
#ifndef PKG_SOURCE_ISO_H
#define PKG_SOURCE_ISO_H

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum iso_type { ISO_FILE, ISO_FOLDER, ISO_LINK };

struct iso_entry {
	char *path;
	char *target; /* of a symbolic link; or of a further name of a file; else NULL */
	enum iso_type type;
	uint64_t size;
	size_t order; /* counts what libarchive finds from the beginning */
	int fd;       /* where its content was copied; -1: nowhere yet */
};

struct iso {
	struct iso_entry *entries; /* sorted by path once read */
	size_t count, capacity;
	uint64_t missing; /* bytes by which the file is shorter than the image says */
};

/* A reader at the beginning of the image; closed by archive_read_free(). */
int iso_reader(const char *location, struct archive **a, struct error *err) MUST_USE;
/* 1 with a header, 0 at the end, negative. order is counted by the caller. */
int iso_next(const struct iso *iso, const char *location, struct archive *a,
	     struct archive_entry **e, struct error *err) MUST_USE;
/* -ERR_FORMAT with what libarchive says, and whether the image is too short. */
int iso_failed(const struct iso *iso, const char *label, struct archive *a, struct error *err);

int iso_index_read(struct iso *iso, const char *location, struct error *err) MUST_USE;
void iso_index_release(struct iso *iso);

/*
 * Follows links, within the image. Where there is no Rock Ridge, names have lost their case
 * and odd characters: what is not found as it is written is looked for without them. NULL in *entry
 * when it is not there; -ERR_ESCAPE, -ERR_FORMAT (a loop of links).
 */
int iso_find(const struct iso *iso, const char *location, const char *path,
	     const struct iso_entry **entry, struct error *err) MUST_USE;

#endif
