/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file list of a package, as the planner wants it. */
#include "pkg/files.h"

#include <rpm/rpmstrpool.h>
#include <sys/stat.h>

#include "pkg/filecheck.h"
#include "pkg/init.h"

/* What nothing here asks for need not be parsed. */
#define SKIPPED (RPMFI_NOHEADER | RPMFI_NOFILECLASS | RPMFI_NOFILEDEPS | RPMFI_NOFILESTATES | \
		 RPMFI_NOFILELANGS | RPMFI_NOFILEVERIFYFLAGS | RPMFI_NOFILESIGNATURES | \
		 RPMFI_NOVERITYSIGNATURES)

static uint32_t translate_flags(rpmfileAttrs attrs)
{
	uint32_t flags = 0;

	if (attrs & RPMFILE_CONFIG)
		flags |= PACKAGE_FILE_CONFIG;
	if (attrs & RPMFILE_GHOST)
		flags |= PACKAGE_FILE_GHOST;
	if (attrs & RPMFILE_DOC)
		flags |= PACKAGE_FILE_DOC;
	if (attrs & RPMFILE_MISSINGOK)
		flags |= PACKAGE_FILE_MISSING_OK;
	if (attrs & RPMFILE_NOREPLACE)
		flags |= PACKAGE_FILE_NOREPLACE;
	return flags;
}

/* NULL for what has no bytes, and for the zeros that old rpms wrote for empty files. */
static const uint8_t *file_digest(rpmfiles rpm, int i, const struct package_file *f, size_t *size,
				  uint32_t *algorithm)
{
	int algo = 0;
	const uint8_t *digest = rpmfilesFDigest(rpm, i, &algo, size);
	size_t k = 0;

	*algorithm = (uint32_t)algo;
	if (digest && S_ISREG(f->mode) && !(f->flags & PACKAGE_FILE_GHOST))
		while (k < *size && !digest[k])
			k++;
	else
		k = *size;
	return k < *size ? digest : NULL;
}

static void load_file(struct package_file *f, rpmfiles rpm, int i, char *path)
{
	const int *links = NULL;
	const char *caps = rpmfilesFCaps(rpm, i);
	uint32_t rdev = rpmfilesFRdev(rpm, i);

	f->path = path;
	f->mode = rpmfilesFMode(rpm, i) & 0177777;
	f->flags = translate_flags(rpmfilesFFlags(rpm, i));
	if (!(f->mode & S_IFMT)) /* only a ghost may: it passed header_check_files() */
		f->mode |= S_IFREG;
	f->mtime = rpmfilesFMtime(rpm, i);
	f->colour = rpmfilesFColor(rpm, i);
	f->user = rpmfilesFUser(rpm, i);
	f->group = rpmfilesFGroup(rpm, i);
	f->size = S_ISREG(f->mode) ? rpmfilesFSize(rpm, i) : 0;
	if (S_ISCHR(f->mode) || S_ISBLK(f->mode)) {
		f->rdev_major = rdev >> 8 & 0xff;
		f->rdev_minor = rdev & 0xff;
	}
	f->target = S_ISLNK(f->mode) ? rpmfilesFLink(rpm, i) : NULL;
	f->caps = caps && caps[0] ? caps : NULL;
	f->digest = file_digest(rpm, i, f, &f->digest_size, &f->digest_algo);
	if (rpmfilesFLinks(rpm, i, &links) > 1)
		f->link_set = (uint32_t)links[0] + 1;
}

/* One block for all paths: a distribution has some hundred thousand. */
static int load_paths(struct files_private *private, size_t count, struct package_file *items,
		      struct error *err)
{
	size_t total = 0, at = 0;

	for (size_t i = 0; i < count; i++) {
		int dir = rpmfilesDI(private->rpm, (int)i);

		total += strlen(rpmfilesDN(private->rpm, dir)) +
			 strlen(rpmfilesBN(private->rpm, (int)i)) + 1;
	}
	private->paths = malloc(total ? total : 1);
	if (!private->paths)
		return error_nomem(err);
	for (size_t i = 0; i < count; i++) {
		int dir = rpmfilesDI(private->rpm, (int)i);
		char *path = private->paths + at;
		int n = snprintf(path, total - at, "%s%s", rpmfilesDN(private->rpm, dir),
				 rpmfilesBN(private->rpm, (int)i));

		load_file(&items[i], private->rpm, (int)i, path);
		at += (size_t)n + 1;
	}
	return 0;
}

int package_files_load(struct package_files *files, const struct package *p, struct error *err)
{
	struct files_private *private;
	struct strbuf log = STRBUF_INIT;
	const char *name = p->nevra ? p->nevra : package_file_name(p);
	uint64_t bytes;
	int rc;

	*files = (struct package_files){ NULL, 0, NULL };
	rc = header_check_files(p->header, name, &bytes, err);
	if (rc)
		return rc;
	private = calloc(1, sizeof(*private));
	if (!private)
		return error_nomem(err);
	files->private_data = private;
	pkg_log_begin(&log);
	private->rpm = rpmfilesNew(NULL, p->header, RPMTAG_BASENAMES, SKIPPED);
	pkg_log_end();
	if (!private->rpm) {
		rc = error_set(err, -ERR_FORMAT, name, "the file list cannot be read: %s",
			       pkg_log_last(&log, "librpm gives no reason"));
	} else {
		files->count = rpmfilesFC(private->rpm);
		files->items = calloc(files->count ? files->count : 1, sizeof(*files->items));
		rc = files->items ? load_paths(private, files->count, files->items, err) :
				    error_nomem(err);
	}
	strbuf_release(&log);
	if (rc)
		package_files_release(files);
	return rc;
}

void package_files_release(struct package_files *files)
{
	struct files_private *private = files->private_data;

	if (private) {
		rpmfilesFree(private->rpm);
		free(private->paths);
		free(private);
	}
	free(files->items);
	*files = (struct package_files){ NULL, 0, NULL };
}
