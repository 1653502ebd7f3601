/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/strbuf.h"
#include "pkg/media_content.h"
#include "pkg/source_iso.h"

#define ENTRIES_MAX 2000000
#define LINKS_MAX 40 /* as the kernel */

int iso_reader(const char *location, struct archive **out, struct error *err)
{
	struct archive *a = archive_read_new();

	*out = NULL;
	if (!a)
		return error_nomem(err);
	if (archive_read_support_format_iso9660(a) == ARCHIVE_OK &&
	    archive_read_open_filename(a, location, 65536) == ARCHIVE_OK) {
		*out = a;
		return 0;
	}
	error_set(err, -ERR_FORMAT, location, "cannot be read as an ISO image: %s",
		  archive_error_string(a));
	archive_read_free(a);
	return -ERR_FORMAT;
}

int iso_failed(const struct iso *iso, const char *label, struct archive *a, struct error *err)
{
	const char *what = archive_error_string(a);

	error_set(err, -ERR_FORMAT, label, "the ISO image is damaged: %s",
		  what ? what : "it cannot be read");
	if (iso->missing && err)
		error_hint(err, "%llu bytes are missing at its end: is it copied whole?",
			   (unsigned long long)iso->missing);
	return -ERR_FORMAT;
}

int iso_next(const struct iso *iso, const char *location, struct archive *a,
	     struct archive_entry **e, struct error *err)
{
	int rc = archive_read_next_header(a, e);

	if (rc == ARCHIVE_EOF)
		return 0;
	return rc >= ARCHIVE_WARN ? 1 : iso_failed(iso, location, a, err);
}

/* The first descriptor of the volume tells how long the whole is. */
static void compare_size(struct iso *iso, const char *location)
{
	int fd = open(location, O_RDONLY | O_CLOEXEC);
	unsigned char d[2048];
	uint64_t promised, have;
	off_t end;

	if (fd < 0)
		return;
	end = lseek(fd, 0, SEEK_END);
	if (end > 0 && pread(fd, d, sizeof(d), 32768) == sizeof(d) && d[0] == 1) {
		uint64_t blocks = d[80] | d[81] << 8 | d[82] << 16 | (uint64_t)d[83] << 24;

		promised = blocks * (d[128] | (unsigned int)d[129] << 8);
		have = (uint64_t)end;
		iso->missing = promised > have ? promised - have : 0;
	}
	close(fd);
}

static int set_entry(struct iso_entry *e, struct archive_entry *from, const char *location,
		     struct error *err)
{
	const char *hard = archive_entry_hardlink(from), *soft = archive_entry_symlink(from);

	e->type = ISO_FILE;
	if (archive_entry_filetype(from) == AE_IFDIR)
		e->type = ISO_FOLDER;
	else if (archive_entry_filetype(from) == AE_IFLNK)
		e->type = ISO_LINK;
	if (e->type == ISO_LINK) {
		e->target = strdup(soft ? soft : "");
	} else if (hard) {
		e->target = media_plain_path(hard);
	} else {
		e->size = archive_entry_size(from) > 0 ? (uint64_t)archive_entry_size(from) : 0;
		return 0;
	}
	return e->target ? 0 : error_nomem(err);
}

static int add_entry(struct iso *iso, struct archive_entry *from, size_t order,
		     const char *location, struct error *err)
{
	const char *name = archive_entry_pathname(from);
	mode_t type = archive_entry_filetype(from);
	struct iso_entry *e;
	char *path;

	if (!name)
		name = archive_entry_pathname_utf8(from);
	if (!name || (type && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK))
		return 0;
	path = media_plain_path(name);
	if (!path)
		return error_set(err, -ERR_ESCAPE, location, "holds a path that leaves it: '%s'",
				 name);
	if (array_grow((void **)&iso->entries, iso->count, &iso->capacity, sizeof(*e))) {
		free(path);
		return error_nomem(err);
	}
	e = &iso->entries[iso->count++];
	*e = (struct iso_entry){ .path = path, .order = order, .fd = -1 };
	return set_entry(e, from, location, err);
}

static int by_path(const void *a, const void *b)
{
	const struct iso_entry *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

int iso_index_read(struct iso *iso, const char *location, struct error *err)
{
	struct archive_entry *e;
	struct archive *a;
	size_t order = 0;
	int rc = iso_reader(location, &a, err);

	if (rc)
		return rc;
	compare_size(iso, location);
	while ((rc = iso_next(iso, location, a, &e, err)) == 1) {
		if (order >= ENTRIES_MAX)
			rc = error_set(err, -ERR_LIMIT, location, "more than %d files",
				       ENTRIES_MAX);
		else
			rc = add_entry(iso, e, order++, location, err);
		if (rc)
			break;
	}
	archive_read_free(a);
	if (iso->count)
		qsort(iso->entries, iso->count, sizeof(*iso->entries), by_path);
	return rc;
}

void iso_index_release(struct iso *iso)
{
	for (size_t i = 0; i < iso->count; i++) {
		free(iso->entries[i].path);
		free(iso->entries[i].target);
		if (iso->entries[i].fd >= 0)
			close(iso->entries[i].fd);
	}
	free(iso->entries);
	*iso = (struct iso){ 0 };
}

/* Alike as far as level 1 names can tell: no case, one sign for all that is no letter or digit. */
static bool is_alike(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		int x = isalnum((unsigned char)*a) ? tolower((unsigned char)*a) : '_';
		int y = isalnum((unsigned char)*b) ? tolower((unsigned char)*b) : '_';

		if (x != y || (*a == '/') != (*b == '/'))
			return false;
	}
	return !*a && !*b;
}

static const struct iso_entry *lookup(const struct iso *iso, const char *path)
{
	struct iso_entry key = { .path = (char *)path };
	size_t low = 0, high = iso->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(key.path, iso->entries[middle].path);

		if (!order)
			return &iso->entries[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	for (size_t i = 0; i < iso->count; i++)
		if (is_alike(path, iso->entries[i].path))
			return &iso->entries[i];
	return NULL;
}

/* The path with target instead of its first n bytes, of which the last part is the link. */
static char *redirect(const char *path, size_t n, const char *target)
{
	size_t folder = n;
	char *joined = NULL, *at;
	struct strbuf out = STRBUF_INIT;

	while (folder && path[folder - 1] != '/')
		folder--;
	if (*target == '/')
		folder = 0;
	if (asprintf(&joined, "%.*s/%s/%s", (int)folder, path, target, path + n) < 0)
		return NULL;
	for (at = joined; *at;) {
		size_t part;

		at += strspn(at, "/");
		part = strcspn(at, "/");
		if (part == 2 && !strncmp(at, "..", 2)) {
			if (!out.len)
				goto refuse;
			while (out.len && out.data[out.len - 1] != '/')
				out.len--;
			out.len -= out.len > 0;
			out.data[out.len] = '\0';
		} else if (part && !(part == 1 && *at == '.')) {
			if ((out.len && strbuf_adds(&out, "/")) || strbuf_add(&out, at, part))
				goto refuse;
		}
		at += part;
	}
	free(joined);
	return strbuf_take(&out);
refuse:
	free(joined);
	strbuf_release(&out);
	return NULL;
}

/* The first part of the path that is a link, or the whole when there is none. */
static const struct iso_entry *first_link(const struct iso *iso, char *path, size_t *n)
{
	for (size_t i = 1; path[i]; i++) {
		const struct iso_entry *e;

		if (path[i] != '/')
			continue;
		path[i] = '\0';
		e = lookup(iso, path);
		path[i] = '/';
		*n = i;
		if (e && e->type == ISO_LINK)
			return e;
		if (!e)
			return NULL;
	}
	*n = strlen(path);
	return lookup(iso, path);
}

int iso_find(const struct iso *iso, const char *location, const char *path,
	     const struct iso_entry **entry, struct error *err)
{
	char *at = media_plain_path(path);
	int rc = 0;

	*entry = NULL;
	for (int i = 0; at && *at; i++) {
		const struct iso_entry *e;
		char *next;
		size_t n;

		e = first_link(iso, at, &n);
		if (!e || (e->type != ISO_LINK && !e->target)) {
			*entry = e;
			break;
		}
		if (i == LINKS_MAX) {
			rc = error_set(err, -ERR_FORMAT, location, "a loop of links at '%s'", path);
			break;
		}
		next = e->type == ISO_LINK ? redirect(at, n, e->target) : strdup(e->target);
		free(at);
		at = next;
		if (!at)
			rc = error_set(err, -ERR_ESCAPE, location,
				       "'%s' leaves the image by a link, to '%s'", path, e->target);
	}
	if (!at && !rc)
		rc = error_set(err, -ERR_ESCAPE, location, "'%s' leaves the image", path);
	free(at);
	return rc;
}
