/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/scripts.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest/run.h"
#include "image/cow.h"
#include "mkroot/build.h"
#include "mkroot/kernel.h"
#include "mkroot/owners.h"

#define MAX_ACCOUNT_FILE (4 << 20)

/* The image as the guest sees it. */
struct disk {
	struct output file;  /* nameless: the COW, or a whole copy */
	struct output spool; /* for the replay */
	char base[64], copy[64];
	bool is_cow;
};

void scripts_release(struct scripts *s)
{
	for (size_t i = 0; s->results && i < s->count; i++)
		free(s->results[i].output);
	free(s->results);
	free(s->kernel);
	replay_log_release(&s->log);
	strlist_release(&s->varying);
	strlist_release(&s->cleared);
	*s = (struct scripts){ 0 };
}

static bool must_run(const struct build *b)
{
	return b->profile.scripts == SCRIPTS_UML || b->options->runs.count;
}

int scripts_find_kernel(struct build *b, struct error *err)
{
	bool asked = must_run(b) && !b->options->dry_run;
	int rc;

	for (size_t i = 0; i < b->options->runs.count; i++)
		if (b->options->runs.items[i][0] == RUN_FILE &&
		    access(b->options->runs.items[i] + 1, R_OK) != 0)
			return error_errno(err, errno, b->options->runs.items[i] + 1,
					   "the script cannot be read");
	b->scripts.by_default = b->profile.scripts == SCRIPTS_UNSET;
	if (!asked && !b->scripts.by_default && !b->options->kernel)
		return 0;
	rc = kernel_find(b->options->kernel, b->profile.colour & 2, &b->scripts.kernel, err);
	if (rc || b->scripts.kernel || !asked)
		return rc;
	error_set(err, -ERR_GUEST, "linux", "no kernel of User-Mode Linux for %s programs was found",
		  b->profile.arch);
	return error_hint(err, "--kernel names one; --scripts=firstboot needs none");
}

int scripts_settle(struct build *b, struct error *err)
{
	if (!b->scripts.by_default)
		return 0;
	b->profile.scripts = b->scripts.kernel ? SCRIPTS_UML : SCRIPTS_FIRSTBOOT;
	return 0;
}

bool scripts_wanted(const struct build *b)
{
	return (b->profile.scripts == SCRIPTS_UML && b->scriptlets.count) || b->options->runs.count;
}

static int open_nameless(struct output *out, const char *name, struct error *err)
{
	char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/%s", output_temp_folder(), name) < 0)
		return error_nomem(err);
	rc = output_open(out, path, err);
	free(path);
	return rc;
}

/* A COW on the image; where the guest's kernel would misread that, a copy. */
static int disk_open(struct build *b, struct disk *d, struct error *err)
{
	int rc = open_nameless(&d->file, "mkroot-guest.cow", err);

	if (!rc)
		rc = open_nameless(&d->spool, "mkroot-guest.changes", err);
	if (rc)
		return rc;
	snprintf(d->base, sizeof(d->base), "/proc/%d/fd/%d", (int)getpid(), b->output.fd);
	snprintf(d->copy, sizeof(d->copy), "/proc/%d/fd/%d", (int)getpid(), d->file.fd);
	d->is_cow = b->profile.block_size == 4096;
	if (d->is_cow)
		return cow_create(d->file.fd, d->base, d->base, err);
	return disk_copy(b->output.fd, b->options->output, d->file.fd, d->file.path, NULL,
			 err);
}

static void disk_close(struct disk *d)
{
	output_abort(&d->file);
	output_abort(&d->spool);
}

static void begun(void *arg, size_t index)
{
	struct build *b = arg;
	char *label = scripts_label(b, index + b->scripts.first);

	progress_package(b->progress, label ? label : "");
	free(label);
}

static int ended(void *arg, size_t index, struct guest_result *r, struct error *err)
{
	struct build *b = arg;

	return scripts_judge(b, index + b->scripts.first, r, err);
}

static int run(struct build *b, const struct disk *d, struct guest_plan *plan, struct error *err)
{
	struct guest_machine machine = {
		.kernel = b->scripts.kernel, .ended = ended, .begun = begun, .arg = b
	};
	char disk[160];
	int rc;

	snprintf(disk, sizeof(disk), d->is_cow ? "%s,%s" : "%s", d->copy, d->base);
	machine.disk = disk;
	rc = guest_run(plan, &machine, err);
	if (rc == -ERR_GUEST && !err->hint)
		error_hint(err, "--scripts=firstboot leaves scriptlets to the guest's first boot");
	return rc;
}

/* What the guest changed, onto the image. */
static int replay(struct build *b, const struct disk *d, struct error *err)
{
	struct replay_options options = {
		.since = b->scripts.since,
		.spool = d->spool.fd,
		.judge = scripts_verdict,
		.arg = b,
	};
	struct image *copy = NULL;
	int rc = 0;

	if (d->is_cow)
		rc = cow_open_fd(&options.cow, d->file.fd, "the guest's disk", d->base,
				 COW_NO_LOCK | COW_IGNORE_MTIME, err);
	if (!rc && d->is_cow)
		rc = image_open_cow(&copy, options.cow, false, b->now, err);
	else if (!rc)
		rc = image_open(&copy, d->file.fd, false, b->now, err);
	if (!rc)
		rc = image_replay(b->image, copy, &options, &b->scripts.log, err);
	image_abandon(copy);
	cow_abandon(options.cow);
	if (rc)
		error_hint(err, "this is what scriptlets did to the image");
	return rc ? rc : scripts_note_cleared(b, err);
}

/* Names that still nobody knows. */
static int warn_owners(struct build *b, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	struct owners owners;
	uint32_t id;
	int rc = owners_init(&owners);

	if (!rc && image_read_file(b->image, "/etc/passwd", MAX_ACCOUNT_FILE, &text, NULL) == 0)
		rc = owners_add_passwd(&owners, text.data, text.len);
	if (!rc && image_read_file(b->image, "/etc/group", MAX_ACCOUNT_FILE, &text, NULL) == 0)
		rc = owners_add_group(&owners, text.data, text.len);
	for (size_t i = 0; !rc && i < b->plan.unowned_count; i++) {
		const struct plan_unowned *u = &b->plan.unowned[i];
		const struct package_file *f = &b->plan.packages[u->package].files.items[u->file];

		rc = owners_user(&owners, f->user, &id) || owners_group(&owners, f->group, &id);
	}
	if (!rc)
		rc = owners_warn(&owners, &b->warnings);
	owners_release(&owners);
	strbuf_release(&text);
	return rc ? error_nomem(err) : 0;
}

static int in_guest(struct build *b, struct disk *d, struct guest_plan *plan, struct error *err)
{
	/* On the disk must be what the image is; and the guest's kernel must not find it open. */
	int rc = image_close(b->image, err);

	b->image = NULL;
	if (!rc)
		rc = disk_open(b, d, err);
	if (!rc)
		rc = run(b, d, plan, err);
	if (!rc)
		rc = image_open(&b->image, b->output.fd, true, b->now, err);
	return rc ? rc : replay(b, d, err);
}

/* What the others did, and what they said, is of use. rc is the failure, and stays it. */
static int report_failure(struct build *b, int rc, struct error *err)
{
	struct error other = ERROR_INIT;

	if (proof_report_failure(b, err, &other) != 0 &&
	    strlist_addf(&b->warnings, "the report could not be written: %s",
			 other.what ? other.what : error_name(other.code)))
		rc = error_nomem(err);
	error_release(&other);
	return rc;
}

/* Nobody but the guest was our child. */
static double children_cpu(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_CHILDREN, &u) != 0)
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int build_scripts(struct build *b, struct error *err)
{
	struct disk disk = { .file = OUTPUT_INIT, .spool = OUTPUT_INIT };
	struct guest_plan *plan = NULL;
	struct timespec begin, end;
	int rc;

	if (!scripts_wanted(b))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	b->scripts.count = b->scriptlets.count + b->options->runs.count;
	b->scripts.results = calloc(b->scripts.count + 1, sizeof(*b->scripts.results));
	if (!b->scripts.results)
		return error_nomem(err);
	for (size_t i = 0; i < b->scripts.count; i++)
		b->scripts.results[i].end = GUEST_NOT_RUN;
	rc = scripts_plan(b, &plan, err);
	if (!rc)
		rc = in_guest(b, &disk, plan, err);
	guest_plan_free(plan);
	disk_close(&disk);
	clock_gettime(CLOCK_MONOTONIC, &end);
	b->scripts.cpu_seconds = children_cpu();
	b->scripts.seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	if (!rc && b->profile.scripts == SCRIPTS_UML)
		rc = warn_owners(b, err);
	return rc ? report_failure(b, rc, err) : 0;
}
