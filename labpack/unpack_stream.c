/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <unistd.h>

#include "common/output.h"
#include "labpack/unpack.h"

struct member {
	struct unpack *u;
	const char *path;
	int fd; /* -1: digested only */
	struct file_digest *digest;
	uint64_t size, data;
	struct window *window; /* being filled; NULL: none */
	size_t filled;	       /* bytes of it that are known */
	bool cow;
};

/* On any thread: digest, and write what is not zeros. */
static int work(void *arg, struct window *w, struct error *err)
{
	struct member *m = arg;
	size_t start, end = 0;

	window_scan(w);
	while (m->fd >= 0 && window_run(w, end, &start, &end)) {
		int rc = write_fully(m->fd, w->data + start, end - start,
				     (long long)w->offset + (long long)start);

		if (rc)
			return error_errno(err, -rc, m->path, "cannot write");
	}
	return window_digest(w, err);
}

static int retire(void *arg, struct window *w, struct error *err)
{
	struct member *m = arg;

	file_digest_add(m->digest, w);
	if (!w->empty)
		m->data += w->bytes;
	return 0;
}

static void submit(struct member *m)
{
	struct window *w = m->window;

	if (!w)
		return;
	memset(w->data + m->filled, 0, w->length - m->filled);
	if (!w->offset)
		m->cow = window_is_cow(w->data, w->length);
	pipeline_submit(m->u->pipeline);
	m->window = NULL;
}

static int next_window(struct member *m, uint64_t offset, struct error *err)
{
	int rc;

	submit(m);
	rc = pipeline_get(m->u->pipeline, &m->window, err);
	if (rc) {
		m->window = NULL;
		return rc;
	}
	m->window->offset = offset / WINDOW_SIZE * WINDOW_SIZE;
	m->window->length = m->size - m->window->offset < WINDOW_SIZE ?
				    (size_t)(m->size - m->window->offset) :
				    WINDOW_SIZE;
	m->filled = 0;
	return m->u->pending ? m->u->pending(err) : 0;
}

/* n bytes of the member at offset into the windows that they belong to. */
static int fill(struct member *m, const unsigned char *data, size_t n, uint64_t offset,
		struct error *err)
{
	while (n) {
		size_t at, piece;

		if (!m->window || offset - m->window->offset >= WINDOW_SIZE) {
			int rc = next_window(m, offset, err);

			if (rc)
				return rc;
		}
		at = (size_t)(offset - m->window->offset);
		piece = WINDOW_SIZE - at < n ? WINDOW_SIZE - at : n;
		memset(m->window->data + m->filled, 0, at - m->filled);
		memcpy(m->window->data + at, data, piece);
		m->filled = at + piece;
		data += piece;
		offset += piece;
		n -= piece;
	}
	return 0;
}

static int read_data(struct member *m, struct error *err)
{
	struct unpack *u = m->u;
	const void *data;
	uint64_t offset;
	size_t n;
	int rc;

	while ((rc = archive_in_data(u->in, &data, &n, &offset, err)) == 0) {
		rc = fill(m, data, n, offset, err);
		if (rc)
			break;
	}
	if (rc == 1)
		submit(m);
	else
		pipeline_cancel(u->pipeline);
	rc = rc == 1 ? 0 : rc;
	return rc ? rc : pipeline_drain(u->pipeline, err);
}

static int read_file(struct unpack *u, struct file_digest *digest, const char *path, uint64_t size,
		     int fd, bool *cow, struct error *err)
{
	struct member m = { .u = u, .path = path, .fd = fd, .digest = digest, .size = size };
	struct manifest_entry e = { .type = MANIFEST_FILE, .path = (char *)path, .size = size };
	int rc;

	file_digest_begin(digest, size);
	pipeline_begin(u->pipeline, &(struct pipeline_ops){ work, retire, &m });
	rc = read_data(&m, err);
	*cow = m.cow;
	e.data = m.data;
	file_digest_end(digest, e.digest);
	return rc ? rc : manifest_add(&u->found, &e, err);
}

static int read_manifest(struct unpack *u, const char *path, struct error *err)
{
	const void *data;
	uint64_t offset;
	size_t n;
	int rc;

	if (u->manifest_path)
		return error_set(err, -ERR_CONFLICT, path, "occurs twice");
	u->manifest_path = strdup(path);
	if (!u->manifest_path)
		return error_nomem(err);
	while ((rc = archive_in_data(u->in, &data, &n, &offset, err)) == 0) {
		/* Text has no holes. */
		if (offset != u->manifest_text.len || n > MANIFEST_BYTES_MAX - offset)
			return error_set(err, -ERR_FORMAT, path, "is not text");
		if (strbuf_add(&u->manifest_text, data, n))
			return error_nomem(err);
	}
	return rc == 1 ? 0 : rc;
}

/* Where MANIFEST lies: at the archive's root, or in its one folder. */
static bool is_manifest(const char *path)
{
	const char *slash = strchr(path, '/');

	return !strcmp(path, MANIFEST_NAME) || (slash && !strcmp(slash + 1, MANIFEST_NAME));
}

/* The name without "./" before and "/" behind it; "" for the root itself. */
static int clean_path(const char *path, char **clean, struct error *err)
{
	size_t n;

	while (path[0] == '.' && path[1] == '/')
		path += 1 + strspn(path + 1, "/");
	n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	*clean = strcmp(path, ".") ? strndup(path, n) : strdup("");
	if (!*clean)
		return error_nomem(err);
	return **clean ? member_path_check(*clean, *clean, err) : 0;
}

static const char *below_top(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash ? slash + 1 : path;
}

static int check_kind(const struct archive_in_member *m, const char *path, struct error *err)
{
	int rc;

	if (m->type == ARCHIVE_IN_OTHER)
		return error_set(err, -ERR_UNSUPPORTED, path, "is %s, which a lab has not", m->other);
	if (!*path && m->type != ARCHIVE_IN_FOLDER)
		return error_set(err, -ERR_FORMAT, path, "is not a name below the lab");
	if (m->type != ARCHIVE_IN_LINK)
		return 0;
	/* Whether there is a folder around the lab is known at the end; then all are looked at again. */
	rc = member_link_check(below_top(path), m->target, err);
	return rc ? error_set(err, -ERR_ESCAPE, path, "a link to '%s' leaves the lab", m->target) : 0;
}

static int stream_member(struct unpack *u, struct file_digest *digest,
			 const struct archive_in_member *m, const char *path, struct error *err)
{
	static const enum manifest_type types[] = { MANIFEST_FOLDER, MANIFEST_FILE, MANIFEST_LINK };
	bool cow = false;
	int fd = -1, rc;

	if (m->type == ARCHIVE_IN_FILE && is_manifest(path)) {
		rc = read_manifest(u, path, err);
		if (rc || !u->begin)
			return rc;
		rc = u->begin(u->arg, m, path, &fd, err);
		if (rc)
			return rc;
		rc = write_fully(fd, u->manifest_text.data ? u->manifest_text.data : "",
				 u->manifest_text.len, 0);
		if (rc)
			error_errno(err, -rc, path, "cannot write");
	} else {
		rc = u->begin ? u->begin(u->arg, m, path, &fd, err) : 0;
		if (rc)
			return rc;
		if (m->type == ARCHIVE_IN_FILE) {
			rc = read_file(u, digest, path, m->size, fd, &cow, err);
		} else {
			struct manifest_entry e = { .type = types[m->type],
						    .path = (char *)path,
						    .target = (char *)m->target };

			rc = manifest_add(&u->found, &e, err);
		}
	}
	if (rc && fd >= 0)
		close(fd);
	return rc || !u->end ? rc : u->end(u->arg, m, path, fd, cow, err);
}

int unpack_stream(struct unpack *u, struct error *err)
{
	struct file_digest *digest;
	struct archive_in_member m;
	uint64_t told = 0;
	int rc = file_digest_new(&digest, err);

	while (!rc && (rc = u->pending ? u->pending(err) : 0) == 0 &&
	       (rc = archive_in_next(u->in, &m, err)) == 0) {
		char *path = NULL;

		u->ours = u->ours || m.ours;
		rc = clean_path(m.path, &path, err);
		if (!rc)
			rc = check_kind(&m, path, err);
		if (!rc && *path) {
			progress_package(u->progress, path);
			rc = stream_member(u, digest, &m, path, err);
		}
		progress_add(u->progress, archive_in_position(u->in) - told);
		told = archive_in_position(u->in);
		free(path);
	}
	file_digest_free(digest);
	if (rc != 1)
		return rc;
	return manifest_sort(&u->found, err);
}

void unpack_release(struct unpack *u)
{
	manifest_release(&u->found);
	strbuf_release(&u->manifest_text);
	free(u->manifest_path);
	u->manifest_path = NULL;
}

int unpack_top(const struct manifest *found, char **top, struct error *err)
{
	const char *first = found->count ? found->entries[0].path : "";
	size_t n = strcspn(first, "/");

	*top = NULL;
	/* The folder itself may not be listed; then its first file has a longer name. */
	if (!found->count || (!first[n] && found->entries[0].type != MANIFEST_FOLDER))
		return 0;
	for (size_t i = 1; i < found->count; i++) {
		const char *path = found->entries[i].path;

		if (strncmp(path, first, n) != 0 || path[n] != '/')
			return 0;
	}
	*top = strndup(first, n);
	return *top ? 0 : error_nomem(err);
}
