/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http://, https://, ftp:// and file:// URLs; mirrorlist=URL and metalink=URL
 * for a list of mirrors of the same tree.
 */
#include <errno.h>

#include "pkg/fetcher.h"
#include "pkg/mirrors.h"
#include "pkg/source.h"

struct url_source {
	struct mirrors mirrors;
	char *id; /* the location without a password, no '/' at its end */
};

/* The URL of a list of mirrors; NULL when the location is no such thing. */
static const char *list_url(const char *location)
{
	static const char *const words[] = { "mirrorlist=", "metalink=" };

	for (size_t i = 0; i < 2; i++)
		if (!strncmp(location, words[i], strlen(words[i])))
			return location + strlen(words[i]);
	return NULL;
}

static int url_detect(const char *location, struct strbuf *why)
{
	const char *list = list_url(location);

	if (fetch_is_url(list ? list : location))
		return 1;
	return strbuf_adds(why, list ? "the list is no URL" : "not http, https, ftp or file");
}

static int read_list(struct source *s, const char *url, struct mirrors *m, struct error *err)
{
	char *id = fetch_public_url(url);
	struct fetcher_file file = { .id = id, .urls = &url, .url_count = 1,
				     .max = MIRRORS_TEXT_MAX };
	struct strbuf text = STRBUF_INIT;
	FILE *f = NULL;
	size_t n = 0;
	int rc = id ? fetcher_get(s->settings->fetcher, &file, 1, NULL, err) : error_nomem(err);

	if (!rc) {
		f = fopen(file.local, "re");
		if (!f)
			rc = error_errno(err, errno, id, "cannot read the list of mirrors");
	}
	do {
		if (!rc && strbuf_reserve(&text, 65536))
			rc = error_nomem(err);
		if (!rc) {
			n = fread(text.data + text.len, 1, 65536, f);
			text.len += n;
			text.data[text.len] = '\0';
		}
	} while (!rc && n && text.len <= MIRRORS_TEXT_MAX);
	if (!rc && ferror(f))
		rc = error_errno(err, EIO, id, "cannot read the list of mirrors");
	if (!rc)
		rc = mirrors_parse(text.data, text.len, id, m, err);
	if (f)
		fclose(f);
	strbuf_release(&text);
	free(file.local);
	free(id);
	return rc;
}

/* Offline, a place of which the cache has nothing would only be "not recognised". */
static int check_offline(struct source *s, const struct url_source *u, struct error *err)
{
	int rc;

	if (!fetcher_is_offline(s->settings->fetcher))
		return 0;
	rc = fetcher_knows(s->settings->fetcher, u->id, err);
	if (rc)
		return rc < 0 ? rc : 0;
	error_set(err, -ERR_NOT_FOUND, u->id, "--offline, and the cache has nothing of it");
	return err ? error_hint(err, "run once without --offline") : -ERR_NOT_FOUND;
}

static int url_open(struct source *s, struct error *err)
{
	const char *list = list_url(s->location);
	struct url_source *u = calloc(1, sizeof(*u));
	size_t n;

	s->data = u;
	if (!u)
		return error_nomem(err);
	if (!s->settings || !s->settings->fetcher)
		return error_set(err, -ERR_UNSUPPORTED, s->location, "URLs are not read here");
	u->id = fetch_public_url(list ? list : s->location);
	if (!u->id)
		return error_nomem(err);
	n = strlen(u->id);
	while (n > 3 && u->id[n - 1] == '/' && u->id[n - 2] != '/')
		u->id[--n] = '\0';
	if (list) {
		int rc = check_offline(s, u, err);

		return rc ? rc : read_list(s, list, &u->mirrors, err);
	}
	if (strlist_addf(&u->mirrors.urls, "%s%s", s->location,
			 s->location[strlen(s->location) - 1] == '/' ? "" : "/"))
		return error_nomem(err);
	return check_offline(s, u, err);
}

static void url_close(struct source *s)
{
	struct url_source *u = s->data;

	if (!u)
		return;
	mirrors_release(&u->mirrors);
	free(u->id);
	free(u);
	s->data = NULL;
}

/* "BASE/path", with what a URL cannot hold written as %XX. NULL without memory. */
static char *url_of(const char *base, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._~/+!$&'()*,=:@";
	struct strbuf url = STRBUF_INIT;
	int rc = strbuf_adds(&url, base);

	for (const char *c = path; *c && !rc; c++)
		rc = strchr(plain, *c) ? strbuf_add(&url, c, 1) :
					 strbuf_addf(&url, "%%%02X", (unsigned char)*c);
	if (rc) {
		strbuf_release(&url);
		return NULL;
	}
	return strbuf_take(&url);
}

/* The strings of one fetcher_file; all freed by want_release(). */
struct want {
	char *id;
	struct strlist urls;
};

static void want_release(struct want *w)
{
	free(w->id);
	strlist_release(&w->urls);
}

static int want_fill(const struct url_source *u, const struct source_file *file, struct want *w,
		     struct fetcher_file *out)
{
	const struct mirrors *m = &u->mirrors;
	const char *slash = strrchr(file->path, '/');

	if (asprintf(&w->id, "%s/%s", u->id, file->path) < 0) {
		w->id = NULL;
		return -ENOMEM;
	}
	for (size_t i = 0; i < m->urls.count; i++)
		if (strlist_take(&w->urls, url_of(m->urls.items[i], file->path)))
			return -ENOMEM;
	*out = (struct fetcher_file){
		.id = w->id,
		.name = slash ? slash + 1 : file->path,
		.urls = (const char *const *)w->urls.items,
		.url_count = w->urls.count,
		.checksum_algo = file->checksum ? file->checksum_algo : NULL,
		.checksum = file->checksum,
		.size = file->size,
		.max = file->max,
		.optional = file->optional,
	};
	if (!file->checksum && m->file && m->checksum && !strcmp(file->path, m->file)) {
		out->checksum_algo = m->checksum_algo;
		out->checksum = m->checksum;
		out->size = m->size;
	}
	return 0;
}

static int url_fetch(struct source *s, struct source_file *files, size_t count,
		     const struct source_progress *progress, struct error *err)
{
	const struct url_source *u = s->data;
	struct fetcher_file *wanted = calloc(count, sizeof(*wanted));
	struct want *strings = calloc(count, sizeof(*strings));
	int rc = wanted && strings ? 0 : error_nomem(err);

	for (size_t i = 0; i < count && !rc; i++)
		if (want_fill(u, &files[i], &strings[i], &wanted[i]))
			rc = error_nomem(err);
	if (!rc)
		rc = fetcher_get(s->settings->fetcher, wanted, count, progress, err);
	for (size_t i = 0; strings && i < count; i++) {
		if (!rc)
			files[i].local = wanted[i].local;
		want_release(&strings[i]);
	}
	free(strings);
	free(wanted);
	return rc;
}

const struct source_ops source_url = {
	.name = "URL",
	.detect = url_detect,
	.open = url_open,
	.close = url_close,
	.fetch = url_fetch,
};
