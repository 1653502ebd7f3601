/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/media.h"

#include <errno.h>
#include <fcntl.h>
#include <solv/knownid.h>
#include <solv/solv_xfopen.h>
#include <sys/stat.h>
#include <unistd.h>

/* Asked in this order: a tree is a folder with RPMs, too. */
static const struct media_kind *const kinds[] = {
	&media_tree,
	&media_folder,
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

bool media_is_source(Id arch)
{
	return arch == ARCH_SRC || arch == ARCH_NOSRC;
}

static size_t binary_count(const Repo *repo)
{
	size_t n = 0;
	const Pool *pool = repo->pool;

	for (Id p = repo->start; p < repo->end; p++)
		if (pool->solvables[p].repo == repo && !media_is_source(pool->solvables[p].arch))
			n++;
	return n;
}

/* The first kind that knows the location, or an error with every kind's reason. */
static int find_kind(const char *location, const struct media_kind **kind, struct error *err)
{
	struct strbuf why = STRBUF_INIT;
	struct stat st = { 0 };
	int rc = 0;

	*kind = NULL;
	for (size_t i = 0; i < KIND_COUNT && !rc; i++) {
		rc = strbuf_addf(&why, "%sno %s: ", i ? "; " : "", kinds[i]->name);
		if (rc)
			break;
		rc = kinds[i]->detect(location, &why);
		if (rc == 1)
			*kind = kinds[i];
	}
	if (rc < 0)
		rc = error_nomem(err);
	else if (*kind)
		rc = 0;
	else if (stat(location, &st) && errno == ENOENT)
		rc = error_set(err, -ERR_NOT_FOUND, location, "no such folder");
	else if (S_ISDIR(st.st_mode) && access(location, R_OK | X_OK) && errno == EACCES)
		rc = error_errno(err, EACCES, location, "media");
	else
		rc = error_set(err, -ERR_NOT_FOUND, location, "not recognised as media: %s",
			       why.data);
	strbuf_release(&why);
	return rc;
}

int media_open(Pool *pool, const char *location, struct media **out, struct error *err)
{
	const struct media_kind *kind;
	struct media *m;
	int rc;

	*out = NULL;
	rc = find_kind(location, &kind, err);
	if (rc)
		return rc;
	m = calloc(1, sizeof(*m));
	if (!m)
		return error_nomem(err);
	m->kind = kind;
	m->location = strdup(location);
	if (!m->location) {
		media_free(m);
		return error_nomem(err);
	}
	m->repo = repo_create(pool, m->location);
	m->repo->appdata = m;
	rc = kind->load(m, err);
	if (!rc && !binary_count(m->repo))
		rc = error_set(err, -ERR_NOT_FOUND, location, "the media has no packages");
	if (rc) {
		repo_free(m->repo, 1);
		m->repo = NULL;
		media_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

void media_free(struct media *m)
{
	if (!m)
		return;
	if (m->kind)
		m->kind->release(m);
	strlist_release(&m->selections);
	free(m->location);
	free(m);
}

int media_describe(const struct media *m, Id package, struct package *p, struct error *err)
{
	return m->kind->describe(m, package, p, err);
}

static int read_stream(FILE *f, const char *path, size_t max, struct strbuf *out,
		       struct error *err)
{
	size_t n;

	do {
		if (strbuf_reserve(out, 65536))
			return error_nomem(err);
		n = fread(out->data + out->len, 1, 65536, f);
		out->len += n;
		out->data[out->len] = '\0';
		if (out->len > max)
			return error_set(err, -ERR_LIMIT, path, "longer than %zu bytes", max);
	} while (n);
	/* Decompressors tell of damage and of a missing end this way alone. */
	if (ferror(f))
		return error_set(err, -ERR_FORMAT, path,
				 "cannot be read to its end (is it damaged?)");
	return 0;
}

int media_read_file(const char *path, size_t max, struct strbuf *out, struct error *err)
{
	struct stat st;
	FILE *f;
	int fd, rc;

	out->len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_errno(err, errno, path, "cannot open");
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, -ERR_FORMAT, path, "not a regular file");
	}
	f = solv_xfopen_fd(path, fd, "r");
	if (!f) {
		close(fd);
		return error_set(err, -ERR_UNSUPPORTED, path, "unknown compression");
	}
	rc = read_stream(f, path, max, out, err);
	fclose(f);
	return rc;
}
