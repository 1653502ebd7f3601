/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media made by the tests of pkg/: folders below one temporary folder, text
 * files, and RPM files with a header and no payload, written by librpm.
 */
#ifndef TESTS_UNIT_PKG_FIXTURE_H
#define TESTS_UNIT_PKG_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <rpm/header.h>
#include <rpm/rpmds.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/strbuf.h"
#include "pkg/verify.h"

#define UNUSED __attribute__((unused))

static char fixture_dir[64];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

/* cmocka setup and teardown: an empty folder for each test. */
UNUSED static int fixture_setup(void **state)
{
	strncpy(fixture_dir, "/tmp/mkroot-test-XXXXXX", sizeof(fixture_dir) - 1);
	return mkdtemp(fixture_dir) && !pkg_init(NULL) ? 0 : -1;
}

UNUSED static int fixture_teardown(void **state)
{
	if (strncmp(fixture_dir, "/tmp/mkroot-test-", 17))
		return -1;
	return nftw(fixture_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name below the folder; freed by the caller. */
UNUSED static char *fixture_path(const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s%s%s", fixture_dir, *name ? "/" : "", name) > 0);
	return path;
}

UNUSED static void fixture_mkdir(const char *name)
{
	char *path = fixture_path(name);

	for (char *p = path + strlen(fixture_dir) + 1; p <= path + strlen(path); p++) {
		if (*p != '/' && *p)
			continue;
		char c = *p;

		*p = '\0';
		assert_true(!mkdir(path, 0755) || errno == EEXIST);
		if (!c)
			break;
		*p = c;
	}
	free(path);
}

UNUSED static void fixture_write(const char *name, const void *data, size_t size)
{
	char *path = fixture_path(name), *folder = strdup(name);
	FILE *f;

	if (strrchr(folder, '/')) {
		*strrchr(folder, '/') = '\0';
		fixture_mkdir(folder);
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
	free(folder);
	free(path);
}

UNUSED static void fixture_text(const char *name, const char *text)
{
	fixture_write(name, text, strlen(text));
}

/*
 * A package's words: "name version release arch"; lists are blank-separated
 * names. is_old: as rpm 3 wrote it, with whole file names, without a header
 * region, and with provides and obsoletes that have no versions.
 */
struct fixture_rpm {
	const char *nevra, *requires, *provides;
	bool is_source, is_old;
	const char *files, *obsoletes;
};

/* version 0: only the names. */
static void put_dependencies(Header h, const char *names, rpmTagVal name, rpmTagVal version,
			     rpmTagVal flags)
{
	char *copy = strdup(names), *save = NULL;
	uint32_t any = RPMSENSE_ANY;

	for (char *n = strtok_r(copy, " ", &save); n; n = strtok_r(NULL, " ", &save)) {
		headerPutString(h, name, n);
		if (!version)
			continue;
		headerPutString(h, version, "");
		headerPutUint32(h, flags, &any, 1);
	}
	free(copy);
}

UNUSED static Header fixture_header(const struct fixture_rpm *r)
{
	char *copy = strdup(r->nevra), *save = NULL;
	static const rpmTagVal tags[] = { RPMTAG_NAME, RPMTAG_VERSION, RPMTAG_RELEASE,
					  RPMTAG_ARCH };
	uint32_t equal = RPMSENSE_EQUAL, size = 0, one = 1;
	Header h = headerNew();
	const char *word[4];
	char *evr;

	for (int i = 0; i < 4; i++) {
		word[i] = strtok_r(i ? NULL : copy, " ", &save);
		assert_non_null(word[i]);
		headerPutString(h, tags[i], word[i]);
	}
	headerPutString(h, RPMTAG_OS, "linux");
	headerPutString(h, RPMTAG_PAYLOADFORMAT, "cpio");
	headerPutString(h, RPMTAG_PAYLOADCOMPRESSOR, "gzip");
	headerPutUint32(h, RPMTAG_SIZE, &size, 1);
	if (r->is_source)
		headerPutUint32(h, RPMTAG_SOURCEPACKAGE, &one, 1);
	else
		headerPutString(h, RPMTAG_SOURCERPM, "source-1-1.src.rpm");
	assert_true(asprintf(&evr, "%s-%s", word[1], word[2]) > 0);
	if (!r->is_old) {
		headerPutString(h, RPMTAG_PROVIDENAME, word[0]);
		headerPutString(h, RPMTAG_PROVIDEVERSION, evr);
		headerPutUint32(h, RPMTAG_PROVIDEFLAGS, &equal, 1);
	}
	if (r->provides)
		put_dependencies(h, r->provides, RPMTAG_PROVIDENAME,
				 r->is_old ? 0 : RPMTAG_PROVIDEVERSION, RPMTAG_PROVIDEFLAGS);
	if (r->obsoletes)
		put_dependencies(h, r->obsoletes, RPMTAG_OBSOLETENAME,
				 r->is_old ? 0 : RPMTAG_OBSOLETEVERSION, RPMTAG_OBSOLETEFLAGS);
	if (r->files)
		put_dependencies(h, r->files, RPMTAG_OLDFILENAMES, 0, 0);
	if (r->requires)
		put_dependencies(h, r->requires, RPMTAG_REQUIRENAME, RPMTAG_REQUIREVERSION,
				 RPMTAG_REQUIREFLAGS);
	free(evr);
	free(copy);
	if (!r->is_old)
		h = headerReload(h, RPMTAG_HEADERIMMUTABLE);
	assert_non_null(h);
	return h;
}

/* A package file at the name; what is behind the header does not matter to a reader of headers. */
UNUSED static void fixture_rpm(const char *name, const struct fixture_rpm *r)
{
	static const unsigned char magic[] = { 0xed, 0xab, 0xee, 0xdb, 3, 0 };
	Header sig = headerNew(), h = fixture_header(r);
	unsigned char lead[96] = { 0 };
	uint32_t size = 1;
	/* headerPutUint32() takes the number for that of a tag of packages. */
	struct rpmtd_s td = {
		.tag = RPMSIGTAG_SIZE, .type = RPM_INT32_TYPE, .count = 1, .data = &size
	};
	char *path;
	FD_t fd;

	memcpy(lead, magic, sizeof(magic));
	lead[7] = r->is_source;
	lead[9] = 1;
	lead[77] = 1;
	lead[79] = 5; /* signature in a header of its own */
	assert_true(headerPut(sig, &td, HEADERPUT_DEFAULT));
	if (!r->is_old)
		sig = headerReload(sig, RPMTAG_HEADERSIGNATURES);
	assert_non_null(sig);
	fixture_text(name, "");
	path = fixture_path(name);
	fd = Fopen(path, "w.ufdio");
	assert_non_null(fd);
	assert_int_equal(Fwrite(lead, 1, sizeof(lead), fd), sizeof(lead));
	assert_int_equal(headerWrite(fd, sig, HEADER_MAGIC_YES), 0);
	size = (8 - headerSizeof(sig, HEADER_MAGIC_YES) % 8) % 8;
	assert_int_equal(Fwrite("\0\0\0\0\0\0\0", 1, size, fd), size);
	assert_int_equal(headerWrite(fd, h, HEADER_MAGIC_YES), 0);
	assert_int_equal(Fclose(fd), 0);
	headerFree(sig);
	headerFree(h);
	free(path);
}

/* A tree in the folder (may be ""), with folders named as in SuSE 9, and these packages. */
UNUSED static void fixture_tree(const char *folder, const char *packages)
{
	const char *slash = *folder ? "/" : "";
	char *name, *text;

	assert_true(asprintf(&name, "%s%scontent", folder, slash) > 0);
	fixture_text(name, "PRODUCT Test\nDATADIR suse\nDESCRDIR suse/setup/descr\n");
	free(name);
	assert_true(asprintf(&name, "%s%ssuse/setup/descr/packages", folder, slash) > 0);
	assert_true(asprintf(&text, "=Ver: 2.0\n%s", packages) > 0);
	fixture_text(name, text);
	free(text);
	free(name);
}

UNUSED static void assert_contains(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("'%s' is not in '%s'", part, text ? text : "(null)");
}

#endif
