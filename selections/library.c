/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what a person calls a selection to the selection, wherever it is. */
#include <errno.h>
#include <strings.h>
#include <sys/stat.h>

#include "selections/reader.h"

#define CAPABILITY "pattern:"

bool selection_is_capability(const char *name)
{
	size_t n = strlen(CAPABILITY);

	return !strncmp(name, CAPABILITY, n) && name[n] && !strpbrk(name, " \t()<>=");
}

char *selection_capability(const char *name)
{
	char *text;

	if (!selection_is_capability(name))
		return strdup(name);
	return asprintf(&text, "pattern() = %s", name + strlen(CAPABILITY)) < 0 ? NULL : text;
}

/* A list of the one name. */
static int open_capability(const char *name, struct selection **out, struct error *err)
{
	return selection_parse(name, strlen(name), NULL, out, err);
}

static int read_file(const struct selection_library *l, const char *path, struct selection **out,
		     struct error *err)
{
	return l->read ? l->read(l->arg, path, out, err) : selection_read(path, out, err);
}

/* A .sel has one selection, and its file is called like it. */
static bool has_names_inside(const char *path)
{
	const char *slash = strrchr(path, '/'), *dot;

	path = slash ? slash + 1 : path;
	for (dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.'))
		if (!strncasecmp(dot, ".sel", 4) && (!dot[4] || dot[4] == '.'))
			return false;
	return true;
}

/* A pattern, group or environment of that name, in any file; -ERR_NOT_FOUND fills no error. */
static int find_inside(const struct selection_library *l, const char *name,
		       struct selection **out, struct error *err)
{
	for (size_t i = 0; i < l->files->count; i++) {
		struct selection *s;
		int rc;

		if (!has_names_inside(l->files->items[i]))
			continue;
		rc = read_file(l, l->files->items[i], &s, err);
		if (rc)
			return rc;
		if (selection_part(s, name)) {
			*out = s;
			return selection_choose(s, name, err);
		}
		selection_free(s);
	}
	return -ERR_NOT_FOUND;
}

/* A file by its name, else what stands in one. */
static int open_name(const struct selection_library *l, const char *name, struct selection **out,
		     struct error *err)
{
	char *path;
	int rc = selection_find(name, l->files, &path, err);

	if (!rc) {
		rc = read_file(l, path, out, err);
		free(path);
	} else if (rc == -ERR_NOT_FOUND) {
		/* The error says what comes close, and stays when nothing is inside either. */
		struct error other = ERROR_INIT;

		rc = find_inside(l, name, out, &other);
		if (rc != -ERR_NOT_FOUND && err) {
			error_release(err);
			*err = other;
		} else {
			error_release(&other);
		}
	}
	return rc;
}

/* Where the name of a file is looked for: selection_locate() or selection_find(). */
typedef int locate_fn(const char *name, const struct strlist *files, char **path,
		      struct error *err);

/* "FILE#NAME"; hash points to the '#'. */
static int open_part(const struct selection_library *l, const char *argument, const char *hash,
		     locate_fn *locate, struct selection **out, struct error *err)
{
	char *file = strndup(argument, (size_t)(hash - argument)), *path = NULL;
	int rc = file ? locate(file, l->files, &path, err) : error_nomem(err);

	if (!rc)
		rc = read_file(l, path, out, err);
	if (!rc)
		rc = selection_choose(*out, hash + 1, err);
	if (rc) {
		selection_free(*out);
		*out = NULL;
	}
	free(path);
	free(file);
	return rc;
}

static bool is_file(const char *argument)
{
	struct stat st;

	return !stat(argument, &st) && !S_ISDIR(st.st_mode);
}

int selection_open(const struct selection_library *l, const char *argument,
		   struct selection **out, struct error *err)
{
	const char *hash = strrchr(argument, '#');

	*out = NULL;
	if (selection_is_capability(argument))
		return open_capability(argument, out, err);
	if (hash && hash > argument && hash[1] && !is_file(argument))
		return open_part(l, argument, hash, selection_locate, out, err);
	if (strchr(argument, '/') || is_file(argument)) {
		char *path;
		int rc = selection_locate(argument, l->files, &path, err);

		if (!rc)
			rc = read_file(l, path, out, err);
		free(path);
		return rc;
	}
	return open_name(l, argument, out, err);
}

int selection_load(void *arg, const char *name, struct selection **out, struct error *err)
{
	const struct selection_library *l = arg;
	const char *hash = strrchr(name, '#');

	*out = NULL;
	if (selection_is_capability(name))
		return open_capability(name, out, err);
	if (hash && hash > name && hash[1])
		return open_part(l, name, hash, selection_find, out, err);
	return open_name(l, name, out, err);
}
