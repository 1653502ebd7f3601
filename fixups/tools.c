/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixups/tools.h"

#include <errno.h>
#include <sys/stat.h>

int text_load(struct text *t, struct image *image, const char *path, struct error *err)
{
	struct strbuf bytes = STRBUF_INIT;
	char *line, *next;
	int rc;

	text_release(t);
	rc = image_read_file(image, path, TEXT_MAX, &bytes, err);
	if (rc == -ENOENT) {
		error_release(err);
		strbuf_release(&bytes);
		return 0;
	}
	t->exists = !rc;
	if (!rc && memchr(bytes.data, '\0', bytes.len))
		rc = error_set(err, -ERR_FORMAT, path, "is no text");
	for (line = bytes.data; !rc && line < bytes.data + bytes.len; line = next) {
		next = strchrnul(line, '\n');
		if (*next)
			*next++ = '\0';
		if (strlist_add(&t->lines, line))
			rc = error_nomem(err);
	}
	strbuf_release(&bytes);
	return rc;
}

int text_save(struct text *t, struct image *image, const char *path, uint32_t mode,
	      struct error *err)
{
	const struct image_attr attr = { .mode = mode };
	struct strbuf bytes = STRBUF_INIT;
	int rc = 0;

	if (!t->dirty)
		return 0;
	for (size_t i = 0; !rc && i < t->lines.count; i++)
		rc = strbuf_addf(&bytes, "%s\n", t->lines.items[i]);
	if (rc)
		rc = error_nomem(err);
	else
		rc = image_write_file(image, path, bytes.data, bytes.len, &attr, err);
	strbuf_release(&bytes);
	return rc;
}

void text_release(struct text *t)
{
	strlist_release(&t->lines);
	t->exists = t->dirty = false;
}

int text_insert(struct text *t, size_t at, const char *line)
{
	char *added;

	if (strlist_add(&t->lines, line))
		return -ENOMEM;
	added = t->lines.items[t->lines.count - 1];
	memmove(&t->lines.items[at + 1], &t->lines.items[at],
		(t->lines.count - 1 - at) * sizeof(*t->lines.items));
	t->lines.items[at] = added;
	t->dirty = true;
	return 0;
}

int text_append(struct text *t, const char *line)
{
	return text_insert(t, t->lines.count, line);
}

int text_replace(struct text *t, size_t at, const char *line)
{
	char *copy = strdup(line);

	if (!copy)
		return -ENOMEM;
	free(t->lines.items[at]);
	t->lines.items[at] = copy;
	t->dirty = true;
	return 0;
}

long text_find(const struct text *t, const char *line)
{
	return strlist_find(&t->lines, line);
}

size_t line_fields(const char *line, struct field *fields, size_t max)
{
	size_t n = 0;

	for (const char *p = line + strspn(line, " \t"); *p && n < max; p += strspn(p, " \t")) {
		if (n == 0 && *p == '#')
			return 0;
		fields[n++] = (struct field){ p, strcspn(p, " \t") };
		p += strcspn(p, " \t");
	}
	return n;
}

bool field_is(const struct field *f, const char *text)
{
	return f->len == strlen(text) && !memcmp(f->at, text, f->len);
}

bool field_starts(const struct field *f, const char *text)
{
	return f->len >= strlen(text) && !memcmp(f->at, text, strlen(text));
}

int put_file(struct image *image, const char *path, const void *data, size_t n, uint32_t mode,
	     bool *changed, struct error *err)
{
	const struct image_attr attr = { .mode = mode };
	struct strbuf old = STRBUF_INIT;
	struct image_stat st;
	bool same;
	int rc;

	rc = image_stat(image, path, &st, NULL);
	same = !rc && S_ISREG(st.mode) && st.size == n;
	if (same) {
		rc = image_read_file(image, path, n, &old, err);
		same = !rc && (n == 0 || !memcmp(old.data, data, n));
		strbuf_release(&old);
		if (rc)
			return rc;
	}
	rc = 0;
	if (!same)
		rc = image_write_file(image, path, data, n, &attr, err);
	if (!rc && (!same || (st.mode & 07777) != mode)) {
		*changed = true;
		rc = image_set_attr(image, path, &attr, err);
	}
	return rc;
}

int put_link(struct image *image, const char *target, const char *path, bool *changed,
	     struct error *err)
{
	struct image_stat st;
	char *old = NULL;
	bool same;
	int rc;

	rc = image_lstat(image, path, &st, NULL);
	if (!rc && !S_ISLNK(st.mode))
		return error_set(err, -EEXIST, path, "is in the way of a symbolic link");
	if (!rc) {
		rc = image_readlink(image, path, &old, err);
		same = !rc && !strcmp(old, target);
		free(old);
		if (rc || same)
			return rc;
		rc = image_remove(image, path, err);
		if (rc)
			return rc;
	}
	*changed = true;
	return image_symlink(image, target, path, err);
}

int put_folder(struct image *image, const char *path, bool *changed, struct error *err)
{
	if (image_exists(image, path))
		return 0;
	*changed = true;
	return image_mkdir_p(image, path, err);
}

int remove_matching(struct image *image, const char *folder,
		    bool (*match)(struct image *image, const char *path, const char *name),
		    size_t *count, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	struct image_stat st;
	int rc = 0;

	if (image_stat(image, folder, &st, NULL) || !S_ISDIR(st.mode))
		return 0;
	rc = image_list(image, folder, &names, err);
	for (size_t i = 0; !rc && i < names.count; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, names.items[i]) < 0)
			rc = error_nomem(err);
		if (!rc && !image_lstat(image, path, &st, NULL) && !S_ISDIR(st.mode) &&
		    match(image, path, names.items[i])) {
			rc = image_remove(image, path, err);
			*count += !rc;
		}
		free(path);
	}
	strlist_release(&names);
	return rc;
}

bool image_has_systemd(struct image *image)
{
	char *target = NULL;
	bool found;

	if (image_readlink(image, "/sbin/init", &target, NULL) == 0)
		found = strstr(target, "systemd") != NULL;
	else
		found = !image_exists(image, "/sbin/init") &&
			!image_exists(image, "/etc/inittab") &&
			(image_exists(image, "/usr/lib/systemd/systemd") ||
			 image_exists(image, "/lib/systemd/systemd"));
	free(target);
	return found;
}
