/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <rpm/header.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmds.h>
#include <sys/stat.h>

#include "tests/tools/lib/forge.h"

/* headerPut*() of n values that get() gives, one by one. */
#define PUT_STRINGS(h, tag, f, expression)                                                         \
	for (size_t i = 0; i < (f)->file_count; i++) {                                             \
		const struct forge_file *file = &(f)->files[i];                                    \
		headerPutString((h), (tag), (expression));                                         \
	}

static void put_u32(Header h, rpmTagVal tag, uint32_t value)
{
	headerPutUint32(h, tag, &value, 1);
}

/* "/usr/bin/" of "/usr/bin/ls" into dir, and the rest. */
static const char *split(const char *path, char *dir, size_t dir_size)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) + 1 : 0;

	if (n >= dir_size)
		n = dir_size - 1;
	memcpy(dir, path, n);
	dir[n] = '\0';
	return path + n;
}

static void put_names(Header h, const struct forge *f)
{
	struct strlist dirs = STRLIST_INIT;
	char dir[4096];

	if (f->old_layout) {
		PUT_STRINGS(h, RPMTAG_OLDFILENAMES, f, file->path)
		return;
	}
	for (size_t i = 0; i < f->file_count; i++) {
		const char *base = split(f->files[i].path, dir, sizeof(dir));
		long index = strlist_find(&dirs, dir);

		if (index < 0 && strlist_add(&dirs, dir) == 0)
			index = (long)dirs.count - 1;
		if (i + 1 == f->file_count && (f->lies & LIE_DIRINDEX))
			index = 1000000;
		headerPutString(h, RPMTAG_BASENAMES, base);
		headerPutUint32(h, RPMTAG_DIRINDEXES, &(uint32_t){ (uint32_t)index }, 1);
	}
	for (size_t i = 0; i < dirs.count; i++)
		headerPutString(h, RPMTAG_DIRNAMES, dirs.items[i]);
	strlist_release(&dirs);
}

static void put_sizes(Header h, const struct forge *f)
{
	uint64_t total = 0;

	for (size_t i = 0; i < f->file_count; i++) {
		uint64_t size = f->files[i].size;

		total += size;
		if (i + 1 == f->file_count && (f->lies & LIE_SIZE))
			size++;
		if (forge_is_large(f))
			headerPutUint64(h, RPMTAG_LONGFILESIZES, &size, 1);
		else
			put_u32(h, RPMTAG_FILESIZES, (uint32_t)size);
	}
	if (total > UINT32_MAX)
		headerPutUint64(h, RPMTAG_LONGSIZE, &total, 1);
	else
		put_u32(h, RPMTAG_SIZE, (uint32_t)total);
}

static void put_file_numbers(Header h, const struct forge *f)
{
	for (size_t i = 0; i < f->file_count; i++) {
		const struct forge_file *file = &f->files[i];

		if (!(i + 1 == f->file_count && (f->lies & LIE_COUNT)))
			headerPutUint16(h, RPMTAG_FILEMODES, &(uint16_t){ (uint16_t)file->mode },
					1);
		headerPutUint16(h, RPMTAG_FILERDEVS, &(uint16_t){ (uint16_t)file->rdev }, 1);
		put_u32(h, RPMTAG_FILEMTIMES, file->mtime);
		put_u32(h, RPMTAG_FILEFLAGS, file->flags);
		put_u32(h, RPMTAG_FILEVERIFYFLAGS, UINT32_MAX);
		put_u32(h, RPMTAG_FILEDEVICES, 1);
		put_u32(h, RPMTAG_FILEINODES, file->inode);
		if (!f->old_layout)
			put_u32(h, RPMTAG_FILECOLORS, file->colour);
	}
}

static void put_files(Header h, const struct forge *f)
{
	bool caps = false;

	if (!f->file_count)
		return;
	put_names(h, f);
	put_sizes(h, f);
	put_file_numbers(h, f);
	PUT_STRINGS(h, RPMTAG_FILEUSERNAME, f, file->user)
	PUT_STRINGS(h, RPMTAG_FILEGROUPNAME, f, file->group)
	PUT_STRINGS(h, RPMTAG_FILELINKTOS, f, S_ISLNK(file->mode) ? file->text : "")
	PUT_STRINGS(h, RPMTAG_FILELANGS, f, file->path ? "" : "")
	for (size_t i = 0; i < f->file_count; i++) {
		char digest[sizeof(f->files[i].digest)];

		memcpy(digest, f->files[i].digest, sizeof(digest));
		if (i + 1 == f->file_count && (f->lies & LIE_DIGEST))
			digest[0] = digest[0] == '0' ? '1' : '0';
		headerPutString(h, RPMTAG_FILEDIGESTS, digest);
		caps = caps || f->files[i].caps;
	}
	if (caps)
		PUT_STRINGS(h, RPMTAG_FILECAPS, f, file->caps ? file->caps : "")
	if (!f->old_layout)
		put_u32(h, RPMTAG_FILEDIGESTALGO, RPM_HASH_SHA256);
}

static void put_dep(Header h, rpmTagVal name_tag, const char *name, uint32_t flags,
		    const char *version)
{
	static const rpmTagVal tags[][3] = {
		{ RPMTAG_REQUIRENAME, RPMTAG_REQUIREFLAGS, RPMTAG_REQUIREVERSION },
		{ RPMTAG_PROVIDENAME, RPMTAG_PROVIDEFLAGS, RPMTAG_PROVIDEVERSION },
		{ RPMTAG_CONFLICTNAME, RPMTAG_CONFLICTFLAGS, RPMTAG_CONFLICTVERSION },
		{ RPMTAG_OBSOLETENAME, RPMTAG_OBSOLETEFLAGS, RPMTAG_OBSOLETEVERSION },
		{ RPMTAG_RECOMMENDNAME, RPMTAG_RECOMMENDFLAGS, RPMTAG_RECOMMENDVERSION },
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (tags[i][0] != name_tag)
			continue;
		headerPutString(h, tags[i][0], name);
		put_u32(h, tags[i][1], flags);
		headerPutString(h, tags[i][2], version);
	}
}

static void put_rpmlib(Header h, const struct forge *f)
{
	uint32_t flags = RPMSENSE_LESS | RPMSENSE_EQUAL | RPMSENSE_RPMLIB;

	if (f->old_layout)
		return;
	put_dep(h, RPMTAG_REQUIRENAME, "rpmlib(CompressedFileNames)", flags, "3.0.4-1");
	put_dep(h, RPMTAG_REQUIRENAME, "rpmlib(PayloadFilesHavePrefix)", flags, "4.0-1");
	if (forge_is_large(f))
		put_dep(h, RPMTAG_REQUIRENAME, "rpmlib(LargeFiles)", flags, "4.12.0-1");
	if (strcmp(f->compress, "xz") == 0)
		put_dep(h, RPMTAG_REQUIRENAME, "rpmlib(PayloadIsXz)", flags, "5.2-1");
	if (strcmp(f->compress, "zstd") == 0)
		put_dep(h, RPMTAG_REQUIRENAME, "rpmlib(PayloadIsZstd)", flags, "5.4.18-1");
}

static void put_deps(Header h, const struct forge *f)
{
	char evr[256];

	snprintf(evr, sizeof(evr), "%s-%s", f->version, f->release);
	/* rpm 3 had no provide of a package's own name. */
	if (!f->old_layout)
		put_dep(h, RPMTAG_PROVIDENAME, f->name, RPMSENSE_EQUAL, evr);
	for (size_t i = 0; i < f->dep_count; i++)
		put_dep(h, f->deps[i].name_tag, f->deps[i].name, f->deps[i].flags,
			f->deps[i].version);
	put_rpmlib(h, f);
}

Header forge_header(const struct forge *f, const char *payload_digest, uint64_t archive_size)
{
	Header h = headerNew();

	if (!h)
		return NULL;
	headerPutString(h, RPMTAG_NAME, f->name);
	headerPutString(h, RPMTAG_VERSION, f->version);
	headerPutString(h, RPMTAG_RELEASE, f->release);
	if (f->has_epoch)
		put_u32(h, RPMTAG_EPOCH, f->epoch);
	headerPutString(h, RPMTAG_ARCH, f->arch);
	headerPutString(h, RPMTAG_OS, f->os);
	headerPutString(h, RPMTAG_SUMMARY, "made for a test");
	headerPutString(h, RPMTAG_DESCRIPTION, "Made for a test.");
	headerPutString(h, RPMTAG_LICENSE, "GPL-2.0-or-later");
	headerPutString(h, RPMTAG_GROUP, "Tests");
	headerPutString(h, RPMTAG_BUILDHOST, "localhost");
	headerPutString(h, RPMTAG_SOURCERPM, "forged-1-1.src.rpm");
	headerPutString(h, RPMTAG_RPMVERSION, f->old_layout ? "3.0.4" : "4.18.0");
	put_u32(h, RPMTAG_BUILDTIME, f->build_time);
	headerPutString(h, RPMTAG_PAYLOADFORMAT, "cpio");
	if (strcmp(f->compress, "none") != 0)
		headerPutString(h, RPMTAG_PAYLOADCOMPRESSOR, f->compress);
	if (f->old_layout) /* later it stands in the signature, and must not stand here */
		put_u32(h, RPMTAG_ARCHIVESIZE, (uint32_t)archive_size);
	put_files(h, f);
	put_deps(h, f);
	for (size_t i = 0; i < f->script_count; i++) {
		headerPutString(h, f->scripts[i].interpreter_tag, f->scripts[i].interpreter);
		if (f->scripts[i].body)
			headerPutString(h, f->scripts[i].tag, f->scripts[i].body);
	}
	if (f->old_layout)
		return h;
	if (!(f->lies & LIE_NO_DIGESTS)) {
		headerPutStringArray(h, RPMTAG_PAYLOADDIGEST, &payload_digest, 1);
		put_u32(h, RPMTAG_PAYLOADDIGESTALGO, RPM_HASH_SHA256);
	}
	return headerReload(h, RPMTAG_HEADERIMMUTABLE);
}
