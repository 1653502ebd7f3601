/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which files make a lab: its folder, the disks with their bases wherever they
 * are, and what it needs to start elsewhere.
 *
 * Life: COLLECTION_INIT -> collect() -> collection.pack for pack_write() ->
 * collection_release(), which also lets go of the disks: from collect() on they are
 * locked, so that no machine starts on them while they are copied.
 */
#ifndef LABPACK_COLLECT_H
#define LABPACK_COLLECT_H

#include "image/cow.h"
#include "labpack/lab.h"
#include "labpack/pack.h"

struct collect_options {
	bool snapshots;	 /* those of `labpack snapshot`, too */
	bool tools;	 /* uml_switch and uml_mconsole */
	bool no_kernel;
	bool old_kernel; /* bases with small blocks are fine */
	const struct strlist *stopped; /* machines that stand still for the moment; NULL: none */
	const struct stat *output; /* an existing output file: no part of the lab. May be NULL */
};

struct moved_file { /* lies elsewhere and travels inside */
	char *from;  /* as lab.conf names it */
	char *to;    /* below the lab's folder */
};

struct collection {
	struct pack pack;
	const struct lab *lab;
	const struct collect_options *o;
	struct cow **cows;
	size_t cow_count, cow_capacity;
	int *fds; /* of locked plain disks */
	size_t fd_count, fd_capacity;
	struct moved_file *moved;
	size_t moved_count, moved_capacity;
	struct strlist disks; /* paths in the archive that are taken by disks */
};

#define COLLECTION_INIT { .pack = PACK_INIT }

int collect(struct collection *c, const struct lab *lab, const struct collect_options *o,
	    struct error *err) MUST_USE;
void collection_release(struct collection *c);

/* --- of the files collect_*.c --- */

/* A file of the host at a path of the lab; links are followed. */
int collect_file(struct collection *c, const char *source, const char *path, bool disk,
		 const char *base, const char *base_path, struct error *err) MUST_USE;
/*
 * Where a file that lab.conf names lies in the archive: itself, or `folder`/NAME when
 * it lies outside of the lab. *path is the caller's.
 */
int collect_place(struct collection *c, const char *file, const char *folder, char **path,
		  struct error *err) MUST_USE;
int collect_note(struct collection *c, const char *subject, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
int collect_disks(struct collection *c, struct error *err) MUST_USE;
int collect_kernels(struct collection *c, struct error *err) MUST_USE;
int collect_tools(struct collection *c, struct error *err) MUST_USE;
/* The folder itself, without what stays behind and what is there already. */
int collect_folder(struct collection *c, struct error *err) MUST_USE;
/* A folder of the host with all below it, at a path of the lab. */
int collect_tree(struct collection *c, const char *source, const char *path,
		 struct error *err) MUST_USE;
/* lab.conf as it must read in the archive: files that moved have their new names. */
int collect_conf(struct collection *c, struct error *err) MUST_USE;

#endif
