/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>

#include "labpack/pack.h"
#include "labpack/source.h"

/* A map of holes with more parts than this is made coarser: each takes some 20 bytes and memory. */
#define PARTS_MAX 65536

struct writer {
	struct pack *pack;
	const struct pack_options *o;
	struct archive_out *out;
	struct pipeline *pipeline;
	struct file_digest *digest;
	struct manifest *manifest;
	struct strbuf path; /* with the top folder */
	/* Of the member that is being written: */
	const struct pack_member *member;
	struct source source;
	unsigned char *cow_head; /* WINDOW_COW_HEAD bytes that replace the file's own, or NULL */
	uint64_t data; /* bytes that count */
};

#define COW_NAME_AT   32
#define COW_NAME_SIZE 4096

static void put_be32(unsigned char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(n >> (24 - 8 * i));
}

/*
 * The header of a COW as it travels: the base's name below the lab's folder and its
 * time, so that the pair fits even where another tar unpacks it.
 */
static int make_cow_head(struct writer *w, struct error *err)
{
	const struct pack_member *base = pack_find(w->pack, w->member->base_path);
	size_t n = strlen(w->member->base_path);
	struct window head = { .data = NULL };

	if (!base)
		return error_set(err, -ERR_NOT_FOUND, w->member->base, "is not part of the lab");
	if (n >= COW_NAME_SIZE)
		return error_set(err, -ERR_LIMIT, w->member->base_path, "the name is too long");
	head.data = malloc(WINDOW_SIZE);
	if (!head.data)
		return error_nomem(err);
	head.length = w->source.size < WINDOW_SIZE ? (size_t)w->source.size : WINDOW_SIZE;
	if (source_read(&w->source, &head, err)) {
		free(head.data);
		return err->code;
	}
	if (!window_is_cow(head.data, head.length)) {
		free(head.data);
		error_set(err, -ERR_UNSUPPORTED, w->member->path, "is a COW disk of an old version");
		return error_hint(err, "'labpack cow rebase' makes it one of version 3");
	}
	put_be32(head.data + 8, (uint32_t)base->mtime);
	/* Behind the name there may be a note of the base's digest: extract notes it anew. */
	memset(head.data + COW_NAME_AT, 0, WINDOW_COW_HEAD - COW_NAME_AT);
	memcpy(head.data + COW_NAME_AT, w->member->base_path, n);
	w->cow_head = head.data;
	return 0;
}

static int read_window(const struct writer *w, struct window *window, struct error *err)
{
	int rc = source_read(&w->source, window, err);

	if (rc || window->offset || !w->cow_head)
		return rc;
	memcpy(window->data, w->cow_head, WINDOW_COW_HEAD);
	window_scan(window);
	return 0;
}

static int work(void *arg, struct window *window, struct error *err)
{
	struct writer *w = arg;
	int rc = read_window(w, window, err);

	return rc ? rc : window_digest(window, err);
}

static void count(struct writer *w, const struct window *window)
{
	file_digest_add(w->digest, window);
	if (!window->empty)
		w->data += window->bytes;
}

static int probe(void *arg, struct window *window, struct error *err)
{
	struct writer *w = arg;

	/* The head of a COW is not the file's own. */
	return window->offset || !w->cow_head ? source_probe(&w->source, window, err) :
						read_window(w, window, err);
}

/* What of the window belongs to the member's data goes into the archive. */
static int put(void *arg, struct window *window, struct error *err)
{
	struct writer *w = arg;
	const struct extents *data = &w->source.data;
	uint64_t end = window->offset + window->length;

	for (size_t i = extents_find(data, window->offset); i < data->count; i++) {
		uint64_t from = data->items[i].start, to = data->items[i].end;
		int rc;

		if (from >= end)
			break;
		if (from < window->offset)
			from = window->offset;
		if (to > end)
			to = end;
		rc = archive_out_data(w->out, from, window->data + (from - window->offset),
				      (size_t)(to - from), err);
		if (rc)
			return rc;
		progress_add(w->o->progress, to - from);
	}
	return 0;
}

static int begin_member(struct writer *w, uint64_t size, const struct extents *parts,
			struct error *err)
{
	struct archive_out_member m = {
		.type = w->member->type,
		.target = w->member->target,
		.mode = w->member->mode,
		.mtime = w->member->mtime,
		.size = size,
		.parts = parts,
	};

	w->path.len = 0;
	if (strbuf_addf(&w->path, "%s/%s", w->o->top, w->member->path))
		return error_nomem(err);
	m.path = w->path.data;
	return archive_out_begin(w->out, &m, err);
}

static int end_member(struct writer *w, uint64_t size, struct error *err)
{
	struct manifest_entry e = {
		.type = w->member->type,
		.path = w->member->path,
		.target = w->member->target,
		.size = size,
		.data = w->data,
	};

	if (e.type == MANIFEST_FILE)
		file_digest_end(w->digest, e.digest);
	return manifest_add(w->manifest, &e, err);
}

/* A file of one window is scanned, digested and written from the same read. */
static int write_small(struct writer *w, struct error *err)
{
	struct window *window;
	size_t start, end = 0;
	int rc;

	pipeline_begin(w->pipeline, &(struct pipeline_ops){ work, NULL, w });
	rc = pipeline_get(w->pipeline, &window, err);
	if (rc)
		return rc;
	window->length = (size_t)w->source.size;
	rc = work(w, window, err);
	if (!rc)
		count(w, window);
	while (!rc && window_run(window, end, &start, &end))
		rc = extents_add(&w->source.data, start, end) ? error_nomem(err) : 0;
	if (!rc)
		rc = begin_member(w, w->source.size, &w->source.data, err);
	return rc ? rc : put(w, window, err);
}

static int count_and_put(void *arg, struct window *window, struct error *err)
{
	count(arg, window);
	return put(arg, window, err);
}

/* Where data is must be known before the first byte of it: the file is looked through twice. */
static int write_large(struct writer *w, struct error *err)
{
	int rc = source_scan(&w->source, w->pipeline, probe, w, PARTS_MAX, w->o->pending, err);

	if (!rc)
		rc = begin_member(w, w->source.size, &w->source.data, err);
	if (rc)
		return rc;
	pipeline_begin(w->pipeline, &(struct pipeline_ops){ work, count_and_put, w });
	return source_windows(&w->source, &w->source.data, w->pipeline, w->o->pending, err);
}

static int limit_to_used(struct writer *w, struct error *err)
{
	struct extents used = EXTENTS_INIT;
	const char *why;
	int rc = pack_used(w->member, w->source.size, &used, &why, err);

	if (!rc && why)
		rc = strlist_addf(&w->pack->notes, "'%s': %s, so its free blocks travel, too",
				  w->member->path, why) ?
			     error_nomem(err) :
			     0;
	else if (!rc)
		rc = source_limit(&w->source, &used, err);
	extents_release(&used);
	return rc;
}

static int write_file(struct writer *w, struct error *err)
{
	int rc = source_open(&w->source, AT_FDCWD, w->member->source, err);

	if (!rc && w->member->base)
		rc = make_cow_head(w, err);
	if (!rc && w->member->disk && !w->o->keep_free)
		rc = limit_to_used(w, err);
	if (!rc) {
		file_digest_begin(w->digest, w->source.size);
		rc = w->source.size <= WINDOW_SIZE ? write_small(w, err) : write_large(w, err);
	}
	if (!rc)
		rc = source_unchanged(&w->source, err);
	if (!rc)
		rc = end_member(w, w->source.size, err);
	source_close(&w->source);
	free(w->cow_head);
	w->cow_head = NULL;
	return rc;
}

static int write_text(struct writer *w, struct error *err)
{
	size_t n = strlen(w->member->text);
	int rc = begin_member(w, n, NULL, err);

	file_digest_begin(w->digest, n);
	for (size_t at = 0; !rc && at < n; at += WINDOW_SIZE) {
		struct window *window;

		pipeline_begin(w->pipeline, &(struct pipeline_ops){ work, NULL, w });
		rc = pipeline_get(w->pipeline, &window, err);
		if (rc)
			break;
		window->offset = at;
		window->length = n - at < WINDOW_SIZE ? n - at : WINDOW_SIZE;
		memcpy(window->data, w->member->text + at, window->length);
		window_scan(window);
		rc = window_digest(window, err);
		file_digest_add(w->digest, window);
		w->data += window->bytes;
	}
	if (!rc)
		rc = archive_out_data(w->out, 0, w->member->text, n, err);
	return rc ? rc : end_member(w, n, err);
}

static int write_member(struct writer *w, const struct pack_member *m, struct error *err)
{
	int rc = w->o->pending ? w->o->pending(err) : 0;

	if (rc)
		return rc;
	w->member = m;
	w->data = 0;
	progress_package(w->o->progress, m->path);
	if (m->type == MANIFEST_FILE)
		return m->source ? write_file(w, err) : write_text(w, err);
	rc = begin_member(w, 0, NULL, err);
	return rc ? rc : end_member(w, 0, err);
}

/* The lab's folder itself, so that its members have a place. */
static int write_top(struct writer *w, struct error *err)
{
	struct archive_out_member top = { .type = MANIFEST_FOLDER, .path = w->o->top, .mode = 0755 };

	/* Of no particular time: the newest of its members. */
	for (size_t i = 0; i < w->pack->count; i++)
		if (w->pack->members[i].mtime > top.mtime)
			top.mtime = w->pack->members[i].mtime;
	return archive_out_begin(w->out, &top, err);
}

static int write_manifest(struct writer *w, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	struct archive_out_member m = { .type = MANIFEST_FILE, .mode = 0644 };
	int rc = manifest_sort(w->manifest, err);

	if (!rc)
		rc = manifest_print(w->manifest, &text, err);
	w->path.len = 0;
	if (!rc && strbuf_addf(&w->path, "%s/" MANIFEST_NAME, w->o->top))
		rc = error_nomem(err);
	m.path = w->path.data;
	m.size = text.len;
	for (size_t i = 0; i < w->pack->count; i++)
		if (w->pack->members[i].mtime > m.mtime)
			m.mtime = w->pack->members[i].mtime;
	if (!rc)
		rc = archive_out_begin(w->out, &m, err);
	if (!rc)
		rc = archive_out_data(w->out, 0, text.data, text.len, err);
	strbuf_release(&text);
	return rc;
}

int pack_write(struct pack *p, int fd, const char *name, const struct pack_options *o,
	       struct manifest *manifest, uint64_t *bytes, struct error *err)
{
	struct writer w = { .pack = p, .o = o, .manifest = manifest, .source = SOURCE_INIT };
	int rc;

	*bytes = 0;
	rc = pack_sort(p, err);
	if (!rc)
		rc = archive_out_new(&w.out, fd, name, &o->archive, err);
	if (!rc)
		rc = pipeline_new(&w.pipeline, o->threads, err);
	if (!rc)
		rc = file_digest_new(&w.digest, err);
	if (!rc)
		rc = write_top(&w, err);
	for (size_t i = 0; !rc && i < p->count; i++)
		rc = write_member(&w, &p->members[i], err);
	if (!rc)
		rc = write_manifest(&w, err);
	if (!rc)
		rc = archive_out_finish(w.out, bytes, err);
	strbuf_release(&w.path);
	file_digest_free(w.digest);
	pipeline_free(w.pipeline);
	archive_out_free(w.out);
	return rc;
}
