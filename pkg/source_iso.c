/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ISO 9660 image, read through libarchive, which reads from the beginning to the end:
 * one pass makes an index of the names, and each fetch is one more that copies
 * what is wanted in the order in which it lies there, and skips the rest.
 */
#include "pkg/source_iso.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/output.h"
#include "pkg/source.h"

#define BLOCK 65536
#define HEAD_MAX (256 << 20) /* bytes shown of the beginning of a file */
#define MISSING_MAX (150 * 2048) /* what writers append and copies lack, harmlessly */

/* A file of a pass. */
struct want {
	struct iso_entry *entry;
	size_t index; /* in the caller's list */
};

static int iso_detect(const char *location, struct strbuf *why)
{
	int fd;
	char mark[6] = "";
	struct stat st;

	if (stat(location, &st) || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return strbuf_adds(why, "not a file");
	fd = open(location, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return strbuf_addf(why, "%s", strerror(errno));
	if (pread(fd, mark, 5, 32769) != 5)
		mark[0] = '\0';
	close(fd);
	return !strcmp(mark, "CD001") ? 1 : strbuf_adds(why, "no ISO 9660 filesystem in it");
}

static int iso_open(struct source *s, struct error *err)
{
	struct iso *iso = calloc(1, sizeof(*iso));
	int rc;

	s->data = iso;
	if (!iso)
		return error_nomem(err);
	rc = iso_index_read(iso, s->location, err);
	if (!rc && iso->missing > MISSING_MAX)
		rc = error_set(err, -ERR_FORMAT, s->location,
			       "the ISO image is truncated: %llu bytes are missing at its end",
			       (unsigned long long)iso->missing);
	return rc;
}

static void iso_close(struct source *s)
{
	if (s->data)
		iso_index_release(s->data);
	free(s->data);
}

static int by_order(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	return (x->entry->order > y->entry->order) - (x->entry->order < y->entry->order);
}

/* Is it still the file of the index? */
static bool is_same(const struct iso_entry *e, struct archive_entry *found)
{
	return !archive_entry_hardlink(found) && archive_entry_size(found) >= 0 &&
	       (uint64_t)archive_entry_size(found) == e->size;
}

/* each() for every wanted file, in the image's order. */
static int pass(const struct source *s, struct want *wants, size_t count,
		int (*each)(void *arg, struct archive *a, const struct want *w, struct error *err),
		void *arg, struct error *err)
{
	struct archive_entry *found;
	struct archive *a;
	size_t order = 0, next = 0;
	int rc;

	if (!count)
		return 0;
	qsort(wants, count, sizeof(*wants), by_order);
	rc = iso_reader(s->location, &a, err);
	if (rc)
		return rc;
	for (; !rc && next < count; order++) {
		rc = iso_next(s->data, s->location, a, &found, err);
		if (rc < 0)
			break;
		if (!rc || (wants[next].entry->order == order &&
			    !is_same(wants[next].entry, found)))
			rc = error_set(err, -ERR_FORMAT, s->location,
				       "the image changed while it was read");
		else
			rc = 0;
		/* Two paths of a list may be one file. */
		while (!rc && next < count && wants[next].entry->order == order)
			rc = each(arg, a, &wants[next++], err);
	}
	archive_read_free(a);
	return rc;
}

struct fetch {
	struct source *source;
	struct source_file *files;
	const struct source_progress *progress;
	uint64_t done, total;
};

static int copy_data(const struct source *s, struct archive *a, const struct iso_entry *e, int fd,
		     const char *label, struct error *err)
{
	static char buf[BLOCK];
	uint64_t at = 0;
	la_ssize_t n;
	int rc;

	while ((n = archive_read_data(a, buf, sizeof(buf))) > 0) {
		rc = write_fully(fd, buf, (size_t)n, (long long)at);
		if (rc)
			return error_errno(err, -rc, label, "cannot be copied out of the image");
		at += (uint64_t)n;
		if (at > e->size)
			break;
	}
	if (n < 0)
		return iso_failed(s->data, label, a, err);
	if (at != e->size)
		return error_set(err, -ERR_FORMAT, label, "has not the %llu bytes that the image says",
				 (unsigned long long)e->size);
	return 0;
}

static int copy_entry(struct fetch *f, struct archive *a, const struct want *w, struct error *err)
{
	const char *path = f->files[w->index].path;
	char *label = source_label(f->source, path);
	int fd = -1, rc = 0;

	if (!label)
		return error_nomem(err);
	fd = source_temp();
	if (fd < 0)
		rc = error_errno(err, errno, label, "cannot make a temporary file");
	if (!rc)
		rc = copy_data(f->source, a, w->entry, fd, label, err);
	free(label);
	if (rc && fd >= 0)
		close(fd);
	if (!rc)
		w->entry->fd = fd;
	return rc;
}

static int fetch_one(void *arg, struct archive *a, const struct want *w, struct error *err)
{
	struct fetch *f = arg;
	struct source_file *file = &f->files[w->index];
	int rc = w->entry->fd < 0 ? copy_entry(f, a, w, err) : 0;

	if (rc)
		return rc;
	f->done += w->entry->size;
	if (f->progress)
		f->progress->report(f->progress->arg, f->done, f->total, file->path);
	file->local = source_fd_path(w->entry->fd);
	return file->local ? 0 : error_nomem(err);
}

/* Refused before a byte is copied: wrong and excessive sizes, absent files. */
static int check_file(struct source *s, const struct source_file *file, const struct iso_entry *e,
		      struct error *err)
{
	char *label = source_label(s, file->path);
	int rc = 0;

	if (!label)
		return error_nomem(err);
	if (!e)
		rc = error_set(err, -ERR_NOT_FOUND, label, "no such file in the image");
	else if (e->type != ISO_FILE)
		rc = error_set(err, -ERR_FORMAT, label, "not a regular file");
	else if (file->max && e->size > file->max)
		rc = error_set(err, -ERR_LIMIT, label, "longer than %llu bytes",
			       (unsigned long long)file->max);
	else if (file->size && e->size != file->size)
		rc = error_set(err, -ERR_DIGEST, label,
			       "has %llu bytes where %llu are expected (is it damaged?)",
			       (unsigned long long)e->size, (unsigned long long)file->size);
	free(label);
	return rc;
}

static int iso_fetch(struct source *s, struct source_file *files, size_t count,
		     const struct source_progress *progress, struct error *err)
{
	struct fetch f = { s, files, progress, 0, 0 };
	struct want *wants = calloc(count, sizeof(*wants));
	size_t n = 0;
	int rc = wants ? 0 : error_nomem(err);

	for (size_t i = 0; i < count && !rc; i++) {
		const struct iso_entry *e;

		rc = iso_find(s->data, s->location, files[i].path, &e, err);
		if (rc || (!e && files[i].optional))
			continue;
		rc = check_file(s, &files[i], e, err);
		if (rc)
			break;
		f.total += e->size;
		if (e->fd >= 0) {
			f.done += e->size;
			files[i].local = source_fd_path(e->fd);
			rc = files[i].local ? 0 : error_nomem(err);
			continue;
		}
		wants[n++] = (struct want){ (struct iso_entry *)e, i };
	}
	if (!rc)
		rc = pass(s, wants, n, fetch_one, &f, err);
	free(wants);
	return rc;
}

static int iso_has(struct source *s, const char *path, bool is_folder, struct error *err)
{
	const struct iso_entry *e;
	int rc = iso_find(s->data, s->location, path, &e, err);

	return rc ? rc : e && e->type == (is_folder ? ISO_FOLDER : ISO_FILE);
}

static int iso_list(struct source *s, const char *folder, struct strlist *names, struct error *err)
{
	const struct iso *iso = s->data;
	const struct iso_entry *e = NULL;
	size_t n;
	int rc = *folder ? iso_find(iso, s->location, folder, &e, err) : 0;

	if (rc)
		return rc;
	if (*folder && (!e || e->type != ISO_FOLDER))
		return error_set(err, -ERR_NOT_FOUND, s->location, "no folder '%s' in it", folder);
	n = e ? strlen(e->path) : 0;
	for (size_t i = 0; i < iso->count; i++) {
		const char *path = iso->entries[i].path;
		const char *name = path + n + (n > 0);

		if (strlen(path) <= n || (n && (strncmp(path, e->path, n) || path[n] != '/')) ||
		    strchr(name, '/'))
			continue;
		if (strlist_addf(names, "%s%s", name,
				 iso->entries[i].type == ISO_FOLDER ? "/" : ""))
			return error_nomem(err);
	}
	return 0;
}

static int iso_find_all(struct source *s, const char *suffix, bool only_first,
			struct strlist *paths, struct error *err)
{
	const struct iso *iso = s->data;
	size_t k = strlen(suffix);

	for (size_t i = 0; i < iso->count && !(only_first && paths->count); i++) {
		const char *path = iso->entries[i].path;
		size_t n = strlen(path);

		if (iso->entries[i].type == ISO_FILE && n > k && !strcasecmp(path + n - k, suffix) &&
		    strlist_add(paths, path))
			return error_nomem(err);
	}
	return 0;
}

struct show {
	struct source *source;
	source_need *need;
	source_visit *visit;
	void *arg;
	int fd; /* holds one beginning after the other */
	const struct iso_entry *shown;
};

static int show_one(void *arg, struct archive *a, const struct want *w, struct error *err)
{
	struct show *show = arg;
	struct strbuf head = STRBUF_INIT;
	uint64_t needed = BLOCK;
	la_ssize_t n = w->entry == show->shown ? 0 : 1;
	char *local;
	int rc = 0;

	while (!rc && n > 0 && head.len < needed && head.len < HEAD_MAX) {
		if (strbuf_reserve(&head, BLOCK)) {
			rc = error_nomem(err);
			break;
		}
		n = archive_read_data(a, head.data + head.len, BLOCK);
		if (n < 0)
			rc = iso_failed(show->source->data, w->entry->path, a, err);
		else
			head.len += (size_t)n;
		needed = show->need((unsigned char *)head.data, head.len);
	}
	if (!rc && w->entry != show->shown &&
	    (ftruncate(show->fd, 0) || write_fully(show->fd, head.data, head.len, 0)))
		rc = error_errno(err, errno, w->entry->path, "cannot be copied");
	show->shown = w->entry;
	strbuf_release(&head);
	local = rc ? NULL : source_fd_path(show->fd);
	if (!rc)
		rc = local ? show->visit(show->arg, w->index, local, err) : error_nomem(err);
	free(local);
	return rc;
}

static int iso_visit(struct source *s, const struct strlist *paths, source_need *need,
		     source_visit *visit, void *arg, struct error *err)
{
	struct show show = { s, need, visit, arg, memfd_create("mkroot", MFD_CLOEXEC), NULL };
	struct want *wants = calloc(paths->count + 1, sizeof(*wants));
	int rc = 0;

	if (show.fd < 0)
		rc = error_errno(err, errno, s->location, "cannot read");
	else if (!wants)
		rc = error_nomem(err);
	for (size_t i = 0; i < paths->count && !rc; i++) {
		const struct iso_entry *e;

		rc = iso_find(s->data, s->location, paths->items[i], &e, err);
		if (!rc && e)
			wants[i] = (struct want){ (struct iso_entry *)e, i };
		else if (!rc)
			rc = error_set(err, -ERR_NOT_FOUND, s->location, "no '%s' in it",
				       paths->items[i]);
	}
	if (!rc)
		rc = pass(s, wants, paths->count, show_one, &show, err);
	free(wants);
	if (show.fd >= 0)
		close(show.fd);
	return rc;
}

const struct source_ops source_iso = {
	.name = "ISO image",
	.detect = iso_detect,
	.open = iso_open,
	.close = iso_close,
	.fetch = iso_fetch,
	.has = iso_has,
	.list = iso_list,
	.find = iso_find_all,
	.visit = iso_visit,
};
