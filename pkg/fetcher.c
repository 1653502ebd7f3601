/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/fetcher.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

#include "pkg/cache.h"

/* What this run knows already: asked once, and not again. */
struct memory {
	char *id, *local; /* local NULL: the server has no such file */
};

struct fetcher {
	struct fetcher_settings settings;
	struct cache *cache; /* NULL with no_cache */
	struct fetch *fetch; /* NULL offline */
	const struct source_progress *progress; /* of the call that runs */
	struct memory *memories;
	size_t memory_count, memory_capacity;
	int *fds; /* nameless files that were handed out */
	size_t fd_count, fd_capacity;
};

/* One file of a call. */
struct item {
	struct fetcher *fetcher;
	struct fetcher_file *file;
	char *url_key, *sum_key; /* sum_key NULL: nothing was promised */
	struct cache_entry old;  /* to be revalidated */
	struct cache_temp temp;
};

static void on_progress(void *arg, const struct fetch_progress *p)
{
	const struct fetcher *f = arg;

	if (f->progress && f->progress->report)
		f->progress->report(f->progress->arg, p->done, p->total, p->name);
}

int fetcher_new(struct fetcher **out, const struct fetcher_settings *s, struct error *err)
{
	struct fetcher *f = calloc(1, sizeof(*f));
	int rc = 0;

	*out = NULL;
	if (!f)
		return error_nomem(err);
	f->settings = *s;
	f->settings.fetch.progress = on_progress;
	f->settings.fetch.arg = f;
	if (!s->no_cache)
		rc = cache_open(&f->cache, s->folder, err);
	if (!rc && !s->offline)
		rc = fetch_new(&f->fetch, &f->settings.fetch, err);
	if (rc) {
		fetcher_free(f);
		return rc;
	}
	*out = f;
	return 0;
}

void fetcher_free(struct fetcher *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->memory_count; i++) {
		free(f->memories[i].id);
		free(f->memories[i].local);
	}
	free(f->memories);
	for (size_t i = 0; i < f->fd_count; i++)
		close(f->fds[i]);
	free(f->fds);
	fetch_free(f->fetch);
	cache_close(f->cache);
	free(f);
}

bool fetcher_is_offline(const struct fetcher *f)
{
	return f->settings.offline;
}

size_t fetcher_repaired(const struct fetcher *f)
{
	return f->cache ? cache_damaged(f->cache) : 0;
}

static int find_prefix(void *arg, const struct cache_item *item)
{
	const char *prefix = arg;

	return item->origin && !strncmp(item->origin, prefix, strlen(prefix));
}

int fetcher_knows(struct fetcher *f, const char *prefix, struct error *err)
{
	char *copy = strdup(prefix);
	int rc = copy ? 0 : error_nomem(err);

	if (!rc && f->cache)
		rc = cache_list(f->cache, find_prefix, copy, err);
	free(copy);
	return rc;
}

static struct memory *recall(const struct fetcher *f, const char *id)
{
	for (size_t i = 0; i < f->memory_count; i++)
		if (!strcmp(f->memories[i].id, id))
			return &f->memories[i];
	return NULL;
}

static int remember(struct fetcher *f, const char *id, const char *local)
{
	struct memory *m;

	if (recall(f, id))
		return 0;
	if (array_grow((void **)&f->memories, f->memory_count, &f->memory_capacity,
		       sizeof(*f->memories)))
		return -ENOMEM;
	m = &f->memories[f->memory_count];
	m->id = strdup(id);
	m->local = local ? strdup(local) : NULL;
	if (!m->id || (local && !m->local)) {
		free(m->id);
		free(m->local);
		return -ENOMEM;
	}
	f->memory_count++;
	return 0;
}

static int item_begin(struct item *it, struct fetcher *f, struct fetcher_file *file)
{
	it->fetcher = f;
	it->file = file;
	it->temp = (struct cache_temp){ .fd = -1 };
	file->local = NULL;
	if (asprintf(&it->url_key, "url %s", file->id) < 0) {
		it->url_key = NULL;
		return -ENOMEM;
	}
	if (!file->checksum)
		return 0;
	if (asprintf(&it->sum_key, "%s %s", file->checksum_algo, file->checksum) < 0) {
		it->sum_key = NULL;
		return -ENOMEM;
	}
	for (char *c = it->sum_key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

static void item_release(struct item *it)
{
	free(it->url_key);
	free(it->sum_key);
	cache_entry_release(&it->old);
	cache_temp_abort(&it->temp);
}

static int hand_out(struct item *it, const char *path)
{
	it->file->local = strdup(path);
	return it->file->local ? 0 : -ENOMEM;
}

/* The promised bytes are in the cache under another name: 1, 0 or negative. */
static int find_promised(struct item *it, struct error *err)
{
	const struct fetcher_file *file = it->file;
	struct cache *c = it->fetcher->cache;
	struct cache_entry e = { 0 };
	int rc = cache_find(c, it->sum_key, &e, err);

	if (!rc && !strcasecmp(file->checksum_algo, "sha256")) {
		rc = cache_find(c, it->url_key, &e, err);
		if (rc == 1 && strcasecmp(e.sha256, file->checksum) != 0)
			rc = 0;
	}
	if (rc == 1 && file->size && e.size != file->size)
		rc = 0;
	if (rc == 1 && hand_out(it, e.path))
		rc = error_nomem(err);
	cache_entry_release(&e);
	return rc;
}

/* Is the file here already? 1, 0 or negative. */
static int look_up(struct item *it, struct error *err)
{
	struct fetcher *f = it->fetcher;
	const struct memory *m;
	int rc;

	if (it->sum_key)
		return f->cache ? find_promised(it, err) : 0;
	m = recall(f, it->file->id);
	if (m && (m->local || it->file->optional)) {
		rc = m->local ? hand_out(it, m->local) : 0;
		return rc ? error_nomem(err) : 1;
	}
	if (!f->cache)
		return 0;
	rc = cache_find(f->cache, it->url_key, &it->old, err);
	if (rc == 1 && it->file->max && it->old.size > it->file->max) {
		cache_entry_release(&it->old);
		rc = 0;
	}
	if (rc != 1 || !f->settings.offline)
		return rc < 0 ? rc : 0;
	rc = hand_out(it, it->old.path);
	return rc ? error_nomem(err) : 1;
}

static int on_begin(struct fetch_job *job, struct error *err)
{
	struct item *it = job->arg;
	int rc = 0;

	if (it->fetcher->cache)
		rc = cache_temp(it->fetcher->cache, &it->temp, err);
	else
		it->temp.fd = source_temp();
	if (!rc && it->temp.fd < 0)
		rc = error_errno(err, errno, NULL, "cannot create a temporary file");
	job->fd = it->temp.fd;
	return rc;
}

/* Without a cache the file lives as long as its descriptor. */
static int keep_nameless(struct item *it)
{
	struct fetcher *f = it->fetcher;

	if (array_grow((void **)&f->fds, f->fd_count, &f->fd_capacity, sizeof(*f->fds)))
		return -ENOMEM;
	it->file->local = source_fd_path(it->temp.fd);
	if (!it->file->local)
		return -ENOMEM;
	f->fds[f->fd_count++] = it->temp.fd;
	it->temp.fd = -1;
	return 0;
}

static int keep_object(struct item *it, const struct fetch_job *job, struct error *err)
{
	const char *const key = it->sum_key ? it->sum_key : it->url_key;
	struct cache_entry e = { .size = job->received, .etag = job->new_etag,
				 .last_modified = job->new_last_modified,
				 .origin = it->url_key + strlen("url ") };
	int rc;

	memcpy(e.sha256, job->sha256, sizeof(e.sha256));
	rc = cache_add(it->fetcher->cache, &it->temp, &key, 1, &e, err);
	it->file->local = e.path;
	return rc;
}

static int on_done(struct fetch_job *job, struct error *err)
{
	struct item *it = job->arg;
	int rc;

	if (job->not_modified)
		rc = hand_out(it, it->old.path) ? error_nomem(err) : 0;
	else if (it->fetcher->cache)
		rc = keep_object(it, job, err);
	else
		rc = keep_nameless(it) ? error_nomem(err) : 0;
	cache_temp_abort(&it->temp);
	if (!rc && !it->sum_key && remember(it->fetcher, it->file->id, it->file->local))
		rc = error_nomem(err);
	return rc;
}

static void fill_job(struct fetch_job *job, struct item *it)
{
	const struct fetcher_file *file = it->file;

	*job = (struct fetch_job){
		.name = file->name,
		.urls = file->urls,
		.url_count = file->url_count,
		.begin = on_begin,
		.done = on_done,
		.arg = it,
		.fd = -1,
		.size = file->size,
		.max = file->max,
		.optional = file->optional,
		.checksum_algo = file->checksum_algo,
		.checksum = file->checksum,
		.etag = it->old.etag,
		.last_modified = it->old.last_modified,
	};
}

/* Metadata promised a file that is not what it was, or not there. */
static void hint_changed(const struct fetch_job *jobs, size_t count, int rc, struct error *err)
{
	static const char changed[] = "the media may have changed since its metadata was read: "
				      "try again, or another mirror";

	if (!err || (rc != -ERR_NOT_FOUND && rc != -ERR_DIGEST))
		return;
	for (size_t i = 0; i < count; i++) {
		if (jobs[i].rc != rc)
			continue;
		if (err->hint && (jobs[i].checksum || jobs[i].size))
			error_hint(err, "%s; %s", changed, err->hint);
		else if (jobs[i].checksum || jobs[i].size)
			error_hint(err, "%s", changed);
		return;
	}
}

/* Fetch those of the items that have no local path yet. */
static int fetch_items(struct fetcher *f, struct item **items, size_t count, struct error *err)
{
	struct fetch_job *jobs = calloc(count, sizeof(*jobs));
	int rc;

	if (!jobs)
		return error_nomem(err);
	for (size_t i = 0; i < count; i++)
		fill_job(&jobs[i], items[i]);
	rc = fetch_run(f->fetch, jobs, count, err);
	if (rc)
		hint_changed(jobs, count, rc, err);
	if (err && !err->hint && (rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG))
		error_hint(err, f->cache ? "the cache %s is full: make room, try 'mkroot cache "
					   "clean', or --no-cache" :
					   "TMPDIR%s says where temporary files go",
			   f->cache ? cache_folder(f->cache) : "");
	for (size_t i = 0; i < count; i++) {
		if (!rc && jobs[i].rc == -ERR_NOT_FOUND && remember(f, items[i]->file->id, NULL))
			rc = error_nomem(err);
		fetch_job_release(&jobs[i]);
	}
	free(jobs);
	return rc;
}

static int list_missing(struct item **items, size_t count, struct error *err)
{
	struct strbuf list = STRBUF_INIT;
	size_t missing = 0;
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++) {
		if (items[i]->file->optional)
			continue;
		rc = strbuf_addf(&list, "\n  %s", items[i]->file->id);
		missing++;
	}
	if (rc)
		rc = error_nomem(err);
	else if (missing)
		rc = error_set(err, -ERR_NOT_FOUND, NULL,
			       "--offline, and the cache does not have %zu file%s:%s", missing,
			       missing == 1 ? "" : "s", list.data);
	strbuf_release(&list);
	return rc;
}

int fetcher_get(struct fetcher *f, struct fetcher_file *files, size_t count,
		const struct source_progress *progress, struct error *err)
{
	struct item *items = calloc(count + 1, sizeof(*items));
	struct item **wanted = calloc(count + 1, sizeof(*wanted));
	size_t wanted_count = 0, begun = 0;
	int rc = items && wanted ? 0 : error_nomem(err);

	for (size_t i = 0; i < count; i++)
		files[i].local = NULL;
	for (; !rc && begun < count; begun++) {
		rc = item_begin(&items[begun], f, &files[begun]) ? error_nomem(err) : 0;
		if (!rc)
			rc = look_up(&items[begun], err);
		if (rc == 0)
			wanted[wanted_count++] = &items[begun];
		if (rc == 1)
			rc = 0;
	}
	f->progress = progress;
	if (!rc && f->settings.offline)
		rc = list_missing(wanted, wanted_count, err);
	else if (!rc && wanted_count)
		rc = fetch_items(f, wanted, wanted_count, err);
	f->progress = NULL;
	for (size_t i = 0; i < begun; i++)
		item_release(&items[i]);
	for (size_t i = 0; rc && i < count; i++) {
		free(files[i].local);
		files[i].local = NULL;
	}
	free(items);
	free(wanted);
	return rc;
}
