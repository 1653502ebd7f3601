/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's list of jobs: scriptlets in rpm's order, owners in between, --run at the end. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/run.h"
#include "mkroot/build.h"

#define MAX_WORDS  64
#define SCRIPT_MAX (4u << 20) /* bytes of a --run-file */

/* What is being put together. */
struct jobs {
	struct build *b;
	struct guest_plan *plan;
	const char *folder; /* of the guest, for the body that runs */
	size_t count;
	size_t owned; /* of the plan's files without an owner, so many have had their turn */
	struct error *err;
};

/* The words of an interpreter with its arguments; text is cut up. */
static size_t split(char *text, const char **words, size_t max)
{
	char *save = NULL, *word;
	size_t n = 0;

	for (word = strtok_r(text, " \t", &save); word && n < max; word = strtok_r(NULL, " \t", &save))
		words[n++] = word;
	return n;
}

char *scripts_label(const struct build *b, size_t index)
{
	const char *run, *newline;
	char *label = NULL;
	int n;

	if (index < b->scriptlets.count) {
		const struct scriptlet *s = &b->scriptlets.items[index];

		return asprintf(&label, "%s: %%%s", s->package, s->kind) < 0 ? NULL : label;
	}
	run = b->options->runs.items[index - b->scriptlets.count];
	newline = strchrnul(run, '\n');
	n = run[0] == RUN_FILE ? asprintf(&label, "--run-file %s", run + 1) :
				 asprintf(&label, "--run %.*s%s", (int)(newline - run - 1), run + 1,
					  *newline ? "..." : "");
	return n < 0 ? NULL : label;
}

static int add_job(struct jobs *j, struct guest_job *job)
{
	char *label = scripts_label(j->b, j->count);
	int rc;

	job->label = label;
	rc = label ? guest_plan_run(j->plan, job, j->err) : error_nomem(j->err);
	j->count++;
	free(label);
	return rc;
}

/* Where the body of the next job lies while it runs: a name as rpm's, but always the same. */
static char *script_path(const struct jobs *j)
{
	char *path = NULL;

	return asprintf(&path, "%s/rpm-tmp.%06zu", j->folder, j->count + 1) < 0 ? NULL : path;
}

/* rpm runs <lua> itself: the guest's own rpm does it, when there is one. */
static int add_lua(struct jobs *j, const struct scriptlet *s, const char *script)
{
	struct strbuf code = STRBUF_INIT;
	const char *argv[] = { "rpm", "--eval", NULL, NULL };
	struct guest_job job = { .argv = argv, .script = script, .body = s->body ? s->body : "",
				 .input = s->input, .optional = true };
	int rc = strbuf_adds(&code, "%{lua: _G.arg = { '<lua>'");

	if (!rc && s->arg1 >= 0)
		rc = strbuf_addf(&code, ", '%d'", s->arg1);
	if (!rc && s->arg2 >= 0)
		rc = strbuf_addf(&code, ", '%d'", s->arg2);
	if (!rc)
		rc = strbuf_addf(&code, " } dofile('%s')}", script);
	argv[2] = code.data;
	rc = rc ? error_nomem(j->err) : add_job(j, &job);
	strbuf_release(&code);
	return rc;
}

static int add_program(struct jobs *j, const struct scriptlet *s, char *words, const char *script)
{
	const char *argv[MAX_WORDS + 4];
	struct guest_job job = { .argv = argv, .body = s->body, .input = s->input,
				 .script = s->body ? script : NULL };
	size_t n = split(words, argv, MAX_WORDS);
	char one[16], two[16];

	if (!n)
		argv[n++] = "/bin/sh";
	snprintf(one, sizeof(one), "%d", s->arg1);
	snprintf(two, sizeof(two), "%d", s->arg2);
	if (s->body)
		argv[n++] = script;
	if (s->arg1 >= 0)
		argv[n++] = one;
	if (s->arg2 >= 0)
		argv[n++] = two;
	argv[n] = NULL;
	return add_job(j, &job);
}

static int add_scriptlet(struct jobs *j, const struct scriptlet *s)
{
	char *words = strdup(s->interpreter ? s->interpreter : "/bin/sh"), *script = script_path(j);
	int rc;

	if (!words || !script)
		rc = error_nomem(j->err);
	else if (!strncmp(words, "<lua>", 5))
		rc = add_lua(j, s, script);
	else
		rc = add_program(j, s, words, script);
	free(words);
	free(script);
	return rc;
}

/* Files of packages before `end` whose owner nobody knew when the image was planned. */
static int add_owners(struct jobs *j, size_t from, size_t end)
{
	const struct plan *plan = &j->b->plan;
	int rc = 0;

	for (size_t i = from; !rc && i < plan->unowned_count && plan->unowned[i].package < end; i++) {
		const struct plan_unowned *u = &plan->unowned[i];
		const struct package_file *f = &plan->packages[u->package].files.items[u->file];
		size_t size = 0;
		uint8_t caps[24];

		if (f->caps && *f->caps)
			rc = capability_encode(f->caps, caps, &size, j->err);
		if (!rc)
			rc = guest_plan_own(j->plan, f->path, f->user, f->group, caps, size, j->err);
		j->owned = i + 1;
	}
	return rc;
}

static size_t package_index(const struct build *b, const char *nevra)
{
	for (size_t i = 0; i < b->plan.count; i++)
		if (!strcmp(b->plan.packages[i].package->nevra, nevra))
			return i;
	return 0;
}

static bool is_before_files(const char *kind)
{
	return !strcmp(kind, "pretrans") || !strcmp(kind, "triggerprein") || !strcmp(kind, "pre");
}

/*
 * As rpm's order has it: what came before a package has its owners by now; its
 * own files get theirs when its %pre is done.
 */
static int add_scriptlets(struct jobs *j)
{
	const struct build *b = j->b;
	int rc = 0;

	for (size_t i = 0; !rc && i < b->scriptlets.count; i++) {
		const struct scriptlet *s = &b->scriptlets.items[i];
		size_t at = package_index(b, s->package);

		if (strcmp(s->kind, "pretrans") != 0)
			rc = add_owners(j, j->owned, at + !is_before_files(s->kind));
		if (!rc)
			rc = add_scriptlet(j, s);
		if (!rc && !strcmp(s->kind, "pre"))
			rc = add_owners(j, j->owned, at + 1);
	}
	/* And once more all of them: a name may have come late. */
	return rc ? rc : add_owners(j, 0, b->plan.count);
}

static int read_script(const char *path, struct strbuf *out, struct error *err)
{
	FILE *f = fopen(path, "re");
	char buf[16384];
	size_t n;
	int rc = f ? 0 : error_errno(err, errno, path, "the script cannot be read");

	while (!rc && (n = fread(buf, 1, sizeof(buf), f)) > 0) {
		if (memchr(buf, '\0', n) || out->len + n > SCRIPT_MAX)
			rc = error_set(err, -ERR_FORMAT, path, "is no script (bytes of zero, or too long)");
		else if (strbuf_add(out, buf, n))
			rc = error_nomem(err);
	}
	if (!rc && ferror(f))
		rc = error_errno(err, EIO, path, "the script cannot be read");
	if (f)
		fclose(f);
	return rc;
}

static int add_run_file(struct jobs *j, const char *path)
{
	struct strbuf body = STRBUF_INIT;
	char *script = script_path(j);
	const char *shell[] = { "/bin/sh", script, NULL }, *direct[] = { script, NULL };
	struct guest_job job = { .script = script, .argv = shell };
	int rc = script ? read_script(path, &body, j->err) : error_nomem(j->err);

	if (!rc && body.len > 2 && !memcmp(body.data, "#!", 2))
		job.argv = direct;
	job.body = body.data ? body.data : "";
	if (!rc)
		rc = add_job(j, &job);
	strbuf_release(&body);
	free(script);
	return rc;
}

static int add_runs(struct jobs *j)
{
	const struct strlist *runs = &j->b->options->runs;
	int rc = 0;

	for (size_t i = 0; !rc && i < runs->count; i++) {
		const char *argv[] = { "/bin/sh", "-c", runs->items[i] + 1, NULL };
		struct guest_job job = { .argv = argv };

		rc = runs->items[i][0] == RUN_FILE ? add_run_file(j, runs->items[i] + 1) :
						     add_job(j, &job);
	}
	return rc;
}

static const char *find_folder(struct image *image)
{
	struct image_stat st;

	if (image_lstat(image, "/var/tmp", &st, NULL) == 0 && S_ISDIR(st.mode))
		return "/var/tmp";
	return image_lstat(image, "/tmp", &st, NULL) == 0 && S_ISDIR(st.mode) ? "/tmp" : "";
}

/* Away from midnight: the day is the same from the first scriptlet to the last. */
static uint32_t clock_of(const struct build *b)
{
	return b->now % 86400 > 82800 ? b->now - 3600 : b->now;
}

int scripts_plan(struct build *b, struct guest_plan **plan, struct error *err)
{
	const struct guest_settings settings = {
		.now = clock_of(b),
		.timeout = b->options->scripts_timeout,
		.total = b->options->scripts_timeout * 10 + 600,
		.filesystem = b->profile.filesystem,
	};
	struct jobs j = { .b = b, .err = err, .folder = find_folder(b->image) };
	int rc = guest_plan_new(plan, &settings, err);

	j.plan = *plan;
	b->scripts.since = settings.now;
	b->scripts.first = b->profile.scripts == SCRIPTS_UML ? 0 : b->scriptlets.count;
	j.count = b->scripts.first;
	if (!rc && !b->scripts.first)
		rc = add_scriptlets(&j);
	return rc ? rc : add_runs(&j);
}
