/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For pkg/database*.c only: what all formats of the guest's rpm database share. */
#ifndef PKG_DATABASE_INTERNAL_H
#define PKG_DATABASE_INTERNAL_H

#include "pkg/database.h"

/* database_header.c */
/*
 * A copy of the package's header with what rpm adds on installation; the caller frees it with
 * headerFree(). -EINVAL when the entry has not one state for each file.
 */
int database_header(const struct database_entry *e, const struct database_options *options, Header *out,
		    struct error *err) MUST_USE;
/* The one file of a database, made by malloc() or, with `release`, by another one's. */
int database_one_file(struct database_files *out, const char *name, uint8_t *data, size_t size,
		      void (*release)(void *data), struct error *err) MUST_USE;

/* database_bdb.c: Packages, as rpm before 4.16 has it. */
int database_build_bdb(const struct database_entry *entries, size_t count,
		       const struct database_options *options, struct database_files *out,
		       struct error *err) MUST_USE;
uint64_t database_estimate_bdb(const struct package_list *l);

#endif
