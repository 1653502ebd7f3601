/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/source.h"
#include "labpack/verify.h"

#define DEPTH_MAX 64

static int work(void *arg, struct window *w, struct error *err)
{
	struct verify *v = arg;
	int rc = source_read(v->source, w, err);

	return rc ? rc : window_digest(w, err);
}

static int retire(void *arg, struct window *w, struct error *err)
{
	struct verify *v = arg;

	file_digest_add(v->digest, w);
	if (!w->empty)
		v->data += w->bytes;
	progress_add(v->progress, w->length);
	return 0;
}

static int digest_file(struct verify *v, int folder, const char *name, const char *path,
		       struct error *err)
{
	struct manifest_entry e = { .type = MANIFEST_FILE, .path = (char *)path };
	struct source s;
	int rc = source_open(&s, folder, name, err);

	if (rc)
		return error_set(err, rc, path, "%s", err->what ? err->what : "cannot be read");
	v->source = &s;
	v->data = 0;
	file_digest_begin(v->digest, s.size);
	pipeline_begin(v->pipeline, &(struct pipeline_ops){ work, retire, v });
	rc = source_windows(&s, &s.parts, v->pipeline, v->pending, err);
	if (rc && err->subject)
		error_set(err, rc, path, "%s", err->what ? err->what : "cannot be read");
	e.size = s.size;
	e.data = v->data;
	file_digest_end(v->digest, e.digest);
	source_close(&s);
	return rc ? rc : manifest_add(&v->found, &e, err);
}

static int add_link(struct verify *v, int folder, const char *name, const char *path,
		    struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(folder, name, target, sizeof(target) - 1);
	struct manifest_entry e = { .type = MANIFEST_LINK, .path = (char *)path, .target = target };

	if (n < 0)
		return error_errno(err, errno, path, "cannot be read");
	target[n] = '\0';
	return manifest_add(&v->found, &e, err);
}

static int walk(struct verify *v, int folder, const char *path, unsigned int depth,
		struct error *err);

static int visit(struct verify *v, int folder, const char *name, const char *path,
		 unsigned int depth, struct error *err)
{
	struct manifest_entry e = { .type = MANIFEST_FOLDER, .path = (char *)path };
	struct stat st;
	int fd, rc;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return error_errno(err, errno, path, "cannot be read");
	if (S_ISREG(st.st_mode))
		return digest_file(v, folder, name, path, err);
	if (S_ISLNK(st.st_mode))
		return add_link(v, folder, name, path, err);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (depth >= DEPTH_MAX)
		return error_set(err, -ERR_LIMIT, path, "folders are nested too deep");
	rc = manifest_add(&v->found, &e, err);
	if (rc)
		return rc;
	fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, path, "cannot be read");
	return walk(v, fd, path, depth + 1, err);
}

/* Takes the descriptor. */
static int walk(struct verify *v, int folder, const char *path, unsigned int depth,
		struct error *err)
{
	DIR *dir = fdopendir(folder);
	struct dirent *entry;
	int rc = 0;

	if (!dir) {
		close(folder);
		return error_nomem(err);
	}
	while (!rc && (errno = 0, entry = readdir(dir))) {
		const char *name = entry->d_name;
		char *below = NULL;

		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		if (!depth && (!strcmp(name, MANIFEST_NAME) || !strcmp(name, "run")))
			continue;
		if (asprintf(&below, "%s%s%s", path, *path ? "/" : "", name) < 0)
			below = NULL;
		rc = below ? visit(v, dirfd(dir), name, below, depth, err) : error_nomem(err);
		free(below);
	}
	if (!rc && errno)
		rc = error_errno(err, errno, path, "cannot be read");
	closedir(dir);
	return rc;
}

int verify_folder(struct verify *v, const char *folder, struct error *err)
{
	int fd, rc = file_digest_new(&v->digest, err);

	if (rc)
		return rc;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, folder, "cannot be read");
	rc = walk(v, fd, "", 0, err);
	return rc ? rc : manifest_sort(&v->found, err);
}

void verify_release(struct verify *v)
{
	manifest_release(&v->found);
	file_digest_free(v->digest);
	v->digest = NULL;
}
