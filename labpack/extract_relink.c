/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A COW names its base by an absolute path and its time. In an archive of ours the
 * path is one below the lab's folder; in one of another tar it is where the base was.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/cow.h"
#include "labpack/cow.h"
#include "labpack/extract.h"

static const char *below_top(const struct extraction *x, const char *path)
{
	return x->top ? path + strlen(x->top) + 1 : path;
}

/* 1 or 0, or -ENOMEM: nobody knows then. */
static int is_file(struct extraction *x, const char *path, struct stat *st)
{
	int fd, is = member_path_check(path, NULL, NULL);

	if (!is)
		is = below_open(&x->below, path, &fd, NULL);
	if (is)
		return is == -ENOMEM ? is : 0;
	is = fstat(fd, st) == 0 && S_ISREG(st->st_mode);
	close(fd);
	return is;
}

/*
 * *base: the base in the archive (a full path there, new) for the name in a header: that
 * name below the lab, or else the longest end of it that exists there; NULL: none.
 */
static int find_base(struct extraction *x, const char *recorded, struct stat *st, char **base,
		     struct error *err)
{
	const char *name = recorded;
	char *path = NULL;
	int is;

	*base = NULL;
	while (name && !path) {
		name += strspn(name, "/");
		if (asprintf(&path, "%s%s%s", x->top ? x->top : "", x->top ? "/" : "", name) < 0)
			return error_nomem(err);
		is = *name ? is_file(x, path, st) : 0;
		if (is <= 0) {
			free(path);
			path = NULL;
		}
		if (is < 0)
			return error_nomem(err);
		name = strchr(name, '/');
	}
	*base = path;
	return 0;
}

static int note(struct extraction *x, const char *cow, const char *words, struct error *err)
{
	return strlist_addf(&x->notes, "'%s': %s (labpack cow rebase)", below_top(x, cow), words) ?
		       error_nomem(err) :
		       0;
}

/* The base's digest beside its name: it is known already. */
static int note_digest(struct extraction *x, const char *cow_file, const char *base,
		       struct error *err)
{
	const struct manifest_entry *e = manifest_find(&x->stream.found, base);
	unsigned char digest[32];
	int fd, rc = 0;

	if (!e)
		return 0;
	fd = open(cow_file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_errno(err, errno, cow_file, "cannot be mended");
	cow_pad_digest(e->digest, digest);
	rc = cow_set_digest(fd, cow_file, digest, err);
	if (rc == -ERR_UNSUPPORTED) {
		error_release(err);
		rc = 0;
	}
	if (close(fd) != 0 && !rc)
		rc = error_errno(err, errno, cow_file, "cannot be mended");
	return rc;
}

/* Mode and time of the COW stay what they were. */
static int relink(struct extraction *x, const char *cow, const char *base, const char *recorded,
		  struct error *err)
{
	char *cow_file = NULL, *base_file = NULL;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct stat st;
	int rc = 0;

	if (asprintf(&cow_file, "%s/%s/%s", x->parent, x->temp, cow) < 0)
		cow_file = NULL;
	if (asprintf(&base_file, "%s/%s/%s", x->parent, x->temp, base) < 0)
		base_file = NULL;
	if (!cow_file || !base_file)
		rc = error_nomem(err);
	else if (stat(cow_file, &st) != 0 || chmod(cow_file, 0600) != 0)
		rc = error_errno(err, errno, cow, "cannot be mended");
	if (!rc)
		rc = cow_relink(cow_file, base_file, recorded, err);
	if (!rc)
		rc = note_digest(x, cow_file, base, err);
	times[1] = st.st_mtim;
	if (!rc && (chmod(cow_file, st.st_mode & 07777) != 0 ||
		    utimensat(AT_FDCWD, cow_file, times, AT_SYMLINK_NOFOLLOW) != 0))
		rc = error_errno(err, errno, cow, "its mode and time cannot be set");
	free(cow_file);
	free(base_file);
	return rc;
}

/* Is it not the base, whatever its size and time are? Its digest is known, and perhaps noted. */
static bool has_other_bytes(struct extraction *x, const char *base, const struct cow_info *info)
{
	const struct manifest_entry *e = manifest_find(&x->stream.found, base);
	unsigned char digest[32];

	if (!e || !info->has_digest)
		return false;
	cow_pad_digest(e->digest, digest);
	return memcmp(digest, info->digest, sizeof(digest)) != 0;
}

/* The header of a COW in the hidden folder; its backing is ours to free. */
static int read_header(struct extraction *x, const char *cow, struct cow_info *info,
		       struct error *err)
{
	struct cow *c;
	int fd, rc = below_open(&x->below, cow, &fd, err);

	*info = (struct cow_info){ 0 };
	if (rc)
		return rc;
	rc = cow_open_fd(&c, fd, cow, NULL, COW_NO_BACKING | COW_NO_LOCK, err);
	if (!rc) {
		*info = *cow_info(c);
		info->backing = strdup(info->backing);
		cow_abandon(c);
		if (!info->backing)
			rc = error_nomem(err);
	}
	close(fd);
	return rc;
}

static int relink_one(struct extraction *x, const char *place, const char *cow, struct error *err)
{
	char *base = NULL, *absolute = NULL;
	struct cow_info info;
	struct stat st;
	int rc = read_header(x, cow, &info, err);

	if (rc == -ENOMEM)
		return rc;
	if (rc) { /* looks like a COW, and is none: a file like any other */
		error_release(err);
		return 0;
	}
	rc = find_base(x, info.backing, &st, &base, err);
	if (!rc && !base)
		rc = note(x, cow, "its base is not in the archive", err);
	else if (!rc && ((uint64_t)st.st_size != info.size || st.st_mtim.tv_sec != info.mtime ||
			 has_other_bytes(x, base, &info)))
		rc = note(x, cow, "did not fit its base when it was packed", err);
	else if (!rc && asprintf(&absolute, "%s/%s/%s", place, x->name, below_top(x, base)) < 0)
		rc = error_nomem(err);
	else if (!rc)
		rc = relink(x, cow, base, absolute, err);
	if (rc && rc != -ENOMEM && err->subject)
		error_set(err, rc, below_top(x, cow), "%s", err->what ? err->what : "cannot be mended");
	if (base && absolute)
		free(absolute);
	free(base);
	free(info.backing);
	return rc;
}

int extract_relink(struct extraction *x, struct error *err)
{
	char *place = x->cows.count ? realpath(x->parent, NULL) : NULL;
	int rc = 0;

	if (x->cows.count && !place)
		return error_errno(err, errno, x->parent, "cannot be used");
	for (size_t i = 0; !rc && i < x->cows.count; i++)
		rc = relink_one(x, strcmp(place, "/") ? place : "", x->cows.items[i], err);
	free(place);
	return rc;
}
