/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kathará's image= to a base image: images.conf of the lab, then the user's.
 *
 *     [kathara/frr]
 *     base = /srv/images/frr.img
 */
#include <errno.h>
#include <ini.h>
#include <unistd.h>

#include "labpack/conf.h"

#define DEFAULT_BASE "rootfs.img"

struct table {
	struct conf *c;
	const char *path;   /* of the file that is read */
	char *folder;       /* to which its bases are relative; NULL: the lab's */
	struct strlist images, bases;
	int rc;
};

static int add_base(struct table *t, const char *image, const char *base)
{
	if (strlist_find(&t->images, image) >= 0)
		return 0; /* the lab's own table comes first */
	if (strlist_add(&t->images, image))
		return conf_nomem(t->c);
	if (*base != '/' && t->folder)
		return strlist_addf(&t->bases, "%s/%s", t->folder, base) ? conf_nomem(t->c) : 0;
	return strlist_add(&t->bases, base) ? conf_nomem(t->c) : 0;
}

/* For ini_parse(): 1 goes on, 0 stops with t->rc. */
static int add_entry(void *arg, const char *section, const char *name, const char *value)
{
	struct table *t = arg;
	struct assignment a = { .name = (char *)section, .option = (char *)name };

	if (t->rc)
		return 0;
	if (strcmp(name, "base") != 0 || !*section || !*value)
		t->rc = error_set(t->c->err, -ERR_FORMAT, t->path,
				  "'[%s] %s = %s' is not like '[image] base = FILE'", section, name,
				  value);
	else if (!(t->rc = conf_file_check(t->c, &a, value)))
		t->rc = add_base(t, section, value);
	return !t->rc;
}

static int read_file(struct table *t, const char *path)
{
	const char *keep = t->c->subject;
	int line;

	t->path = t->c->subject = path;
	t->rc = 0;
	line = ini_parse(path, add_entry, t);
	t->c->subject = keep;
	if (t->rc || line == 0)
		return t->rc;
	if (line == -1 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (line < 0)
		return error_errno(t->c->err, errno ? errno : EIO, path, "cannot be read");
	return error_set(t->c->err, -ERR_FORMAT, path, "line %d: is not like 'base = FILE'", line);
}

static int read_lab_table(struct table *t)
{
	char *path = lab_path(t->c->lab, "images.conf");
	int rc = path ? read_file(t, path) : conf_nomem(t->c);

	free(path);
	return rc;
}

static int read_user_table(struct table *t)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int n, rc;

	if (config && *config == '/')
		n = asprintf(&t->folder, "%s/labpack", config);
	else if (home && *home == '/')
		n = asprintf(&t->folder, "%s/.config/labpack", home);
	else
		return 0;
	if (n < 0)
		t->folder = NULL;
	if (n < 0 || asprintf(&path, "%s/images.conf", t->folder) < 0)
		return conf_nomem(t->c);
	rc = read_file(t, path);
	free(path);
	return rc;
}

/* "kathara/frr:latest", else "kathara/frr". */
static const char *find(const struct table *t, const char *image)
{
	const char *tag = strrchr(image, ':');
	long at = strlist_find(&t->images, image);
	char *plain;

	if (at < 0 && tag && !strchr(tag, '/')) {
		plain = strndup(image, (size_t)(tag - image));
		at = plain ? strlist_find(&t->images, plain) : -1;
		free(plain);
	}
	return at < 0 ? NULL : t->bases.items[at];
}

static bool has_own_base(const struct conf *c, const struct lab_machine *m)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i].option && !strcmp(c->items[i].option, "base") &&
		    !strcmp(c->items[i].name, m->name))
			return true;
	return false;
}

static int map_machine(struct table *t, struct lab_machine *m, struct strlist *told)
{
	const char *base;

	if (!m->image || has_own_base(t->c, m))
		return 0;
	base = find(t, m->image);
	if (base)
		return conf_set_text(t->c, &m->base, base);
	if (strlist_find(told, m->image) >= 0)
		return 0;
	if (strlist_add(told, m->image))
		return conf_nomem(t->c);
	return conf_warn(t->c, 0, "no base for the image '%s' in images.conf: %s%s", m->image,
			 m->base ? "the lab's is taken, " : "'[IMAGE] base = FILE' there, or "
							    "LAB[base]=FILE here, gives one",
			 m->base ? m->base : "");
}

/* Labs of other tools name no base: the image that lies beside their lab.conf is theirs. */
static int take_default(struct conf *c)
{
	char *path = NULL;
	int rc = 0;
	bool there;

	if (asprintf(&path, "%s/%s", c->lab->folder, DEFAULT_BASE) < 0)
		return conf_nomem(c);
	there = access(path, F_OK) == 0;
	free(path);
	for (size_t i = 0; there && !rc && i < c->lab->machine_count; i++)
		if (!c->lab->machines[i]->base)
			rc = conf_set_text(c, &c->lab->machines[i]->base, DEFAULT_BASE);
	return rc;
}

int conf_images(struct conf *c)
{
	struct table t = { .c = c };
	struct strlist told = STRLIST_INIT;
	bool any = false;
	int rc = take_default(c);

	for (size_t i = 0; i < c->lab->machine_count; i++)
		any = any || c->lab->machines[i]->image;
	if (any && !rc)
		rc = read_lab_table(&t);
	if (any && !rc)
		rc = read_user_table(&t);
	for (size_t i = 0; any && !rc && i < c->lab->machine_count; i++)
		rc = map_machine(&t, c->lab->machines[i], &told);
	strlist_release(&told);
	strlist_release(&t.images);
	strlist_release(&t.bases);
	free(t.folder);
	return rc;
}
