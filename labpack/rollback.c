/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * labpack rollback: the disks as they were.
 *
 * A folder with all of them is made beside disks/, and the two change places in
 * one rename, so that a crash leaves the old state or the new one. Disks that lie
 * elsewhere in the lab follow one by one; SNAPSHOT_ROLLBACK is there meanwhile,
 * and then only the same rollback may go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/output.h"
#include "common/program.h"
#include "labpack/cow.h"
#include "labpack/snapshot.h"

struct rollback {
	const char *name;
	struct lab *lab;
	char *source;		 /* snapshots/NAME */
	char hidden[32];	 /* the new disks/; "" when there is none */
	struct disk_set now;	 /* locked */
	struct strlist outside;	 /* no files of the lab; those in disks/ stay */
	struct strlist files;	 /* of the snapshot, relative to the lab */
	struct output *outer;	 /* new disks outside of disks/ */
	size_t outer_count;
};

static bool in_disks(const char *file)
{
	return strncmp(file, "disks/", 6) == 0;
}

static int mark(const struct rollback *r, struct error *err)
{
	struct output out;
	int rc = output_open(&out, SNAPSHOT_ROLLBACK, err);

	if (rc)
		return rc;
	rc = write_fully(out.fd, r->name, strlen(r->name), 0);
	if (!rc)
		return output_commit(&out, err);
	output_abort(&out);
	return error_errno(err, -rc, SNAPSHOT_ROLLBACK, "cannot be written");
}

/* The machine whose disk this is, by lab.conf; NULL: none. */
static const struct lab_machine *owner_of(const struct lab *lab, const char *file)
{
	char name[LAB_NAME_MAX + 1];
	size_t n = strlen(file);

	if (!in_disks(file) || n < 11 || n - 10 > LAB_NAME_MAX || strcmp(file + n - 4, ".cow"))
		return NULL;
	memcpy(name, file + 6, n - 10);
	name[n - 10] = '\0';
	return lab_machine_find(lab, name);
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static bool has_time(const char *path, int64_t mtime)
{
	struct stat st;

	return stat(path, &st) == 0 && (uint32_t)st.st_mtime == (uint32_t)mtime;
}

/* A COW of the snapshot must still fit the base that the lab has now; the lab may have moved. */
static int fit_base(const struct rollback *r, const char *file, const char *copy,
		    struct error *err)
{
	const struct lab_machine *m = owner_of(r->lab, file);
	const struct cow_info *info;
	struct cow *cow;
	bool linked;
	char *base;
	int rc = cow_open(&cow, copy, NULL, COW_NO_BACKING | COW_NO_LOCK, err);

	if (rc)
		return rc;
	info = cow_info(cow);
	base = m ? lab_machine_base(r->lab, m) : NULL;
	if (!base)
		base = strdup(info->backing);
	rc = base ? cow_prove_base(info, base, false, err) : error_nomem(err);
	linked = !rc && same_file(base, info->backing) && has_time(base, info->mtime);
	if (rc == -ERR_CONFLICT && err)
		error_hint(err, "the base of '%s' was changed after the snapshot", file);
	cow_abandon(cow);
	if (!rc && !linked)
		rc = cow_relink(copy, base, NULL, err);
	free(base);
	return rc;
}

static bool is_cow_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool cow = fd >= 0 && cow_is_cow(fd);

	if (fd >= 0)
		close(fd);
	return cow;
}

/* One disk of the snapshot into the new folder. */
static int prepare_disk(const struct rollback *r, const char *file, struct error *err)
{
	char *from = NULL, *to = NULL;
	int rc = 0;

	if (asprintf(&from, "%s/%s", r->source, file) < 0)
		from = NULL;
	if (asprintf(&to, "%s/%s", r->hidden, file + 6) < 0)
		to = NULL;
	rc = from && to ? tree_copy_file(from, to, err) : error_nomem(err);
	if (!rc && is_cow_file(to))
		rc = fit_base(r, file, to, err);
	free(from);
	free(to);
	return rc;
}

/* A disk that is younger than the snapshot stays, and so does a link to one elsewhere. */
static int keep_disk(const struct rollback *r, const char *file, struct error *err)
{
	char *to = NULL;
	struct stat st;
	int rc = 0;

	if (strlist_find(&r->files, file) >= 0)
		return 0;
	if (asprintf(&to, "%s/%s", r->hidden, file + 6) < 0)
		return error_nomem(err);
	if (link(file, to) != 0)
		rc = lstat(file, &st) == 0 && S_ISLNK(st.st_mode) ?
			     tree_copy_link(file, to, err) :
			     tree_copy_file(file, to, err);
	free(to);
	return rc;
}

static int keep_disks(const struct rollback *r, const struct strlist *files, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < files->count; i++)
		if (in_disks(files->items[i]))
			rc = keep_disk(r, files->items[i], err);
	return rc;
}

static int prepare_outer(struct rollback *r, const char *file, struct error *err)
{
	struct output *out = &r->outer[r->outer_count];
	char *from = NULL;
	struct stat st;
	int fd = -1, rc = output_open(out, file, err);

	if (rc)
		return rc;
	r->outer_count++;
	if (asprintf(&from, "%s/%s", r->source, file) < 0)
		return error_nomem(err);
	fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		rc = error_errno(err, errno, from, "cannot be opened");
	} else {
		output_resemble(out, &st);
		rc = disk_copy(fd, from, out->fd, file, NULL, err);
		if (!rc && fsync(out->fd) != 0)
			rc = error_errno(err, errno, file, "cannot be written");
	}
	if (fd >= 0)
		close(fd);
	free(from);
	return rc;
}

/* Everything new beside the old. */
static int prepare(struct rollback *r, struct error *err)
{
	int rc = 0;

	r->outer = calloc(r->files.count + 1, sizeof(*r->outer));
	if (!r->outer)
		return error_nomem(err);
	snprintf(r->hidden, sizeof(r->hidden), ".disks-XXXXXX");
	if (!mkdtemp(r->hidden)) {
		r->hidden[0] = '\0';
		return error_errno(err, errno, ".", "the lab's folder cannot be written to");
	}
	if (chmod(r->hidden, 0755) != 0)
		rc = error_errno(err, errno, r->hidden, "its mode cannot be set");
	for (size_t i = 0; !rc && i < r->files.count; i++)
		rc = in_disks(r->files.items[i]) ? prepare_disk(r, r->files.items[i], err) :
						   prepare_outer(r, r->files.items[i], err);
	if (!rc)
		rc = keep_disks(r, &r->now.files, err);
	if (!rc)
		rc = keep_disks(r, &r->outside, err);
	return rc ? rc : tree_sync(r->hidden, err);
}

/* The two folders change places; without that in the host's filesystem, one after the other. */
static int exchange(const struct rollback *r, struct error *err)
{
	struct stat st;
	int rc = 0;

	if (stat("disks", &st) != 0 && errno == ENOENT)
		rc = rename(r->hidden, "disks");
	else
		rc = renameat2(AT_FDCWD, r->hidden, AT_FDCWD, "disks", RENAME_EXCHANGE);
	/* snapshot_sweep() takes it back when the second of these does not happen. */
	if (rc && (errno == EINVAL || errno == ENOSYS))
		rc = rename("disks", SNAPSHOT_BEFORE) != 0 || rename(r->hidden, "disks") != 0;
	if (rc)
		return error_errno(err, errno, "disks", "the old disks cannot be replaced");
	return 0;
}

static int commit(struct rollback *r, struct error *err)
{
	bool marked = r->outer_count > 0;
	int rc = marked ? mark(r, err) : 0;

	if (!rc)
		rc = exchange(r, err);
	if (rc) {
		/* Nothing has changed. */
		if (marked && unlink(SNAPSHOT_ROLLBACK) != 0 && errno != ENOENT)
			error_hint(err, "'%s' is left", SNAPSHOT_ROLLBACK);
		return rc;
	}
	rc = tree_sync_folder(".", err);
	while (!rc && r->outer_count)
		rc = output_commit(&r->outer[--r->outer_count], err);
	if (rc && marked)
		error_hint(err, "labpack rollback %s finishes it", r->name);
	if (!rc && marked && unlink(SNAPSHOT_ROLLBACK) != 0)
		rc = error_errno(err, errno, SNAPSHOT_ROLLBACK, "cannot be removed");
	return rc;
}

static void release(struct rollback *r)
{
	while (r->outer_count)
		output_abort(&r->outer[--r->outer_count]);
	free(r->outer);
	free(r->source);
	disk_set_release(&r->now);
	strlist_release(&r->files);
	strlist_release(&r->outside);
	lab_free(r->lab);
}

/* A link to a folder elsewhere would itself be what changes places. */
static int check_folder(struct error *err)
{
	struct stat st;

	if (lstat("disks", &st) != 0 || !S_ISLNK(st.st_mode))
		return 0;
	error_set(err, -ERR_UNSUPPORTED, "disks", "is a link, and not a folder of the lab");
	return error_hint(err, "put the whole lab where the disks are");
}

static int rollback(const char *name, bool quiet, struct error *err)
{
	struct rollback r = { .name = name };
	int fd = -1, rc = lab_lock(&fd, err), swept;

	if (!rc)
		rc = snapshot_sweep(err);
	if (!rc)
		rc = snapshot_path(name, &r.source, err);
	if (!rc)
		rc = snapshot_check_rollback(".", name, err);
	if (!rc)
		rc = check_folder(err);
	if (!rc)
		rc = lab_read(&r.lab, ".", 0, err);
	if (!rc)
		rc = disk_set_read(&r.now, r.lab, &r.outside, err);
	if (!rc)
		rc = disk_set_lock(&r.now, true, err);
	if (!rc)
		rc = tree_list(r.source, &r.files, NULL, err);
	if (!rc)
		rc = prepare(&r, err);
	if (!rc)
		rc = commit(&r, err);
	if (!rc && !quiet)
		printf("%zu disks\n", r.files.count);
	/* The old disks, or what was prepared in vain. */
	swept = fd >= 0 ? snapshot_sweep(rc ? NULL : err) : 0;
	release(&r);
	if (fd >= 0)
		close(fd);
	return rc ? rc : swept;
}

struct options {
	struct strlist names;
	bool quiet;
};

static const struct option_entry options[] = {
	{ "quiet", 'q', NULL, "print errors and warnings only",
	  OPTION(struct options, quiet, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = { { "Options", options }, { NULL, NULL } };

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct options o = { .quiet = false };
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc)
		rc = o.names.count == 1 ? rollback(o.names.items[0], o.quiet, err) :
					  command_usage(&command_rollback, err);
	strlist_release(&o.names);
	return rc;
}

const struct command command_rollback = {
	.name = "rollback",
	.synopsis = "NAME",
	.summary = "all disks as they were at a snapshot",
	.options = groups,
	.operands = OPERANDS_SNAPSHOTS,
	.run = run,
};
