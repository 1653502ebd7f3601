/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of two labs beside their COW disks, and labs in archives. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "labpack/diff.h"
#include "labpack/extract.h"
#include "labpack/source.h"
#include "labpack/verify.h"

struct folders {
	const char *a, *b;
	struct diff_report *report;
	struct error *err;
	int rc;
};

static bool lies_in(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

static bool has(const struct manifest *m, const char *folder)
{
	for (size_t i = 0; i < m->count; i++)
		if (lies_in(m->entries[i].path, folder))
			return true;
	return false;
}

/* COW disks are compared by what is on them; snapshots are nobody's now. */
static bool counts(const char *path)
{
	size_t n = strlen(path);

	if (lies_in(path, "snapshots"))
		return false;
	return strncmp(path, "disks/", 6) != 0 || n < 4 || strcmp(path + n - 4, ".cow") != 0;
}

/* What a snapshot can have: what it has, and all that lies in disks/. */
static bool is_kept(const struct manifest *snapshot, const char *path)
{
	return !strncmp(path, "disks/", 6) || manifest_find(snapshot, path);
}

/* What `create` puts into an archive is no difference to a lab that has none of it. */
static bool is_packed(const struct manifest *m, const char *path)
{
	return (lies_in(path, "kernel") && !has(m, "kernel")) ||
	       (lies_in(path, "tools") && !has(m, "tools"));
}

/* other: what it is compared with. */
static void drop_others(struct manifest *m, const struct manifest *other, bool is_snapshot)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++) {
		const char *path = m->entries[i].path;

		if (counts(path) && !is_packed(other, path) &&
		    (!is_snapshot || is_kept(other, path))) {
			m->entries[kept++] = m->entries[i];
		} else {
			free(m->entries[i].path);
			free(m->entries[i].target);
		}
	}
	m->count = kept;
}

/* A base that was packed lacks what was free in it. */
static int agree_as_images(const struct folders *f, const char *path, bool *agree)
{
	char *x = NULL, *y = NULL;
	int rc;

	if (asprintf(&x, "%s/%s", f->a, path) < 0)
		x = NULL;
	if (asprintf(&y, "%s/%s", f->b, path) < 0)
		y = NULL;
	rc = x && y ? diff_images_agree(agree, x, y, f->err) : error_nomem(f->err);
	free(x);
	free(y);
	return rc;
}

static void tell(void *arg, const char *path, const char *words)
{
	struct folders *f = arg;
	/* The words of a verification, from the other side. */
	char sign = !strcmp(words, "is missing")	      ? '-' :
		    !strcmp(words, "is not in the manifest") ? '+' :
							       '~';
	bool agree = false;

	if (!f->rc && sign == '~')
		f->rc = agree_as_images(f, path, &agree);
	if (!f->rc && !agree)
		diff_tell(f->report, NULL, sign, path, NULL);
}

int diff_folders(const struct diff_side *a, const struct diff_side *b, struct diff_report *r,
		 struct error *err)
{
	struct verify x = VERIFY_INIT, y = VERIFY_INIT;
	struct folders f = { a->folder, b->folder, r, err, 0 };
	struct pipeline *p = NULL;
	int rc = pipeline_new(&p, pipeline_threads(), err);

	x.pipeline = y.pipeline = p;
	if (!rc)
		rc = verify_folder(&x, a->folder, err);
	if (!rc)
		rc = verify_folder(&y, b->folder, err);
	if (!rc) {
		drop_others(&x.found, &y.found, b->snapshot && !a->snapshot);
		drop_others(&y.found, &x.found, a->snapshot && !b->snapshot);
		manifest_compare(&x.found, &y.found, NULL, tell, &f);
		rc = f.rc;
	}
	pipeline_free(p);
	verify_release(&x);
	verify_release(&y);
	return rc;
}

static int unpack_into(const char *file, const char *dir, struct error *err)
{
	struct extraction x;
	int rc;

	extract_init(&x, file, dir);
	rc = extract_all(&x, err);
	extract_end(&x);
	return rc;
}

int diff_unpack(const char *file, char **temp, char **folder, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	int rc;

	*folder = NULL;
	if (asprintf(temp, "%s/labpack-diff.XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0) {
		*temp = NULL;
		return error_nomem(err);
	}
	if (!mkdtemp(*temp)) {
		rc = error_errno(err, errno, *temp, "cannot be made");
		free(*temp);
		*temp = NULL;
		return rc;
	}
	if (asprintf(folder, "%s/lab", *temp) < 0) {
		*folder = NULL;
		return error_nomem(err);
	}
	return unpack_into(file, *folder, err);
}

void diff_remove(char *temp)
{
	if (temp)
		remove_tree(AT_FDCWD, temp);
	free(temp);
}
