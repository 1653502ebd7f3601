/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack snapshot, snapshots, drop. */
#include "labpack/snapshot.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/number.h"
#include "common/program.h"
#include "labpack/cow.h"
#include "labpack/interrupt.h"

struct operands {
	struct strlist names;
	bool json, quiet;
};

static int copy_all(const struct disk_set *set, const char *folder, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < set->files.count; i++) {
		char *to = NULL;

		if (asprintf(&to, "%s/%s", folder, set->files.items[i]) < 0)
			rc = error_nomem(err);
		else if (!(rc = interrupt_pending(err)))
			rc = tree_copy_file(set->files.items[i], to, err);
		free(to);
	}
	return rc ? rc : tree_sync(folder, err);
}

/* Under a hidden name, then under its own. */
static int take(const struct disk_set *set, const char *name, struct error *err)
{
	char hidden[] = SNAPSHOT_FOLDER "/.new-XXXXXX", *path = NULL;
	int rc = 0;

	if (mkdir(SNAPSHOT_FOLDER, 0777) != 0 && errno != EEXIST)
		return error_errno(err, errno, SNAPSHOT_FOLDER, "cannot be made");
	if (asprintf(&path, "%s/%s", SNAPSHOT_FOLDER, name) < 0)
		return error_nomem(err);
	if (!mkdtemp(hidden)) {
		rc = error_errno(err, errno, SNAPSHOT_FOLDER, "cannot be written to");
		free(path);
		return rc;
	}
	if (chmod(hidden, 0755) != 0)
		rc = error_errno(err, errno, hidden, "its mode cannot be set");
	if (!rc)
		rc = copy_all(set, hidden, err);
	if (!rc && rename(hidden, path) != 0)
		rc = error_errno(err, errno, path, "the snapshot cannot be named");
	if (rc && tree_remove(hidden, NULL))
		error_hint(err, "'%s' is left, too", hidden);
	if (!rc)
		rc = tree_sync_folder(SNAPSHOT_FOLDER, err);
	if (!rc)
		rc = tree_sync_folder(".", err);
	free(path);
	return rc;
}

static int check_free(const char *name, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	int rc = snapshot_check_name(name, err);

	if (!rc)
		rc = snapshot_list(&names, err);
	if (!rc && strlist_find(&names, name) >= 0) {
		rc = error_set(err, -EEXIST, name, "there is a snapshot of that name");
		error_hint(err, "labpack drop %s removes it", name);
	}
	strlist_release(&names);
	return rc;
}

static int snapshot(const char *name, bool quiet, struct error *err)
{
	struct disk_set set = DISK_SET_INIT;
	struct strlist outside = STRLIST_INIT;
	struct lab *lab = NULL;
	int fd = -1, rc = check_free(name, err);

	if (!rc)
		rc = lab_lock(&fd, err);
	if (!rc)
		rc = snapshot_sweep(err);
	if (!rc)
		rc = snapshot_check_rollback(".", NULL, err);
	if (!rc)
		rc = lab_read(&lab, ".", 0, err);
	if (!rc)
		rc = disk_set_read(&set, lab, &outside, err);
	if (!rc && !set.files.count) {
		rc = error_set(err, -ERR_NOT_FOUND, lab->name, "has no disks yet");
		error_hint(err, "labpack build");
	}
	if (!rc)
		rc = disk_set_lock(&set, false, err);
	if (!rc) {
		interrupt_catch();
		rc = take(&set, name, err);
		interrupt_release();
	}
	for (size_t i = 0; !rc && i < outside.count; i++)
		report_line(stderr, "labpack: '%s': is no file of the lab, and not in the snapshot",
			    outside.items[i]);
	if (!rc && !quiet)
		printf("%zu disks\n", set.files.count);
	disk_set_release(&set);
	strlist_release(&outside);
	lab_free(lab);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Gone for everybody with one rename; the rest takes its time. */
static int drop(const char *name, struct error *err)
{
	char *path = NULL, *hidden = NULL;
	int fd = -1, rc = lab_lock(&fd, err);

	if (!rc)
		rc = snapshot_sweep(err);
	if (!rc)
		rc = snapshot_path(name, &path, err);
	/* It may be the very one that the disks are to become. */
	if (!rc)
		rc = snapshot_check_rollback(".", NULL, err);
	if (!rc && asprintf(&hidden, "%s/.drop-%s", SNAPSHOT_FOLDER, name) < 0) {
		hidden = NULL;
		rc = error_nomem(err);
	}
	if (!rc && rename(path, hidden) != 0)
		rc = error_errno(err, errno, path, "cannot be removed");
	if (!rc)
		rc = tree_sync_folder(SNAPSHOT_FOLDER, err);
	if (!rc)
		rc = tree_remove(hidden, err);
	free(path);
	free(hidden);
	if (fd >= 0)
		close(fd);
	return rc;
}

struct summary {
	const char *name;
	time_t time;
	uint64_t on_disk;
	size_t files;
};

static int summarize(const char *name, struct summary *s, struct error *err)
{
	struct strlist files = STRLIST_INIT;
	char *path = NULL;
	struct stat st;
	int rc = snapshot_path(name, &path, err);

	*s = (struct summary){ .name = name };
	if (!rc && stat(path, &st) == 0)
		s->time = st.st_mtime;
	if (!rc)
		rc = tree_list(path, &files, NULL, err);
	for (size_t i = 0; !rc && i < files.count; i++) {
		char *file = NULL;

		if (asprintf(&file, "%s/%s", path, files.items[i]) < 0)
			rc = error_nomem(err);
		else if (stat(file, &st) == 0)
			s->on_disk += (uint64_t)st.st_blocks * 512;
		free(file);
	}
	s->files = files.count;
	strlist_release(&files);
	free(path);
	return rc;
}

static void print_summary(const struct summary *s)
{
	char when[32] = "", size[32];
	struct tm tm;

	if (localtime_r(&s->time, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	report_line(stdout, "%s  %s  %zu disks  %s", when,
		    size_format(s->on_disk, size, sizeof(size)), s->files, s->name);
}

static json_t *describe(const struct summary *s)
{
	json_t *j = json_object();

	json_object_set_new(j, "name", cow_json_text(s->name));
	json_object_set_new(j, "time", json_integer((json_int_t)s->time));
	json_object_set_new(j, "disks", json_integer((json_int_t)s->files));
	json_object_set_new(j, "on_disk", json_integer((json_int_t)s->on_disk));
	return j;
}

static int snapshots(const struct operands *o, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	json_t *all;
	int rc = snapshot_list(&names, err);

	json_begin();
	all = json_array();
	for (size_t i = 0; !rc && i < names.count; i++) {
		struct summary s;

		rc = summarize(names.items[i], &s, err);
		if (!rc && !o->json)
			print_summary(&s);
		else if (!rc)
			json_array_append_new(all, describe(&s));
	}
	if (!rc && o->json)
		rc = json_print(json_incref(all), stdout, "stdout", err);
	json_decref(all);
	strlist_release(&names);
	return rc;
}

static const struct option_entry quiet_options[] = {
	{ "quiet", 'q', NULL, "print errors and warnings only",
	  OPTION(struct operands, quiet, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group quiet_groups[] = { { "Options", quiet_options }, { NULL, NULL } };

static const struct option_entry list_options[] = {
	{ "json", 0, NULL, "print them as JSON", OPTION(struct operands, json, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group list_groups[] = { { "Options", list_options }, { NULL, NULL } };

static int run_snapshot(int argc, char **argv, bool *differs, struct error *err)
{
	struct operands o = { .json = false };
	int rc = option_read(quiet_groups, &o, argc, argv, command_operand, err);

	if (!rc)
		rc = o.names.count == 1 ? snapshot(o.names.items[0], o.quiet, err) :
					  command_usage(&command_snapshot, err);
	strlist_release(&o.names);
	return rc;
}

static int run_snapshots(int argc, char **argv, bool *differs, struct error *err)
{
	struct operands o = { .json = false };
	int rc = option_read(list_groups, &o, argc, argv, NULL, err);

	return rc ? rc : snapshots(&o, err);
}

static int run_drop(int argc, char **argv, bool *differs, struct error *err)
{
	static const struct option_group none[] = { { NULL, NULL } };
	struct operands o = { .json = false };
	int rc = option_read(none, &o, argc, argv, command_operand, err);

	if (!rc && !o.names.count)
		rc = command_usage(&command_drop, err);
	for (size_t i = 0; !rc && i < o.names.count; i++)
		rc = drop(o.names.items[i], err);
	strlist_release(&o.names);
	return rc;
}

const struct command command_snapshot = {
	.name = "snapshot",
	.synopsis = "NAME",
	.summary = "keep the state of all disks under a name",
	.options = quiet_groups,
	.operands = OPERANDS_NONE,
	.run = run_snapshot,
};

const struct command command_snapshots = {
	.name = "snapshots",
	.synopsis = "",
	.summary = "which snapshots there are",
	.options = list_groups,
	.operands = OPERANDS_NONE,
	.run = run_snapshots,
};

const struct command command_drop = {
	.name = "drop",
	.synopsis = "NAME...",
	.summary = "remove snapshots",
	.options = NULL,
	.operands = OPERANDS_SNAPSHOTS,
	.run = run_drop,
};
