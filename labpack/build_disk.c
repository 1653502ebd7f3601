/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks beyond the first: a sparse file, with an empty filesystem unless the lab wants none. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ext2fs/ext2fs.h>

#include "common/number.h"
#include "common/output.h"
#include "image/cow.h"
#include "image/layout.h"
#include "labpack/build.h"

#define BLOCK 4096 /* today's UML misreads COW disks on smaller ones, and this may become a base */

/* *there: it exists. It must have the size that it should have; err may be NULL. */
static int look(const char *path, const struct lab_disk *d, bool *there, struct error *err)
{
	char is[32], should[32];
	struct stat st;

	*there = !stat(path, &st);
	if (!*there && errno != ENOENT)
		return error_errno(err, errno, path, "cannot be read");
	if (!*there && !d->size) {
		error_set(err, -ENOENT, path, "is not there");
		return !err ? -ENOENT : error_hint(err, "[ubdN-size]=64M in lab.conf lets labpack build make it");
	}
	if (*there && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return error_set(err, -ERR_UNSUPPORTED, path, "is neither a file nor a block device");
	if (!*there || !d->size || (uint64_t)st.st_size == d->size)
		return 0;
	if (!err)
		return -ERR_CONFLICT;
	error_set(err, -ERR_CONFLICT, path, "has %s, and lab.conf says %s",
		  size_format((uint64_t)st.st_size, is, sizeof(is)),
		  size_format(d->size, should, sizeof(should)));
	return error_hint(err, "remove it, or build with --fresh: what is on it is then lost");
}

int build_check_disk(struct build *b, const struct lab_disk *d, struct error *err)
{
	char *path = lab_disk_path(b->lab, d);
	bool there = false, busy = false;
	int rc = path ? 0 : error_nomem(err), pid;

	if (!rc)
		rc = look(path, d, &there, b->options->fresh && d->size ? NULL : err);
	if (rc == -ERR_CONFLICT && b->options->fresh) {
		rc = 0; /* it is made anew */
		there = true;
	}
	if (!rc && there)
		rc = disk_in_use(path, true, &busy, &pid, err);
	if (!rc && busy) {
		error_set(err, -EBUSY, path, "is in use by a running machine");
		rc = error_hint(err, "./lab stop");
	}
	free(path);
	return rc;
}

/* The same disk of the same lab has the same UUID. */
static void set_uuid(const struct build *b, const struct lab_disk *d, uint8_t uuid[16])
{
	unsigned char digest[EXT2FS_SHA512_LENGTH];
	struct strbuf key = STRBUF_INIT;

	memset(digest, 0, sizeof(digest));
	if (!strbuf_addf(&key, "%s\n%s", b->lab->name, d->file))
		ext2fs_sha512((const unsigned char *)key.data, key.len, digest);
	strbuf_release(&key);
	memcpy(uuid, digest, 16);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static int format(const struct build *b, const struct lab_disk *d, int fd, struct error *err)
{
	struct layout_options options = { .filesystem = lab_filesystem_names[d->filesystem],
					  .block_size = BLOCK,
					  .size = d->size, .now = b->now };
	struct tree *tree = tree_new(&(struct tree_options){ .now = b->now });
	struct layout *layout = NULL;
	struct image *image = NULL;
	int rc = tree ? tree_finish(tree, err) : error_nomem(err);

	set_uuid(b, d, options.uuid);
	if (!rc)
		rc = layout_new(&layout, tree, &options, err);
	if (!rc)
		rc = layout_write(layout, fd, &image, err);
	if (!rc)
		rc = image_close(image, err);
	layout_free(layout);
	tree_free(tree);
	if (rc == -ERR_NO_SPACE && err && err->hint)
		error_hint(err, "lab.conf: a larger [ubdN-size], or [ubdN-fs]=none");
	if (rc && err && !err->subject)
		err->subject = strdup(d->file);
	return rc;
}

int build_disk(struct build *b, const struct lab_disk *d, bool anew, struct error *err)
{
	struct output out = OUTPUT_INIT;
	char *path = lab_disk_path(b->lab, d);
	bool there = false;
	int rc = path ? 0 : error_nomem(err);

	if (!rc && d->size)
		rc = look(path, d, &there, anew ? NULL : err);
	if (rc == -ERR_CONFLICT && anew)
		rc = 0;
	if (rc || !d->size || (there && !anew))
		goto out;
	rc = output_open(&out, path, err);
	if (!rc && d->filesystem != LAB_FS_NONE)
		rc = format(b, d, out.fd, err);
	/* The filesystem ends with a whole block, the disk where the lab says. */
	if (!rc && ftruncate(out.fd, (off_t)d->size) != 0)
		rc = error_errno(err, errno, path, "cannot be made so large");
	if (!rc)
		rc = output_commit(&out, err);
	if (rc)
		output_abort(&out);
	else
		b->disks++;
out:
	free(path);
	return rc;
}
