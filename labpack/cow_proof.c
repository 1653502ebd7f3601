/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a file have the bytes of the base that a COW disk was made on? */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/cow.h"

/* A file that may be the base: its descriptor and what the system says of it. */
struct candidate {
	const char *name;
	int fd;
	struct stat st;
};

static int open_candidate(struct candidate *c, const char *name, struct error *err)
{
	c->name = name;
	c->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (c->fd < 0)
		return error_errno(err, errno, name, "cannot be opened");
	if (fstat(c->fd, &c->st) != 0)
		return error_errno(err, errno, name, "cannot look at it");
	return 0;
}

static bool fits(const struct candidate *c, const struct cow_info *info)
{
	return (uint64_t)c->st.st_size == info->size &&
	       (uint32_t)c->st.st_mtime == (uint32_t)info->mtime;
}

static int differs_from(const char *base, const char *what, struct error *err)
{
	error_set(err, -ERR_CONFLICT, base, "is not the base of this disk: %s", what);
	return error_hint(err, "a disk on another base would read wrong bytes");
}

static int prove(const struct cow_info *info, struct candidate *new, struct candidate *old,
		 struct error *err)
{
	bool old_is_there = open_candidate(old, info->backing, NULL) == 0 && fits(old, info);
	unsigned char digest[32];
	bool equal;
	int rc;

	if (info->has_digest) {
		rc = cow_base_digest(new->fd, new->name, digest, err);
		if (!rc && memcmp(digest, info->digest, sizeof(digest)) != 0)
			rc = differs_from(new->name, "its contents differ from what was noted", err);
		return rc;
	}
	if (old_is_there &&
	    (old->st.st_dev != new->st.st_dev || old->st.st_ino != new->st.st_ino)) {
		rc = files_equal(new->fd, new->name, old->fd, old->name, &equal, err);
		if (!rc && !equal)
			rc = differs_from(new->name, "the old one is still there, with other bytes",
					  err);
		return rc;
	}
	/* What UML itself goes by. */
	if (fits(new, info))
		return 0;
	error_set(err, -ERR_CONFLICT, new->name,
		  "nothing shows that this is the base: its time is another one, no digest of it was "
		  "noted, and the old file is gone");
	return error_hint(err, "give it its time again (cp -p, touch), or say --trust when you know");
}

int cow_prove_base(const struct cow_info *info, const char *base, bool trust, struct error *err)
{
	struct candidate new = { .fd = -1 }, old = { .fd = -1 };
	int rc = open_candidate(&new, base, err);

	if (!rc && (uint64_t)new.st.st_size != info->size)
		rc = differs_from(base, "it has another size", err);
	if (!rc && !trust)
		rc = prove(info, &new, &old, err);
	if (new.fd >= 0)
		close(new.fd);
	if (old.fd >= 0)
		close(old.fd);
	return rc;
}
