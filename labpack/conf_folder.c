/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies beside lab.conf: folders of machines, scripts, lab.dep. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/suggest.h"
#include "labpack/conf.h"

static bool is_there(int dir, const char *name, mode_t type)
{
	struct stat st;

	return !fstatat(dir, name, &st, 0) && (st.st_mode & S_IFMT) == type;
}

static bool has_script(int dir, const char *name, const char *suffix)
{
	char file[LAB_NAME_MAX + 16];

	snprintf(file, sizeof(file), "%s.%s", name, suffix);
	return is_there(dir, file, S_IFREG);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every folder with a fitting name is a machine, unless LAB_MACHINES lists them all. */
static int folder_machines(struct conf *c, DIR *dir)
{
	struct strlist names = STRLIST_INIT;
	struct lab_machine *m;
	struct dirent *entry;
	int rc = 0;

	for (errno = 0; !rc && (entry = readdir(dir)); errno = 0)
		if (lab_machine_name_is_valid(entry->d_name) &&
		    is_there(dirfd(dir), entry->d_name, S_IFDIR) &&
		    strlist_add(&names, entry->d_name))
			rc = conf_nomem(c);
	if (!rc && errno)
		rc = error_errno(c->err, errno, c->lab->folder, "cannot be read");
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), by_bytes);
	for (size_t i = 0; !rc && i < names.count; i++)
		rc = conf_machine(c, names.items[i], 0, &m);
	strlist_release(&names);
	return rc;
}

int conf_folder(struct conf *c)
{
	struct lab *lab = c->lab;
	DIR *dir = opendir(lab->folder);
	int rc = 0;

	if (!dir)
		return error_errno(c->err, errno, lab->folder, "cannot be opened");
	if (!c->listed_line)
		rc = folder_machines(c, dir);
	for (size_t i = 0; !rc && i < lab->machine_count; i++) {
		struct lab_machine *m = lab->machines[i];

		m->has_folder = is_there(dirfd(dir), m->name, S_IFDIR);
		m->has_startup = has_script(dirfd(dir), m->name, "startup");
		m->has_shutdown = has_script(dirfd(dir), m->name, "shutdown");
	}
	lab->has_shared = is_there(dirfd(dir), "shared", S_IFDIR);
	lab->has_shared_startup = has_script(dirfd(dir), "shared", "startup");
	lab->has_shared_shutdown = has_script(dirfd(dir), "shared", "shutdown");
	closedir(dir);
	return rc;
}

static struct lab_machine *find(struct conf *c, const char *name, struct suggestion *s)
{
	*s = suggestion_for(name);
	for (size_t i = 0; i < c->lab->machine_count; i++) {
		if (!strcmp(c->lab->machines[i]->name, name))
			return c->lab->machines[i];
		suggestion_offer(s, c->lab->machines[i]->name);
	}
	return NULL;
}

static int find_or_fail(struct conf *c, const char *name, unsigned int line, struct lab_machine **m)
{
	struct suggestion s;

	*m = find(c, name, &s);
	if (*m)
		return 0;
	if (s.best)
		return conf_fail(c, -ERR_NOT_FOUND, line, "no machine '%s'; did you mean '%s'?", name,
				 s.best);
	return conf_fail(c, -ERR_NOT_FOUND, line, "no machine '%s'", name);
}

static int add_dependency(struct conf *c, struct lab_machine *m, const char *name, unsigned int line)
{
	const struct lab_machine **grown;
	struct lab_machine *before;
	int rc = find_or_fail(c, name, line, &before);

	if (rc)
		return rc;
	if (before == m)
		return conf_fail(c, -ERR_CONFLICT, line, "'%s' would start before itself", name);
	for (size_t i = 0; i < m->depend_count; i++)
		if (m->depends[i] == before)
			return 0;
	grown = reallocarray(m->depends, m->depend_count + 1, sizeof(struct lab_machine *));
	if (!grown)
		return conf_nomem(c);
	m->depends = grown;
	grown[m->depend_count++] = before;
	return 0;
}

/* "a: b c" */
static int dependency_line(struct conf *c, char *text, unsigned int line)
{
	char *hash = strchr(text, '#'), *colon, *save = NULL, *name, *more;
	struct lab_machine *m;
	int rc;

	if (hash)
		*hash = '\0';
	if (!text[strspn(text, " \t\r")])
		return 0;
	colon = strchr(text, ':');
	if (!colon)
		return conf_fail(c, -ERR_FORMAT, line, "is not like 'a: b c' (b and c start before a)");
	*colon = '\0';
	name = strtok_r(text, " \t", &save);
	more = name ? strtok_r(NULL, " \t", &save) : NULL;
	if (!name || more)
		return conf_fail(c, -ERR_FORMAT, line, "one machine stands before the colon");
	rc = find_or_fail(c, name, line, &m);
	for (char *p = colon + 1; !rc && (p = strtok_r(p, " \t\r,", &save)); p = NULL)
		rc = add_dependency(c, m, p, line);
	return rc;
}

/*
 * Machines that wait for nothing are taken away until nothing is left; what stays waits for
 * itself.
 */
static int check_circles(struct conf *c)
{
	size_t n = c->lab->machine_count, left = n, before;
	bool *gone = calloc(n + 1, sizeof(*gone));
	int rc = 0;

	if (!gone)
		return conf_nomem(c);
	do {
		before = left;
		for (size_t i = 0; i < n; i++) {
			const struct lab_machine *m = c->lab->machines[i];
			bool waits = false;

			for (size_t k = 0; !gone[i] && k < m->depend_count; k++)
				waits = waits || !gone[m->depends[k]->order];
			left -= !gone[i] && !waits;
			gone[i] = gone[i] || !waits;
		}
	} while (left && left < before);
	for (size_t i = 0; left && !rc && i < n; i++)
		if (!gone[i])
			rc = conf_fail(c, -ERR_CONFLICT, 0,
				       "'%s' and %zu other machines wait for each other in a circle",
				       c->lab->machines[i]->name, left - 1);
	free(gone);
	return rc;
}

int conf_depends(struct conf *c, const char *text, size_t n, const char *subject)
{
	const char *keep = c->subject;
	char *copy = strndup(text, n), *next;
	unsigned int line = 0;
	int rc = 0;

	if (!copy)
		return conf_nomem(c);
	c->subject = subject;
	if (strlen(copy) != n)
		rc = conf_fail(c, -ERR_FORMAT, 0, "is no text: it has a zero byte");
	for (char *p = copy; !rc && p; p = next) {
		next = strchr(p, '\n');
		if (next)
			*next++ = '\0';
		rc = dependency_line(c, p, ++line);
	}
	if (!rc)
		rc = check_circles(c);
	c->subject = keep;
	free(copy);
	return rc;
}
