/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From "minimal.sel" to the media's Minimal.sel. */
#include <errno.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/suggest.h"
#include "selections/reader.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static size_t without_suffix(const char *name, size_t n, const char *suffix)
{
	size_t k = strlen(suffix);

	return n > k && !strncasecmp(name + n - k, suffix, k) ? n - k : n;
}

/* Length of a file name without ".sel" or ".pat", both also compressed. */
static size_t stem_length(const char *name)
{
	static const char *const compressed[] = { ".gz", ".bz2", ".xz", ".zst" };
	size_t n = strlen(name), inner = n, k;

	for (size_t i = 0; inner == n && i < sizeof(compressed) / sizeof(compressed[0]); i++)
		inner = without_suffix(name, n, compressed[i]);
	k = without_suffix(name, inner, ".sel");
	if (k == inner)
		k = without_suffix(name, inner, ".pat");
	return k == inner ? n : k;
}

/* Length without "-version-release.arch" too, as files are called from 4.0 on. */
static size_t short_length(const char *name)
{
	size_t n = stem_length(name), end = n, dashes = 0;
	bool dot = false;

	if (!name[n])
		return n;
	while (end-- > 1) {
		if (name[end] == '.' && !dashes)
			dot = true;
		if (name[end] == '-' && ++dashes == 2)
			return dot ? end : n;
	}
	return n;
}

char *selection_file_name(const char *path)
{
	const char *name = base_name(path);

	return strndup(name, short_length(name));
}

/* The smaller the better; 0 is no match. */
static int match(const char *file, const char *name)
{
	size_t stem = stem_length(file), brief = short_length(file), wanted = stem_length(name);

	if (!strcmp(file, name))
		return 1;
	if (!strcasecmp(file, name))
		return 2;
	if (stem == wanted && !strncmp(file, name, stem))
		return 3;
	if (stem == wanted && !strncasecmp(file, name, stem))
		return 4;
	if (brief == wanted && !strncmp(file, name, brief))
		return 5;
	if (brief == wanted && !strncasecmp(file, name, brief))
		return 6;
	return 0;
}

static int not_found(const char *name, const struct strlist *files, struct error *err)
{
	struct suggestion s = suggestion_for(name);
	int rc = error_set(err, -ERR_NOT_FOUND, name, "no such selection");
	struct strlist names = STRLIST_INIT;

	/* Compared without their endings, which nobody mistypes. */
	for (size_t i = 0; i < files->count; i++) {
		const char *file = base_name(files->items[i]);

		if (strlist_addf(&names, "%.*s", (int)short_length(file), file))
			break;
	}
	for (size_t i = 0; i < names.count; i++)
		suggestion_offer(&s, names.items[i]);
	if (s.best)
		error_hint(err, "did you mean '%s'? a file of your own is given as a path", s.best);
	else if (names.count)
		error_hint(err,
			   "the media and mkroot have %zu, like '%s'; a file of your own is "
			   "given as a path",
			   names.count, names.items[0]);
	else
		error_hint(err, "the media brings none; give a path to a list of package names");
	strlist_release(&names);
	return rc;
}

int selection_find(const char *name, const struct strlist *files, char **path, struct error *err)
{
	const char *found = NULL;
	int best = 0, m;

	*path = NULL;
	for (size_t i = 0; i < files->count; i++) {
		m = match(base_name(files->items[i]), name);
		if (m && (!best || m < best)) {
			best = m;
			found = files->items[i];
		}
	}
	if (!found)
		return not_found(name, files, err);
	*path = strdup(found);
	return *path ? 0 : error_nomem(err);
}

int selection_locate(const char *argument, const struct strlist *files, char **path,
		     struct error *err)
{
	struct stat st;
	bool is_path = strchr(argument, '/') != NULL;

	*path = NULL;
	if (!is_path && (stat(argument, &st) || S_ISDIR(st.st_mode)))
		return selection_find(argument, files, path, err);
	if (is_path && stat(argument, &st))
		return error_errno(err, errno, argument, "cannot be read");
	*path = strdup(argument);
	return *path ? 0 : error_nomem(err);
}
