/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * labpack clone: a machine a second time, with what it has on its disks.
 *
 * Everything is made below .clone-NEW/ first, then gets its place, and lab.conf
 * comes last (for a machine that is a folder only: the folder). As long as
 * .clone-NEW/ is there, what has its place already is a clone that was cut off,
 * and goes with the next labpack clone.
 */
#include "labpack/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/output.h"
#include "common/program.h"
#include "image/cow.h"
#include "labpack/command.h"
#include "labpack/snapshot.h"

#define CONF_MAX ((size_t)1 << 20)
/* A folder in the hidden one, from when all is prepared: before, no place has anything of us. */
#define PLACING "placing"

struct clone {
	const char *name;
	const struct lab_machine *m;
	struct lab *lab;
	char *hidden;		   /* .clone-NEW */
	struct strlist from, to;   /* relative to the lab; first the disks */
	size_t disk_count;
	struct strbuf conf;
	bool conf_changed;
	struct strlist notes;
};

/* A thing of the machine and where the clone has it; nothing happens when there is none. */
static int add_pair(struct clone *c, const char *from, char *to, struct error *err)
{
	struct stat st;
	int rc = 0;

	if (!to || (lstat(from, &st) == 0 && strlist_add(&c->from, from)))
		rc = error_nomem(err);
	else if (c->from.count > c->to.count)
		rc = strlist_add(&c->to, to) ? error_nomem(err) : 0;
	free(to);
	return rc;
}

/* A disk: of a link, what it leads to, or both machines would write to one disk. */
static int add_disk(struct clone *c, const char *from, char *to, struct error *err)
{
	char *real = NULL;
	struct stat st;
	int rc = 0;

	if (lstat(from, &st) == 0 && S_ISLNK(st.st_mode)) {
		real = realpath(from, NULL);
		if (!real)
			rc = error_errno(err, errno, from, "cannot be read");
	}
	if (rc)
		free(to);
	else
		rc = add_pair(c, real ? real : from, to, err);
	free(real);
	c->disk_count = c->from.count;
	return rc;
}

static char *format(const char *fmt, const char *a)
{
	struct strbuf s = STRBUF_INIT;
	const char *mark = strchr(fmt, '*');

	if (strbuf_add(&s, fmt, (size_t)(mark - fmt)) || strbuf_adds(&s, a) ||
	    strbuf_adds(&s, mark + 1)) {
		strbuf_release(&s);
		return NULL;
	}
	return strbuf_take(&s);
}

static int add_named(struct clone *c, const char *fmt, struct error *err)
{
	char *from = format(fmt, c->m->name);
	int rc = from ? add_pair(c, from, format(fmt, c->name), err) : error_nomem(err);

	free(from);
	return rc;
}

/* The folder is last: it may be all that makes the machine. */
static int find_pairs(struct clone *c, struct error *err)
{
	char *cow = format("disks/*.cow", c->m->name);
	int rc = cow ? add_disk(c, cow, format("disks/*.cow", c->name), err) : error_nomem(err);

	free(cow);
	for (size_t i = 0; !rc && i < c->m->disk_count; i++) {
		unsigned int index = c->m->disks[i].index;
		const struct lab_machine_disk *d = clone_private_disk(c->m, index);
		char *to = NULL;

		if (!d)
			continue;
		if (asprintf(&to, "disks/%s-ubd%u.img", c->name, index) < 0)
			to = NULL;
		rc = add_disk(c, d->disk->file, to, err);
	}
	if (!rc)
		rc = add_named(c, "*.startup", err);
	if (!rc)
		rc = add_named(c, "*.shutdown", err);
	return rc ? rc : add_named(c, "*", err);
}

/* In the hidden folder: 0 when it is there, -ENOENT. */
static int look_in(const struct clone *c, const char *name, struct error *err)
{
	char *path = NULL;
	struct stat st;
	int rc = 0;

	if (asprintf(&path, "%s/%s", c->hidden, name) < 0)
		return error_nomem(err);
	if (lstat(path, &st) != 0)
		rc = errno == ENOENT ? -ENOENT : error_errno(err, errno, path, "cannot be read");
	free(path);
	return rc;
}

/* Back into the hidden folder, if it came from there: what is still prepared has no place yet. */
static int undo_one(struct clone *c, size_t i, struct error *err)
{
	char name[32], *back = NULL;
	int rc;

	snprintf(name, sizeof(name), "%zu", i);
	rc = look_in(c, name, err);
	if (rc != -ENOENT)
		return rc;
	if (asprintf(&back, "%s/%zu", c->hidden, i) < 0)
		return error_nomem(err);
	rc = rename(c->to.items[i], back) != 0 && errno != ENOENT ?
		     error_errno(err, errno, c->to.items[i], "cannot be removed") :
		     0;
	free(back);
	return rc;
}

/* What a clone of this name that was cut off has left. */
static int undo(struct clone *c, struct error *err)
{
	int rc = look_in(c, ".", err), placing = -ENOENT;

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	placing = look_in(c, PLACING, err);
	if (placing && placing != -ENOENT)
		return placing;
	for (size_t i = 0; !rc && !placing && i < c->to.count; i++)
		rc = undo_one(c, i, err);
	return rc ? rc : tree_remove(c->hidden, err);
}

static int check_free(const struct clone *c, struct error *err)
{
	struct stat st;

	if (!lab_machine_name_is_valid(c->name))
		return error_set(err, -ERR_USAGE, c->name, "cannot name a machine");
	for (size_t i = 0; i < c->to.count; i++)
		if (lstat(c->to.items[i], &st) == 0)
			return error_set(err, -EEXIST, c->to.items[i], "is there already");
	return 0;
}

/* Cut off behind its last step: lab.conf, or the folder that makes the machine. */
static bool is_complete(const struct clone *c, const struct lab_machine *taken)
{
	char *prepared = NULL;
	bool complete = taken && taken->line;
	struct stat st;

	if (complete || !taken || c->m->line || !c->to.count)
		return complete;
	if (asprintf(&prepared, "%s/%zu", c->hidden, c->to.count - 1) < 0)
		return true;
	complete = lstat(prepared, &st) != 0 && lstat(c->to.items[c->to.count - 1], &st) == 0;
	free(prepared);
	return complete;
}

static struct {
	const char *to;
	size_t prefix;
	struct error *err;
	int rc;
} walk;

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char *to = NULL;

	if (asprintf(&to, "%s%s", walk.to, path + walk.prefix) < 0)
		return walk.rc = error_nomem(walk.err);
	if (S_ISDIR(st->st_mode)) {
		if (mkdir(to, (st->st_mode & 07777) | 0700) != 0)
			walk.rc = error_errno(walk.err, errno, to, "cannot be made");
	} else if (S_ISREG(st->st_mode)) {
		walk.rc = tree_copy_file(path, to, walk.err);
	} else if (S_ISLNK(st->st_mode)) {
		walk.rc = tree_copy_link(path, to, walk.err);
	} else {
		walk.rc = error_set(walk.err, -ERR_UNSUPPORTED, path,
				    "is neither file, folder nor link, and is not cloned");
	}
	free(to);
	return walk.rc;
}

static int copy_tree(const char *from, const char *to, struct error *err)
{
	walk.to = to;
	walk.prefix = strlen(from);
	walk.err = err;
	walk.rc = 0;
	if (nftw(from, copy_one, 16, FTW_PHYS) != 0 && !walk.rc)
		return error_errno(err, errno, from, "cannot be read");
	return walk.rc;
}

/* All under hidden names. A number is its name: the places have folders of their own. */
static int prepare(const struct clone *c, struct error *err)
{
	int rc = mkdir(c->hidden, 0755) ? error_errno(err, errno, c->hidden, "cannot be made") : 0;

	for (size_t i = 0; !rc && i < c->from.count; i++) {
		char *to = NULL;

		if (asprintf(&to, "%s/%zu", c->hidden, i) < 0)
			return error_nomem(err);
		rc = copy_tree(c->from.items[i], to, err);
		free(to);
	}
	if (!rc)
		rc = tree_sync(c->hidden, err);
	return rc ? rc : tree_sync_folder(".", err);
}

static int mark_placing(const struct clone *c, struct error *err)
{
	char *path = NULL;
	int rc = 0;

	if (asprintf(&path, "%s/" PLACING, c->hidden) < 0)
		return error_nomem(err);
	if (mkdir(path, 0755) != 0)
		rc = error_errno(err, errno, path, "cannot be made");
	free(path);
	return rc ? rc : tree_sync_folder(c->hidden, err);
}

static int commit(const struct clone *c, struct error *err)
{
	struct output out;
	int rc = 0;

	for (size_t i = 0; !rc && i < c->from.count; i++) {
		char *from = NULL;

		if (asprintf(&from, "%s/%zu", c->hidden, i) < 0)
			return error_nomem(err);
		if (rename(from, c->to.items[i]) != 0)
			rc = error_errno(err, errno, c->to.items[i], "cannot be put in place");
		free(from);
	}
	if (!rc && access("disks", F_OK) == 0)
		rc = tree_sync_folder("disks", err);
	if (rc || !c->conf_changed)
		return rc;
	rc = output_open(&out, "lab.conf", err);
	if (rc)
		return rc;
	rc = write_fully(out.fd, c->conf.data, c->conf.len, 0);
	if (!rc)
		return output_commit(&out, err);
	output_abort(&out);
	return error_errno(err, -rc, "lab.conf", "cannot be written");
}

static int read_conf(struct strbuf *text, struct error *err)
{
	int fd = open("lab.conf", O_RDONLY | O_CLOEXEC), rc = 0;
	char buf[65536];
	ssize_t n = 1;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "lab.conf", "cannot be opened");
	while (!rc && n > 0 && text->len <= CONF_MAX) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0)
			rc = error_errno(err, errno, "lab.conf", "cannot be read");
		else if (strbuf_add(text, buf, (size_t)n))
			rc = error_nomem(err);
	}
	close(fd);
	return rc;
}

/* The new text must be a lab, with the clone in it. */
static int plan_conf(struct clone *c, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	struct lab *lab = NULL;
	int rc = read_conf(&text, err);

	if (!rc && text.len)
		rc = clone_conf(&c->conf, text.data, text.len, c->m, c->name, &c->conf_changed,
				&c->notes, err);
	if (!rc && c->conf_changed)
		rc = lab_parse(&lab, c->conf.data, c->conf.len, c->lab->name, 0, err);
	lab_free(lab);
	strbuf_release(&text);
	return rc;
}

static int make(struct clone *c, struct error *err)
{
	struct disk_set disks = DISK_SET_INIT;
	int rc = undo(c, err);

	if (!rc)
		rc = check_free(c, err);
	if (!rc)
		rc = plan_conf(c, err);
	if (!rc)
		rc = disk_set_read(&disks, c->lab, NULL, err);
	/* And those that lie elsewhere. */
	for (size_t i = 0; !rc && i < c->disk_count; i++)
		if (strlist_find(&disks.files, c->from.items[i]) < 0 &&
		    strlist_add(&disks.files, c->from.items[i]))
			rc = error_nomem(err);
	if (!rc)
		rc = disk_set_lock(&disks, false, err);
	if (!rc)
		rc = prepare(c, err);
	if (!rc)
		rc = mark_placing(c, err);
	if (!rc)
		rc = commit(c, err);
	if (rc && undo(c, NULL))
		error_hint(err, "'%s' is left; the same command removes it", c->hidden);
	if (!rc)
		rc = tree_remove(c->hidden, err);
	disk_set_release(&disks);
	return rc;
}

static int clone(const char *machine, const char *name, struct error *err)
{
	struct clone c = { .name = name };
	const struct lab_machine *taken;
	int fd = -1, rc = lab_lock(&fd, err);

	if (!rc)
		rc = snapshot_sweep(err);
	if (!rc)
		rc = snapshot_check_rollback(".", NULL, err);
	if (!rc)
		rc = lab_read(&c.lab, ".", 0, err);
	if (!rc)
		rc = lab_machine_get(c.lab, machine, &c.m, err);
	if (!rc && asprintf(&c.hidden, ".clone-%s", name) < 0) {
		c.hidden = NULL;
		rc = error_nomem(err);
	}
	if (!rc)
		rc = find_pairs(&c, err);
	taken = rc ? NULL : lab_machine_find(c.lab, name);
	if (taken && (access(c.hidden, F_OK) != 0 || is_complete(&c, taken))) {
		rc = tree_remove(c.hidden, err);
		if (!rc)
			rc = error_set(err, -EEXIST, name, "is a machine of the lab already");
	}
	if (!rc)
		rc = make(&c, err);
	for (size_t i = 0; !rc && i < c.notes.count; i++)
		report_line(stderr, "labpack: %s", c.notes.items[i]);
	free(c.hidden);
	strlist_release(&c.from);
	strlist_release(&c.to);
	strlist_release(&c.notes);
	strbuf_release(&c.conf);
	lab_free(c.lab);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Host name, hosts and addresses of the clone are what lab.conf now says. */
static int rebuild(const char *name, struct error *err)
{
	char quiet[] = "-q", *words[] = { quiet, (char *)name };
	bool differs = false;
	char *path = NULL;
	int rc = 0;

	if (asprintf(&path, "disks/%s.cow", name) < 0)
		return error_nomem(err);
	if (access(path, F_OK) == 0)
		rc = command_build.run(2, words, &differs, err);
	if (rc)
		error_hint(err, "the clone is there; labpack build gives it its names");
	free(path);
	return rc;
}

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	static const struct option_group none[] = { { NULL, NULL } };
	struct strlist operands = STRLIST_INIT;
	int rc = option_read(none, &operands, argc, argv, command_operand, err);

	if (!rc && operands.count != 2)
		rc = command_usage(&command_clone, err);
	if (!rc)
		rc = clone(operands.items[0], operands.items[1], err);
	if (!rc)
		rc = rebuild(operands.items[1], err);
	strlist_release(&operands);
	return rc;
}

const struct command command_clone = {
	.name = "clone",
	.synopsis = "MACHINE NEW",
	.summary = "a machine a second time, with what is on its disks",
	.options = NULL,
	.operands = OPERANDS_MACHINES,
	.run = run,
};
