/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack cow rebase: a COW disk follows its base to another place. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/cow.h"

struct rebase {
	struct strlist operands;
	bool trust;
};

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

/* The best proof that there is; none is a refusal. */
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

static int rebase(const struct rebase *o, struct error *err)
{
	const char *path = o->operands.items[0], *base = o->operands.items[1];
	struct candidate new = { .fd = -1 }, old = { .fd = -1 };
	struct cow *cow;
	int rc = cow_open(&cow, path, NULL, COW_NO_BACKING, err);

	if (rc)
		return rc;
	rc = open_candidate(&new, base, err);
	if (!rc && (uint64_t)new.st.st_size != cow_info(cow)->size)
		rc = differs_from(base, "it has another size", err);
	if (!rc && !o->trust)
		rc = prove(cow_info(cow), &new, &old, err);
	cow_abandon(cow);
	if (!rc)
		rc = cow_relink(path, base, NULL, err);
	if (!rc)
		rc = cow_note_base_of(path, err);
	if (new.fd >= 0)
		close(new.fd);
	if (old.fd >= 0)
		close(old.fd);
	return rc;
}

static const struct option_entry options[] = {
	{ "trust", 0, NULL, "without a proof that BASE has the bytes of the old base",
	  OPTION(struct rebase, trust, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct rebase o = { .trust = false };
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc)
		rc = o.operands.count == 2 ? rebase(&o, err) :
					     command_usage(&command_cow_rebase, err);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_cow_rebase = {
	.name = "cow rebase",
	.synopsis = "FILE BASE",
	.summary = "a COW disk follows its base that moved or was copied",
	.options = groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
