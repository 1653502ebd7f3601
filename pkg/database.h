/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's rpm database, made in memory: no file, no lock and no folder on
 * the host, so there is nothing to clean up whatever happens. The sqlite
 * database is librpm's own work; Berkeley DB, which rpm before 4.16 reads and
 * no library writes any more in that version, is pkg/bdb.h's.
 */
#ifndef PKG_DATABASE_H
#define PKG_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "pkg/package.h"

enum database_state { /* rpm's file states, as in RPMTAG_FILESTATES */
	DATABASE_NORMAL = 0,
	DATABASE_REPLACED = 1,
	DATABASE_NOT_INSTALLED = 2,
	DATABASE_WRONG_COLOUR = 4,
};

struct database_entry {
	const struct package *package;
	const uint8_t *states; /* one database_state per file, in header order */
	size_t state_count;
};

struct database_file {
	char *name; /* "rpmdb.sqlite" or "Packages" */
	uint8_t *data;
	size_t size;
	void (*release)(void *data);
};

struct database_files {
	struct database_file *items;
	size_t count;
};

struct database_options {
	const char *format; /* "sqlite" or "bdb" */
	uint32_t now;       /* install time of every package */
	uint32_t colour;    /* INSTALLCOLOR: 0, 1 (ELF32), 2 or 3 (ELF64 first) */
	bool big_endian;    /* the guest, whose order of bytes a "bdb" has */
};

/* An upper bound of the database's size in bytes, before it is made. */
uint64_t database_estimate(const struct package_list *l, const char *format);

/*
 * Entries are stored in their order. Same input, same bytes. Runs in one
 * thread at a time per process (librpm's configuration is global), beside
 * threads that read payloads. -ERR_UNSUPPORTED for another format.
 */
int database_build(const struct database_entry *entries, size_t count,
		   const struct database_options *options, struct database_files *out,
		   struct error *err) MUST_USE;
void database_files_release(struct database_files *f);

#endif
