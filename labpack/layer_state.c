/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file is, as one string: "f0644:DIGEST", "l:TARGET", "d0755", "p0600", "c0600:4:64", "-". */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/digest.h"
#include "labpack/layer.h"

#define CHUNK 65536

static int digest_source(const char *path, struct digest *d, struct error *err)
{
	char chunk[CHUNK];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = 1;
	int rc = 0;

	if (fd < 0)
		return error_errno(err, errno, path, "cannot be read");
	while (!rc && n) {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			digest_add(d, chunk, (size_t)n);
		else if (n < 0 && errno != EINTR)
			rc = error_errno(err, errno, path, "cannot be read");
	}
	close(fd);
	return rc;
}

static int digest_image(struct image *image, const char *path, uint64_t size, struct digest *d,
			struct error *err)
{
	char chunk[CHUNK];
	size_t n;
	int rc = 0;

	for (uint64_t at = 0; !rc && at < size; at += CHUNK) {
		rc = image_read_at(image, path, at, chunk, CHUNK, &n, err);
		if (!rc)
			digest_add(d, chunk, n);
	}
	return rc;
}

static char type_of(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 'f';
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	default:
		return 's';
	}
}

/* more: a file's digest, a link's target; or NULL. */
static int compose(uint32_t mode, const char *more, uint32_t major, uint32_t minor, char **state,
		   struct error *err)
{
	char type = type_of(mode);
	int n;

	if (type == 'l')
		n = asprintf(state, "l:%s", more);
	else if (type == 'f')
		n = asprintf(state, "f%04o:%s", mode & 07777, more);
	else if (type == 'c' || type == 'b')
		n = asprintf(state, "%c%04o:%u:%u", type, mode & 07777, major, minor);
	else
		n = asprintf(state, "%c%04o", type, mode & 07777);
	if (n >= 0)
		return 0;
	*state = NULL;
	return error_nomem(err);
}

int layer_state_of_item(struct layer_item *item, struct error *err)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest *d;
	int rc;

	if (!S_ISREG(item->mode))
		return compose(item->mode, item->target, item->major, item->minor, &item->state, err);
	d = digest_new();
	rc = d ? 0 : error_nomem(err);
	if (!rc && item->source)
		rc = digest_source(item->source, d, err);
	else if (!rc)
		digest_add(d, item->text, item->size);
	if (!rc)
		rc = digest_hex(d, hex, err);
	if (!rc)
		rc = compose(item->mode, hex, 0, 0, &item->state, err);
	digest_free(d);
	return rc;
}

int layer_state_of_image(struct image *image, const char *path, char **state, struct error *err)
{
	char hex[DIGEST_HEX_SIZE], *target = NULL;
	struct image_stat st;
	struct digest *d = NULL;
	int rc = image_lstat(image, path, &st, err);

	*state = NULL;
	if (rc == -ENOENT || rc == -ENOTDIR) {
		error_release(err);
		*state = strdup("-");
		return *state ? 0 : error_nomem(err);
	}
	if (rc)
		return rc;
	if (S_ISREG(st.mode)) {
		d = digest_new();
		rc = d ? digest_image(image, path, st.size, d, err) : error_nomem(err);
		if (!rc)
			rc = digest_hex(d, hex, err);
	} else if (S_ISLNK(st.mode)) {
		rc = image_readlink(image, path, &target, err);
	}
	if (!rc)
		rc = compose(st.mode, target ? target : hex, st.rdev_major, st.rdev_minor, state,
			     err);
	digest_free(d);
	free(target);
	return rc;
}
