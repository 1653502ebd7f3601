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
#include "fixups/tools.h"

#define DEP_MAX	      (64u << 20) /* bytes of modules.dep */
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

static int count_entry(void *arg, const struct host_entry *e)
{
	struct fixup_need *need = arg;

	if (is_left_out(e))
		return 0;
	need->inodes++;
	need->bytes += e->type == HOST_FILE ? (e->size + 4095) / 4096 * 4096 : 4096;
	return 0;
}

int modules_need(const struct fixup_settings *settings, struct fixup_need *need, struct error *err)
{
	struct strlist releases = STRLIST_INIT;
	int rc = 0;

	if (!settings->modules_dir)
		return 0;
	rc = find_releases(settings->modules_dir, &releases, err);
	for (size_t i = 0; !rc && i < releases.count; i++)
		rc = host_walk(releases.items[i], count_entry, need, err);
	/* /lib, modules and the release; indirect blocks are 1 in 1024. */
	need->inodes += 2 + releases.count;
	need->bytes += (2 + releases.count) * 4096 + need->bytes / 512;
	strlist_release(&releases);
	return rc;
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

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names below the release that modules.dep has a line for, sorted. 2.4 writes full paths. */
static int load_dep(const char *release_path, struct strlist *names, struct error *err)
{
	const char *release = strrchr(release_path, '/') + 1;
	struct strbuf text = STRBUF_INIT;
	char *path = NULL, *prefix = NULL, *next;
	int rc = 0;

	if (asprintf(&path, "%s/modules.dep", release_path) < 0 ||
	    asprintf(&prefix, "/lib/modules/%s/", release) < 0)
		rc = error_nomem(err);
	if (!rc && access(path, F_OK) < 0) {
		rc = error_set(err, -ERR_NOT_FOUND, path, "the list of kernel modules is missing");
		error_hint(err, "run depmod -b ROOT %s, where ROOT/lib/modules holds it", release);
	}
	if (!rc)
		rc = read_host_file(path, DEP_MAX, &text, err);
	for (char *line = text.data; !rc && line && *line; line = next) {
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
		if (strlist_add(names, line))
			rc = error_nomem(err);
	}
	if (names->count)
		qsort(names->items, names->count, sizeof(*names->items), by_bytes);
	strbuf_release(&text);
	free(prefix);
	free(path);
	return rc;
}

struct copy {
	struct fixup_run *run;
	struct error *err;
	const char *release; /* "6.1.176" */
	char *target;	     /* "/lib/modules/6.1.176" */
	struct strlist dep;
	size_t files, written;
	bool folders; /* some were made */
	uint64_t bytes;
};

static bool is_module(const char *name)
{
	static const char *const ends[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst", ".o" };
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (n > strlen(ends[i]) && !strcmp(name + n - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

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

	if (is_module(e->name) &&
	    !bsearch(&e->name, c->dep.items, c->dep.count, sizeof(*c->dep.items), by_bytes)) {
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

	if (is_left_out(e))
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
	struct copy c = { .run = run, .err = err, .release = strrchr(host, '/') + 1 };
	char size[32];
	int rc;

	rc = load_dep(host, &c.dep, err);
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
	strlist_release(&c.dep);
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
