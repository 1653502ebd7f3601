/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding, reading and overlaying the files of a profile. */
#include "mkroot/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/suggest.h"
#include "mkroot/profile_keys.h"

#define MAX_FILE (1u << 20)
#define MAX_LINE 190 /* inih cuts at 200, in silence */
#define MAX_KEYS 64

/* One file while inih reads it. */
struct parse {
	struct profile *p;
	const char *path;
	char *folder;
	const char *text; /* what inih has not seen yet */
	int line;
	int seen[MAX_KEYS]; /* line of each key of the table, 0: not yet */
	int rc;
	struct error *err;
};

static int parse_error(struct parse *ps, const char *what, const char *detail)
{
	ps->rc = error_set(ps->err, -ERR_FORMAT, ps->path, "line %d: %s '%s'", ps->line, what,
			   detail);
	return ps->rc;
}

/* inih asks for the next line; NULL ends it, also after an error. */
static char *next_line(char *buf, int size, void *stream)
{
	struct parse *ps = stream;
	size_t len;

	if (ps->rc || !*ps->text)
		return NULL;
	/* To inih an indented key would be the rest of the value before it. */
	ps->text += strspn(ps->text, " \t");
	len = strcspn(ps->text, "\n");
	ps->line++;
	if (len > MAX_LINE || len + 2 > (size_t)size) {
		ps->rc = error_set(ps->err, -ERR_FORMAT, ps->path, "line %d: longer than %d bytes",
				   ps->line, MAX_LINE);
		return NULL;
	}
	memcpy(buf, ps->text, len);
	ps->text += len;
	if (*ps->text)
		ps->text++;
	/* The end of line that inih strips anyway. */
	memcpy(buf + len, "\n", 2);
	return buf;
}

static int unknown_key(struct parse *ps, const char *section, const char *name)
{
	bool section_known = false;
	struct suggestion key = suggestion_for(name), sec = suggestion_for(section);

	for (const struct profile_key *k = profile_keys; k->section; k++) {
		suggestion_offer(&sec, k->section);
		if (strcmp(k->section, section) != 0)
			continue;
		section_known = true;
		suggestion_offer(&key, k->name);
	}
	if (!*section)
		return parse_error(ps, "before the first [section]: key", name);
	parse_error(ps, section_known ? "unknown key" : "unknown section",
		    section_known ? name : section);
	if (section_known && key.best)
		error_hint(ps->err, "did you mean '%s'?", key.best);
	else if (!section_known && sec.best)
		error_hint(ps->err, "did you mean [%s]?", sec.best);
	return ps->rc;
}

/* The first time in a file, a list begins anew: it replaces what an earlier file said. */
static int store(struct parse *ps, const struct profile_key *k, const char *text)
{
	size_t index = (size_t)(k - profile_keys);
	void *field = (char *)ps->p + k->field;
	struct profile_value v = { text, ps->folder };
	const char *why = "a value";
	int rc;

	if (ps->seen[index] && !k->is_list) {
		ps->rc = error_set(ps->err, -ERR_FORMAT, ps->path,
				   "line %d: '%s' is repeated (first in line %d)", ps->line,
				   k->name, ps->seen[index]);
		return ps->rc;
	}
	if (k->is_list && !ps->seen[index])
		strlist_release(field);
	ps->seen[index] = ps->line;
	rc = k->store(k, field, &v, &why);
	if (rc == -ERR_FORMAT) {
		ps->rc = error_set(ps->err, rc, ps->path, "line %d: '%s = %s': not understood",
				   ps->line, k->name, text);
		error_hint(ps->err, k->words ? "one of: %s" : "%s", why);
	} else if (rc) {
		ps->rc = error_nomem(ps->err);
	}
	return ps->rc;
}

/* inih: 1 is good. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct parse *ps = user;

	if (ps->rc)
		return 0;
	for (const struct profile_key *k = profile_keys; k->section; k++)
		if (!strcmp(k->section, section) && !strcmp(k->name, name))
			return !store(ps, k, value);
	unknown_key(ps, section, name);
	return 0;
}

/* Items that argv-like readers find the end of. */
static int terminate(struct strlist *l)
{
	if (array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items)))
		return -ENOMEM;
	l->items[l->count] = NULL;
	return 0;
}

static int terminate_lists(struct profile *p, struct error *err)
{
	struct strlist *lists[] = { &p->arches, &p->securetty, &p->selections,
				    &p->fixups, &p->media,     &p->keyrings,
				    &p->legacy_digests,	       &p->legacy_keys, &p->module_names };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (terminate(lists[i]))
			return error_nomem(err);
	return 0;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int profile_parse(struct profile *p, const char *text, const char *path, struct error *err)
{
	struct parse ps = { .p = p, .path = path, .text = text, .err = err };
	int bad;

	ps.folder = folder_of(path);
	if (!ps.folder)
		return error_nomem(err);
	bad = ini_parse_stream(next_line, &ps, handle, &ps);
	free(ps.folder);
	if (!ps.rc && bad)
		ps.rc = error_set(err, bad < 0 ? -ENOMEM : -ERR_FORMAT, path,
				  "line %d: neither [section] nor 'key = value'", bad);
	return ps.rc ? ps.rc : terminate_lists(p, err);
}

int profile_init(struct profile *p, struct error *err)
{
	*p = (struct profile){
		.colour = PROFILE_UNSET,
		.preferred_colour = PROFILE_UNSET,
		.free_bytes = OPTIONS_BYTES_UNSET,
		.block_size = 4096,
		.scripts = SCRIPTS_UNSET,
	};
	return terminate_lists(p, err);
}

void profile_release(struct profile *p)
{
	char **texts[] = { &p->name,
			   &p->path,
			   &p->user_path,
			   &p->arch,
			   &p->kernel,
			   &p->root_device,
			   &p->console,
			   &p->hostname,
			   &p->filesystem,
			   &p->features,
			   &p->label,
			   &p->database_path,
			   &p->database_format,
			   &p->shell,
			   &p->modules };
	struct strlist *lists[] = { &p->arches, &p->securetty, &p->selections,
				    &p->fixups, &p->media,     &p->keyrings,
				    &p->legacy_digests,	       &p->legacy_keys, &p->module_names };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		strlist_release(lists[i]);
}

/* The whole file, NUL-terminated. */
static int read_text(int fd, const char *path, struct strbuf *text, struct error *err)
{
	ssize_t n;

	while (text->len <= MAX_FILE) {
		if (strbuf_reserve(text, 65536))
			return error_nomem(err);
		n = read(fd, text->data + text->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno, path, "cannot be read");
		text->data[text->len + (size_t)n] = '\0';
		if (!n)
			break;
		text->len += (size_t)n;
	}
	if (text->len > MAX_FILE)
		return error_set(err, -ERR_LIMIT, path, "larger than 1 MiB: no profile");
	if (strlen(text->data) != text->len)
		return error_set(err, -ERR_FORMAT, path, "holds a NUL byte: no profile");
	return 0;
}

/* -ENOENT is returned without a text: whether that is an error the caller knows. */
static int read_file(struct profile *p, const char *path, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return -ENOENT;
	if (fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	rc = read_text(fd, path, &text, err);
	close(fd);
	if (!rc)
		rc = profile_parse(p, text.data, path, err);
	strbuf_release(&text);
	return rc;
}

/* "a/b/suse9.conf" -> "suse9". New string. */
static char *stem(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t n = strlen(base);

	if (n > 5 && !strcmp(base + n - 5, ".conf"))
		n -= 5;
	return strndup(base, n);
}

static int not_found(const char *name, const struct datadir *data, const char *user_path,
		     struct error *err)
{
	struct strlist files = STRLIST_INIT, names = STRLIST_INIT;
	struct suggestion s = suggestion_for(name);
	struct strbuf all = STRBUF_INIT;
	int rc = datadir_list(data->profiles, ".conf", &files, err);

	if (rc)
		goto out;
	for (size_t i = 0; i < files.count; i++) {
		if (strlist_take(&names, stem(files.items[i])) ||
		    strbuf_addf(&all, "%s%s", i ? ", " : "", names.items[i])) {
			rc = error_nomem(err);
			goto out;
		}
		suggestion_offer(&s, names.items[i]);
	}
	rc = error_set(err, -ERR_NOT_FOUND, name, "no such profile");
	if (s.best)
		error_hint(err, "did you mean '%s'?", s.best);
	else if (all.len)
		error_hint(err, "there are %s%s%s; a path to a .conf file works too", all.data,
			   user_path ? ", and your own would be " : "", user_path ? user_path : "");
	else
		error_hint(err,
			   "there are none in %s; set MKROOT_DATADIR, or give the path of a .conf "
			   "file",
			   data->profiles);
out:
	strlist_release(&files);
	strlist_release(&names);
	strbuf_release(&all);
	return rc;
}

/* Where the user's own NAME.conf would be; stays NULL without a home. */
static int find_user_path(struct profile *p, struct error *err)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n = 0;

	if (config && *config == '/') /* as the XDG specification has it: else ignored */
		n = asprintf(&p->user_path, "%s/mkroot/%s.conf", config, p->name);
	else if (home && *home)
		n = asprintf(&p->user_path, "%s/.config/mkroot/%s.conf", home, p->name);
	if (n >= 0)
		return 0;
	p->user_path = NULL;
	return error_nomem(err);
}

static int load_path(struct profile *p, const char *path, struct error *err)
{
	int rc = read_file(p, path, err);

	if (rc == -ENOENT)
		return error_set(err, -ERR_NOT_FOUND, path, "no such profile");
	return rc;
}

/* The shipped one, the user's over it; one of them must be there. */
static int load_name(struct profile *p, const struct datadir *data, struct error *err)
{
	int rc = read_file(p, p->path, err), user = -ENOENT;

	if (rc && rc != -ENOENT)
		return rc;
	if (p->user_path)
		user = read_file(p, p->user_path, err);
	/* A HOME that is somebody else's (sudo -u, setpriv) holds no profile of this user. */
	if (user == -EACCES) {
		error_release(err);
		user = -ENOENT;
	}
	if (user && user != -ENOENT)
		return user;
	if (!rc || !user)
		return 0;
	return not_found(p->name, data, p->user_path, err);
}

int profile_load(struct profile *p, const char *name, const struct datadir *data, struct error *err)
{
	size_t n = strlen(name);
	bool is_path = strchr(name, '/') || (n > 5 && !strcmp(name + n - 5, ".conf"));
	int rc;

	p->name = stem(name);
	if (is_path)
		p->path = strdup(name);
	else if (asprintf(&p->path, "%s/%s.conf", data->profiles, name) < 0)
		p->path = NULL;
	if (!p->name || !p->path)
		return error_nomem(err);
	rc = find_user_path(p, err);
	if (rc)
		return rc;
	return is_path ? load_path(p, p->path, err) : load_name(p, data, err);
}

int profile_need_media(const struct profile *p, struct error *err)
{
	if (p->media.count)
		return 0;
	error_set(err, -ERR_NOT_FOUND, p->name, "the profile does not say where the media is");
	if (p->user_path)
		return error_hint(
			err, "give --media DIR, or write '[media]' and 'location = DIR' into %s",
			p->user_path);
	return error_hint(err, "give --media DIR");
}
