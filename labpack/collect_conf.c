/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab.conf of a lab whose disks or kernels lie elsewhere: in the archive they lie
 * in the lab, so lab.conf and the script name them there. Nothing else of them changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/collect.h"

#define CONF_MAX (16u << 20)

static int read_text(const char *file, struct strbuf *text, struct stat *st, struct error *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), rc = 0;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, st) != 0)
		rc = error_errno(err, errno, file, "cannot be read");
	else if ((uint64_t)st->st_size > CONF_MAX)
		rc = error_set(err, -ERR_LIMIT, file, "is too large");
	while (!rc && n > 0) {
		if (strbuf_reserve(text, 65536)) {
			rc = error_nomem(err);
			break;
		}
		n = read(fd, text->data + text->len, 65536);
		if (n < 0)
			rc = error_errno(err, errno, file, "cannot be read");
		else
			text->len += (size_t)n;
		text->data[text->len] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static bool ends_value(char c)
{
	return !c || strchr(" \t\r\n\"'#", c);
}

/* Replace a value, that is behind one of the bytes of `before` and before an end, everywhere. */
static int replace(struct strbuf *text, const char *from, const char *to, const char *before)
{
	struct strbuf out = STRBUF_INIT;
	const char *p = text->data, *hit;
	size_t n = strlen(from);

	while ((hit = strstr(p, from))) {
		bool value = hit > text->data && strchr(before, hit[-1]) && ends_value(hit[n]);

		if (strbuf_add(&out, p, (size_t)(hit - p)) || strbuf_adds(&out, value ? to : from)) {
			strbuf_release(&out);
			return -ENOMEM;
		}
		p = hit + n;
	}
	if (strbuf_adds(&out, p)) {
		strbuf_release(&out);
		return -ENOMEM;
	}
	strbuf_release(text);
	*text = out;
	return 0;
}

static const char *moved_to(const struct collection *c, const char *from)
{
	for (size_t i = 0; i < c->moved_count; i++)
		if (!strcmp(c->moved[i].from, from))
			return c->moved[i].to;
	return NULL;
}

/* A base that is not named in lab.conf itself, but in a table of this user. */
static int name_bases(struct collection *c, const struct lab *lab, struct strbuf *text)
{
	int rc = text->len && text->data[text->len - 1] != '\n' ? strbuf_adds(text, "\n") : 0;

	for (size_t i = 0; !rc && i < lab->machine_count; i++) {
		const struct lab_machine *m = lab->machines[i];
		const char *to = m->base && *m->base == '/' ? moved_to(c, m->base) : NULL;

		if (to)
			rc = strbuf_addf(text, "%s[base]=%s\n", m->name, to);
	}
	return rc;
}

/* The first file that the lab still names outside of it, or NULL. */
static const char *outside(const struct lab *lab)
{
	for (size_t i = 0; i < lab->machine_count; i++) {
		const struct lab_machine *m = lab->machines[i];

		if (m->base && *m->base == '/')
			return m->base;
		if (m->kernel && *m->kernel == '/')
			return m->kernel;
	}
	for (size_t i = 0; i < lab->disk_count; i++)
		if (*lab->disks[i]->file == '/')
			return lab->disks[i]->file;
	return NULL;
}

/* What the new text says must lie in the lab. */
static int settle(struct collection *c, struct strbuf *text, struct error *err)
{
	struct lab *lab;
	int rc = lab_parse(&lab, text->data, text->len, c->lab->name, 0, err);

	if (!rc && outside(lab)) {
		rc = name_bases(c, lab, text) ? error_nomem(err) : 0;
		lab_free(lab);
		lab = NULL;
		if (!rc)
			rc = lab_parse(&lab, text->data, text->len, c->lab->name, 0, err);
	}
	if (!rc && outside(lab))
		rc = error_set(err, -ERR_UNSUPPORTED, outside(lab),
			       "lies outside of the lab in a way that cannot be rewritten");
	lab_free(lab);
	return rc;
}

/* Read `name` of the lab with the new names of files that moved; *st is the file's. */
static int rewritten(struct collection *c, const char *name, struct strbuf *text, struct stat *st,
		     struct error *err)
{
	/* The script has lists as well: "ubd0 disks/pc1.cow,/srv/base.img". */
	const char *before = strcmp(name, "lab") ? "='\"" : "='\", ";
	char *file = lab_path(c->lab, name);
	int rc = file ? read_text(file, text, st, err) : error_nomem(err);

	for (size_t i = 0; !rc && i < c->moved_count; i++)
		if (replace(text, c->moved[i].from, c->moved[i].to, before))
			rc = error_nomem(err);
	free(file);
	return rc;
}

/* Takes the text. */
static int add_text(struct collection *c, const char *name, struct strbuf *text,
		    const struct stat *st, struct error *err)
{
	struct pack_member m = { .type = MANIFEST_FILE,
				 .mode = st->st_mode & 07777,
				 .mtime = st->st_mtim.tv_sec };

	if (strlist_add(&c->disks, name))
		return error_nomem(err);
	m.path = strdup(name);
	m.text = strbuf_take(text);
	return pack_add(&c->pack, &m, err);
}

int collect_conf(struct collection *c, struct error *err)
{
	static const char *const names[] = { "lab.conf", "lab" };
	int rc = 0;

	for (size_t i = 0; !rc && c->moved_count && i < sizeof(names) / sizeof(*names); i++) {
		struct strbuf text = STRBUF_INIT;
		char *file = lab_path(c->lab, names[i]);
		struct stat st;

		if (!file)
			return error_nomem(err);
		if (access(file, F_OK) == 0) {
			rc = rewritten(c, names[i], &text, &st, err);
			if (!rc && !i)
				rc = settle(c, &text, err);
			if (!rc)
				rc = add_text(c, names[i], &text, &st, err);
		}
		strbuf_release(&text);
		free(file);
	}
	return rc;
}
