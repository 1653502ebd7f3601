/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack list: what an archive holds. */
#include <errno.h>
#include <locale.h>

#include "common/json.h"
#include "common/number.h"
#include "common/program.h"
#include "labpack/archive_in.h"
#include "labpack/command.h"

struct list {
	struct strlist operands;
	bool json;
};

static const struct option_entry list_options[] = {
	{ "json", 0, NULL, "for programs", OPTION(struct list, json, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group list_groups[] = { { "Options", list_options }, { NULL, NULL } };

static const char *const type_names[] = { "folder", "file", "link", "other" };

static void add_json(json_t *files, const struct archive_in_member *m, uint64_t data)
{
	json_t *o = json_pack("{s:s%, s:s, s:I, s:s}", "path", m->path, strlen(m->path), "type",
			      type_names[m->type], "mtime", (json_int_t)m->mtime, "mode", "");
	char mode[8];

	/* A name that is not UTF-8 cannot stand in JSON; it is said so. */
	if (!o)
		o = json_pack("{s:n, s:s, s:I, s:s}", "path", "type", type_names[m->type], "mtime",
			      (json_int_t)m->mtime, "mode", "");
	snprintf(mode, sizeof(mode), "%04o", m->mode & 07777);
	json_object_set_new(o, "mode", json_string(mode));
	if (m->type == ARCHIVE_IN_FILE) {
		json_object_set_new(o, "size", json_integer((json_int_t)m->size));
		json_object_set_new(o, "data", json_integer((json_int_t)data));
	}
	if (m->target)
		json_object_set_new(o, "target", json_string(m->target));
	if (m->other)
		json_object_set_new(o, "kind", json_string(m->other));
	json_array_append_new(files, o);
}

static void print_member(const struct archive_in_member *m, uint64_t data)
{
	char size[32], held[32];

	if (m->type == ARCHIVE_IN_FILE)
		report_line(stdout, "%10s %10s  %s", size_format(m->size, size, sizeof(size)),
			    size_format(data, held, sizeof(held)), m->path);
	else if (m->type == ARCHIVE_IN_LINK)
		report_line(stdout, "%10s %10s  %s -> %s", "link", "", m->path, m->target);
	else
		report_line(stdout, "%10s %10s  %s%s%s", type_names[m->type], "", m->path,
			    m->other ? ": " : "", m->other ? m->other : "");
}

/* Bytes that the archive holds of the file. */
static int count_data(struct archive_in *in, uint64_t *data, struct error *err)
{
	const void *bytes;
	uint64_t offset;
	size_t n;
	int rc;

	*data = 0;
	while ((rc = archive_in_data(in, &bytes, &n, &offset, err)) == 0)
		*data += n;
	return rc == 1 ? 0 : rc;
}

static int list_archive(const struct list *o, const char *file, json_t *files, struct error *err)
{
	struct archive_in_member m;
	uint64_t data = 0, all = 0, apparent = 0, count = 0;
	struct archive_in *in;
	char a[32], b[32];
	int rc = archive_in_open(&in, file, err);

	if (!rc && !o->json)
		printf("%10s %10s\n", "size", "data");
	while (!rc && (rc = archive_in_next(in, &m, err)) == 0) {
		/* The header's strings live until the next member, also beyond its data. */
		rc = m.type == ARCHIVE_IN_FILE ? count_data(in, &data, err) : 0;
		if (rc)
			break;
		count += m.type == ARCHIVE_IN_FILE;
		apparent += m.size;
		all += m.type == ARCHIVE_IN_FILE ? data : 0;
		if (!o->json)
			print_member(&m, data);
		else
			add_json(files, &m, data);
	}
	archive_in_free(in);
	if (rc != 1)
		return rc;
	if (!o->json)
		printf("%10s %10s  in %llu files\n", size_format(apparent, a, sizeof(a)),
		       size_format(all, b, sizeof(b)), (unsigned long long)count);
	return 0;
}

static int list(const struct list *o, struct error *err)
{
	const char *file = o->operands.items[0];
	json_t *files;
	int rc;

	json_begin();
	files = json_array();
	rc = list_archive(o, file, files, err);
	if (!rc && o->json)
		rc = json_print(json_pack("{s:s, s:O}", "archive", file, "files", files), stdout, "stdout", err);
	json_decref(files);
	return rc;
}

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct list o = { .operands = STRLIST_INIT };
	int rc = option_read(list_groups, &o, argc, argv, command_operand, err);

	setlocale(LC_CTYPE, "C.UTF-8");
	if (!rc && o.operands.count != 1)
		rc = command_usage(&command_list, err);
	if (!rc)
		rc = list(&o, err);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_list = {
	.name = "list",
	.synopsis = "FILE",
	.summary = "what an archive holds",
	.options = list_groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
