/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RPMs at any depth of a source that can be listed. What counts is each package's header. */
#include <errno.h>
#include <rpm/header.h>
#include <rpm/rpmds.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmtd.h>
#include <rpm/rpmts.h>
#include <solv/repo_rpmdb.h>
#include <sys/stat.h>

#include "pkg/init.h"
#include "pkg/media.h"

struct folder_package {
	Id id;
	char *path; /* on the source */
	uint64_t size;
};

struct folder {
	struct folder_package *items; /* in ascending order of id */
	size_t count, capacity;
};

/* What reading the headers needs. */
struct headers {
	struct media *media;
	const struct strlist *paths;
	rpmts ts;
	void *state; /* of libsolv */
};

static int folder_detect(struct source *s, struct strbuf *why, struct error *err)
{
	struct strlist files = STRLIST_INIT;
	int rc;

	if (!source_can_list(s))
		return strbuf_adds(why, "the files there cannot be listed");
	rc = s->ops->find(s, ".rpm", true, &files, NULL);
	if (rc && rc != -ENOMEM) /* the load will meet it again, and report it */
		rc = 1;
	else if (!rc)
		rc = files.count ? 1 : strbuf_adds(why, "no *.rpm in it, at any depth");
	strlist_release(&files);
	return rc;
}

static uint64_t number_at(const unsigned char *at)
{
	return (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
}

/* Where a header ends that begins at the offset. */
static uint64_t header_end(const unsigned char *head, uint64_t at)
{
	return at + 16 + 16 * number_at(head + at + 8) + number_at(head + at + 12);
}

/* Lead, signature (which ends at a multiple of 8) and header; what is wrong with them is found later. */
static uint64_t head_size(const unsigned char *head, size_t have)
{
	uint64_t at = 96;

	if (have < at + 16)
		return at + 16;
	at = (header_end(head, at) + 7) / 8 * 8;
	return have < at + 16 ? at + 16 : header_end(head, at);
}

/* Digests and signatures come later, when the chosen packages are verified. */
/* path: for messages. */
static int read_header(rpmts ts, const char *local, const char *path, Header *h, struct error *err)
{
	struct strbuf log = STRBUF_INIT;
	FD_t fd = Fopen(local, "r.ufdio");
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

static int folder_add(const struct headers *r, Header h, const char *path, const char *label,
		      uint64_t size, struct error *err)
{
	Repo *repo = r->media->repo;
	struct folder *f = r->media->data;
	Id id;

	if (array_grow((void **)&f->items, f->count, &f->capacity, sizeof(*f->items)) ||
	    complete_obsoletes(h))
		return error_nomem(err);
	/* Some malformed headers only leave a message, and a package without dependencies. */
	pool_error(repo->pool, 0, "%s", "");
	id = repo_add_rpm_handle(repo, rpm_byrpmh(r->state, h),
				 REPO_REUSE_REPODATA | REPO_NO_INTERNALIZE |
					 RPMDB_KEEP_GPG_PUBKEY);
	if (!id || *pool_errstr(repo->pool))
		return error_set(err, -ERR_FORMAT, label, "malformed header: %s",
				 pool_errstr(repo->pool));
	f->items[f->count].id = id;
	f->items[f->count].size = size;
	f->items[f->count].path = strdup(path);
	if (!f->items[f->count].path)
		return error_nomem(err);
	f->count++;
	return 0;
}

static int add_file(void *arg, size_t index, const char *local, struct error *err)
{
	const struct headers *r = arg;
	struct media *m = r->media;
	const struct source *source = m->source;
	const char *path = r->paths->items[index];
	char *label = source_label(source, path);
	struct stat st = { 0 };
	Header h;
	int rc;

	if (!label)
		return error_nomem(err);
	rc = read_header(r->ts, local, label, &h, err);
	if (!rc) {
		/* Only the beginning is there, unless it is the file itself. */
		if (source->ops->local && stat(local, &st))
			rc = error_errno(err, errno, label, "cannot read");
		else if (headerIsSource(h))
			m->sources++;
		else
			rc = folder_add(r, h, path, label, (uint64_t)st.st_size, err);
		headerFree(h);
	}
	free(label);
	return rc;
}

static int folder_load(struct media *m, struct error *err)
{
	struct strlist paths = STRLIST_INIT;
	struct headers r = { .media = m, .paths = &paths };
	int rc;

	m->data = calloc(1, sizeof(struct folder));
	if (!m->data)
		return error_nomem(err);
	/* Sorted: libsolv breaks ties by the order in which packages came. */
	rc = m->source->ops->find(m->source, ".rpm", false, &paths, err);
	if (!rc) {
		r.ts = rpmtsCreate();
		rpmtsSetVSFlags(r.ts, RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES |
					      RPMVSF_NEEDPAYLOAD);
		r.state = rpm_state_create(m->repo->pool, NULL);
		rc = m->source->ops->visit(m->source, &paths, head_size, add_file, &r, err);
		rpm_state_free(r.state);
		repo_internalize(m->repo);
		rpmtsFree(r.ts);
	}
	strlist_release(&paths);
	return rc;
}

static int folder_describe(const struct media *m, Id package, struct package *p,
			   struct error *err)
{
	const struct folder *f = m->data;
	size_t i;

	for (i = 0; i < f->count && f->items[i].id != package; i++)
		;
	if (i == f->count)
		return error_set(err, -ERR_NOT_FOUND, m->location,
				 "package %d is not of this folder", (int)package);
	p->size = f->items[i].size;
	p->source = m->source;
	p->location = strdup(f->items[i].path);
	/* Found by looking, not by metadata: a link may lead anywhere. */
	if (m->source->ops->local)
		p->path = m->source->ops->local(m->source, p->location ? p->location : "");
	return p->location && (p->path || !m->source->ops->local) ? 0 : error_nomem(err);
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
