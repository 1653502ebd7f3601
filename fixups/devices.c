/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device nodes for a kernel that does not fill /dev by itself: Linux 2.4
 * without devfs, or today's when devtmpfs is not mounted. A guest of the age of
 * 2.4 gets today's names, too: its image boots with today's kernel as well.
 */
#include "fixups/table.h"

#include <sys/stat.h>

#include "fixups/tools.h"

enum kernels { OLD, ALL };

/* Numbers that every distribution gives these groups. */
enum { ROOT = 0, TTY = 5, DISK = 6 };

/* A row makes `count` nodes; with more than one, names end in 0, 1, ... or a, b, ... */
static const struct node {
	const char *name;
	enum kernels kernels;
	uint32_t mode, gid, major, minor, count, step;
	char first; /* of the numbering; 0: there is only one */
} nodes[] = {
	{ "console", ALL, S_IFCHR | 0600, TTY, 5, 1, 1, 0, 0 },
	{ "null", ALL, S_IFCHR | 0666, ROOT, 1, 3, 1, 0, 0 },
	{ "zero", ALL, S_IFCHR | 0666, ROOT, 1, 5, 1, 0, 0 },
	{ "full", ALL, S_IFCHR | 0666, ROOT, 1, 7, 1, 0, 0 },
	{ "random", ALL, S_IFCHR | 0644, ROOT, 1, 8, 1, 0, 0 },
	{ "urandom", ALL, S_IFCHR | 0644, ROOT, 1, 9, 1, 0, 0 },
	{ "tty", ALL, S_IFCHR | 0666, TTY, 5, 0, 1, 0, 0 },
	{ "ptmx", ALL, S_IFCHR | 0666, TTY, 5, 2, 1, 0, 0 },
	{ "tty", ALL, S_IFCHR | 0620, TTY, 4, 0, 2, 1, '0' },
	{ "ttyS", ALL, S_IFCHR | 0660, TTY, 4, 64, 2, 1, '0' },
	{ "ubd", ALL, S_IFBLK | 0660, DISK, 98, 0, 8, 16, 'a' },
	{ "vc/", OLD, S_IFCHR | 0620, TTY, 4, 0, 7, 1, '0' },
	{ "ttys/", OLD, S_IFCHR | 0660, TTY, 4, 64, 2, 1, '0' },
	{ "ubd/", OLD, S_IFBLK | 0660, DISK, 98, 0, 8, 16, '0' },
};

static int make_node(struct image *image, const struct node *n, uint32_t i, size_t *made,
		     struct error *err)
{
	const struct image_attr attr = { .mode = n->mode & 07777, .gid = n->gid };
	struct image_stat st;
	char path[64];
	int rc;

	snprintf(path, sizeof(path), n->first ? "/dev/%s%c" : "/dev/%s", n->name,
		 (char)(n->first + (char)i));
	if (image_lstat(image, path, &st, NULL) == 0)
		return 0;
	rc = image_mknod(image, path, n->mode, n->major, n->minor + i * n->step, &attr, err);
	*made += !rc;
	return rc;
}

static int make_folder_of(struct image *image, const char *name, struct error *err)
{
	const char *slash = strchr(name, '/');
	bool changed;
	char path[64];

	if (!slash)
		return 0;
	snprintf(path, sizeof(path), "/dev/%.*s", (int)(slash - name), name);
	return put_folder(image, path, &changed, err);
}

int devices_apply(struct fixup_run *run, struct error *err)
{
	bool old = run->settings->kernel && !strncmp(run->settings->kernel, "2.4", 3);
	bool folder = false;
	size_t made = 0;
	int rc = put_folder(run->image, "/dev", &folder, err);

	for (size_t i = 0; !rc && i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		if (nodes[i].kernels == OLD && !old)
			continue;
		rc = make_folder_of(run->image, nodes[i].name, err);
		for (uint32_t k = 0; !rc && k < nodes[i].count; k++)
			rc = make_node(run->image, &nodes[i], k, &made, err);
	}
	if (rc)
		return rc;
	if (!made)
		return noted(fixup_skipped(run, "all nodes are there already"), err);
	return noted(fixup_changed(run, "%zu nodes made in /dev, as Linux %s them", made,
				   old ? "2.4 and today's name" : "6 names"),
		     err);
}
