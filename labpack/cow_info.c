/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack cow info: what a COW disk says of itself, and whether its base still fits. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/number.h"
#include "common/program.h"
#include "labpack/cow.h"

struct info {
	struct strlist operands;
	const char *base;
	bool json;
};

struct facts {
	const char *path, *base;
	const struct cow_info *info;
	const char *state; /* a word: "fits", "gone", "unreadable", "size", "mtime", "blocks" */
	uint64_t base_size;
	int64_t base_mtime;
	uint64_t held, runs, on_disk;
	bool in_use;
	int pid;
};

static const char *state_of(struct facts *f)
{
	struct stat st;
	int fd, small;

	if (stat(f->base, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR ? "gone" : "unreadable";
	f->base_size = (uint64_t)st.st_size;
	f->base_mtime = st.st_mtime;
	if (f->base_size != f->info->size)
		return "size";
	if ((uint32_t)f->base_mtime != (uint32_t)f->info->mtime)
		return "mtime";
	fd = open(f->base, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return "unreadable";
	small = cow_check_base(fd, f->base, NULL);
	close(fd);
	return small ? "blocks" : "fits";
}

static int look(struct cow *cow, struct facts *f, struct error *err)
{
	uint64_t start, end = 0;
	struct stat st;
	int rc = 0;

	while (!rc && end < f->info->size) {
		rc = cow_next_run(cow, end, &start, &end, err);
		f->held += end - start;
		f->runs += start < end;
	}
	if (!rc && stat(f->path, &st) != 0)
		rc = error_errno(err, errno, f->path, "cannot look at it");
	if (!rc)
		f->on_disk = (uint64_t)st.st_blocks * 512;
	if (!rc)
		rc = disk_in_use(f->path, false, &f->in_use, &f->pid, err);
	if (!rc)
		f->state = state_of(f);
	return rc;
}

static const char *explain(const char *state)
{
	static const char *const table[][2] = {
		{ "fits", "fits" },
		{ "gone", "is gone" },
		{ "unreadable", "cannot be read" },
		{ "size", "has another size: not the base of this disk" },
		{ "mtime", "was modified, or copied without its time: UML refuses the pair" },
		{ "blocks", "fits, but has blocks below 4096 bytes, which UML of Linux 6.1 misreads" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i][0], state))
			return table[i][1];
	return state;
}

static void print_text(const struct facts *f)
{
	char a[32], b[32];

	report_line(stdout, "%s: COW disk, version %u%s", f->path, f->info->version,
		    f->info->shifted ? " with the header of 64-bit kernels before 2005" : "");
	report_line(stdout, "  base    %s", f->base);
	report_line(stdout, "          %s", explain(f->state));
	printf("  size    %s (%llu bytes)\n", size_format(f->info->size, a, sizeof(a)),
	       (unsigned long long)f->info->size);
	printf("  held    %s in %llu runs; %s on this filesystem\n",
	       size_format(f->held, a, sizeof(a)), (unsigned long long)f->runs,
	       size_format(f->on_disk, b, sizeof(b)));
	if (f->in_use && f->pid)
		printf("  in use  by process %d\n", f->pid);
	else if (f->in_use)
		printf("  in use\n");
}

static void set_number(json_t *j, const char *key, uint64_t n)
{
	json_put(j, key, json_integer((json_int_t)n));
}

static json_t *describe(const struct facts *f)
{
	const struct cow_info *i = f->info;
	json_t *j = json_object();
	char digest[65] = "";

	for (size_t k = 0; i->has_digest && k < 32; k++)
		snprintf(digest + 2 * k, 3, "%02x", i->digest[k]);
	json_put(j, "file", cow_json_text(f->path));
	set_number(j, "version", i->version);
	json_put(j, "shifted", json_boolean(i->shifted));
	set_number(j, "size", i->size);
	set_number(j, "sector_size", i->sector_size);
	set_number(j, "alignment", i->alignment);
	set_number(j, "held", f->held);
	set_number(j, "runs", f->runs);
	set_number(j, "on_disk", f->on_disk);
	json_put(j, "in_use", json_boolean(f->in_use));
	json_put(j, "base", cow_json_text(f->base));
	set_number(j, "base_mtime", (uint64_t)i->mtime);
	json_put(j, "base_state", json_string(f->state));
	if (*digest)
		json_put(j, "base_digest", json_string(digest));
	return j;
}

static int print_json(const struct facts *f, struct error *err)
{
	json_begin();
	return json_print(describe(f), stdout, "stdout", err);
}

static int info(const struct info *o, struct error *err)
{
	struct facts f = { .path = o->operands.items[0] };
	struct cow *cow;
	int rc;

	/* A disk that a guest runs on may be looked at. */
	rc = cow_open(&cow, f.path, NULL, COW_NO_LOCK | COW_NO_BACKING, err);
	if (rc)
		return rc;
	f.info = cow_info(cow);
	f.base = o->base ? o->base : f.info->backing;
	rc = look(cow, &f, err);
	if (!rc && o->json)
		rc = print_json(&f, err);
	else if (!rc)
		print_text(&f);
	cow_abandon(cow);
	return rc;
}

static const struct option_entry options[] = {
	{ "base", 0, "FILE", "look at this base instead of the one that the header names",
	  OPTION(struct info, base, option_store_text), .complete = COMPLETE_FILE },
	{ "json", 0, NULL, "print it as JSON", OPTION(struct info, json, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct info o = { .json = false };
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc)
		rc = o.operands.count == 1 ? info(&o, err) : command_usage(&command_cow_info, err);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_cow_info = {
	.name = "cow info",
	.synopsis = "FILE",
	.summary = "version, base and whether it still fits, bytes held",
	.options = groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
