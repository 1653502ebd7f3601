/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkroot verify IMAGE: what rpm -Va would say in the guest, on the image file. */
#include <errno.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmtypes.h>
#include <sys/stat.h>

#include "common/program.h"
#include "mkroot/command.h"
#include "mkroot/installed.h"
#include "image/walk.h"
#include "pkg/filecheck.h"
#include "pkg/payload.h"
#include "pkg/verify.h"

#define CHUNK 262144
#define ACCOUNTS_MAX (4 << 20)

struct verification {
	struct image *image;
	struct strbuf passwd, group; /* of the image */
	char *chunk;
	size_t wrong; /* files that were told */
};

/* What of a file rpm does not compare, whatever the package wants. */
static rpmVerifyAttrs not_compared(uint32_t mode, rpmfileAttrs attrs)
{
	const rpmVerifyAttrs contents = RPMVERIFY_FILEDIGEST | RPMVERIFY_FILESIZE | RPMVERIFY_MTIME;
	rpmVerifyAttrs none = RPMVERIFY_LINKTO;

	if (S_ISDIR(mode) || S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode))
		none |= contents;
	if (S_ISLNK(mode))
		none = contents | RPMVERIFY_MODE;
	if (!S_ISREG(mode))
		none |= RPMVERIFY_CAPS;
	if (!S_ISCHR(mode) && !S_ISBLK(mode))
		none |= RPMVERIFY_RDEV;
	if (attrs & RPMFILE_GHOST)
		none |= contents | RPMVERIFY_LINKTO;
	return none;
}

static int digest_differs(struct verification *v, const char *path, uint64_t size, int algo,
			  const unsigned char *want, size_t want_size, bool *differs,
			  struct error *err)
{
	DIGEST_CTX ctx = rpmDigestInit(algo, RPMDIGEST_NONE);
	void *got = NULL;
	size_t got_size = 0, n;
	int rc = ctx ? 0 : error_set(err, -ERR_UNSUPPORTED, path, "has an unknown kind of digest");

	for (uint64_t at = 0; !rc && at < size; at += CHUNK) {
		rc = image_read_at(v->image, path, at, v->chunk, CHUNK, &n, err);
		if (!rc)
			rpmDigestUpdate(ctx, v->chunk, n);
	}
	rpmDigestFinal(ctx, &got, &got_size, 0);
	*differs = got_size != want_size || memcmp(got, want, want_size) != 0;
	free(got);
	return rc;
}

/* Is name the one that a line of the image's passwd or group gives the number id? */
static bool is_name_of(const struct strbuf *accounts, const char *name, uint32_t id)
{
	const char *line = accounts->data;
	size_t n = strlen(name);
	char number[16];

	if (!strcmp(name, "root"))
		return id == 0;
	snprintf(number, sizeof(number), ":%u:", id);
	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *second = !strncmp(line, name, n) && line[n] == ':' ?
					     strchr(line + n + 1, ':') :
					     NULL;

		if (second && !strncmp(second, number, strlen(number)))
			return true;
	}
	return false;
}

static int caps_differ(struct verification *v, const char *path, const char *want, bool *differs,
		       struct error *err)
{
	struct strbuf got = STRBUF_INIT;
	uint8_t value[24];
	size_t size = 0;
	int rc = want && *want ? capability_encode(want, value, &size, err) : 0;

	if (!rc)
		rc = image_get_xattr(v->image, path, "security.capability", &got, err);
	if (rc == -ENODATA) {
		error_release(err);
		rc = 0;
		got.len = 0;
	}
	*differs = got.len != size || (size && memcmp(got.data, value, size) != 0);
	strbuf_release(&got);
	return rc;
}

static int link_differs(struct verification *v, const char *path, const char *want, bool *differs,
			struct error *err)
{
	char *target = NULL;
	int rc = image_readlink(v->image, path, &target, err);

	*differs = rc || strcmp(target, want) != 0;
	free(target);
	return rc;
}

/* Everything that is in the inode itself. */
static rpmVerifyAttrs compare_inode(const struct verification *v, rpmfiles files, int i,
				    const struct image_stat *st)
{
	uint32_t mode = rpmfilesFMode(files, i);
	rpmVerifyAttrs bad = 0;

	if ((st->mode ^ mode) & 0xffff)
		bad |= RPMVERIFY_MODE;
	if (st->size != (uint64_t)rpmfilesFSize(files, i))
		bad |= RPMVERIFY_FILESIZE;
	if (st->mtime != rpmfilesFMtime(files, i))
		bad |= RPMVERIFY_MTIME;
	if (!is_name_of(&v->passwd, rpmfilesFUser(files, i), st->uid))
		bad |= RPMVERIFY_USER;
	if (!is_name_of(&v->group, rpmfilesFGroup(files, i), st->gid))
		bad |= RPMVERIFY_GROUP;
	if (((uint32_t)rpmfilesFRdev(files, i) & 0xffff) !=
	    ((st->rdev_major & 0xff) << 8 | (st->rdev_minor & 0xff)))
		bad |= RPMVERIFY_RDEV;
	return bad;
}

/* *bad gets a bit for each attribute that differs and matters. */
static int compare_file(struct verification *v, rpmfiles files, int i, const char *path,
			const struct image_stat *st, rpmVerifyAttrs *bad, struct error *err)
{
	rpmVerifyAttrs look = rpmfilesVFlags(files, i);
	const unsigned char *digest;
	size_t digest_size = 0;
	int algo = 0, rc = 0;
	bool differs = false;

	look &= ~not_compared(rpmfilesFMode(files, i), rpmfilesFFlags(files, i));
	*bad = compare_inode(v, files, i, st) & look;
	if ((st->mode ^ rpmfilesFMode(files, i)) & S_IFMT)
		return 0;
	digest = rpmfilesFDigest(files, i, &algo, &digest_size);
	if ((look & RPMVERIFY_FILEDIGEST) && digest && S_ISREG(st->mode)) {
		/* Another size says it all: an image may claim more bytes than anybody can read. */
		differs = st->size != (uint64_t)rpmfilesFSize(files, i);
		if (!differs)
			rc = digest_differs(v, path, st->size, algo, digest, digest_size, &differs, err);
		*bad |= differs ? RPMVERIFY_FILEDIGEST : 0;
	}
	if (!rc && (look & RPMVERIFY_LINKTO) && S_ISLNK(st->mode)) {
		rc = link_differs(v, path, rpmfilesFLink(files, i), &differs, err);
		*bad |= differs ? RPMVERIFY_LINKTO : 0;
	}
	if (!rc && (look & RPMVERIFY_CAPS) && S_ISREG(st->mode)) {
		rc = caps_differ(v, path, rpmfilesFCaps(files, i), &differs, err);
		*bad |= differs ? RPMVERIFY_CAPS : 0;
	}
	return rc;
}

static char marker(rpmfileAttrs attrs)
{
	static const struct {
		rpmfileAttrs attr;
		char c;
	} marks[] = {
		{ RPMFILE_CONFIG, 'c' }, { RPMFILE_DOC, 'd' },	{ RPMFILE_GHOST, 'g' },
		{ RPMFILE_LICENSE, 'l' }, { RPMFILE_README, 'r' },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (attrs & marks[i].attr)
			return marks[i].c;
	return ' ';
}

static void tell(struct verification *v, rpmVerifyAttrs bad, char mark, const char *path)
{
	v->wrong++;
	report_line(stdout, "%c%c%c%c%c%c%c%c%c  %c %s", bad & RPMVERIFY_FILESIZE ? 'S' : '.',
		    bad & RPMVERIFY_MODE ? 'M' : '.', bad & RPMVERIFY_FILEDIGEST ? '5' : '.',
		    bad & RPMVERIFY_RDEV ? 'D' : '.', bad & RPMVERIFY_LINKTO ? 'L' : '.',
		    bad & RPMVERIFY_USER ? 'U' : '.', bad & RPMVERIFY_GROUP ? 'G' : '.',
		    bad & RPMVERIFY_MTIME ? 'T' : '.', bad & RPMVERIFY_CAPS ? 'P' : '.', mark, path);
}

static int verify_file(struct verification *v, rpmfiles files, int i, struct error *err)
{
	rpmfileAttrs attrs = rpmfilesFFlags(files, i);
	char *path = rpmfilesFN(files, i);
	struct image_stat st;
	rpmVerifyAttrs bad = 0;
	int rc = image_lstat(v->image, path, &st, err);

	if (rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP) {
		error_release(err);
		rc = 0;
		if (!(attrs & (RPMFILE_MISSINGOK | RPMFILE_GHOST))) {
			v->wrong++;
			report_line(stdout, "missing   %c %s", marker(attrs), path);
		}
	} else if (!rc) {
		rc = compare_file(v, files, i, path, &st, &bad, err);
		if (!rc && bad)
			tell(v, bad, marker(attrs), path);
	}
	free(path);
	return rc;
}

static int verify_package(struct verification *v, const struct package *p, struct error *err)
{
	uint64_t bytes;
	rpmfiles files;
	int n, rc = header_check_files(p->header, p->nevra, &bytes, err);

	/* librpm takes the header's word for types, and the image is anybody's. */
	if (rc)
		return rc;
	files = rpmfilesNew(NULL, p->header, RPMTAG_BASENAMES, RPMFI_KEEPHEADER);
	n = rpmfilesFC(files);
	for (int i = 0; !rc && i < n; i++)
		if (rpmfilesFState(files, i) <= RPMFILE_STATE_NORMAL)
			rc = verify_file(v, files, i, err);
	rpmfilesFree(files);
	return rc;
}

static int read_accounts(struct verification *v, const char *path, struct strbuf *out,
			 struct error *err)
{
	int rc = image_read_file(v->image, path, ACCOUNTS_MAX, out, err);

	if (rc != -ENOENT)
		return rc;
	error_release(err);
	return 0;
}

static int verify_image(struct verification *v, const char *path, struct error *err)
{
	struct package_list packages = PACKAGE_LIST_INIT;
	const char *database;
	int rc = installed_read(v->image, &packages, &database, err);

	if (!rc && !database)
		rc = error_set(err, -ERR_NOT_FOUND, path, "has no rpm database to verify against");
	if (!rc)
		rc = read_accounts(v, "/etc/passwd", &v->passwd, err);
	if (!rc)
		rc = read_accounts(v, "/etc/group", &v->group, err);
	for (size_t i = 0; !rc && i < packages.count; i++)
		rc = verify_package(v, packages.items[i], err);
	package_list_release(&packages);
	return rc;
}

int command_verify(int argc, char **argv, bool *differs, struct error *err)
{
	struct verification v = { 0 };
	int fd = -1, rc;

	if (argc != 1)
		return command_usage("verify", err);
	rc = pkg_init(err);
	v.chunk = malloc(CHUNK);
	if (!rc && !v.chunk)
		rc = error_nomem(err);
	if (!rc)
		rc = image_file_open(argv[0], &v.image, &fd, err);
	if (!rc)
		rc = verify_image(&v, argv[0], err);
	image_file_close(v.image, fd);
	strbuf_release(&v.passwd);
	strbuf_release(&v.group);
	free(v.chunk);
	*differs = v.wrong != 0;
	return rc;
}
