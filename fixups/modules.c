/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modules of the guest's kernel, from a folder of the host. The lists that
 * depmod makes must be there: nothing here starts a program, and a guest
 * without modules.dep loads nothing.
 */
#include "fixups/table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/number.h"
#include "fixups/host_walk.h"
#include "fixups/modules_dep.h"
#include "fixups/tools.h"

#define COMPARE_BYTES (1u << 20)

static bool is_release(const char *folder)
{
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool found = fd >= 0 && (faccessat(fd, "modules.dep", F_OK, 0) == 0 ||
				 faccessat(fd, "kernel", F_OK, 0) == 0);

	if (fd >= 0)
		close(fd);
	return found;
}

/* dir itself, or the folders in it that hold modules; paths on the host. */
static int find_releases(const char *dir, struct strlist *releases, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	char *real = realpath(dir, NULL);
	int rc = 0;

	if (!real)
		return error_errno(err, errno, dir, "kernel modules cannot be read");
	if (is_release(real))
		rc = strlist_add(releases, real);
	else
		rc = host_list(real, &names, err);
	for (size_t i = 0; !rc && i < names.count; i++) {
		rc = strlist_addf(releases, "%s/%s", real, names.items[i]);
		if (!rc && !is_release(releases->items[releases->count - 1]))
			free(releases->items[--releases->count]);
	}
	if (rc == -ENOMEM)
		rc = error_nomem(err);
	strlist_release(&names);
	free(real);
	if (!rc && !releases->count) {
		rc = error_set(err, -ERR_NOT_FOUND, dir, "there are no kernel modules in it");
		error_hint(err, "it should be RELEASE/ with modules.dep and kernel/, or hold such");
	}
	return rc;
}

/* Host-only links; a guest has neither the kernel's sources nor its build folder. */
static bool is_left_out(const struct host_entry *e)
{
	return e->type == HOST_LINK && (!strcmp(e->name, "build") || !strcmp(e->name, "source"));
}

/* modules.dep of one release, and which of its modules are asked for. */
static int load_dep(struct modules_dep *dep, const struct fixup_settings *settings,
		    const char *release_path, struct error *err)
{
	int rc = modules_dep_load(dep, release_path, err);

	if (!rc && settings->modules && settings->modules->count)
		rc = modules_dep_pick(dep, settings->modules, release_path, err);
	return rc;
}

/* With a choice of modules, others stay away, and folders that would have none. */
static bool is_chosen(const struct modules_dep *dep, const struct fixup_settings *settings,
		      const struct host_entry *e)
{
	const struct module_line *line;

	if (is_left_out(e))
		return false;
	if (!settings->modules || !settings->modules->count)
		return true;
	if (e->type == HOST_FOLDER)
		return modules_dep_has(dep, e->name);
	line = is_module(e->name) ? modules_dep_find(dep, e->name) : NULL;
	if (line)
		return line->picked;
	/* The lists of depmod; not what else lies in folders that may not be there. */
	return !strchr(e->name, '/');
}

struct count {
	const struct fixup_settings *settings;
	const struct modules_dep *dep;
	struct fixup_need *need;
};

static int count_entry(void *arg, const struct host_entry *e)
{
	const struct count *c = arg;

	if (!is_chosen(c->dep, c->settings, e))
		return 0;
	c->need->inodes++;
	c->need->bytes += e->type == HOST_FILE ? (e->size + 4095) / 4096 * 4096 : 4096;
	return 0;
}

static int count_release(const struct fixup_settings *settings, const char *release_path,
			 struct fixup_need *need, struct error *err)
{
	struct modules_dep dep = MODULES_DEP_INIT;
	struct count c = { settings, &dep, need };
	int rc = load_dep(&dep, settings, release_path, err);

	if (!rc)
		rc = host_walk(release_path, count_entry, &c, err);
	modules_dep_release(&dep);
	return rc;
}

int modules_need(const struct fixup_settings *settings, struct fixup_need *need, struct error *err)
{
	struct strlist releases = STRLIST_INIT;
	int rc = 0;

	if (!settings->modules_dir)
		return 0;
	rc = find_releases(settings->modules_dir, &releases, err);
	for (size_t i = 0; !rc && i < releases.count; i++)
		rc = count_release(settings, releases.items[i], need, err);
	/* /lib, modules and the release; indirect blocks are 1 in 1024. */
	need->inodes += 2 + releases.count;
	need->bytes += (2 + releases.count) * 4096 + need->bytes / 512;
	strlist_release(&releases);
	return rc;
}

struct copy {
	struct fixup_run *run;
	struct error *err;
	const char *release; /* "6.1.176" */
	char *target;	     /* "/lib/modules/6.1.176" */
	struct modules_dep dep;
	size_t files, written;
	bool folders; /* some were made */
	uint64_t bytes;
};

/* Does the image have just these bytes? *same is false when it has no such file. */
static int compare(struct copy *c, int fd, uint64_t size, const char *host, const char *path,
		   bool *same)
{
	struct image *image = c->run->image;
	struct image_stat st;
	unsigned char *buf;
	uint64_t at = 0;
	int rc = 0;

	*same = !image_lstat(image, path, &st, NULL) && S_ISREG(st.mode) && st.size == size &&
		(st.mode & 07777) == 0644 && st.uid == 0 && st.gid == 0;
	if (!*same)
		return 0;
	buf = malloc(2 * COMPARE_BYTES);
	if (!buf)
		return error_nomem(c->err);
	while (!rc && *same && at < size) {
		size_t got = 0;
		ssize_t n = pread(fd, buf, COMPARE_BYTES, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = error_errno(c->err, errno, host, "cannot be read");
		else
			rc = image_read_at(image, path, at, buf + COMPARE_BYTES, (size_t)n, &got,
					   c->err);
		*same = !rc && n > 0 && got == (size_t)n && !memcmp(buf, buf + COMPARE_BYTES, got);
		at += got;
	}
	free(buf);
	return rc;
}

static long read_fd(void *arg, void *buf, size_t n)
{
	ssize_t got;

	do
		got = read(*(int *)arg, buf, n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int copy_file(struct copy *c, const struct host_entry *e, const char *path)
{
	const struct image_attr attr = { .mode = 0644 };
	bool same = false;
	int fd, rc;

	if (is_module(e->name) && !modules_dep_find(&c->dep, e->name)) {
		rc = error_set(c->err, -ERR_NOT_FOUND, e->path,
			       "is not in modules.dep, which is therefore out of date");
		error_hint(c->err, "run depmod -b ROOT %s, where ROOT/lib/modules holds it",
			   c->release);
		return rc;
	}
	fd = open(e->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(c->err, errno, e->path, "cannot be opened");
	rc = compare(c, fd, e->size, e->path, path, &same);
	if (!rc && !same) {
		rc = image_write_stream(c->run->image, path, read_fd, &fd, &attr, c->err);
		if (!rc)
			rc = image_set_attr(c->run->image, path, &attr, c->err);
		c->written++;
		c->bytes += e->size;
	}
	c->files++;
	close(fd);
	return rc;
}

static int copy_link(struct copy *c, const struct host_entry *e, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(e->path, target, sizeof(target) - 1);
	bool changed = false;
	int rc;

	if (n < 0)
		return error_errno(c->err, errno, e->path, "cannot be read");
	target[n] = '\0';
	rc = put_link(c->run->image, target, path, &changed, c->err);
	c->written += changed;
	c->files++;
	return rc;
}

static int copy_entry(void *arg, const struct host_entry *e)
{
	struct copy *c = arg;
	char *path = NULL;
	int rc;

	if (!is_chosen(&c->dep, c->run->settings, e))
		return 0;
	if (asprintf(&path, "%s/%s", c->target, e->name) < 0)
		return error_nomem(c->err);
	if (e->type == HOST_FOLDER)
		rc = put_folder(c->run->image, path, &c->folders, c->err);
	else if (e->type == HOST_LINK)
		rc = copy_link(c, e, path);
	else
		rc = copy_file(c, e, path);
	free(path);
	return rc;
}

static int copy_release(struct fixup_run *run, const char *host, struct error *err)
{
	struct copy c = { .run = run, .err = err, .release = strrchr(host, '/') + 1,
			  .dep = MODULES_DEP_INIT };
	char size[32];
	int rc;

	rc = load_dep(&c.dep, run->settings, host, err);
	if (!rc && asprintf(&c.target, "/lib/modules/%s", c.release) < 0) {
		c.target = NULL;
		rc = error_nomem(err);
	}
	if (!rc)
		rc = put_folder(run->image, c.target, &c.folders, err);
	if (!rc)
		rc = host_walk(host, copy_entry, &c, err);
	if (!rc && (c.written || c.folders))
		rc = noted(fixup_changed(run, "%zu of %zu files of %s copied, %s", c.written,
					 c.files, c.release,
					 size_format(c.bytes, size, sizeof(size))),
			   err);
	else if (!rc)
		rc = noted(fixup_skipped(run, "the %zu files of %s are there already", c.files,
					 c.release),
			   err);
	modules_dep_release(&c.dep);
	free(c.target);
	return rc;
}

int modules_apply(struct fixup_run *run, struct error *err)
{
	struct strlist releases = STRLIST_INIT;
	int rc;

	if (!run->settings->modules_dir)
		return noted(fixup_skipped(run, "no modules were given (--modules)"), err);
	rc = find_releases(run->settings->modules_dir, &releases, err);
	for (size_t i = 0; !rc && i < releases.count; i++)
		rc = copy_release(run, releases.items[i], err);
	strlist_release(&releases);
	return rc;
}
