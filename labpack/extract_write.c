/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labpack/extract.h"
#include "labpack/interrupt.h"

static char *folder_of(const char *path)
{
	size_t n = strlen(path);
	const char *slash;

	while (n > 1 && path[n - 1] == '/')
		n--;
	slash = memrchr(path, '/', n);
	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* The last part of a path, without '/' behind it. */
static char *name_of(const char *path)
{
	size_t n = strlen(path);
	const char *slash;

	while (n > 1 && path[n - 1] == '/')
		n--;
	slash = memrchr(path, '/', n);
	return slash ? strndup(slash + 1, n - (size_t)(slash + 1 - path)) : strndup(path, n);
}

static int refuse_existing(const char *name, struct error *err)
{
	error_set(err, -EEXIST, name, "exists already");
	return error_hint(err, "name another folder behind the archive");
}

int extract_begin(struct extraction *x, struct error *err)
{
	struct stat st;
	int rc;

	x->parent = x->dir ? folder_of(x->dir) : strdup(".");
	x->name = x->dir ? name_of(x->dir) : NULL;
	if (!x->parent || (x->dir && !x->name))
		return error_nomem(err);
	if (x->dir && lstat(x->dir, &st) == 0)
		return refuse_existing(x->dir, err);
	if (x->dir && (!*x->name || !strcmp(x->name, ".") || !strcmp(x->name, "..")))
		return error_set(err, -EINVAL, x->dir, "cannot be the name of a new folder");
	x->parent_fd = open(x->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->parent_fd < 0)
		return error_errno(err, errno, x->parent, "cannot be used");
	rc = extract_hide(x, err);
	if (rc)
		return rc;
	below_init(&x->below, x->temp_fd);
	return 0;
}

static int note_folder(struct extraction *x, const struct archive_in_member *m, const char *path)
{
	struct extracted_folder f = { strdup(path), m->mode & 0777, m->mtime };

	if (!f.path || array_grow((void **)&x->folders, x->folder_count, &x->folder_capacity,
				  sizeof(*x->folders))) {
		free(f.path);
		return -ENOMEM;
	}
	x->folders[x->folder_count++] = f;
	return 0;
}

int extract_member(void *arg, const struct archive_in_member *m, const char *path, int *fd,
		   struct error *err)
{
	struct extraction *x = arg;
	int rc;

	*fd = -1;
	if (m->type == ARCHIVE_IN_FOLDER) {
		rc = below_mkdir(&x->below, path, err);
		if (!rc && note_folder(x, m, path))
			rc = error_nomem(err);
		return rc;
	}
	if (m->type == ARCHIVE_IN_LINK) {
		rc = below_symlink(&x->below, m->target, path, err);
		return rc ? rc : below_set_mtime(&x->below, path, m->mtime, err);
	}
	rc = below_create(&x->below, path, fd, err);
	if (!rc && ftruncate(*fd, (off_t)m->size) != 0)
		rc = error_errno(err, errno, path, "cannot be made %llu bytes long",
				 (unsigned long long)m->size);
	if (rc && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return rc;
}

int extract_member_end(void *arg, const struct archive_in_member *m, const char *path, int fd,
		       bool cow, struct error *err)
{
	struct extraction *x = arg;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = m->mtime } };
	int rc = 0;

	if (m->mode & 07000)
		x->lost_bits += m->type == ARCHIVE_IN_FILE;
	if (fd < 0)
		return 0;
	if (cow && strlist_add(&x->cows, path))
		rc = error_nomem(err);
	/* The disk may begin at once; the sync at the end waits for less. */
	if (!rc)
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (!rc && (fchmod(fd, m->mode & 0777) != 0 || futimens(fd, times) != 0))
		rc = error_errno(err, errno, path, "its mode and time cannot be set");
	if (close(fd) != 0 && !rc)
		rc = error_errno(err, errno, path, "cannot write");
	return rc;
}

struct first_problem {
	char *path;
	const char *words;
};

static void keep_first(void *arg, const char *path, const char *words)
{
	struct first_problem *p = arg;

	if (!p->words) {
		p->path = strdup(path);
		p->words = words;
	}
}

static int check_manifest(struct extraction *x, struct error *err)
{
	struct unpack *u = &x->stream;
	struct manifest promised = MANIFEST_INIT;
	struct first_problem first = { NULL, NULL };
	size_t problems = 0, n = x->top ? strlen(x->top) : 0;
	bool ours = u->manifest_path &&
		    (x->top ? !strncmp(u->manifest_path, x->top, n) &&
				      !strcmp(u->manifest_path + n, "/" MANIFEST_NAME) :
			      !strcmp(u->manifest_path, MANIFEST_NAME));
	int rc;

	if (!ours && u->ours) {
		error_set(err, -ERR_FORMAT, x->file, "is damaged: its manifest is missing");
		return error_hint(err, "fetch it again");
	}
	if (!ours)
		return 0;
	rc = manifest_parse(&promised, u->manifest_text.data ? u->manifest_text.data : "",
			    u->manifest_text.len, u->manifest_path, err);
	if (!rc)
		problems = manifest_compare(&promised, &u->found, x->top, keep_first, &first);
	if (problems) {
		rc = -ERR_DIGEST;
		error_set(err, rc, first.path, "%s", first.words);
		if (problems > 1)
			error_hint(err, "and %zu more; '%s' is damaged, fetch it again",
				   problems - 1, x->file);
		else
			error_hint(err, "'%s' is damaged, fetch it again", x->file);
	}
	free(first.path);
	manifest_release(&promised);
	x->verified = !rc;
	return rc;
}

/* Now it is known where the lab begins, and so which folders are its own. */
static int check_links(const struct extraction *x, struct error *err)
{
	const struct manifest *found = &x->stream.found;
	size_t skip = x->top ? strlen(x->top) + 1 : 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < found->count; i++)
		if (found->entries[i].type == MANIFEST_LINK)
			rc = member_link_check(found->entries[i].path + skip,
					       found->entries[i].target, err);
	return rc;
}

/* Without a name of its own, the lab is called like its archive: "lab.tar.zst" -> "lab". */
static int choose_name(struct extraction *x, struct error *err)
{
	struct stat st;

	if (!x->name && x->top) {
		x->name = strdup(x->top);
	} else if (!x->name) {
		char *dot;

		x->name = name_of(x->file);
		dot = x->name ? strchr(x->name + 1, '.') : NULL;
		if (dot)
			*dot = '\0';
	}
	if (!x->name)
		return error_nomem(err);
	if (fstatat(x->parent_fd, x->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return refuse_existing(x->name, err);
	return 0;
}

/* Deepest first, or a folder that may not be written would be in the way. */
static int set_folders(struct extraction *x, struct error *err)
{
	for (size_t i = x->folder_count; i--;) {
		const struct extracted_folder *f = &x->folders[i];
		struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = f->mtime } };
		/* Its owner can always use it. */
		mode_t mode = f->mode | 0700;
		int fd, rc = below_open(&x->below, f->path, &fd, err);

		if (!rc && (fchmod(fd, mode) != 0 || futimens(fd, times) != 0))
			rc = error_errno(err, errno, f->path, "its mode and time cannot be set");
		if (fd >= 0)
			close(fd);
		if (rc)
			return rc;
	}
	return 0;
}

static int put_in_place(struct extraction *x, struct error *err)
{
	int from = x->top ? x->temp_fd : x->parent_fd;
	const char *what = x->top ? x->top : x->temp;

	/* A lab's own folder is for everybody to read, as if it had been made by mkdir. */
	if (!x->top) {
		mode_t mask = umask(0);

		umask(mask);
		if (fchmod(x->temp_fd, 0777 & ~mask) != 0)
			return error_errno(err, errno, x->temp, "its mode cannot be set");
	}
	if (syncfs(x->temp_fd) != 0)
		return error_errno(err, errno, x->name, "cannot write");
	if (syscall(SYS_renameat2, from, what, x->parent_fd, x->name, 1 /* RENAME_NOREPLACE */) != 0) {
		struct stat st;

		if (errno == EEXIST)
			return refuse_existing(x->name, err);
		/* A filesystem, or a kernel, that does not know the flag. */
		if (errno != EINVAL && errno != ENOSYS)
			return error_errno(err, errno, x->name, "cannot get its name");
		if (fstatat(x->parent_fd, x->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return refuse_existing(x->name, err);
		if (renameat(from, what, x->parent_fd, x->name) != 0)
			return error_errno(err, errno, x->name, "cannot get its name");
	}
	if (!x->top) { /* the hidden folder is it now */
		free(x->temp);
		x->temp = NULL;
	}
	if (fsync(x->parent_fd) != 0 && errno != EINVAL && errno != EROFS)
		return error_errno(err, errno, x->parent, "cannot be synced");
	return 0;
}

int extract_finish(struct extraction *x, struct error *err)
{
	int rc = unpack_top(&x->stream.found, &x->top, err);

	if (!rc && !x->stream.found.count)
		rc = error_set(err, -ERR_FORMAT, x->file, "is an empty archive");
	if (!rc)
		rc = check_links(x, err);
	if (!rc)
		rc = choose_name(x, err);
	if (!rc)
		rc = check_manifest(x, err);
	if (!rc)
		rc = extract_relink(x, err);
	if (!rc)
		rc = set_folders(x, err);
	if (!rc && x->stream.pending)
		rc = x->stream.pending(err);
	return rc ? rc : put_in_place(x, err);
}

void extract_init(struct extraction *x, const char *file, const char *dir)
{
	*x = (struct extraction){ .stream = UNPACK_INIT, .parent_fd = -1, .temp_fd = -1 };
	x->file = file;
	x->dir = dir;
	x->stream.pending = interrupt_pending;
	x->stream.begin = extract_member;
	x->stream.end = extract_member_end;
	x->stream.arg = x;
	below_init(&x->below, -1);
}

int extract_all(struct extraction *x, struct error *err)
{
	struct unpack *u = &x->stream;
	struct stat st;
	int rc = archive_in_open(&u->in, x->file, err);

	if (!rc)
		rc = extract_begin(x, err);
	if (!rc)
		rc = pipeline_new(&u->pipeline, pipeline_threads(), err);
	if (!rc && x->show)
		u->progress = progress_new(stat(x->file, &st) == 0 ? (uint64_t)st.st_size : 0,
					   PROGRESS_AUTO);
	progress_step(u->progress, "extracting");
	if (!rc)
		rc = unpack_stream(u, err);
	if (!rc)
		rc = extract_finish(x, err);
	progress_free(u->progress);
	u->progress = NULL;
	pipeline_free(u->pipeline);
	u->pipeline = NULL;
	archive_in_free(u->in);
	u->in = NULL;
	return rc;
}

void extract_end(struct extraction *x)
{
	below_release(&x->below);
	if (x->temp && x->parent_fd >= 0)
		remove_tree(x->parent_fd, x->temp);
	if (x->temp_fd >= 0)
		close(x->temp_fd);
	if (x->parent_fd >= 0)
		close(x->parent_fd);
	for (size_t i = 0; i < x->folder_count; i++)
		free(x->folders[i].path);
	free(x->folders);
	free(x->parent);
	free(x->temp);
	free(x->top);
	free(x->name);
	strlist_release(&x->cows);
	strlist_release(&x->notes);
	unpack_release(&x->stream);
}
