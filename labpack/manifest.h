/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MANIFEST: what a lab is made of, with digests; labpack-manifest(5).
 *
 *     labpack-manifest 1
 *     folder pc1/etc
 *     file 1048576 4096 DIGEST disks/pc1.cow
 *     link ../shared/motd pc1/etc/motd
 *     end 3
 *
 * Lines are sorted bytewise by path. Bytes of names below 0x21, 0x7f and '%' are written %XX.
 *
 * Life: MANIFEST_INIT -> manifest_add()... manifest_sort() manifest_print(), or
 * manifest_parse() -> manifest_find() -> manifest_release(). Errors:
 * -ERR_FORMAT with the line, -ERR_LIMIT, -ENOMEM.
 */
#ifndef LABPACK_MANIFEST_H
#define LABPACK_MANIFEST_H

#include "common/strbuf.h"
#include "labpack/window.h"

#define MANIFEST_NAME	     "MANIFEST"
#define MANIFEST_ENTRIES_MAX 1000000u
#define MANIFEST_BYTES_MAX   (256u << 20)

enum manifest_type { MANIFEST_FOLDER, MANIFEST_FILE, MANIFEST_LINK };

struct manifest_entry {
	enum manifest_type type;
	char *path;   /* below the lab's folder */
	char *target; /* of a link */
	uint64_t size, data; /* of a file: apparent, and bytes in blocks that are not zeros */
	unsigned char digest[DIGEST_SIZE]; /* of a file (labpack/window.h) */
};

struct manifest {
	struct manifest_entry *entries;
	size_t count, capacity;
};

#define MANIFEST_INIT { NULL, 0, 0 }

/* A copy of *entry and its strings. */
int manifest_add(struct manifest *m, const struct manifest_entry *entry,
		 struct error *err) MUST_USE;
/* By path; -ERR_CONFLICT when one occurs twice. */
int manifest_sort(struct manifest *m, struct error *err) MUST_USE;
/* In a sorted one; NULL when it is not there. */
const struct manifest_entry *manifest_find(const struct manifest *m, const char *path);
int manifest_print(const struct manifest *m, struct strbuf *out, struct error *err) MUST_USE;
/* name is for messages. The result is sorted; m is emptied first. */
int manifest_parse(struct manifest *m, const char *text, size_t n, const char *name,
		   struct error *err) MUST_USE;
void manifest_release(struct manifest *m);

/*
 * Refuse what is no path below a folder: empty, absolute, with "." or ".." or
 * empty parts, longer than the system takes. -ERR_ESCAPE or -ERR_LIMIT.
 */
int member_path_check(const char *path, const char *subject, struct error *err) MUST_USE;
/*
 * Refuse a symbolic link at path (which is a valid one) whose target lies outside of the lab: -ERR_ESCAPE.
 * In the folder of a machine an absolute target is fine: it means the machine's own root.
 */
int member_link_check(const char *path, const char *target, struct error *err) MUST_USE;
/* Folders of a lab that are no machine's: "disks", "kernel", ... */
bool member_is_reserved(const char *top, size_t n);

#endif
