/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/owners.h"

#include <errno.h>

#include "common/number.h"

/* Index of name, or where it belongs, in *at. */
static bool find(const struct owners_table *t, const char *name, size_t *at)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(t->items[mid].name, name);

		if (!order) {
			*at = mid;
			return true;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*at = low;
	return false;
}

static int insert(struct owners_table *t, size_t at, const char *name, uint32_t id, int known)
{
	char *copy = strdup(name);

	if (!copy || array_grow((void **)&t->items, t->count, &t->capacity, sizeof(*t->items))) {
		free(copy);
		return -ENOMEM;
	}
	memmove(t->items + at + 1, t->items + at, (t->count - at) * sizeof(*t->items));
	t->items[at] = (struct owners_name){ .name = copy, .id = id, .known = known };
	t->count++;
	return 0;
}

static int learn(struct owners_table *t, const char *name, uint32_t id)
{
	size_t at;

	return find(t, name, &at) ? 0 : insert(t, at, name, id, 1);
}

int owners_init(struct owners *o)
{
	*o = (struct owners){ 0 };
	if (learn(&o->users, "root", 0) || learn(&o->groups, "root", 0))
		return -ENOMEM;
	return 0;
}

static void release_table(struct owners_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->items[i].name);
	free(t->items);
	*t = (struct owners_table){ 0 };
}

void owners_release(struct owners *o)
{
	release_table(&o->users);
	release_table(&o->groups);
}

/* name:password:number:... of one line; both files begin alike. */
static int add_line(struct owners_table *t, char *line)
{
	char *save = NULL, *name, *number;
	uint64_t id;

	/* "+" lines ask NIS, which a package cannot bring. */
	if (!*line || *line == '#' || *line == '+' || *line == '-' || *line == ':')
		return 0;
	name = strtok_r(line, ":", &save);
	number = strchr(save ? save : "", ':');
	if (!name || !number)
		return 0;
	number++;
	number[strcspn(number, ":")] = '\0';
	/* The last number stands for "no such user" in every system call. */
	if (number_parse(number, 0, UINT32_MAX - 1, &id))
		return 0;
	return learn(t, name, (uint32_t)id);
}

static int add_text(struct owners_table *t, const char *text, size_t size)
{
	char *copy = malloc(size + 1), *line, *next;
	int rc = 0;

	if (!copy)
		return -ENOMEM;
	if (size)
		memcpy(copy, text, size);
	copy[size] = '\0';
	for (line = copy; line && !rc; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		rc = add_line(t, line);
	}
	free(copy);
	return rc;
}

int owners_add_passwd(struct owners *o, const char *text, size_t size)
{
	return add_text(&o->users, text, size);
}

int owners_add_group(struct owners *o, const char *text, size_t size)
{
	return add_text(&o->groups, text, size);
}

static int look_up(struct owners_table *t, const char *name, uint32_t *id)
{
	size_t at;
	int rc;

	*id = 0;
	if (!find(t, name, &at)) {
		rc = insert(t, at, name, 0, 0);
		if (rc)
			return rc;
	}
	*id = t->items[at].id;
	if (!t->items[at].known)
		t->items[at].unknown_files++;
	return 0;
}

int owners_user(struct owners *o, const char *name, uint32_t *uid)
{
	return look_up(&o->users, name, uid);
}

int owners_group(struct owners *o, const char *name, uint32_t *gid)
{
	return look_up(&o->groups, name, gid);
}

static bool known_id(const struct owners_table *t, const char *name, uint32_t *id)
{
	size_t at;

	if (!find(t, name, &at) || !t->items[at].known)
		return false;
	*id = t->items[at].id;
	return true;
}

bool owners_user_id(const struct owners *o, const char *name, uint32_t *uid)
{
	return known_id(&o->users, name, uid);
}

bool owners_group_id(const struct owners *o, const char *name, uint32_t *gid)
{
	return known_id(&o->groups, name, gid);
}

bool owners_know(const struct owners *o, const char *user, const char *group)
{
	uint32_t id;

	return known_id(&o->users, user, &id) && known_id(&o->groups, group, &id);
}

static int warn_table(const struct owners_table *t, const char *what, const char *file,
		      struct strlist *warnings)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct owners_name *n = &t->items[i];
		int rc = 0;

		if (n->unknown_files)
			rc = strlist_addf(warnings, "%s '%s' is not in the image's %s: %u %s root's",
					  what, n->name, file, n->unknown_files,
					  n->unknown_files == 1 ? "file is" : "files are");
		if (rc)
			return rc;
	}
	return 0;
}

int owners_warn(const struct owners *o, struct strlist *warnings)
{
	int rc = warn_table(&o->users, "user", "/etc/passwd", warnings);

	return rc ? rc : warn_table(&o->groups, "group", "/etc/group", warnings);
}
