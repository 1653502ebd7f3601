/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contradictions in a header's file lists.
 *
 * A header is parallel arrays, one entry a file. Signed ones are as good as
 * their signer; with --allow-unsigned they are anybody's.
 */
#include "pkg/filecheck.h"

#include <errno.h>
#include <limits.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmfi.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmtag.h>
#include <rpm/rpmtd.h>
#include <stdbool.h>
#include <sys/stat.h>

#define FILE_SIZE_MAX ((uint64_t)INT64_MAX / 4) /* sums of a few stay in 64 bits */
#define NAME_BYTES_MAX 255
#define TARGET_BYTES_MAX 4095

enum list {
	BASE, DIR, INDEX, MODE, SIZE, LONGSIZE, MTIME, FLAGS, USER, GROUP, TARGET,
	RDEV, DIGEST, INODE, DEVICE, COLOUR, CAPS, VERIFY, LANGS, LISTS
};

static const struct {
	rpmTagVal tag;
	rpmTagType type;
	bool required; /* when there are files */
} lists[LISTS] = {
	[BASE] = { RPMTAG_BASENAMES, RPM_STRING_ARRAY_TYPE, true },
	[DIR] = { RPMTAG_DIRNAMES, RPM_STRING_ARRAY_TYPE, true },
	[INDEX] = { RPMTAG_DIRINDEXES, RPM_INT32_TYPE, true },
	[MODE] = { RPMTAG_FILEMODES, RPM_INT16_TYPE, true },
	[SIZE] = { RPMTAG_FILESIZES, RPM_INT32_TYPE, false },
	[LONGSIZE] = { RPMTAG_LONGFILESIZES, RPM_INT64_TYPE, false },
	[MTIME] = { RPMTAG_FILEMTIMES, RPM_INT32_TYPE, true },
	[FLAGS] = { RPMTAG_FILEFLAGS, RPM_INT32_TYPE, true },
	[USER] = { RPMTAG_FILEUSERNAME, RPM_STRING_ARRAY_TYPE, true },
	[GROUP] = { RPMTAG_FILEGROUPNAME, RPM_STRING_ARRAY_TYPE, true },
	[TARGET] = { RPMTAG_FILELINKTOS, RPM_STRING_ARRAY_TYPE, false },
	[RDEV] = { RPMTAG_FILERDEVS, RPM_INT16_TYPE, false },
	[DIGEST] = { RPMTAG_FILEDIGESTS, RPM_STRING_ARRAY_TYPE, false },
	[INODE] = { RPMTAG_FILEINODES, RPM_INT32_TYPE, false },
	[DEVICE] = { RPMTAG_FILEDEVICES, RPM_INT32_TYPE, false },
	[COLOUR] = { RPMTAG_FILECOLORS, RPM_INT32_TYPE, false },
	[CAPS] = { RPMTAG_FILECAPS, RPM_STRING_ARRAY_TYPE, false },
	[VERIFY] = { RPMTAG_FILEVERIFYFLAGS, RPM_INT32_TYPE, false },
	[LANGS] = { RPMTAG_FILELANGS, RPM_STRING_ARRAY_TYPE, false },
};

struct scan {
	const char *subject;
	struct error *err;
	struct rpmtd_s td[LISTS]; /* data is NULL where the header has none */
	uint32_t count;
	size_t digest_hex; /* characters of a digest */
};

static const char *text_at(const struct scan *s, enum list l, uint32_t i)
{
	return s->td[l].data ? ((char *const *)s->td[l].data)[i] : "";
}

static uint32_t number_at(const struct scan *s, enum list l, uint32_t i)
{
	return s->td[l].data ? ((const uint32_t *)s->td[l].data)[i] : 0;
}

static uint16_t mode_at(const struct scan *s, uint32_t i)
{
	return ((const uint16_t *)s->td[MODE].data)[i];
}

static uint64_t size_at(const struct scan *s, uint32_t i)
{
	return s->td[LONGSIZE].data ? ((const uint64_t *)s->td[LONGSIZE].data)[i] :
				      number_at(s, SIZE, i);
}

static bool has_bytes(const struct scan *s, uint32_t i)
{
	return S_ISREG(mode_at(s, i)) && !(number_at(s, FLAGS, i) & RPMFILE_GHOST);
}

/* Bad file i: the message names it, as far as it has a name. */
static int refuse(const struct scan *s, int code, uint32_t i, const char *why)
{
	return error_set(s->err, code, s->subject, "'%s%s': %s",
			 text_at(s, DIR, number_at(s, INDEX, i)), text_at(s, BASE, i), why);
}

static int load_lists(struct scan *s, Header h)
{
	for (int l = 0; l < LISTS; l++) {
		const char *name = rpmTagGetName(lists[l].tag);

		if (!headerGet(h, lists[l].tag, &s->td[l], HEADERGET_MINMEM)) {
			s->td[l].data = NULL;
			if (lists[l].required && s->count)
				return error_set(s->err, -ERR_FORMAT, s->subject,
						 "the header has files but no %s", name);
			continue;
		}
		if (s->td[l].type != lists[l].type || !s->td[l].data)
			return error_set(s->err, -ERR_FORMAT, s->subject,
					 "%s in the header has a wrong type", name);
		if (l == BASE)
			s->count = rpmtdCount(&s->td[l]);
		else if (l != DIR && rpmtdCount(&s->td[l]) != s->count)
			return error_set(s->err, -ERR_FORMAT, s->subject,
					 "the header has %u files but %u entries in %s", s->count,
					 rpmtdCount(&s->td[l]), name);
	}
	if (s->count && !s->td[SIZE].data == !s->td[LONGSIZE].data)
		return error_set(s->err, -ERR_FORMAT, s->subject,
				 s->td[SIZE].data ? "the header has two lists of file sizes" :
						    "the header has no file sizes");
	return 0;
}

static int load_digest_algorithm(struct scan *s, Header h)
{
	uint64_t algorithm = RPM_HASH_MD5;
	size_t length = 0;

	if (headerIsEntry(h, RPMTAG_FILEDIGESTALGO))
		algorithm = headerGetNumber(h, RPMTAG_FILEDIGESTALGO);
	if (algorithm < 256)
		length = rpmDigestLength((int)algorithm);
	if (!length && s->count)
		return error_set(s->err, -ERR_UNSUPPORTED, s->subject,
				 "file digests of an unknown kind (%llu)",
				 (unsigned long long)algorithm);
	s->digest_hex = 2 * length;
	return 0;
}

static int check_folder(const struct scan *s, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 0 || dir[0] != '/' || dir[n - 1] != '/')
		return error_set(s->err, -ERR_FORMAT, s->subject,
				 "folder '%s' in the header is not absolute", dir);
	if (n >= PATH_MAX)
		return error_set(s->err, -ERR_LIMIT, s->subject, "a path is longer than %d bytes",
				 PATH_MAX - 1);
	if (strstr(dir, "/../"))
		return error_set(s->err, -ERR_ESCAPE, s->subject,
				 "path '%s' tries to leave its folder by '..'", dir);
	return 0;
}

static int check_name(const struct scan *s, uint32_t i)
{
	const char *base = text_at(s, BASE, i);
	size_t n = strlen(base);

	/* Only "/" itself has no name. */
	if (n == 0 && !(S_ISDIR(mode_at(s, i)) &&
			strcmp(text_at(s, DIR, number_at(s, INDEX, i)), "/") == 0))
		return refuse(s, -ERR_FORMAT, i, "a file without a name");
	if (strcmp(base, "..") == 0)
		return refuse(s, -ERR_ESCAPE, i, "tries to leave its folder");
	if (strchr(base, '/') || strcmp(base, ".") == 0)
		return refuse(s, -ERR_FORMAT, i, "not a file name");
	if (n > NAME_BYTES_MAX ||
	    strlen(text_at(s, DIR, number_at(s, INDEX, i))) + n >= PATH_MAX)
		return refuse(s, -ERR_LIMIT, i, "the name is too long");
	return 0;
}

static int check_type(const struct scan *s, uint32_t i)
{
	uint16_t mode = mode_at(s, i);
	const char *target = text_at(s, TARGET, i);

	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFCHR:
	case S_IFBLK:
		return s->td[RDEV].data ? 0 : refuse(s, -ERR_FORMAT, i, "a device without numbers");
	case S_IFLNK:
		if (!target[0])
			return refuse(s, -ERR_FORMAT, i, "a symbolic link without a target");
		/* librpm reserves the size of a link in memory. */
		if (strlen(target) > TARGET_BYTES_MAX || size_at(s, i) > TARGET_BYTES_MAX)
			return refuse(s, -ERR_LIMIT, i, "the link's target is too long");
		return 0;
	case 0: /* a ghost that was not there when the package was built */
		if (number_at(s, FLAGS, i) & RPMFILE_GHOST)
			return 0;
		break;
	}
	return refuse(s, -ERR_FORMAT, i, "an unknown type of file");
}

static int check_digest(const struct scan *s, uint32_t i)
{
	const char *hex = text_at(s, DIGEST, i);
	size_t n = strlen(hex);

	if (n && (n != s->digest_hex || strspn(hex, "0123456789abcdefABCDEF") != n))
		return refuse(s, -ERR_FORMAT, i, "the digest is malformed");
	if (has_bytes(s, i) && size_at(s, i) && strspn(hex, "0") == n)
		return refuse(s, -ERR_FORMAT, i, "has no digest");
	return 0;
}

static int check_file(const struct scan *s, uint32_t i)
{
	int rc = check_name(s, i);

	if (!rc)
		rc = check_type(s, i);
	if (!rc)
		rc = check_digest(s, i);
	if (!rc && size_at(s, i) > FILE_SIZE_MAX)
		rc = refuse(s, -ERR_LIMIT, i, "absurd size");
	return rc;
}

struct link {
	uint32_t device, inode, file;
};

static int link_compare(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

/* Hard links of each other must be the same file in every respect. Adds up the bytes. */
static int check_links(const struct scan *s, uint64_t *bytes)
{
	struct link *links = calloc(s->count ? s->count : 1, sizeof(*links));
	uint32_t n = 0;
	int rc = 0;

	if (!links)
		return error_nomem(s->err);
	for (uint32_t i = 0; i < s->count; i++)
		if (has_bytes(s, i))
			links[n++] =
				(struct link){ number_at(s, DEVICE, i), number_at(s, INODE, i), i };
	qsort(links, n, sizeof(*links), link_compare);
	for (uint32_t k = 0; k < n && !rc; k++) {
		uint32_t i = links[k].file, first = k ? links[k - 1].file : 0;
		/* As librpm sees it: without devices, or with inode 0, there are no links. */
		bool linked = k && s->td[DEVICE].data && links[k].inode &&
			      links[k].inode == links[k - 1].inode &&
			      links[k].device == links[k - 1].device;

		if (linked && (size_at(s, i) != size_at(s, first) ||
			       strcasecmp(text_at(s, DIGEST, i), text_at(s, DIGEST, first)) != 0))
			rc = refuse(s, -ERR_FORMAT, i, "differs from what it is a hard link of");
		else if (!linked && (*bytes += size_at(s, i)) > FILE_SIZE_MAX)
			rc = refuse(s, -ERR_LIMIT, i, "absurd size");
	}
	free(links);
	return rc;
}

/* librpm lets other kinds of strings pass, and crashes on copying them. */
static int check_prefixes(const struct scan *s, Header h)
{
	struct rpmtd_s td;
	int rc = 0;

	if (!headerGet(h, RPMTAG_PREFIXES, &td, HEADERGET_MINMEM))
		return 0;
	if (td.type != RPM_STRING_ARRAY_TYPE)
		rc = error_set(s->err, -ERR_FORMAT, s->subject,
			       "%s in the header has a wrong type", rpmTagGetName(RPMTAG_PREFIXES));
	rpmtdFreeData(&td);
	return rc;
}

int header_check_files(Header h, const char *subject, uint64_t *bytes, struct error *err)
{
	struct scan s = { .subject = subject, .err = err };
	int rc = 0;

	*bytes = 0;
	if (headerIsEntry(h, RPMTAG_OLDFILENAMES) && !headerIsEntry(h, RPMTAG_BASENAMES))
		return error_set(err, -ERR_FORMAT, subject, "the old file list cannot be read");
	rc = check_prefixes(&s, h);
	if (!rc)
		rc = load_lists(&s, h);
	if (!rc)
		rc = load_digest_algorithm(&s, h);
	for (uint32_t i = 0; !rc && i < s.count; i++)
		if (number_at(&s, INDEX, i) >= rpmtdCount(&s.td[DIR]))
			rc = error_set(err, -ERR_FORMAT, subject,
				       "file %u lies in a folder that the header does not have", i);
	for (uint32_t i = 0; !rc && s.count && i < rpmtdCount(&s.td[DIR]); i++)
		rc = check_folder(&s, text_at(&s, DIR, i));
	for (uint32_t i = 0; !rc && i < s.count; i++)
		rc = check_file(&s, i);
	if (!rc)
		rc = check_links(&s, bytes);
	for (int l = 0; l < LISTS; l++)
		rpmtdFreeData(&s.td[l]);
	return rc;
}
