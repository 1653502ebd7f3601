/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of files that `labpack create` makes, and the ISO image among them. */
#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

#include "labpack/create.h"
#include "labpack/iso.h"

static const struct {
	const char *suffix;
	enum archive_compression compression;
} kinds[] = {
	{ ".tar", ARCHIVE_PLAIN },   { ".tar.zst", ARCHIVE_ZSTD }, { ".tzst", ARCHIVE_ZSTD },
	{ ".tar.xz", ARCHIVE_XZ },   { ".txz", ARCHIVE_XZ },	   { ".tar.gz", ARCHIVE_GZIP },
	{ ".tgz", ARCHIVE_GZIP },    { ".iso", ARCHIVE_ZSTD },
};

static const char readme[] =
	"This is a lab of User-Mode Linux machines, made by labpack.\n"
	"\n"
	"    labpack extract IMAGE.iso     unpacks and verifies it, from the image or the disc's device\n"
	"\n"
	"Without labpack: tar --zstd -xf lab.tar.zst, go to the folder and run ./lab start there.\n"
	"lab is the script that starts it, linux the kernel (both are in the archive, too);\n"
	"MANIFEST has a digest of each file.\n";

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n > k && strcmp(text + n - k, end) == 0;
}

bool create_is_iso(const char *file)
{
	return ends_with(file, ".iso");
}

int create_kind(const char *file, enum archive_compression *compression, struct error *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (ends_with(file, kinds[i].suffix)) {
			*compression = kinds[i].compression;
			return 0;
		}
	error_set(err, -ERR_USAGE, NULL, "'%s' has no name of an archive", file);
	return error_hint(err, ".tar, .tar.zst, .tar.xz, .tar.gz or .iso");
}

/* "mylab" -> "MYLAB": what a volume may be called. */
static void volume_name(const char *top, char volume[33])
{
	size_t n = 0;

	for (; top[n] && n < 32; n++)
		volume[n] = isalnum((unsigned char)top[n]) && !(top[n] & 0x80) ?
				    (char)toupper((unsigned char)top[n]) :
				    '_';
	volume[n] = '\0';
}

static int64_t newest(const struct pack *p)
{
	int64_t mtime = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->members[i].mtime > mtime)
			mtime = p->members[i].mtime;
	return mtime;
}

/* A file of the lab at the image's root as well, when there is one. */
static int add_member(struct iso *iso, const struct pack *p, const char *path, const char *name,
		      const char *iso_name, struct error *err)
{
	const struct pack_member *m = pack_find(p, path);

	if (!m || m->type != MANIFEST_FILE)
		return 0;
	return iso_add(iso,
		       &(struct iso_file){ .name = name, .iso_name = iso_name, .mode = 0555,
					   .mtime = m->mtime },
		       m->text, m->text ? strlen(m->text) : 0, m->source, err);
}

static int add_small(struct iso *iso, const struct pack *p, const struct manifest *manifest,
		     int64_t mtime, struct error *err)
{
	struct iso_file about = { .name = "README", .iso_name = "README.;1", .mode = 0444,
				  .mtime = mtime };
	struct iso_file list = { .name = MANIFEST_NAME, .iso_name = "MANIFEST.;1", .mode = 0444,
				 .mtime = mtime };
	struct strbuf text = STRBUF_INIT;
	int rc = manifest_print(manifest, &text, err);

	if (!rc)
		rc = iso_add(iso, &list, text.data, text.len, NULL, err);
	if (!rc)
		rc = iso_add(iso, &about, readme, sizeof(readme) - 1, NULL, err);
	if (!rc)
		rc = add_member(iso, p, "lab", "lab", "LAB.;1", err);
	if (!rc)
		rc = add_member(iso, p, "kernel/linux", "linux", "LINUX.;1", err);
	strbuf_release(&text);
	return rc;
}

int create_iso(struct collection *c, int fd, const char *name, const struct pack_options *o,
	       struct manifest *manifest, uint64_t *bytes, struct error *err)
{
	int64_t mtime = newest(&c->pack);
	struct iso_file archive = { .name = "lab.tar.zst", .iso_name = "LAB_TAR.ZST;1",
				    .mode = 0444, .mtime = mtime };
	char volume[33];
	struct iso iso;
	int rc = iso_begin(&iso, fd, name, err);

	if (!rc)
		rc = pack_write(&c->pack, fd, name, o, manifest, bytes, err);
	if (!rc)
		rc = iso_note(&iso, &archive, *bytes, err);
	if (!rc)
		rc = add_small(&iso, &c->pack, manifest, mtime, err);
	volume_name(o->top, volume);
	if (!rc)
		rc = iso_finish(&iso, *volume ? volume : "LAB", mtime, err);
	*bytes = iso.end;
	return rc;
}
