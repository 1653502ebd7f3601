/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <rpm/rpmds.h>
#include <rpm/rpmfiles.h>
#include <sys/stat.h>

#include "common/number.h"
#include "tests/tools/lib/forge.h"

/* The words of a line; the last one asked for takes the rest. */
struct line {
	char *at;
	unsigned int number;
	bool bad;
};

static char *next_word(struct line *l)
{
	char *word = l->at + strspn(l->at, " \t");

	l->at = word + strcspn(word, " \t");
	if (*l->at)
		*l->at++ = '\0';
	return word;
}

static char *need_word(struct line *l)
{
	char *word = next_word(l);

	if (!*word)
		l->bad = true;
	return word;
}

static char *rest(struct line *l)
{
	char *text = l->at + strspn(l->at, " \t");

	l->at = text + strlen(text);
	return text;
}

static uint64_t need_number(struct line *l)
{
	uint64_t value;

	if (size_parse(need_word(l), 0, UINT64_MAX, &value))
		l->bad = true;
	return value;
}

static uint32_t need_mode(struct line *l)
{
	unsigned int mode;
	char end;

	if (sscanf(need_word(l), "%o%c", &mode, &end) != 1)
		l->bad = true;
	return l->bad ? 0 : mode;
}

static void set(struct line *l, char **field, const char *text)
{
	free(*field);
	*field = strdup(text);
	if (!*field)
		l->bad = true;
}

static struct forge_file *new_file(struct forge *f, struct line *l, uint32_t type)
{
	struct forge_file *file;

	if (array_grow((void **)&f->files, f->file_count, &f->file_capacity, sizeof(*file))) {
		l->bad = true;
		return NULL;
	}
	file = &f->files[f->file_count++];
	*file = (struct forge_file){ .mode = type,
				     .link_to = -1,
				     .mtime = f->build_time,
				     .inode = (uint32_t)f->file_count };
	set(l, &file->path, need_word(l));
	return file;
}

/* "\n" is a new line. */
static void break_lines(char *text)
{
	char *newline;

	while ((newline = strstr(text, "\\n"))) {
		newline[0] = '\n';
		memmove(newline + 1, newline + 2, strlen(newline + 2) + 1);
	}
}

/* MODE [USER [GROUP]] */
static void read_owner(struct line *l, struct forge_file *file)
{
	char *user, *group;

	file->mode |= need_mode(l);
	user = next_word(l);
	group = next_word(l);
	set(l, &file->user, *user ? user : "root");
	set(l, &file->group, *group ? group : "root");
}

static void read_file(struct forge *f, struct line *l, const char *verb)
{
	struct forge_file *file = new_file(f, l, S_IFREG);

	if (!file)
		return;
	read_owner(l, file);
	if (strcmp(verb, "file") == 0) {
		file->content = CONTENT_TEXT;
		set(l, &file->text, rest(l));
		if (file->text) {
			break_lines(file->text);
			file->size = strlen(file->text);
		}
	} else {
		file->content = strcmp(verb, "zeros") == 0 ? CONTENT_ZEROS : CONTENT_RANDOM;
		file->size = need_number(l);
		file->seed = file->content == CONTENT_RANDOM ? need_number(l) << 32 : 0;
	}
}

static void read_dir(struct forge *f, struct line *l)
{
	struct forge_file *file = new_file(f, l, S_IFDIR);

	if (file) {
		read_owner(l, file);
		file->size = 4096;
		file->content = CONTENT_NONE;
	}
}

static void read_link(struct forge *f, struct line *l)
{
	struct forge_file *file = new_file(f, l, S_IFLNK | 0777);

	if (!file)
		return;
	set(l, &file->user, "root");
	set(l, &file->group, "root");
	set(l, &file->text, need_word(l));
	file->content = CONTENT_TEXT;
	if (file->text)
		file->size = strlen(file->text);
}

static void read_hard_link(struct forge *f, struct line *l)
{
	struct forge_file *file = new_file(f, l, 0), *other = NULL;
	const char *path = need_word(l);

	for (size_t i = 0; file && i + 1 < f->file_count; i++)
		if (strcmp(f->files[i].path, path) == 0)
			other = &f->files[i];
	if (!other) {
		l->bad = true;
		return;
	}
	file->mode = other->mode;
	file->inode = other->inode;
	file->size = other->size;
	file->content = other->content;
	file->seed = other->seed;
	set(l, &file->user, other->user);
	set(l, &file->group, other->group);
	if (other->text)
		set(l, &file->text, other->text);
}

/* PATH MODE c|b|p|s [MAJOR MINOR] */
static void read_node(struct forge *f, struct line *l)
{
	struct forge_file *file = new_file(f, l, 0);
	const char *type;

	if (!file)
		return;
	file->mode = need_mode(l);
	type = need_word(l);
	set(l, &file->user, "root");
	set(l, &file->group, "root");
	if (*type == 'c' || *type == 'b') {
		file->mode |= *type == 'c' ? S_IFCHR : S_IFBLK;
		file->rdev = (uint32_t)(need_number(l) << 8 & 0xff00);
		file->rdev |= (uint32_t)(need_number(l) & 0xff);
	} else {
		file->mode |= *type == 'p' ? S_IFIFO : S_IFSOCK;
	}
}

/* flag config|doc|ghost|missingok|noreplace, colour N, caps TEXT, mtime N: of the last file. */
static void read_attribute(struct forge *f, struct line *l, const char *verb)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} flags[] = { { "config", RPMFILE_CONFIG },
		      { "doc", RPMFILE_DOC },
		      { "ghost", RPMFILE_GHOST },
		      { "missingok", RPMFILE_MISSINGOK },
		      { "noreplace", RPMFILE_NOREPLACE } };
	struct forge_file *file = f->file_count ? &f->files[f->file_count - 1] : NULL;
	const char *name;

	if (!file) {
		l->bad = true;
	} else if (strcmp(verb, "flag") == 0) {
		name = need_word(l);
		l->bad = true;
		for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (strcmp(flags[i].name, name) == 0) {
				file->flags |= flags[i].flag;
				l->bad = false;
			}
	} else if (strcmp(verb, "colour") == 0) {
		file->colour = (uint32_t)need_number(l);
	} else if (strcmp(verb, "mtime") == 0) {
		file->mtime = (uint32_t)need_number(l);
	} else {
		set(l, &file->caps, rest(l));
	}
}

/* NAME [OP VERSION] */
static void read_dep(struct forge *f, struct line *l, rpmTagVal tag)
{
	struct forge_dep *d;
	const char *op;

	if (array_grow((void **)&f->deps, f->dep_count, &f->dep_capacity, sizeof(*d))) {
		l->bad = true;
		return;
	}
	d = &f->deps[f->dep_count++];
	*d = (struct forge_dep){ .name_tag = tag };
	set(l, &d->name, need_word(l));
	op = next_word(l);
	for (; *op; op++)
		d->flags |= *op == '<'	 ? RPMSENSE_LESS
			    : *op == '>' ? RPMSENSE_GREATER
					 : RPMSENSE_EQUAL;
	set(l, &d->version, next_word(l));
	if (d->flags && (!d->version || !*d->version))
		l->bad = true;
}

/* INTERPRETER [BODY]; "\n" in the body is a new line. */
static void read_script(struct forge *f, struct line *l, rpmTagVal tag, rpmTagVal interpreter_tag)
{
	char *body;

	if (f->script_count == sizeof(f->scripts) / sizeof(f->scripts[0])) {
		l->bad = true;
		return;
	}
	f->scripts[f->script_count].tag = tag;
	f->scripts[f->script_count].interpreter_tag = interpreter_tag;
	set(l, &f->scripts[f->script_count].interpreter, need_word(l));
	body = rest(l);
	break_lines(body);
	if (*body)
		set(l, &f->scripts[f->script_count].body, body);
	f->script_count++;
}

/* lead|signature|header|payload OFFSET HEX */
static void read_patch(struct forge *f, struct line *l)
{
	struct forge_patch *p = &f->patches[f->patch_count];
	const char *hex;
	unsigned int byte;

	if (f->patch_count == sizeof(f->patches) / sizeof(f->patches[0])) {
		l->bad = true;
		return;
	}
	p->part = *need_word(l);
	p->offset = need_number(l);
	for (hex = need_word(l); sscanf(hex, "%2x", &byte) == 1 && p->size < sizeof(p->bytes);
	     hex += 2)
		p->bytes[p->size++] = (uint8_t)byte;
	if (!strchr("lshp", p->part) || !p->size)
		l->bad = true;
	f->patch_count++;
}

static void read_lie(struct forge *f, struct line *l)
{
	static const char *const names[] = {
		"digest",    "dirindex",     "size",	   "count",
		"cpio-name", "cpio-missing", "no-digests", "cpio-cut"
	};
	const char *word = need_word(l);

	l->bad = true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], word) == 0) {
			f->lies |= 1u << i;
			l->bad = false;
		}
}

static bool read_package_line(struct forge *f, struct line *l, const char *verb)
{
	struct {
		const char *name;
		char **field;
	} texts[] = {
		{ "name", &f->name }, { "version", &f->version }, { "release", &f->release },
		{ "arch", &f->arch }, { "os", &f->os },		  { "compress", &f->compress }
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].name, verb) == 0) {
			set(l, texts[i].field, need_word(l));
			return true;
		}
	if (strcmp(verb, "epoch") == 0) {
		f->epoch = (uint32_t)need_number(l);
		f->has_epoch = true;
	} else if (strcmp(verb, "buildtime") == 0) {
		f->build_time = (uint32_t)need_number(l);
	} else if (strcmp(verb, "old-layout") == 0) {
		f->old_layout = true;
	} else if (strcmp(verb, "cut") == 0) {
		f->cut = need_number(l);
	} else if (strcmp(verb, "patch") == 0) {
		read_patch(f, l);
	} else if (strcmp(verb, "lie") == 0) {
		read_lie(f, l);
	} else {
		return false;
	}
	return true;
}

static bool read_tagged_line(struct forge *f, struct line *l, const char *verb)
{
	static const struct {
		const char *name;
		rpmTagVal tag, interpreter;
	} tags[] = {
		{ "requires", RPMTAG_REQUIRENAME, 0 },
		{ "provides", RPMTAG_PROVIDENAME, 0 },
		{ "conflicts", RPMTAG_CONFLICTNAME, 0 },
		{ "obsoletes", RPMTAG_OBSOLETENAME, 0 },
		{ "recommends", RPMTAG_RECOMMENDNAME, 0 },
		{ "pretrans", RPMTAG_PRETRANS, RPMTAG_PRETRANSPROG },
		{ "pre", RPMTAG_PREIN, RPMTAG_PREINPROG },
		{ "post", RPMTAG_POSTIN, RPMTAG_POSTINPROG },
		{ "preun", RPMTAG_PREUN, RPMTAG_PREUNPROG },
		{ "postun", RPMTAG_POSTUN, RPMTAG_POSTUNPROG },
		{ "posttrans", RPMTAG_POSTTRANS, RPMTAG_POSTTRANSPROG },
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (strcmp(tags[i].name, verb) != 0)
			continue;
		if (tags[i].interpreter)
			read_script(f, l, tags[i].tag, tags[i].interpreter);
		else
			read_dep(f, l, tags[i].tag);
		return true;
	}
	return false;
}

static void read_line(struct forge *f, struct line *l)
{
	const char *verb = next_word(l);

	if (read_package_line(f, l, verb) || read_tagged_line(f, l, verb))
		return;
	if (!strcmp(verb, "file") || !strcmp(verb, "zeros") || !strcmp(verb, "random"))
		read_file(f, l, verb);
	else if (!strcmp(verb, "dir"))
		read_dir(f, l);
	else if (!strcmp(verb, "link"))
		read_link(f, l);
	else if (!strcmp(verb, "hard"))
		read_hard_link(f, l);
	else if (!strcmp(verb, "node"))
		read_node(f, l);
	else if (!strcmp(verb, "flag") || !strcmp(verb, "colour") || !strcmp(verb, "caps") ||
		 !strcmp(verb, "mtime"))
		read_attribute(f, l, verb);
	else
		l->bad = true;
}

int forge_read(struct forge *f, FILE *recipe)
{
	struct line l = { NULL, 0, false };
	char text[8192];

	*f = (struct forge){ .build_time = 1064188800 };
	set(&l, &f->version, "1");
	set(&l, &f->release, "1");
	set(&l, &f->arch, "noarch");
	set(&l, &f->os, "linux");
	set(&l, &f->compress, "gzip");
	while (!l.bad && fgets(text, sizeof(text), recipe)) {
		text[strcspn(text, "\n")] = '\0';
		l.at = text + strspn(text, " \t");
		l.number++;
		if (*l.at && *l.at != '#')
			read_line(f, &l);
	}
	if (l.bad || !f->name) {
		fprintf(stderr, "rpmforge: line %u: not understood, or no name\n", l.number);
		return -ERR_FORMAT;
	}
	return 0;
}

void forge_release(struct forge *f)
{
	for (size_t i = 0; i < f->file_count; i++) {
		free(f->files[i].path);
		free(f->files[i].user);
		free(f->files[i].group);
		free(f->files[i].text);
		free(f->files[i].caps);
	}
	for (size_t i = 0; i < f->dep_count; i++) {
		free(f->deps[i].name);
		free(f->deps[i].version);
	}
	for (size_t i = 0; i < f->script_count; i++) {
		free(f->scripts[i].interpreter);
		free(f->scripts[i].body);
	}
	free(f->files);
	free(f->deps);
	free(f->name);
	free(f->version);
	free(f->release);
	free(f->arch);
	free(f->os);
	free(f->compress);
	*f = (struct forge){ 0 };
}
