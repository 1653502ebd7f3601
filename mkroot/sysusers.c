/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/sysusers.h"

#include <errno.h>
#include <fnmatch.h>
#include <rpm/header.h>
#include <rpm/rpmbase64.h>
#include <rpm/rpmds.h>
#include <sys/stat.h>

#include "common/number.h"

#define FOLDER	      "/usr/lib/sysusers.d/*.conf"
#define MAX_FILE      (1u << 20)
#define MAX_ACCOUNTS  (4u << 20) /* bytes of the image's account files */
#define FIELDS	      6
#define HIGHEST	      999 /* numbers of systems go downwards from here, as systemd's do */
#define LOWEST	      100

void sysusers_release(struct sysusers *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].name);
		free(s->items[i].gecos);
		free(s->items[i].home);
		free(s->items[i].shell);
	}
	free(s->items);
	strbuf_release(&s->passwd);
	strbuf_release(&s->group);
	strbuf_release(&s->shadow);
	strbuf_release(&s->gshadow);
	*s = (struct sysusers){ 0 };
}

/* A word of the line, or what stands in quotes; the line is cut up. NULL at its end. */
static char *next_field(char **line)
{
	char *start = *line + strspn(*line, " \t"), quote = 0;

	if (!*start)
		return NULL;
	if (*start == '"' || *start == '\'')
		quote = *start++;
	*line = quote ? strchrnul(start, quote) : start + strcspn(start, " \t");
	if (**line)
		*(*line)++ = '\0';
	return start;
}

/* For a field of passwd: neither colon nor control byte, and none of systemd's specifiers. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == ':' || *text == '%' || *text == 0x7f)
			return false;
	return true;
}

/* "-" stands for no value. */
static bool is_name(const char *text)
{
	return *text && *text != '-' && *text != '/' && !strpbrk(text, " \t") && is_plain(text);
}

static char *copy_field(const char *text, bool *failed)
{
	char *copy;

	if (!text || !*text || !strcmp(text, "-") || !is_plain(text))
		return NULL;
	copy = strdup(text);
	*failed |= !copy;
	return copy;
}

static uint32_t number_of(const char *text)
{
	uint64_t value;

	return number_parse(text, 0, UINT32_MAX - 1, &value) ? SYSUSER_ANY : (uint32_t)value;
}

static struct sysuser *find(struct sysusers *s, const char *name, bool is_user)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].is_user == is_user && !strcmp(s->items[i].name, name))
			return &s->items[i];
	return NULL;
}

/* "u NAME ID GECOS HOME SHELL", "g NAME ID"; the first declaration of a name is the one that counts. */
static int add_line(struct sysusers *s, char *line)
{
	char *fields[FIELDS] = { NULL }, *gid;
	struct sysuser *u;
	bool failed = false;

	for (size_t i = 0; i < FIELDS && (fields[i] = next_field(&line)); i++)
		;
	/* "u!" is a locked one. */
	if (!fields[0] || !fields[1] || !is_name(fields[1]) ||
	    (strcmp(fields[0], "u") && strcmp(fields[0], "u!") && strcmp(fields[0], "g")))
		return 0;
	if (find(s, fields[1], fields[0][0] == 'u'))
		return 0;
	if (array_grow((void **)&s->items, s->count, &s->capacity, sizeof(*s->items)))
		return -ENOMEM;
	u = &s->items[s->count++];
	*u = (struct sysuser){ .is_user = fields[0][0] == 'u', .uid = SYSUSER_ANY, .gid = SYSUSER_ANY };
	gid = fields[2] ? strchr(fields[2], ':') : NULL;
	if (gid)
		*gid++ = '\0';
	if (fields[2])
		u->uid = number_of(fields[2]);
	u->gid = gid ? number_of(gid) : u->uid;
	u->name = copy_field(fields[1], &failed);
	u->gecos = copy_field(fields[3], &failed);
	u->home = copy_field(fields[4], &failed);
	u->shell = copy_field(fields[5], &failed);
	return failed || !u->name ? -ENOMEM : 0;
}

int sysusers_add_text(struct sysusers *s, const char *text)
{
	char *copy = strdup(text), *line, *next;
	int rc = copy ? 0 : -ENOMEM;

	for (line = copy; !rc && line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (line[strspn(line, " \t")] != '#')
			rc = add_line(s, line);
	}
	free(copy);
	return rc;
}

/* user(NAME) = BASE64; without a version nothing but the name is known. */
static int add_provide(struct sysusers *s, const char *name, const char *version)
{
	bool is_user = !strncmp(name, "user(", 5);
	const char *start = strchr(name, '(') + 1;
	char *line = NULL;
	void *data = NULL;
	size_t size = 0;
	int rc;

	if (version && *version && rpmBase64Decode(version, &data, &size) == 0)
		rc = asprintf(&line, "%.*s", (int)(size < 4096 ? size : 4096), (char *)data);
	else
		rc = asprintf(&line, "%c %.*s -", is_user ? 'u' : 'g', (int)strcspn(start, ")"), start);
	free(data);
	if (rc < 0)
		return -ENOMEM;
	rc = sysusers_add_text(s, line);
	free(line);
	return rc;
}

static int learn_provides(struct sysusers *s, Header h)
{
	rpmds ds = rpmdsNew(h, RPMTAG_PROVIDENAME, 0);
	int rc = 0;

	while (!rc && rpmdsNext(ds) >= 0) {
		const char *name = rpmdsN(ds);

		if (!strncmp(name, "user(", 5) || !strncmp(name, "group(", 6))
			rc = add_provide(s, name, rpmdsEVR(ds));
	}
	rpmdsFree(ds);
	return rc;
}

int sysusers_learn(struct sysusers *s, const struct package *p, const struct package_files *files,
		   struct error *err)
{
	if (learn_provides(s, p->header))
		return error_nomem(err);
	for (uint32_t f = 0; f < files->count; f++) {
		struct strbuf text = STRBUF_INIT;
		int rc;

		if (!S_ISREG(files->items[f].mode) || files->items[f].size > MAX_FILE ||
		    fnmatch(FOLDER, files->items[f].path, FNM_PATHNAME) != 0)
			continue;
		rc = payload_extract(p, files, &f, 1, &text, MAX_FILE, err);
		if (!rc && text.data && sysusers_add_text(s, text.data))
			rc = error_nomem(err);
		strbuf_release(&text);
		if (rc)
			return rc;
	}
	return 0;
}

void sysusers_want(struct sysusers *s, const char *user, const char *group)
{
	for (size_t i = 0; i < s->count; i++) {
		struct sysuser *u = &s->items[i];

		/* A user may be wanted for its group. */
		u->wanted |= u->is_user && !strcmp(u->name, user);
		u->wanted |= !strcmp(u->name, group);
	}
}

static bool is_taken(const struct owners_table *t, uint32_t id)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->items[i].known && t->items[i].id == id)
			return true;
	return false;
}

/* A number that neither a user nor a group has; wish when that is free. 0: there is none. */
static uint32_t free_number(const struct owners *o, uint32_t wish)
{
	if (wish != SYSUSER_ANY && !is_taken(&o->users, wish) && !is_taken(&o->groups, wish))
		return wish;
	for (uint32_t id = HIGHEST; id >= LOWEST; id--)
		if (!is_taken(&o->users, id) && !is_taken(&o->groups, id))
			return id;
	return 0;
}

static int add_group(struct sysusers *s, struct owners *o, const char *name, uint32_t gid)
{
	struct strbuf line = STRBUF_INIT;
	int rc = strbuf_addf(&line, "%s:x:%u:\n", name, gid);

	if (!rc)
		rc = owners_add_group(o, line.data, line.len);
	if (!rc)
		rc = strbuf_add(&s->group, line.data, line.len);
	if (!rc)
		rc = strbuf_addf(&s->gshadow, "%s:!*::\n", name);
	strbuf_release(&line);
	return rc;
}

static int add_user(struct sysusers *s, struct owners *o, const struct sysuser *u, uint32_t uid,
		    uint32_t gid, uint32_t now)
{
	struct strbuf line = STRBUF_INIT;
	int rc = strbuf_addf(&line, "%s:x:%u:%u:%s:%s:%s\n", u->name, uid, gid,
			     u->gecos ? u->gecos : "", u->home ? u->home : "/",
			     u->shell ? u->shell : "/usr/sbin/nologin");

	if (!rc)
		rc = owners_add_passwd(o, line.data, line.len);
	if (!rc)
		rc = strbuf_add(&s->passwd, line.data, line.len);
	if (!rc)
		rc = strbuf_addf(&s->shadow, "%s:!*:%u::::::\n", u->name, now / 86400);
	strbuf_release(&line);
	return rc;
}

static int settle_one(struct sysusers *s, struct owners *o, const struct sysuser *u, uint32_t now)
{
	const struct sysuser *group = find(s, u->name, false);
	uint32_t gid = u->gid, uid = u->uid;
	int rc = 0;

	if (owners_group_id(o, u->name, &gid)) {
		/* It is there. */
	} else if (u->is_user && u->gid != u->uid && u->gid != SYSUSER_ANY) {
		gid = u->gid; /* "UID:GID" makes no group */
	} else {
		gid = free_number(o, group && group->gid != SYSUSER_ANY ? group->gid : u->gid);
		rc = gid ? add_group(s, o, u->name, gid) : 0;
	}
	if (rc || !u->is_user || !gid || owners_user_id(o, u->name, &uid))
		return rc;
	if (uid == SYSUSER_ANY || is_taken(&o->users, uid))
		uid = is_taken(&o->users, gid) ? free_number(o, SYSUSER_ANY) : gid;
	return uid ? add_user(s, o, u, uid, gid, now) : 0;
}

int sysusers_settle(struct sysusers *s, struct owners *o, uint32_t now)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < s->count; i++)
		if (s->items[i].wanted)
			rc = settle_one(s, o, &s->items[i], now);
	return rc;
}

static int append(struct image *image, const char *path, const struct strbuf *lines, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (!lines->len || !image_exists(image, path))
		return 0;
	rc = image_read_file(image, path, MAX_ACCOUNTS, &text, err);
	if (!rc && ((text.len && text.data[text.len - 1] != '\n' && strbuf_adds(&text, "\n")) ||
		    strbuf_add(&text, lines->data, lines->len)))
		rc = error_nomem(err);
	if (!rc)
		rc = image_write_file(image, path, text.data, text.len, NULL, err);
	strbuf_release(&text);
	return rc;
}

int sysusers_apply(const struct sysusers *s, struct image *image, struct error *err)
{
	int rc = append(image, "/etc/passwd", &s->passwd, err);

	if (!rc)
		rc = append(image, "/etc/group", &s->group, err);
	if (!rc)
		rc = append(image, "/etc/shadow", &s->shadow, err);
	return rc ? rc : append(image, "/etc/gshadow", &s->gshadow, err);
}
