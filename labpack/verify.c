/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack verify: is an archive, or a lab's folder, what its manifest says? */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/program.h"
#include "labpack/command.h"
#include "labpack/interrupt.h"
#include "labpack/source.h"
#include "labpack/unpack.h"
#include "labpack/verify.h"

struct verify_command {
	struct strlist operands;
	bool quiet, json;
};

/* What is not as the manifest says: printed, or gathered for JSON. */
struct findings {
	struct progress *progress;
	json_t *list; /* NULL: printed */
};

static const struct option_entry verify_options[] = {
	{ "json", 0, NULL, "for programs", OPTION(struct verify_command, json, option_store_flag) },
	{ "quiet", 'q', NULL, "no progress bar and no summary",
	  OPTION(struct verify_command, quiet, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group verify_groups[] = { { "Options", verify_options }, { NULL, NULL } };

static void note_problem(void *arg, const char *path, const char *words)
{
	struct findings *f = arg;
	json_t *o;

	if (!f->list) {
		progress_clear(f->progress);
		report_line(stdout, "%s: %s", path, words);
		return;
	}
	o = json_pack("{s:s}", "problem", words);
	/* A name that is not UTF-8 cannot stand in JSON; it is null. */
	if (o && json_object_set_new(o, "path", json_string(path)))
		json_object_set_new(o, "path", json_null());
	json_array_append_new(f->list, o);
}

static int print_json(const struct findings *f, const char *what, size_t files, struct error *err)
{
	json_t *whole = json_pack("{s:s, s:I, s:O}", "verified", what, "files", (json_int_t)files,
				  "problems", f->list);

	return json_print(whole, stdout, "stdout", err);
}

/* Compare and tell: top as of manifest_compare(), what is its name for people. */
static int compare(const struct verify_command *o, const struct manifest *promised,
		   const struct manifest *found, const char *top, const char *what,
		   struct progress *progress, bool *differs, struct error *err)
{
	struct findings f = { .progress = progress };
	size_t problems;
	int rc = 0;

	json_begin();
	if (o->json)
		f.list = json_array();
	progress_clear(progress);
	problems = manifest_compare(promised, found, top, note_problem, &f);
	*differs = problems != 0;
	if (o->json)
		rc = print_json(&f, what, promised->count, err);
	else if (!o->quiet && !problems)
		report_line(stderr, "labpack: %zu files are as the manifest says", promised->count);
	json_decref(f.list);
	return rc;
}

static int no_manifest(const char *file, struct error *err)
{
	error_set(err, -ERR_NOT_FOUND, file, "has no " MANIFEST_NAME);
	return error_hint(err, "labpack create makes one");
}

static int read_manifest(const char *folder, struct manifest *m, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	char *path = NULL;
	ssize_t n = 1;
	int fd = -1, rc = 0;

	if (asprintf(&path, "%s/" MANIFEST_NAME, folder) < 0)
		return error_nomem(err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		rc = errno == ENOENT ? no_manifest(folder, err) :
				       error_errno(err, errno, path, "cannot be read");
	while (!rc && n > 0) {
		if (text.len > MANIFEST_BYTES_MAX)
			rc = error_set(err, -ERR_LIMIT, path, "is too large");
		else if (strbuf_reserve(&text, 65536))
			rc = error_nomem(err);
		if (rc)
			break;
		n = read(fd, text.data + text.len, 65536);
		if (n < 0)
			rc = error_errno(err, errno, path, "cannot be read");
		else
			text.len += (size_t)n;
	}
	if (!rc)
		rc = manifest_parse(m, text.data, text.len, path, err);
	if (fd >= 0)
		close(fd);
	strbuf_release(&text);
	free(path);
	return rc;
}

static int verify_dir(const struct verify_command *o, const char *folder, bool *differs,
		      struct error *err)
{
	struct verify v = VERIFY_INIT;
	struct manifest promised = MANIFEST_INIT;
	uint64_t total = 0;
	int rc = read_manifest(folder, &promised, err);

	for (size_t i = 0; i < promised.count; i++)
		total += promised.entries[i].data;
	v.pending = interrupt_pending;
	v.progress = progress_new(total, o->quiet || !isatty(2) ? PROGRESS_QUIET : PROGRESS_AUTO);
	progress_step(v.progress, "verifying");
	if (!rc)
		rc = pipeline_new(&v.pipeline, pipeline_threads(), err);
	if (!rc)
		rc = verify_folder(&v, folder, err);
	if (!rc)
		rc = compare(o, &promised, &v.found, NULL, folder, v.progress, differs, err);
	progress_free(v.progress);
	pipeline_free(v.pipeline);
	verify_release(&v);
	manifest_release(&promised);
	return rc;
}

static int compare_archive(const struct verify_command *o, struct unpack *u, const char *file,
			   bool *differs, struct error *err)
{
	struct manifest promised = MANIFEST_INIT;
	char *top;
	int rc;

	if (!u->manifest_path)
		return no_manifest(file, err);
	rc = manifest_parse(&promised, u->manifest_text.data ? u->manifest_text.data : "",
			    u->manifest_text.len, u->manifest_path, err);
	if (!rc)
		rc = unpack_top(&u->found, &top, err);
	if (rc) {
		manifest_release(&promised);
		return rc;
	}
	rc = compare(o, &promised, &u->found, top, file, u->progress, differs, err);
	free(top);
	manifest_release(&promised);
	return rc;
}

static int verify_file(const struct verify_command *o, const char *file, const struct stat *st,
		       bool *differs, struct error *err)
{
	struct unpack u = UNPACK_INIT;
	int rc = archive_in_open(&u.in, file, err);

	u.pending = interrupt_pending;
	u.progress = progress_new((uint64_t)st->st_size,
				  o->quiet || !isatty(2) ? PROGRESS_QUIET : PROGRESS_AUTO);
	progress_step(u.progress, "verifying");
	if (!rc)
		rc = pipeline_new(&u.pipeline, pipeline_threads(), err);
	if (!rc)
		rc = unpack_stream(&u, err);
	if (!rc)
		rc = compare_archive(o, &u, file, differs, err);
	progress_free(u.progress);
	pipeline_free(u.pipeline);
	archive_in_free(u.in);
	unpack_release(&u);
	return rc;
}

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct verify_command o = { .operands = STRLIST_INIT };
	int rc = option_read(verify_groups, &o, argc, argv, command_operand, err);
	const char *what;
	struct stat st;

	setlocale(LC_CTYPE, "C.UTF-8");
	if (!rc && o.operands.count > 1)
		rc = command_usage(&command_verify, err);
	what = o.operands.count ? o.operands.items[0] : ".";
	if (!rc && stat(what, &st) != 0)
		rc = error_errno(err, errno, what, "cannot be read");
	if (!rc) {
		interrupt_catch();
		rc = S_ISDIR(st.st_mode) ? verify_dir(&o, what, differs, err) :
					   verify_file(&o, what, &st, differs, err);
		interrupt_release();
	}
	strlist_release(&o.operands);
	return rc;
}

const struct command command_verify = {
	.name = "verify",
	.synopsis = "[FILE|DIR]",
	.summary = "compare an archive or a lab's folder with its manifest",
	.options = verify_groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
