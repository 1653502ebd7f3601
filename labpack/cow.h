/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of the family `labpack cow` share. */
#ifndef LABPACK_COW_H
#define LABPACK_COW_H

#include <jansson.h>

#include "common/strbuf.h"
#include "image/cow.h"
#include "labpack/command.h"
#include "labpack/window.h"

/*
 * Other COW disks of the same base that are found near: below the folders of
 * the COW and of the base, three levels deep. Paths go to `names`. -ERR_LIMIT: none was
 * found, and there was too much to look at.
 */
int cow_find_siblings(const char *cow_path, const char *base, struct strlist *names,
		      struct error *err) MUST_USE;

/* -EEXIST unless nothing has that name. */
int cow_must_be_new(const char *path, struct error *err) MUST_USE;

/* Do two files of the same size have the same bytes? Holes are not read. */
int files_equal(int a, const char *a_name, int b, const char *b_name, bool *equal,
		struct error *err) MUST_USE;

/*
 * -ERR_CONFLICT unless something shows that the file has the bytes of the base
 * of this COW: the digest that is noted in it, the old base that is still there,
 * or else the time that UML goes by. trust: only its size is looked at.
 */
int cow_prove_base(const struct cow_info *info, const char *base, bool trust,
		   struct error *err) MUST_USE;

/*
 * The digest of a base's contents that our COW disks have a note of: it tells
 * a copy of the base from another file when its time was lost.
 */
void cow_pad_digest(const unsigned char file_digest[DIGEST_SIZE], unsigned char digest[32]);
int cow_base_digest(int fd, const char *name, unsigned char digest[32],
		    struct error *err) MUST_USE;
/* cow_create() with that note. */
int cow_create_noted(int fd, const char *path, const char *base, struct error *err) MUST_USE;
/* Note it in the COW in fd. The digest of one base is made once. */
int cow_note_base(int fd, const char *path, int base, const char *base_name,
		  struct error *err) MUST_USE;

/* The same for the COW at path and the base that its header names; quietly not where is no room. */
int cow_note_base_of(const char *path, struct error *err) MUST_USE;

/* Names are bytes and JSON is Unicode: what is not ASCII or UTF-8 becomes U+FFFD. */
json_t *cow_json_text(const char *s);

#endif
