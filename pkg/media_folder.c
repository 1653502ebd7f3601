/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plain folder of RPMs, at any depth. What counts is each package's header. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rpm/header.h>
#include <rpm/rpmds.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmtd.h>
#include <rpm/rpmts.h>
#include <solv/repo_rpmdb.h>
#include <sys/stat.h>

#include "pkg/init.h"
#include "pkg/media.h"

#define FOLDERS_MAX 10000 /* folders below one location */

struct folder_package {
	Id id;
	char *path;
	uint64_t size;
};

struct folder {
	struct folder_package *items; /* in ascending order of id */
	size_t count, capacity;
};

/* A walk over all folders below one; each folder is entered once, so links may loop. */
struct walk {
	struct strlist pending, files;
	struct {
		dev_t dev;
		ino_t ino;
	} *seen;
	size_t seen_count, seen_capacity;
	bool only_first; /* stop at the first file: for detect() */
};

static void walk_release(struct walk *w)
{
	strlist_release(&w->pending);
	strlist_release(&w->files);
	free(w->seen);
}

static bool has_rpm_suffix(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && !strcasecmp(name + n - 4, ".rpm");
}

/* 1: entered before, 0: new, negative: no memory. */
static int walk_seen(struct walk *w, const struct stat *st)
{
	for (size_t i = 0; i < w->seen_count; i++)
		if (w->seen[i].dev == st->st_dev && w->seen[i].ino == st->st_ino)
			return 1;
	if (array_grow((void **)&w->seen, w->seen_count, &w->seen_capacity, sizeof(*w->seen)))
		return -ENOMEM;
	w->seen[w->seen_count].dev = st->st_dev;
	w->seen[w->seen_count++].ino = st->st_ino;
	return 0;
}

static int walk_entry(struct walk *w, const char *folder, const char *name, struct error *err)
{
	struct stat st;
	char *path;
	int rc;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return error_nomem(err);
	if (stat(path, &st)) {
		/* A link that leads nowhere matters only when it pretends to be a package. */
		rc = has_rpm_suffix(name) ? error_errno(err, errno, path, "cannot read") : 0;
		free(path);
		return rc;
	}
	if (S_ISDIR(st.st_mode))
		rc = strlist_take(&w->pending, path);
	else if (S_ISREG(st.st_mode) && has_rpm_suffix(name))
		rc = strlist_take(&w->files, path);
	else {
		free(path);
		return 0;
	}
	return rc ? error_nomem(err) : 0;
}

static int walk_folder(struct walk *w, const char *path, struct error *err)
{
	struct dirent *e;
	struct stat st;
	DIR *dir = opendir(path);
	int rc = 0;

	if (!dir)
		return error_errno(err, errno, path, "cannot open the folder");
	if (fstat(dirfd(dir), &st))
		rc = error_errno(err, errno, path, "cannot open the folder");
	else
		rc = walk_seen(w, &st);
	if (rc == -ENOMEM)
		error_nomem(err);
	if (!rc && w->seen_count > FOLDERS_MAX)
		rc = error_set(err, -ERR_LIMIT, path, "more than %d folders", FOLDERS_MAX);
	while (!rc && (errno = 0, e = readdir(dir))) {
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			rc = walk_entry(w, path, e->d_name, err);
		if (w->only_first && w->files.count)
			break;
	}
	if (!rc && errno)
		rc = error_errno(err, errno, path, "cannot read the folder");
	closedir(dir);
	return rc == 1 ? 0 : rc;
}

static int walk_all(struct walk *w, const char *location, struct error *err)
{
	int rc = strlist_add(&w->pending, location) ? error_nomem(err) : 0;

	while (!rc && w->pending.count && !(w->only_first && w->files.count)) {
		char *path = w->pending.items[--w->pending.count];

		rc = walk_folder(w, path, err);
		free(path);
	}
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int folder_detect(const char *location, struct strbuf *why)
{
	struct walk w = { .only_first = true };
	struct stat st;
	int rc;

	if (stat(location, &st) || !S_ISDIR(st.st_mode))
		return strbuf_adds(why, "not a folder");
	rc = walk_all(&w, location, NULL);
	if (rc && rc != -ENOMEM) /* the load will meet it again, and report it */
		rc = 1;
	else if (!rc)
		rc = w.files.count ? 1 : strbuf_adds(why, "no *.rpm in it, at any depth");
	walk_release(&w);
	return rc;
}

/* Digests and signatures come later, when the chosen packages are verified. */
static int read_header(rpmts ts, const char *path, Header *h, struct error *err)
{
	struct strbuf log = STRBUF_INIT;
	FD_t fd = Fopen(path, "r.ufdio");
	rpmRC rc;

	*h = NULL;
	if (!fd || Ferror(fd)) {
		int saved = errno ? errno : EIO;

		if (fd)
			Fclose(fd);
		return error_errno(err, saved, path, "cannot open");
	}
	pkg_log_begin(&log);
	rc = rpmReadPackageFile(ts, fd, path, h);
	pkg_log_end();
	Fclose(fd);
	if ((rc != RPMRC_OK && rc != RPMRC_NOKEY && rc != RPMRC_NOTTRUSTED) || !*h) {
		if (*h)
			*h = headerFree(*h);
		error_set(err, -ERR_FORMAT, path, "not an RPM package, or a damaged one (%s)",
			  pkg_log_last(&log, rc == RPMRC_NOTFOUND ? "no RPM lead" :
							   "its header cannot be read"));
	}
	strbuf_release(&log);
	return *h ? 0 : -ERR_FORMAT;
}

/*
 * rpm 3 wrote obsoletes without versions. librpm fills in what else it left
 * out, but not these, and libsolv passes over lists of different lengths.
 */
static int complete_obsoletes(Header h)
{
	uint32_t any = RPMSENSE_ANY;
	struct rpmtd_s names;
	rpm_count_t n;
	int ok = 1;

	if (headerIsEntry(h, RPMTAG_OBSOLETEVERSION) ||
	    !headerGet(h, RPMTAG_OBSOLETENAME, &names, HEADERGET_MINMEM))
		return 0;
	n = rpmtdCount(&names);
	rpmtdFreeData(&names);
	headerDel(h, RPMTAG_OBSOLETEFLAGS);
	for (rpm_count_t i = 0; i < n && ok; i++)
		ok = headerPutString(h, RPMTAG_OBSOLETEVERSION, "") &&
		     headerPutUint32(h, RPMTAG_OBSOLETEFLAGS, &any, 1);
	return ok ? 0 : -ENOMEM;
}

static int folder_add(struct media *m, void *state, Header h, char *path, struct error *err)
{
	struct folder *f = m->data;
	struct stat st;
	Id id;

	if (array_grow((void **)&f->items, f->count, &f->capacity, sizeof(*f->items)) ||
	    complete_obsoletes(h))
		return error_nomem(err);
	if (stat(path, &st))
		return error_errno(err, errno, path, "cannot read");
	/* Some malformed headers only leave a message, and a package without dependencies. */
	pool_error(m->repo->pool, 0, "%s", "");
	id = repo_add_rpm_handle(m->repo, rpm_byrpmh(state, h),
				 REPO_REUSE_REPODATA | REPO_NO_INTERNALIZE |
					 RPMDB_KEEP_GPG_PUBKEY);
	if (!id || *pool_errstr(m->repo->pool))
		return error_set(err, -ERR_FORMAT, path, "malformed header: %s",
				 pool_errstr(m->repo->pool));
	f->items[f->count].id = id;
	f->items[f->count].size = (uint64_t)st.st_size;
	f->items[f->count].path = strdup(path);
	if (!f->items[f->count].path)
		return error_nomem(err);
	f->count++;
	return 0;
}

static int add_all(struct media *m, rpmts ts, const struct strlist *files, struct error *err)
{
	void *state = rpm_state_create(m->repo->pool, NULL);
	int rc = 0;

	for (size_t i = 0; i < files->count && !rc; i++) {
		Header h;

		rc = read_header(ts, files->items[i], &h, err);
		if (rc)
			break;
		if (!headerIsSource(h))
			rc = folder_add(m, state, h, files->items[i], err);
		headerFree(h);
	}
	rpm_state_free(state);
	repo_internalize(m->repo);
	return rc;
}

static int folder_load(struct media *m, struct error *err)
{
	struct walk w = { 0 };
	rpmts ts;
	int rc;

	m->data = calloc(1, sizeof(struct folder));
	if (!m->data)
		return error_nomem(err);
	rc = walk_all(&w, m->location, err);
	if (!rc) {
		/* libsolv breaks ties by the order in which packages came. */
		qsort(w.files.items, w.files.count, sizeof(*w.files.items), by_name);
		ts = rpmtsCreate();
		rpmtsSetVSFlags(ts, RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES |
					    RPMVSF_NEEDPAYLOAD);
		rc = add_all(m, ts, &w.files, err);
		rpmtsFree(ts);
	}
	walk_release(&w);
	return rc;
}

static int folder_describe(const struct media *m, Id package, struct package *p,
			   struct error *err)
{
	const struct folder *f = m->data;

	for (size_t i = 0; i < f->count; i++) {
		if (f->items[i].id != package)
			continue;
		p->size = f->items[i].size;
		p->path = strdup(f->items[i].path);
		return p->path ? 0 : error_nomem(err);
	}
	return error_set(err, -ERR_NOT_FOUND, m->location, "package %d is not of this folder",
			 (int)package);
}

static void folder_release(struct media *m)
{
	struct folder *f = m->data;

	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		free(f->items[i].path);
	free(f->items);
	free(f);
}

const struct media_kind media_folder = {
	.name = "folder of RPMs",
	.detect = folder_detect,
	.load = folder_load,
	.describe = folder_describe,
	.release = folder_release,
};
