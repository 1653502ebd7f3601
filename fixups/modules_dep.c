/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixups/modules_dep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/suggest.h"

#define DEP_MAX	       (64u << 20) /* bytes of modules.dep */
#define NAME_MAX_BYTES 128	   /* of a module's own name */

static const char *const module_ends[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst", ".o" };

/* Length of name without the end that makes it a module's; 0: it is none. */
static size_t stem_length(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(module_ends) / sizeof(module_ends[0]); i++) {
		size_t end = strlen(module_ends[i]);

		if (n > end && !strcmp(name + n - end, module_ends[i]))
			return n - end;
	}
	return 0;
}

bool is_module(const char *name)
{
	return stem_length(name) > 0;
}

static int read_host_file(const char *path, size_t max, struct strbuf *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	ssize_t got = 1;

	if (fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	while (!rc && got > 0) {
		if (out->len > max)
			rc = error_set(err, -ERR_LIMIT, path, "is too large");
		else if (strbuf_reserve(out, 65536))
			rc = error_nomem(err);
		if (rc)
			break;
		got = read(fd, out->data + out->len, 65536);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got < 0)
			rc = error_errno(err, errno, path, "cannot be read");
		else
			out->data[out->len += (size_t)got] = '\0';
	}
	close(fd);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const struct module_line *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A line per module. 2.4 writes full paths, and continues lines behind a backslash. */
static int split_lines(struct modules_dep *dep, const char *prefix, struct error *err)
{
	char *next;

	for (char *at = dep->text.data; at && (at = strstr(at, "\\\n"));)
		memcpy(at, "  ", 2);
	for (char *line = dep->text.data; line && *line; line = next) {
		char *colon;

		next = strchrnul(line, '\n');
		if (*next)
			*next++ = '\0';
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		if (!strncmp(line, prefix, strlen(prefix)))
			line += strlen(prefix);
		if (array_grow((void **)&dep->lines, dep->count, &dep->capacity,
			       sizeof(*dep->lines)))
			return error_nomem(err);
		dep->lines[dep->count++] = (struct module_line){ line, colon + 1, true };
	}
	if (dep->count)
		qsort(dep->lines, dep->count, sizeof(*dep->lines), by_name);
	return 0;
}

static const char *release_of(const char *release_path)
{
	return strrchr(release_path, '/') + 1;
}

int modules_dep_load(struct modules_dep *dep, const char *release_path, struct error *err)
{
	const char *release = release_of(release_path);
	char *path = NULL, *prefix = NULL;
	int rc = 0;

	if (asprintf(&path, "%s/modules.dep", release_path) < 0)
		path = NULL;
	if (asprintf(&prefix, "/lib/modules/%s/", release) < 0)
		prefix = NULL;
	if (!path || !prefix)
		rc = error_nomem(err);
	if (!rc && access(path, F_OK) < 0) {
		rc = error_set(err, -ERR_NOT_FOUND, path, "the list of kernel modules is missing");
		error_hint(err, "run depmod -b ROOT %s, where ROOT/lib/modules holds it", release);
	}
	if (!rc)
		rc = read_host_file(path, DEP_MAX, &dep->text, err);
	if (!rc)
		rc = split_lines(dep, prefix, err);
	free(prefix);
	free(path);
	return rc;
}

void modules_dep_release(struct modules_dep *dep)
{
	strbuf_release(&dep->text);
	free(dep->lines);
	*dep = (struct modules_dep)MODULES_DEP_INIT;
}

const struct module_line *modules_dep_find(const struct modules_dep *dep, const char *name)
{
	const struct module_line key = { .name = name };

	if (!dep->count)
		return NULL;
	return bsearch(&key, dep->lines, dep->count, sizeof(*dep->lines), by_name);
}

bool modules_dep_has(const struct modules_dep *dep, const char *folder)
{
	size_t n = strlen(folder);

	for (size_t i = 0; i < dep->count; i++)
		if (dep->lines[i].picked && !strncmp(dep->lines[i].name, folder, n) &&
		    dep->lines[i].name[n] == '/')
			return true;
	return false;
}

/* The name that modprobe knows a module by. */
static void module_name(const char *path, char name[NAME_MAX_BYTES])
{
	const char *base = strrchr(path, '/');
	size_t n;

	base = base ? base + 1 : path;
	n = stem_length(base) ? stem_length(base) : strlen(base);
	if (n >= NAME_MAX_BYTES)
		n = NAME_MAX_BYTES - 1;
	for (size_t i = 0; i < n; i++)
		name[i] = base[i] == '-' ? '_' : base[i];
	name[n] = '\0';
}

/* A module and what it needs: modules.dep lists that completely, in 2.4 by full paths. */
static void pick_line(struct modules_dep *dep, struct module_line *line, const char *prefix)
{
	const char *at = line->needs;

	line->picked = true;
	while (*(at += strspn(at, " \t"))) {
		size_t n = strcspn(at, " \t"), skip = strlen(prefix);

		skip = n > skip && !strncmp(at, prefix, skip) ? skip : 0;
		for (size_t i = 0; i < dep->count; i++)
			if (!strncmp(dep->lines[i].name, at + skip, n - skip) &&
			    !dep->lines[i].name[n - skip])
				dep->lines[i].picked = true;
		at += n;
	}
}

/* Does a line of modules.builtin name it? A kernel without that list has none. */
static int is_builtin(const char *release_path, const char *wanted, bool *found, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	char name[NAME_MAX_BYTES], *path, *save = NULL;
	int rc = 0;

	*found = false;
	if (asprintf(&path, "%s/modules.builtin", release_path) < 0)
		return error_nomem(err);
	if (!access(path, F_OK))
		rc = read_host_file(path, DEP_MAX, &text, err);
	for (char *line = text.len && !rc ? strtok_r(text.data, "\n", &save) : NULL;
	     line && !*found; line = strtok_r(NULL, "\n", &save)) {
		module_name(line, name);
		*found = !strcmp(name, wanted);
	}
	strbuf_release(&text);
	free(path);
	return rc;
}

static int unknown_module(const struct modules_dep *dep, const char *wanted,
			  const char *release_path, struct error *err)
{
	struct suggestion s = suggestion_for(wanted);
	char name[NAME_MAX_BYTES], best[NAME_MAX_BYTES];

	for (size_t i = 0; i < dep->count; i++) {
		module_name(dep->lines[i].name, name);
		suggestion_offer(&s, name);
		if (s.best == name) {
			memcpy(best, name, sizeof(best));
			s.best = best;
		}
	}
	(void)error_set(err, -ERR_NOT_FOUND, wanted, "no kernel module in '%s' has this name",
			release_path);
	if (s.best)
		error_hint(err, "did you mean '%s'?", s.best);
	return -ERR_NOT_FOUND;
}

int modules_dep_pick(struct modules_dep *dep, const struct strlist *names,
		     const char *release_path, struct error *err)
{
	char wanted[NAME_MAX_BYTES], name[NAME_MAX_BYTES], *prefix;
	int rc = 0;

	if (asprintf(&prefix, "/lib/modules/%s/", release_of(release_path)) < 0)
		return error_nomem(err);
	for (size_t i = 0; i < dep->count; i++)
		dep->lines[i].picked = false;
	for (size_t i = 0; !rc && i < names->count; i++) {
		bool found = false;

		module_name(names->items[i], wanted);
		for (size_t k = 0; k < dep->count; k++) {
			module_name(dep->lines[k].name, name);
			if (strcmp(name, wanted) != 0)
				continue;
			pick_line(dep, &dep->lines[k], prefix);
			found = true;
		}
		if (!found)
			rc = is_builtin(release_path, wanted, &found, err);
		if (!rc && !found)
			rc = unknown_module(dep, names->items[i], release_path, err);
	}
	free(prefix);
	return rc;
}
