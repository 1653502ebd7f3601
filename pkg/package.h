/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A package on a medium: where it lies and, once verified, its header.
 *
 * Life: solve() (pkg/solve.h) fills a package_list with names and places ->
 * package_verify() (pkg/verify.h) reads and checks each file and keeps the
 * header -> order, payload, database work on it -> package_list_release().
 */
#ifndef PKG_PACKAGE_H
#define PKG_PACKAGE_H

#include <rpm/rpmlib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"

struct source;
struct vouch;

struct package {
	char *nevra;    /* name-[epoch:]version-release.arch, for messages and reports */
	char *name, *arch;
	char *path;     /* of the .rpm file on this machine; NULL until resolver_fetch() */
	char *label;    /* what messages call the file; NULL: as path says */
	struct source *source; /* delivers it; borrowed from the resolver; NULL: nothing to fetch */
	char *location;        /* its path on the source */
	unsigned int medium;   /* of a set of media; 0: not told */
	uint64_t size;  /* of the .rpm file, bytes; 0 when not known yet */
	/* A checksum that the media's metadata promises; algorithm NULL when none. */
	const char *checksum_algo; /* "sha1", "sha256", ...: static */
	char *checksum;            /* hex */
	const struct vouch *vouch; /* signed metadata that has the checksum; the media's; or NULL */
	bool requested; /* named by the user, not pulled in by a dependency */
	/* From here on set by package_verify(). */
	Header header;
	bool is_signed;  /* with a key of the verifier's */
	bool is_vouched; /* unsigned, but signed metadata has its checksum */
	struct strlist legacy; /* old crypto that it was accepted by: "MD5 digest", ... */
	char *signature; /* what it carries: "RSA/SHA256, key ID 1234..." or NULL */
	char *sha256;            /* of the whole file, hex; set where somebody wants it */
	uint64_t payload_bytes;  /* bytes of all files, uncompressed */
	uint64_t payload_offset; /* where the compressed payload begins in the file */
};

struct package_list {
	struct package **items; /* owned */
	size_t count, capacity;
};

#define PACKAGE_LIST_INIT { NULL, 0, 0 }

struct package *package_new(void);
void package_free(struct package *p);
/* Takes ownership of p, also on failure. */
int package_list_take(struct package_list *l, struct package *p) MUST_USE;
void package_list_release(struct package_list *l);
/* The file name without its folder, for messages. */
const char *package_file_name(const struct package *p);

#endif
