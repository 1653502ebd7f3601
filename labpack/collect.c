/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/collect.h"
#include "labpack/script.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int collect_note(struct collection *c, const char *subject, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	rc = text ? strlist_addf(&c->pack.notes, "'%s': %s", subject, text) : -ENOMEM;
	free(text);
	return rc;
}

int collect_file(struct collection *c, const char *source, const char *path, bool disk,
		 const char *base, const char *base_path, struct error *err)
{
	char *real = realpath(source, NULL);
	struct pack_member m = { .type = MANIFEST_FILE, .disk = disk };
	struct stat st;

	if (!real || stat(real, &st) != 0) {
		int saved_errno = errno;

		free(real);
		return error_errno(err, saved_errno, source, "cannot be read");
	}
	m.source = real;
	m.path = strdup(path);
	m.mode = st.st_mode & 07777;
	m.mtime = st.st_mtim.tv_sec;
	m.size = (uint64_t)st.st_blocks * 512;
	m.base = base ? strdup(base) : NULL;
	m.base_path = base ? strdup(base_path) : NULL;
	if (base && (!m.base || !m.base_path)) {
		free(m.path);
		m.path = NULL; /* pack_add() then says that there is no memory */
	} else if (!S_ISREG(st.st_mode)) {
		error_set(err, -EINVAL, source, "is not a regular file");
	}
	if (err->code) {
		free(m.path);
		m.path = NULL;
		if (!pack_add(&c->pack, &m, NULL))
			return -ENOMEM;
		return err->code;
	}
	return pack_add(&c->pack, &m, err);
}

/* Without "./" and the like; NULL when it leaves its folder or there is no memory. */
static char *tidy(const char *file)
{
	struct strbuf out = STRBUF_INIT;
	size_t n;

	for (const char *p = file; *p; p += n + (p[n] == '/')) {
		n = strcspn(p, "/");
		if (!n || (n == 1 && *p == '.'))
			continue;
		if ((n == 2 && !memcmp(p, "..", 2)) || (out.len && strbuf_adds(&out, "/")) ||
		    strbuf_add(&out, p, n)) {
			strbuf_release(&out);
			return NULL;
		}
	}
	return strbuf_take(&out);
}

/* "/srv/mylab/x.img" is x.img in a lab at /srv/mylab; NULL when it lies elsewhere. */
static char *inside(const struct collection *c, const char *file)
{
	char *top = realpath(c->lab->folder, NULL), *real = realpath(file, NULL), *path = NULL;
	size_t n = top ? strlen(top) : 0;

	if (top && real && strncmp(real, top, n) == 0 && real[n] == '/')
		path = strdup(real + n + 1);
	free(top);
	free(real);
	return path;
}

static int add_moved(struct collection *c, const char *from, const char *to)
{
	struct moved_file m = { strdup(from), strdup(to) };

	if (m.from && m.to &&
	    !array_grow((void **)&c->moved, c->moved_count, &c->moved_capacity, sizeof(m))) {
		c->moved[c->moved_count++] = m;
		return 0;
	}
	free(m.from);
	free(m.to);
	return -ENOMEM;
}

/* A name in `folder` that no other file has. */
static int new_place(struct collection *c, const char *file, const char *folder, char **path,
		     struct error *err)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	bool taken = true;

	for (unsigned int i = 0; taken && i <= c->moved_count; i++) {
		free(*path);
		if ((i ? asprintf(path, "%s/%u-%s", folder, i, name) :
			 asprintf(path, "%s/%s", folder, name)) < 0) {
			*path = NULL;
			return error_nomem(err);
		}
		taken = false;
		for (size_t k = 0; k < c->moved_count; k++)
			taken = taken || !strcmp(c->moved[k].to, *path);
	}
	return add_moved(c, file, *path) ? error_nomem(err) : 0;
}

int collect_place(struct collection *c, const char *file, const char *folder, char **path,
		  struct error *err)
{
	*path = *file == '/' ? inside(c, file) : tidy(file);
	for (size_t i = 0; !*path && i < c->moved_count; i++)
		if (!strcmp(c->moved[i].from, file)) {
			*path = strdup(c->moved[i].to);
			return *path ? 0 : error_nomem(err);
		}
	if (*path)
		/* lab.conf may say it in a way that fits this place only. */
		return *file == '/' && add_moved(c, file, *path) ? error_nomem(err) : 0;
	return new_place(c, file, folder, path, err);
}

/* Folders that nobody listed, above what was put in its place by name. */
static int add_parents(struct collection *c, struct error *err)
{
	size_t before = c->pack.count;
	int rc = pack_sort(&c->pack, err);

	for (size_t i = 0; !rc && i < before; i++) {
		const char *path = c->pack.members[i].path, *slash = strrchr(path, '/');
		struct pack_member m = { .type = MANIFEST_FOLDER, .mode = 0755 };
		struct pack sorted = { c->pack.members, before, 0, STRLIST_INIT };
		bool known = !slash;

		m.mtime = c->pack.members[i].mtime;
		m.path = slash ? strndup(path, (size_t)(slash - path)) : NULL;
		if (slash && !m.path)
			return error_nomem(err);
		known = known || pack_find(&sorted, m.path);
		for (size_t k = before; !known && k < c->pack.count; k++)
			known = !strcmp(c->pack.members[k].path, m.path);
		if (known)
			free(m.path);
		else
			rc = pack_add(&c->pack, &m, err);
	}
	/* "disks/base" may need "disks". */
	return rc || c->pack.count == before ? rc : add_parents(c, err);
}

/* Every disk stays open, that is locked, until the archive is written. */
static void raise_file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* A lab that was never built has no script yet. */
static int add_script(struct collection *c, struct error *err)
{
	char *file = lab_path(c->lab, "lab"), *conf = lab_path(c->lab, "lab.conf");
	struct pack_member m = { .type = MANIFEST_FILE, .mode = 0755 };
	struct strbuf text = STRBUF_INIT;
	int rc = file && conf ? 0 : error_nomem(err);
	struct stat st;

	if (!rc && access(file, F_OK) != 0) {
		/* As old as what it is made from. */
		if (stat(conf, &st) == 0)
			m.mtime = st.st_mtim.tv_sec;
		rc = script_write(c->lab, &text, err);
		if (!rc) {
			m.path = strdup("lab");
			m.text = strbuf_take(&text);
			rc = pack_add(&c->pack, &m, err);
		} else if (rc != -ENOMEM) {
			/* A lab that cannot start here may all the same travel. */
			rc = collect_note(c, "lab", "cannot be made: %s",
					  err->what ? err->what : "the lab is not complete") ?
				     error_nomem(err) :
				     0;
			if (!rc)
				error_release(err);
		}
	}
	strbuf_release(&text);
	free(file);
	free(conf);
	return rc;
}

int collect(struct collection *c, const struct lab *lab, const struct collect_options *o,
	    struct error *err)
{
	int rc;

	c->lab = lab;
	c->o = o;
	raise_file_limit();
	rc = collect_disks(c, err);
	if (!rc && !o->no_kernel)
		rc = collect_kernels(c, err);
	if (!rc && o->tools)
		rc = collect_tools(c, err);
	if (!rc)
		rc = add_script(c, err);
	if (!rc)
		rc = collect_conf(c, err);
	if (!rc)
		rc = collect_folder(c, err);
	return rc ? rc : add_parents(c, err);
}

void collection_release(struct collection *c)
{
	for (size_t i = 0; i < c->cow_count; i++)
		cow_abandon(c->cows[i]);
	for (size_t i = 0; i < c->fd_count; i++)
		close(c->fds[i]);
	for (size_t i = 0; i < c->moved_count; i++) {
		free(c->moved[i].from);
		free(c->moved[i].to);
	}
	free(c->cows);
	free(c->fds);
	free(c->moved);
	strlist_release(&c->disks);
	pack_release(&c->pack);
	*c = (struct collection)COLLECTION_INIT;
}
