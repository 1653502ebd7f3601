/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of two labs beside their COW disks, and labs in archives. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/program.h"
#include "labpack/diff.h"
#include "labpack/extract.h"
#include "labpack/source.h"
#include "labpack/verify.h"

/* COW disks are compared by what is on them; snapshots are nobody's now. */
static bool counts(const char *path)
{
	size_t n = strlen(path);

	if (!strncmp(path, "snapshots", 9) && (!path[9] || path[9] == '/'))
		return false;
	return strncmp(path, "disks/", 6) != 0 || n < 4 || strcmp(path + n - 4, ".cow") != 0;
}

/* What a snapshot can have: what it has, and all that lies in disks/. */
static bool is_kept(const struct manifest *snapshot, const char *path)
{
	return !snapshot || !strncmp(path, "disks/", 6) || manifest_find(snapshot, path);
}

/* snapshot: what it is compared with, or NULL. */
static void drop_others(struct manifest *m, const struct manifest *snapshot)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++) {
		if (counts(m->entries[i].path) && is_kept(snapshot, m->entries[i].path)) {
			m->entries[kept++] = m->entries[i];
		} else {
			free(m->entries[i].path);
			free(m->entries[i].target);
		}
	}
	m->count = kept;
}

static void print(void *arg, const char *path, const char *words)
{
	/* The words of a verification, from the other side. */
	char sign = !strcmp(words, "is missing")	      ? '-' :
		    !strcmp(words, "is not in the manifest") ? '+' :
							       '~';

	report_line(stdout, "lab: file %c %s", sign, path);
}

int diff_folders(const struct diff_side *a, const struct diff_side *b, size_t *differ,
		 struct error *err)
{
	struct verify x = VERIFY_INIT, y = VERIFY_INIT;
	struct pipeline *p = NULL;
	int rc = pipeline_new(&p, pipeline_threads(), err);

	x.pipeline = y.pipeline = p;
	if (!rc)
		rc = verify_folder(&x, a->folder, err);
	if (!rc)
		rc = verify_folder(&y, b->folder, err);
	if (!rc) {
		drop_others(&x.found, b->snapshot && !a->snapshot ? &y.found : NULL);
		drop_others(&y.found, a->snapshot && !b->snapshot ? &x.found : NULL);
		*differ += manifest_compare(&x.found, &y.found, NULL, print, NULL);
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
