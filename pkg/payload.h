/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a package: from the header (all that is known before the
 * payload is opened), and their bytes.
 *
 * Both header layouts are read: rpm 4 (BASENAMES) and rpm 3 (OLDFILENAMES, no
 * header region, cpio names without "./"), and every payload compression that
 * librpm has. One payload may be read per thread at a time.
 */
#ifndef PKG_PAYLOAD_H
#define PKG_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "pkg/package.h"

enum package_file_flags {
	PACKAGE_FILE_CONFIG = 1 << 0,
	PACKAGE_FILE_GHOST = 1 << 1,
	PACKAGE_FILE_DOC = 1 << 2, /* rpmbuild also marks what lies under its doc folders */
	PACKAGE_FILE_MISSING_OK = 1 << 3,
	PACKAGE_FILE_NOREPLACE = 1 << 4,
};

struct package_file {
	char *path;        /* absolute, as in the header */
	uint32_t mode, mtime, flags, colour;
	const char *user, *group; /* names as in the header, owned by the package_files */
	uint64_t size;
	uint32_t rdev_major, rdev_minor;
	const char *target;   /* symbolic links, else NULL */
	const char *caps;     /* text form of file capabilities, NULL when none */
	const uint8_t *digest; /* NULL when the header has none (empty files, ghosts) */
	size_t digest_size;
	uint32_t digest_algo; /* PGPHASHALGO_* of librpm */
	uint32_t link_set;    /* not 0: files of one number are hard links of each other */
};

struct package_files {
	struct package_file *items; /* in header order: index is rpm's file index */
	size_t count;
	void *private_data;
};

/* From p->header; -ERR_FORMAT on a header that contradicts itself (lengths, indices, modes). */
int package_files_load(struct package_files *files, const struct package *p, struct error *err) MUST_USE;
void package_files_release(struct package_files *files);

/* Binary value of the xattr security.capability for text as in FILECAPS; at most 24 bytes. */
int capability_encode(const char *text, uint8_t value[24], size_t *size, struct error *err) MUST_USE;

/*
 * What payload_read() calls. For a hard link set the bytes are delivered once,
 * with the index that carries them; the others are not announced.
 */
struct payload_sink {
	/*
	 * A regular file begins. Return 1 to get its bytes, 0 to skip it, negative to stop.
	 */
	int (*begin)(void *arg, uint32_t file, uint64_t size);
	/* The next bytes: offset is a multiple of PAYLOAD_CHUNK, n smaller only at the end. 0 or negative. */
	int (*data)(void *arg, uint32_t file, uint64_t offset, const void *data, size_t n);
	/* The file is complete and its digest matched. 0 or negative. */
	int (*end)(void *arg, uint32_t file);
	void *arg;
};

#define PAYLOAD_CHUNK 262144 /* bytes */

/*
 * Read the payload once, in its own order, checking size and digest of every
 * file that is not skipped. Errors name the package and the path: -ERR_DIGEST,
 * -ERR_FORMAT (a file the header does not know, a file missing, truncated),
 * or the negative code that the sink returned (err is then the sink's to fill).
 */
int payload_read(const struct package *p, const struct package_files *files,
		 const struct payload_sink *sink, struct error *err) MUST_USE;

/*
 * The first bytes of single files, for what must be known before the plan
 * (/etc/passwd, /etc/group): reads as far as needed. out[i] belongs to
 * wanted[i] (file indices), is emptied first, and stays empty for a ghost.
 */
struct strbuf;
int payload_extract(const struct package *p, const struct package_files *files,
		    const uint32_t *wanted, size_t wanted_count, struct strbuf *out, size_t max,
		    struct error *err) MUST_USE;

#endif
