/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/lab.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/suggest.h"
#include "labpack/conf.h"

bool lab_machine_name_is_valid(const char *name)
{
	/* Folders and files that a lab has beside its machines. */
	static const char *const taken[] = { "LAB",	  "lab",    "shared", "disks",
					     "snapshots", "kernel", "tools",  "run" };
	size_t n = strlen(name);

	if (!n || n > LAB_NAME_MAX || !isalnum((unsigned char)*name))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_')
			return false;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!strcmp(name, taken[i]))
			return false;
	return true;
}

static void machine_free(struct lab_machine *m)
{
	for (size_t i = 0; i < m->interface_count; i++) {
		strlist_release(&m->interfaces[i].addresses);
		strlist_release(&m->interfaces[i].seen);
		free(m->interfaces[i].tap);
		free(m->interfaces[i].tap_address);
	}
	free(m->interfaces);
	free(m->disks);
	free(m->serials);
	free(m->depends);
	strlist_release(&m->sysctls);
	free(m->name);
	free(m->base);
	free(m->image);
	free(m->kernel);
	free(m->append);
	free(m);
}

void lab_free(struct lab *lab)
{
	if (!lab)
		return;
	for (size_t i = 0; i < lab->machine_count; i++)
		machine_free(lab->machines[i]);
	for (size_t i = 0; i < lab->domain_count; i++) {
		free(lab->domains[i]->name);
		free(lab->domains[i]->tap);
		free(lab->domains[i]);
	}
	for (size_t i = 0; i < lab->disk_count; i++) {
		free(lab->disks[i]->file);
		free(lab->disks[i]);
	}
	for (size_t i = 0; i < lab->cable_count; i++)
		free(lab->cables[i]);
	free(lab->machines);
	free(lab->domains);
	free(lab->disks);
	free(lab->cables);
	strlist_release(&lab->warnings);
	free(lab->folder);
	free(lab->name);
	free(lab->description);
	free(lab->version);
	free(lab->author);
	free(lab->email);
	free(lab->web);
	free(lab);
}

/* Whole file into out; a missing one is empty, and *there false. */
static int read_text(const char *path, struct strbuf *out, bool *there, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	ssize_t n = 1;

	*there = fd >= 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	while (!rc && n) {
		rc = strbuf_reserve(out, 65536);
		if (rc) {
			rc = error_nomem(err);
			break;
		}
		n = read(fd, out->data + out->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = error_errno(err, errno, path, "cannot be read");
		else
			out->len += (size_t)n;
		if (out->len > CONF_MAX_BYTES)
			rc = error_set(err, -ERR_LIMIT, path, "has more than %d bytes",
				       CONF_MAX_BYTES);
	}
	close(fd);
	return rc;
}

/* "mylab" of "." or of "/labs/mylab/"; a folder's name may be nothing ("/"). */
static char *folder_name(const char *folder)
{
	char full[PATH_MAX], *slash;

	if (!realpath(folder, full))
		return strdup("lab");
	slash = strrchr(full, '/');
	return strdup(slash && slash[1] ? slash + 1 : "lab");
}

static int finish(struct conf *c, const struct strbuf *depends, const char *depends_path)
{
	int rc = conf_values(c);

	if (!rc)
		rc = conf_settle(c);
	if (!rc && depends->len)
		rc = conf_depends(c, depends->data, depends->len, depends_path);
	return rc;
}

/* The reason may be a line that was no assignment. */
static int no_machine(struct conf *c)
{
	const struct strlist *w = &c->lab->warnings;

	error_set(c->err, -ERR_FORMAT, c->subject, "names no machine");
	return w->count && c->err ? error_hint(c->err, "%s", w->items[0]) : -ERR_FORMAT;
}

static int read_folder(struct conf *c, struct error *err)
{
	struct strbuf text = STRBUF_INIT, depends = STRBUF_INIT;
	char *path = lab_path(c->lab, "lab.conf"), *depends_path = lab_path(c->lab, "lab.dep");
	bool there = false, also;
	int rc = path && depends_path ? 0 : error_nomem(err);

	c->subject = path;
	if (!rc)
		rc = read_text(path, &text, &there, err);
	if (!rc)
		rc = read_text(depends_path, &depends, &also, err);
	if (!rc)
		rc = conf_lex(c, text.data ? text.data : "", text.len);
	if (!rc)
		rc = conf_names(c);
	if (!rc && !there) {
		error_set(err, -ENOENT, c->lab->folder, "is no lab: it has no lab.conf");
		rc = error_hint(err, "labpack -C DIR goes to the lab's folder first");
	}
	if (!rc)
		rc = conf_folder(c);
	if (!rc && !c->lab->machine_count)
		rc = no_machine(c);
	if (!rc)
		rc = finish(c, &depends, depends_path);
	if (!rc)
		rc = conf_images(c);
	if (!rc)
		rc = conf_startups(c);
	strbuf_release(&text);
	strbuf_release(&depends);
	c->subject = NULL;
	free(path);
	free(depends_path);
	return rc;
}

static int begin(struct conf *c, struct lab **lab, const char *folder, unsigned int flags,
		 struct error *err)
{
	*lab = NULL;
	*c = (struct conf){ .flags = flags, .err = err };
	if (flags & ~(unsigned int)LAB_STRICT)
		return error_set(err, -ERR_UNSUPPORTED, NULL, "unknown flags");
	c->lab = calloc(1, sizeof(*c->lab));
	if (!c->lab)
		return error_nomem(err);
	c->lab->folder = strdup(folder);
	return c->lab->folder ? 0 : error_nomem(err);
}

static int end(struct conf *c, struct lab **lab, int rc)
{
	if (rc)
		lab_free(c->lab);
	else
		*lab = c->lab;
	conf_release(c);
	return rc;
}

int lab_read(struct lab **lab, const char *folder, unsigned int flags, struct error *err)
{
	struct conf c;
	int rc = begin(&c, lab, folder, flags, err);

	if (!rc) {
		c.lab->name = folder_name(folder);
		rc = c.lab->name ? read_folder(&c, err) : error_nomem(err);
	}
	return end(&c, lab, rc);
}

int lab_parse(struct lab **lab, const char *text, size_t n, const char *name, unsigned int flags,
	      struct error *err)
{
	const struct strbuf none = STRBUF_INIT;
	struct conf c;
	int rc = begin(&c, lab, ".", flags, err);

	if (!rc) {
		c.subject = "lab.conf";
		c.lab->name = strdup(name);
		rc = c.lab->name ? conf_lex(&c, text, n) : error_nomem(err);
	}
	if (!rc)
		rc = conf_names(&c);
	if (!rc)
		rc = finish(&c, &none, NULL);
	return end(&c, lab, rc);
}

const struct lab_machine *lab_machine_find(const struct lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->machine_count; i++)
		if (!strcmp(lab->machines[i]->name, name))
			return lab->machines[i];
	return NULL;
}

int lab_machine_get(const struct lab *lab, const char *name, const struct lab_machine **m,
		    struct error *err)
{
	struct suggestion s = suggestion_for(name);

	*m = lab_machine_find(lab, name);
	if (*m)
		return 0;
	for (size_t i = 0; i < lab->machine_count; i++)
		suggestion_offer(&s, lab->machines[i]->name);
	error_set(err, -ERR_NOT_FOUND, name, "is no machine of this lab");
	return s.best && err ? error_hint(err, "did you mean '%s'?", s.best) : -ERR_NOT_FOUND;
}

const char *lab_address(const struct lab_interface *i, size_t k)
{
	if (k < i->addresses.count)
		return i->addresses.items[k];
	k -= i->addresses.count;
	return k < i->seen.count ? i->seen.items[k] : NULL;
}

char *lab_path(const struct lab *lab, const char *file)
{
	char *path;

	if (*file == '/' || !strcmp(lab->folder, "."))
		return strdup(file);
	return asprintf(&path, "%s/%s", lab->folder, file) < 0 ? NULL : path;
}

char *lab_machine_cow(const struct lab *lab, const struct lab_machine *m)
{
	char file[LAB_NAME_MAX + 16];

	snprintf(file, sizeof(file), "disks/%s.cow", m->name);
	return lab_path(lab, file);
}

char *lab_machine_base(const struct lab *lab, const struct lab_machine *m)
{
	return m->base ? lab_path(lab, m->base) : NULL;
}

const char *const lab_filesystem_names[LAB_FS_UNSAID] = {
	[LAB_FS_NONE] = "none",
	[LAB_FS_EXT2] = "ext2",
	[LAB_FS_EXT3] = "ext3",
	[LAB_FS_EXT4] = "ext4",
};

char *lab_disk_path(const struct lab *lab, const struct lab_disk *d)
{
	return lab_path(lab, d->file);
}
