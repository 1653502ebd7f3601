/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack diff A B: what changed, per machine, by file. */
#include <dirent.h>
#include <errno.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/program.h"
#include "labpack/command.h"
#include "labpack/diff.h"
#include "labpack/interrupt.h"

#define SUFFIX ".cow"

struct diff {
	struct strlist operands;
	bool json;
};

static const struct option_entry diff_options[] = {
	{ "json", 0, NULL, "for programs", OPTION(struct diff, json, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group diff_groups[] = { { "Options", diff_options }, { NULL, NULL } };

static bool is_folder(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int find_machines(struct diff_side *s, struct error *err)
{
	DIR *dir = opendir(s->disks);
	struct dirent *entry;
	int rc = 0;

	if (!dir)
		return errno == ENOENT ? 0 : error_errno(err, errno, s->disks, "cannot be read");
	while (!rc && (entry = readdir(dir))) {
		size_t n = strlen(entry->d_name);

		if (n <= strlen(SUFFIX) || strcmp(entry->d_name + n - strlen(SUFFIX), SUFFIX) != 0 ||
		    entry->d_name[0] == '.')
			continue;
		rc = strlist_addf(&s->machines, "%.*s", (int)(n - strlen(SUFFIX)), entry->d_name) ?
			     error_nomem(err) :
			     0;
	}
	closedir(dir);
	if (s->machines.count)
		qsort(s->machines.items, s->machines.count, sizeof(char *), by_name);
	return rc;
}

/* A folder, the name of a snapshot of the lab in the working folder, or an archive. */
static int open_side(struct diff_side *s, const char *given, char **temp, struct error *err)
{
	char *snapshot = NULL;
	struct stat st;
	int rc = 0;

	s->given = given;
	if (asprintf(&snapshot, "snapshots/%s", given) < 0)
		return error_nomem(err);
	if (is_folder(given)) {
		s->folder = strdup(given);
	} else if (!strchr(given, '/') && is_folder(snapshot)) {
		s->folder = snapshot;
		s->snapshot = true;
		snapshot = NULL;
	} else if (stat(given, &st) == 0) {
		rc = diff_unpack(given, temp, &s->folder, err);
	} else {
		rc = error_set(err, -ENOENT, given, "is neither a lab, a snapshot nor an archive");
	}
	free(snapshot);
	if (rc)
		return rc;
	if (!s->folder || asprintf(&s->disks, "%s/disks", s->folder) < 0) {
		s->disks = NULL;
		return error_nomem(err);
	}
	/* It may be a folder of nothing but disks. */
	s->is_lab = is_folder(s->disks);
	if (!s->is_lab) {
		char *conf = NULL;

		if (asprintf(&conf, "%s/lab.conf", s->folder) < 0)
			return error_nomem(err);
		s->is_lab = access(conf, F_OK) == 0;
		free(conf);
		if (!s->is_lab) {
			free(s->disks);
			s->disks = strdup(s->folder);
		}
	}
	return s->disks ? find_machines(s, err) : error_nomem(err);
}

static void close_side(struct diff_side *s)
{
	free(s->folder);
	free(s->disks);
	strlist_release(&s->machines);
}

static int diff_machine(const char *machine, const struct diff_side *a, const struct diff_side *b,
			struct diff_report *r, struct error *err)
{
	char *x = NULL, *y = NULL;
	int rc;

	if (asprintf(&x, "%s/%s" SUFFIX, a->disks, machine) < 0)
		x = NULL;
	if (asprintf(&y, "%s/%s" SUFFIX, b->disks, machine) < 0)
		y = NULL;
	rc = x && y ? diff_cows(machine, x, y, r, err) : error_nomem(err);
	free(x);
	free(y);
	return rc;
}

static int diff_machines(const struct diff_side *a, const struct diff_side *b, struct diff_report *r,
			 struct error *err)
{
	size_t i = 0, j = 0;
	int rc = 0;

	while (!rc && (i < a->machines.count || j < b->machines.count)) {
		const char *x = i < a->machines.count ? a->machines.items[i] : NULL;
		const char *y = j < b->machines.count ? b->machines.items[j] : NULL;
		int order = !x ? 1 : !y ? -1 : strcmp(x, y);

		rc = interrupt_pending(err);
		if (!rc && order)
			diff_tell(r, order < 0 ? x : y, order < 0 ? '-' : '+', NULL, NULL);
		else if (!rc)
			rc = diff_machine(x, a, b, r, err);
		i += order <= 0;
		j += order >= 0;
	}
	return rc;
}

static int diff(const struct diff *o, bool *differs, struct error *err)
{
	struct diff_side a = { .machines = STRLIST_INIT }, b = { .machines = STRLIST_INIT };
	char *temp_a = NULL, *temp_b = NULL;
	struct diff_report r = { .list = NULL };
	int rc = open_side(&a, o->operands.items[0], &temp_a, err);

	json_begin();
	if (o->json)
		r.list = json_array();
	if (!rc)
		rc = open_side(&b, o->operands.items[1], &temp_b, err);
	if (!rc && a.is_lab && b.is_lab)
		rc = diff_folders(&a, &b, &r, err);
	if (!rc)
		rc = diff_machines(&a, &b, &r, err);
	if (!rc && o->json)
		rc = diff_print_json(&r, a.given, b.given, err);
	*differs = r.count != 0;
	json_decref(r.list);
	close_side(&a);
	close_side(&b);
	diff_remove(temp_a);
	diff_remove(temp_b);
	return rc;
}

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct diff o = { .operands = STRLIST_INIT };
	int rc = option_read(diff_groups, &o, argc, argv, command_operand, err);

	setlocale(LC_CTYPE, "C.UTF-8");
	if (!rc && o.operands.count != 2)
		rc = command_usage(&command_diff, err);
	if (!rc) {
		interrupt_catch();
		rc = diff(&o, differs, err);
		interrupt_release();
	}
	strlist_release(&o.operands);
	return rc;
}

const struct command command_diff = {
	.name = "diff",
	.synopsis = "A B",
	.summary = "what differs between two labs, snapshots or archives, by machine and file",
	.options = diff_groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
