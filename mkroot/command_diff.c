/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkroot diff A.img B.img: what differs, read from the images themselves. */
#include <errno.h>
#include <sys/stat.h>

#include "common/program.h"
#include "mkroot/command.h"
#include "image/compare.h"
#include "mkroot/installed.h"
#include "image/walk.h"

struct side {
	const char *path;
	struct image *image;
	int fd;
	struct listing files;
	struct package_list packages;
};

static int open_side(struct side *s, const char *path, struct error *err)
{
	const char *database;
	int rc;

	*s = (struct side){ .path = path, .fd = -1 };
	rc = image_file_open(path, &s->image, &s->fd, err);
	if (!rc)
		rc = listing_read(&s->files, s->image, err);
	/* A database that cannot be read is compared as a file, like everything else. */
	if (!rc && installed_read(s->image, &s->packages, &database, err) == -ENOMEM)
		rc = -ENOMEM;
	if (!rc)
		error_release(err);
	return rc;
}

static void close_side(struct side *s)
{
	package_list_release(&s->packages);
	listing_release(&s->files);
	image_file_close(s->image, s->fd);
}

static int by_nevra(const void *a, const void *b)
{
	const struct package *const *x = a, *const *y = b;

	return strcmp((*x)->nevra, (*y)->nevra);
}

/* "- only in A", "+ only in B"; returns how many. */
static size_t diff_packages(struct side *a, struct side *b)
{
	struct package **x = a->packages.items, **y = b->packages.items;
	size_t i = 0, j = 0, differ = 0, n = a->packages.count, m = b->packages.count;

	if (n)
		qsort(x, n, sizeof(struct package *), by_nevra);
	if (m)
		qsort(y, m, sizeof(struct package *), by_nevra);
	while (i < n || j < m) {
		int order = i == n ? 1 : j == m ? -1 : strcmp(x[i]->nevra, y[j]->nevra);

		if (order)
			report_line(stdout, "package %c %s", order < 0 ? '-' : '+',
				    order < 0 ? x[i]->nevra : y[j]->nevra);
		differ += order != 0;
		i += order <= 0;
		j += order >= 0;
	}
	return differ;
}

static int diff_files(struct side *a, struct side *b, size_t *differ, struct error *err)
{
	size_t i = 0, j = 0, n = a->files.count, m = b->files.count;

	while (i < n || j < m) {
		const struct listing_item *x = a->files.items + i, *y = b->files.items + j;
		int order = i == n ? 1 : j == m ? -1 : strcmp(x->path, y->path);
		struct strbuf what = STRBUF_INIT;
		int rc = 0;

		if (order)
			report_line(stdout, "file %c %s", order < 0 ? '-' : '+',
				    order < 0 ? x->path : y->path);
		else
			rc = compare_files(a->image, x, b->image, y, &what, err);
		if (!rc && what.len)
			report_line(stdout, "file ~ %s: %s", x->path, what.data);
		*differ += order != 0 || what.len;
		strbuf_release(&what);
		if (rc)
			return rc;
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

int command_diff(int argc, char **argv, bool *differs, struct error *err)
{
	struct side a = { .fd = -1 }, b = { .fd = -1 };
	size_t differ = 0;
	int rc;

	if (argc != 2)
		return command_usage("diff", err);
	rc = open_side(&a, argv[0], err);
	if (!rc)
		rc = open_side(&b, argv[1], err);
	if (!rc)
		differ = diff_packages(&a, &b);
	if (!rc)
		rc = diff_files(&a, &b, &differ, err);
	close_side(&a);
	close_side(&b);
	*differs = differ != 0;
	return rc;
}
