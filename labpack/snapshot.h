/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots of a lab's disks: snapshots/NAME/ has a copy of every file in disks/
 * and of every other disk of lab.conf that lies in the lab, under the same
 * relative name. Reflinks where the host can, else the data alone.
 *
 * All paths are relative to the lab's folder, which is the working folder.
 * Changes happen while lab_lock() is held. New things are made under a hidden
 * name (snapshots/.new-*, .disks-*) and get their own by one rename; what a crash
 * leaves under hidden names goes with the next change.
 */
#ifndef LABPACK_SNAPSHOT_H
#define LABPACK_SNAPSHOT_H

#include "common/strbuf.h"
#include "labpack/lab.h"

#define SNAPSHOT_FOLDER "snapshots"
#define SNAPSHOT_NAME_MAX 100
/* Holds the name of a snapshot while a rollback to it is under way. */
#define SNAPSHOT_ROLLBACK SNAPSHOT_FOLDER "/.rollback"
/* The old disks/, where the host's filesystem cannot exchange two folders. */
#define SNAPSHOT_BEFORE "disks.before-rollback"

/* One labpack at a time changes a lab; the lock goes with *fd. -EBUSY. */
int lab_lock(int *fd, struct error *err) MUST_USE;
/* Remove what a crash left under hidden names. */
int snapshot_sweep(struct error *err) MUST_USE;

/*
 * -EBUSY when a rollback was cut off in the lab in this folder: some of its disks are of the
 * snapshot and some are not. `finishes` (may be NULL) is the one snapshot that may go on.
 */
int snapshot_check_rollback(const char *folder, const char *finishes, struct error *err) MUST_USE;

/* -ERR_USAGE unless the text can name a snapshot. */
int snapshot_check_name(const char *name, struct error *err) MUST_USE;
/* "snapshots/NAME" in a new string; -ERR_NOT_FOUND with a suggestion when there is none. */
int snapshot_path(const char *name, char **path, struct error *err) MUST_USE;
/* Names, sorted. */
int snapshot_list(struct strlist *names, struct error *err) MUST_USE;

/* Disk files, locked as long as the set lives. */
struct disk_set {
	struct strlist files;
	int *locks; /* -1: not locked */
};

#define DISK_SET_INIT { STRLIST_INIT, NULL }

/*
 * The lab's disks that exist. Those outside of the lab, and what is no regular file in
 * disks/ (a link to a disk), are named in `outside` (may be NULL).
 */
int disk_set_read(struct disk_set *set, const struct lab *lab, struct strlist *outside,
		  struct error *err) MUST_USE;
/* -EBUSY when a machine runs on one of them. */
int disk_set_lock(struct disk_set *set, bool exclusive, struct error *err) MUST_USE;
void disk_set_release(struct disk_set *set);

/*
 * Regular files below a folder, as relative names, sorted; and what else is there but
 * folders in `others` (may be NULL). What is hidden is left out.
 */
int tree_list(const char *folder, struct strlist *files, struct strlist *others,
	      struct error *err) MUST_USE;
/* A copy of a file with its mode and times, synced; folders above `to` are made. */
int tree_copy_file(const char *from, const char *to, struct error *err) MUST_USE;
/* A symbolic link again; folders above `to` are made. */
int tree_copy_link(const char *from, const char *to, struct error *err) MUST_USE;
/* fsync() of every folder at and below it. */
int tree_sync(const char *folder, struct error *err) MUST_USE;
int tree_sync_folder(const char *folder, struct error *err) MUST_USE;
/* A whole folder, which must be one of the hidden ones. Nothing there is fine. */
int tree_remove(const char *folder, struct error *err) MUST_USE;

#endif
