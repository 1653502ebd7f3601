/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a lab needs to start where nothing of UML is installed. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/edit.h"
#include "labpack/collect.h"

#define KERNEL_PATH "kernel/linux"
#define VERSION_MAX 64

/* A program of PATH; NULL when there is none. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");
	size_t n;

	for (const char *p = path ? path : "/usr/bin:/bin"; *p; p += n + (p[n] == ':')) {
		char *file = NULL;

		n = strcspn(p, ":");
		if (!n || asprintf(&file, "%.*s/%s", (int)n, p, name) < 0)
			continue;
		if (access(file, X_OK) == 0)
			return file;
		free(file);
	}
	return NULL;
}

/* "Linux version 6.1.176 ..." stands in every kernel; *version is "" when it does not. */
static int kernel_version(const char *file, char version[VERSION_MAX], struct error *err)
{
	static const char words[] = "Linux version ";
	enum { CHUNK = 1 << 20, OVERLAP = VERSION_MAX + sizeof(words) };
	char *buf = malloc(CHUNK + 1);
	int fd = open(file, O_RDONLY | O_CLOEXEC), rc = 0;
	ssize_t n;

	version[0] = '\0';
	if (!buf || fd < 0)
		rc = buf ? error_errno(err, errno, file, "cannot be read") : error_nomem(err);
	for (off_t at = 0; !rc && !version[0] && (n = pread(fd, buf, CHUNK, at)) > 0;
	     at += n > OVERLAP ? n - OVERLAP : n) {
		char *p = buf, *end = buf + n;

		while (!version[0] && (p = memmem(p, (size_t)(end - p), words, sizeof(words) - 1))) {
			size_t k = 0;

			p += sizeof(words) - 1;
			while (isdigit((unsigned char)*p) && p + k < end && k < VERSION_MAX - 1 &&
			       (isalnum((unsigned char)p[k]) || strchr("._+-", p[k])) && p[k])
				k++;
			memcpy(version, p, k);
			version[k] = '\0';
		}
	}
	if (fd >= 0)
		close(fd);
	free(buf);
	return rc;
}

static bool base_has_modules(const char *base, const char *version)
{
	int fd = open(base, O_RDONLY | O_CLOEXEC);
	struct image *image = NULL;
	char path[VERSION_MAX + 16];
	bool has = false;

	snprintf(path, sizeof(path), "/lib/modules/%s", version);
	if (fd >= 0 && !image_open(&image, fd, false, 0, NULL))
		has = image_exists(image, path);
	image_abandon(image);
	if (fd >= 0)
		close(fd);
	return has;
}

/* Does any machine that runs this kernel have a base without its modules? */
static bool modules_are_needed(const struct collection *c, const char *version)
{
	for (size_t i = 0; i < c->lab->machine_count; i++) {
		char *base = lab_machine_base(c->lab, c->lab->machines[i]);
		bool has = !base || base_has_modules(base, version);

		free(base);
		if (!has)
			return true;
	}
	return false;
}

/* Where Debian and others put the modules of a UML kernel that lies in bin. */
static char *modules_folder(const char *kernel, const char *version)
{
	static const char *const places[] = { "../lib/uml/modules", "../lib/modules", "modules" };
	const char *slash = strrchr(kernel, '/');
	size_t n = slash ? (size_t)(slash - kernel) : 0;

	for (size_t i = 0; n && i < sizeof(places) / sizeof(places[0]); i++) {
		char *folder = NULL;

		if (asprintf(&folder, "%.*s/%s/%s", (int)n, kernel, places[i], version) < 0)
			return NULL;
		if (access(folder, R_OK | X_OK) == 0)
			return folder;
		free(folder);
	}
	return NULL;
}

static int add_modules(struct collection *c, const char *kernel, struct error *err)
{
	char version[VERSION_MAX], *folder, *path = NULL, *there;
	int rc = kernel_version(kernel, version, err);

	if (rc || !version[0])
		return rc;
	if (asprintf(&path, "kernel/modules/%s", version) < 0)
		return error_nomem(err);
	there = lab_path(c->lab, path);
	folder = modules_folder(kernel, version);
	/* A lab that was extracted brings its own along, as part of its folder. */
	if (there && access(there, F_OK) != 0 && folder && modules_are_needed(c, version))
		rc = collect_tree(c, folder, path, err);
	free(there);
	free(folder);
	free(path);
	return rc;
}

/* A kernel that lab.conf names. */
static int add_named_kernel(struct collection *c, const char *file, struct error *err)
{
	char *path = NULL, *source = lab_path(c->lab, file);
	int rc = source ? collect_place(c, file, "kernel", &path, err) : error_nomem(err);

	if (!rc && strlist_find(&c->disks, path) < 0) {
		rc = strlist_add(&c->disks, path) ? error_nomem(err) : 0;
		if (!rc)
			rc = collect_file(c, source, path, false, NULL, NULL, err);
		if (!rc)
			rc = add_modules(c, source, err);
	}
	free(path);
	free(source);
	return rc;
}

static int add_default_kernel(struct collection *c, struct error *err)
{
	char *there = lab_path(c->lab, KERNEL_PATH), *file;
	int rc = 0;

	if (!there)
		return error_nomem(err);
	if (access(there, F_OK) == 0) {
		rc = add_modules(c, there, err);
		free(there);
		return rc;
	}
	free(there);
	file = find_program("linux");
	if (!file)
		return collect_note(c, "linux", "is not in PATH, so no kernel travels") ?
			       error_nomem(err) :
			       0;
	rc = collect_file(c, file, KERNEL_PATH, false, NULL, NULL, err);
	if (!rc)
		rc = add_modules(c, file, err);
	free(file);
	return rc;
}

int collect_kernels(struct collection *c, struct error *err)
{
	bool wants_default = false;
	int rc = 0;

	for (size_t i = 0; !rc && i < c->lab->machine_count; i++) {
		const char *kernel = c->lab->machines[i]->kernel;

		wants_default = wants_default || !kernel;
		if (kernel)
			rc = add_named_kernel(c, kernel, err);
	}
	return !rc && wants_default ? add_default_kernel(c, err) : rc;
}

static bool has_watchdog(const struct lab *lab)
{
	for (size_t i = 0; i < lab->machine_count; i++)
		if (lab->machines[i]->watchdog)
			return true;
	return false;
}

int collect_tools(struct collection *c, struct error *err)
{
	static const char *const names[] = { "uml_switch", "uml_mconsole", "uml_watchdog" };
	size_t count = sizeof(names) / sizeof(names[0]) - !has_watchdog(c->lab);
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++) {
		char *file = find_program(names[i]), path[32], *there;

		snprintf(path, sizeof(path), "tools/%s", names[i]);
		there = lab_path(c->lab, path);
		if (!there)
			rc = error_nomem(err);
		else if (access(there, F_OK) == 0)
			rc = 0; /* part of the folder already */
		else if (!file)
			rc = error_set(err, -ENOENT, names[i], "is not in PATH (--with-tools)");
		else
			rc = collect_file(c, file, path, false, NULL, NULL, err);
		free(there);
		free(file);
	}
	return rc;
}
