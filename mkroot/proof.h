/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What proves a build and repeats it: report, bill of materials, manifest,
 * lock. Each is made from the finished, still open image, and appears after
 * the image does.
 *
 * Life: proof_check() early (paths, --locked) -> proof_check_locked() on the
 * solved packages -> proof_write() -> proof_commit() -> proof_release().
 */
#ifndef MKROOT_PROOF_H
#define MKROOT_PROOF_H

#include "common/error.h"
#include "common/output.h"
#include "common/strbuf.h"

struct build;
struct json_t;

enum proof_kind { PROOF_REPORT, PROOF_SBOM, PROOF_MANIFEST, PROOF_LOCK, PROOF_KINDS };

struct proof {
	struct output outputs[PROOF_KINDS]; /* closed ones are not wanted */
	struct json_t *locked;              /* the file of --locked, NULL without */
	struct strlist overlays, run_files; /* their SHA-256, or "folder"; for locks only */
};

void proof_init(struct proof *p);
void proof_release(struct proof *p);

/* Refuse early what could not be written later. */
int proof_check(const struct build *b, struct error *err) MUST_USE;
int proof_write(struct build *b, struct error *err) MUST_USE;
int proof_commit(struct build *b, struct error *err) MUST_USE;
/* The report alone, of a build that a scriptlet ended: it tells what all of them did. */
int proof_report_failure(struct build *b, const struct error *why, struct error *err) MUST_USE;

/* The single documents; json_t of libjansson, NULL without memory; the caller drops them. */
struct json_t *report_document(const struct build *b);
/* Its part about scriptlets and --run, into doc. */
void report_scripts(const struct build *b, struct json_t *doc);
struct json_t *sbom_document(const struct build *b);
struct json_t *lock_document(const struct build *b);

/* A string for them. Text may be in any encoding: what is no UTF-8 is read as Latin-1. */
struct json_t *proof_text(const char *text);

/* An mtree(5) manifest of the open image into fd. */
int manifest_write(const struct build *b, int fd, struct error *err) MUST_USE;

/* --locked: read the file; let it decide names; compare with what was solved, and its order. */
int lock_read(struct build *b, struct error *err) MUST_USE;
int lock_compare(const struct build *b, struct error *err) MUST_USE;

/*
 * SHA-256 of every package file, as hex, into package.sha256; several threads. For a lock also of
 * what else decides about the image.
 */
int proof_digest_packages(struct build *b, struct error *err) MUST_USE;

#endif
