/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An rpm-md repository: repodata/repomd.xml names the other files with their checksums, primary has
 * the packages, filelists the files that primary leaves out.
 */
#include <errno.h>
#include <solv/chksum.h>
#include <solv/knownid.h>
#include <solv/repo.h>

#include <solv/repo_repomdxml.h>
#include <solv/repo_rpmmd.h>

#include "pkg/media.h"
#include "pkg/media_content.h"
#include "pkg/media_xml.h"
#include "pkg/trust.h"

#define REPOMD "repodata/repomd.xml"
#define REPOMD_MAX (4 << 20)  /* bytes */
#define METADATA_MAX (1 << 30) /* bytes of primary or filelists, decompressed */

/* A source that some packages lie on, by their xml:base. */
struct base {
	char *url;
	struct source *source;
};

struct rpmmd {
	struct base *bases;
	size_t count, capacity;
	bool has_filelists; /* read already, or not there */
	struct vouch vouch;
};

/* What repomd.xml says of one file; strings are the pool's. */
struct record {
	const char *location;
	struct source_file file;
};

static int rpmmd_detect(struct source *s, struct strbuf *why, struct error *err)
{
	int rc = source_has(s, REPOMD, err);

	return rc ? rc : strbuf_adds(why, "no '" REPOMD "'");
}

static int parse(struct media *m, const char *path, FILE *in, uint64_t max,
		 int (*add)(Repo *repo, FILE *f), struct error *err)
{
	char *label = source_label(m->source, path);
	struct xml_guard guard;
	FILE *f;
	int rc, said;

	if (!label) {
		fclose(in);
		return error_nomem(err);
	}
	f = xml_guard_open(&guard, in, max);
	if (!f) {
		free(label);
		return error_nomem(err);
	}
	said = add(m->repo, f);
	/* Why reading stopped says more than that the text has no end. */
	rc = xml_guard_close(&guard, f, label, err);
	if (!rc && said)
		rc = error_set(err, -ERR_FORMAT, label, "%s", pool_errstr(m->repo->pool));
	free(label);
	return rc;
}

static int add_repomd(Repo *repo, FILE *f)
{
	return repo_add_repomdxml(repo, f, 0);
}

static int add_primary(Repo *repo, FILE *f)
{
	return repo_add_rpmmd(repo, f, NULL, 0);
}

static int add_filelists(Repo *repo, FILE *f)
{
	return repo_add_rpmmd(repo, f, "FL", REPO_EXTEND_SOLVABLES);
}

/* 1 when repomd.xml has it. */
static int find_record(const struct media *m, const char *type, struct record *r, struct error *err)
{
	Pool *pool = m->repo->pool;
	const char *sum = NULL;
	Dataiterator di;
	Id sum_type = 0;
	int found = 0;

	*r = (struct record){ 0 };
	dataiterator_init(&di, pool, m->repo, SOLVID_META, REPOSITORY_REPOMD_TYPE, type,
			  SEARCH_STRING);
	dataiterator_prepend_keyname(&di, REPOSITORY_REPOMD);
	while (!found && dataiterator_step(&di)) {
		dataiterator_setpos_parent(&di);
		r->location = pool_lookup_str(pool, SOLVID_POS, REPOSITORY_REPOMD_LOCATION);
		sum = pool_lookup_checksum(pool, SOLVID_POS, REPOSITORY_REPOMD_CHECKSUM, &sum_type);
		r->file.size = pool_lookup_num(pool, SOLVID_POS, REPOSITORY_REPOMD_SIZE, 0);
		found = 1;
	}
	dataiterator_free(&di);
	if (!found)
		return 0;
	if (!r->location || *r->location == '/' || strstr(r->location, "://"))
		return error_set(err, -ERR_FORMAT, m->location, REPOMD
				 " gives no location of '%s' inside the repository", type);
	if (!sum)
		return error_set(err, -ERR_FORMAT, m->location, REPOMD " has no checksum of '%s'",
				 type);
	r->file.checksum_algo = solv_chksum_type2str(sum_type);
	r->file.checksum = sum;
	return 1;
}

/* 1 when there is such a file. */
static int load_record(struct media *m, const char *type, int (*add)(Repo *repo, FILE *f),
		       struct error *err)
{
	struct record r;
	char *path, *sum;
	FILE *f;
	int rc = find_record(m, type, &r, err);

	if (rc != 1)
		return rc;
	path = media_plain_path(r.location);
	sum = strdup(r.file.checksum);
	r.file.path = path;
	r.file.checksum = sum;
	if (!sum)
		rc = error_nomem(err);
	else if (!path)
		rc = error_set(err, -ERR_ESCAPE, m->location, REPOMD ": '%s' leaves the repository",
			       r.location);
	else
		rc = source_stream(m->source, &r.file, METADATA_MAX, &f, err);
	if (!rc)
		rc = parse(m, path, f, METADATA_MAX, add, err);
	free(path);
	free(sum);
	return rc ? rc : 1;
}

/* libsolv passes over what is missing; nothing could be done with such a package. */
static int check_packages(const struct media *m, struct error *err)
{
	Pool *pool = m->repo->pool;
	Solvable *s;
	Id p;

	FOR_REPO_SOLVABLES(m->repo, p, s)
	{
		const char *where = solvable_lookup_location(s, NULL);

		if (!s->name || !s->evr || !s->arch)
			return error_set(err, -ERR_FORMAT, m->location,
					 "a package in primary has no name, version or arch");
		if (!where)
			return error_set(err, -ERR_FORMAT, m->location,
					 "package %s has no location in primary",
					 pool_solvable2str(pool, s));
	}
	return 0;
}

/* The bytes that are parsed are those whose signature was checked: read once. */
static int load_repomd(struct media *m, struct vouch *vouch, struct error *err)
{
	const struct source_file file = { .path = REPOMD };
	struct strbuf text = STRBUF_INIT;
	FILE *f;
	int rc = source_read(m->source, &file, REPOMD_MAX, &text, err);

	if (!rc)
		rc = vouch_check(vouch, m->source, REPOMD, &text, err);
	if (!rc) {
		/* An empty text is the XML parser's to complain about. */
		f = text.len ? fmemopen(text.data, text.len, "r") : fopen("/dev/null", "re");
		rc = f ? parse(m, REPOMD, f, REPOMD_MAX, add_repomd, err) : error_nomem(err);
	}
	strbuf_release(&text);
	return rc;
}

/* 1 when repomd.xml has it. */
static int add_selection(struct media *m, const char *type, struct error *err)
{
	struct record r;
	char *path;
	int rc = find_record(m, type, &r, err);

	if (rc != 1)
		return rc;
	path = media_plain_path(r.location);
	if (!path)
		return error_set(err, -ERR_ESCAPE, m->location, REPOMD ": '%s' leaves the repository",
				 r.location);
	rc = media_add_selection(m, path, &r.file, err);
	return rc ? rc : 1;
}

/* Groups, of which there is one file, often also compressed; and patterns. */
static int find_selections(struct media *m, struct error *err)
{
	static const char *const groups[] = { "group_xz", "group_zst", "group_gz", "group" };
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(groups) / sizeof(groups[0]); i++)
		rc = add_selection(m, groups[i], err);
	return rc < 0 ? rc : add_selection(m, "patterns", err);
}

static int rpmmd_load(struct media *m, struct error *err)
{
	struct rpmmd *r = calloc(1, sizeof(*r));
	struct record primary;
	int rc;

	m->data = r;
	if (!r)
		return error_nomem(err);
	rc = load_repomd(m, &r->vouch, err);
	if (!rc) {
		rc = load_record(m, "primary", add_primary, err);
		if (!rc)
			rc = error_set(err, -ERR_FORMAT, m->location,
				       REPOMD " does not name a 'primary'");
	}
	if (rc > 0)
		rc = find_record(m, "primary", &primary, err);
	if (rc > 0)
		rc = vouch_link(&r->vouch, m->source, primary.file.checksum_algo, err);
	if (rc >= 0)
		rc = find_selections(m, err);
	return rc < 0 ? rc : check_packages(m, err);
}

/* The files that primary leaves out: large, and rarely needed. */
static int rpmmd_complete(struct media *m, struct error *err)
{
	struct rpmmd *r = m->data;
	int rc;

	if (r->has_filelists)
		return 0;
	r->has_filelists = true;
	rc = load_record(m, "filelists", add_filelists, err);
	return rc < 0 ? rc : 0;
}

static bool is_url(const char *text)
{
	return !strncmp(text, "http://", 7) || !strncmp(text, "https://", 8) ||
	       !strncmp(text, "ftp://", 6);
}

/* What lies elsewhere may be named by what came over the net alone. */
static int open_base(const struct media *m, const char *url, struct source **out,
		     struct error *err)
{
	struct rpmmd *r = m->data;
	int rc;

	*out = m->source;
	if (!url || !*url)
		return 0;
	for (size_t i = 0; i < r->count; i++) {
		*out = r->bases[i].source;
		if (!strcmp(r->bases[i].url, url))
			return 0;
	}
	if (!is_url(m->location) || !is_url(url))
		return error_set(err, -ERR_ESCAPE, m->location,
				 "primary wants packages from '%s', outside the repository", url);
	if (array_grow((void **)&r->bases, r->count, &r->capacity, sizeof(*r->bases)))
		return error_nomem(err);
	rc = source_open(url, m->source->settings, out, err);
	if (rc)
		return rc;
	r->bases[r->count].source = *out;
	r->bases[r->count].url = strdup(url);
	return r->bases[r->count++].url ? 0 : error_nomem(err);
}

static int rpmmd_describe(const struct media *m, Id package, struct package *p, struct error *err)
{
	Solvable *s = pool_id2solvable(m->repo->pool, package);
	const char *where = solvable_lookup_location(s, NULL);
	char *path = where && *where != '/' ? media_plain_path(where) : NULL;
	struct source *source;
	int rc;

	if (!path || !*path) {
		rc = error_set(err, -ERR_ESCAPE, m->location,
			       "the location '%s' of package %s leaves the repository",
			       where ? where : "", pool_solvable2str(m->repo->pool, s));
		free(path);
		return rc;
	}
	rc = open_base(m, solvable_lookup_str(s, SOLVABLE_MEDIABASE), &source, err);
	if (!rc)
		rc = media_place(source, path, p, err);
	free(path);
	p->vouch = &((const struct rpmmd *)m->data)->vouch;
	return rc ? rc : media_set_checksum(s, p, err);
}

static void rpmmd_release(struct media *m)
{
	struct rpmmd *r = m->data;

	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		source_close(r->bases[i].source);
		free(r->bases[i].url);
	}
	free(r->bases);
	vouch_release(&r->vouch);
	free(r);
}

const struct media_kind media_rpmmd = {
	.name = "rpm-md repository",
	.detect = rpmmd_detect,
	.load = rpmmd_load,
	.complete = rpmmd_complete,
	.describe = rpmmd_describe,
	.release = rpmmd_release,
};
