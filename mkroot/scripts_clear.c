/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What scriptlets leave behind that is not the same the next time: logs,
 * seeds, numbers of processes, names of temporary files. It is emptied or left
 * out; what a system needs and nobody can make the same is kept and told.
 */
#include <errno.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include "mkroot/build.h"

static const struct {
	const char *pattern; /* of fnmatch(3); '*' does not stand for '/' */
	bool below;	     /* and everything below it */
	enum replay_verdict verdict;
	const char *why;
} rules[] = {
	{ "/var/log/*", true, REPLAY_EMPTY, "a log" },
	{ "/tmp/*", true, REPLAY_LEAVE, "a temporary file" },
	{ "/var/tmp/*", true, REPLAY_LEAVE, "a temporary file" },
	{ "/etc/machine-id", false, REPLAY_EMPTY, "the machine's own number" },
	{ "/var/lib/dbus/machine-id", false, REPLAY_LEAVE, "the machine's own number" },
	{ "/var/lib/systemd/random-seed", false, REPLAY_LEAVE, "a random seed" },
	{ "/var/lib/random-seed", false, REPLAY_LEAVE, "a random seed" },
	{ "/var/lib/misc/random-seed", false, REPLAY_LEAVE, "a random seed" },
	{ "/var/lib/urandom/random-seed", false, REPLAY_LEAVE, "a random seed" },
	{ "/var/cache/ldconfig/aux-cache", false, REPLAY_LEAVE, "a cache of inode numbers" },
	{ "/var/lib/rpm/*-shm", false, REPLAY_LEAVE, "a lock" },
	{ "/var/lib/rpm/.rpm.lock", false, REPLAY_LEAVE, "a lock" },
	{ "/var/lib/rpm/.dbenv.lock", false, REPLAY_LEAVE, "a lock" },
	{ "/var/lib/rpm/__db.*", false, REPLAY_LEAVE, "a lock" },
	{ "/usr/lib/sysimage/rpm/*-shm", false, REPLAY_LEAVE, "a lock" },
	{ "/usr/lib/sysimage/rpm/.rpm.lock", false, REPLAY_LEAVE, "a lock" },
	{ "/run/*.pid", false, REPLAY_LEAVE, "a number of a process" },
	{ "/run/*/*.pid", false, REPLAY_LEAVE, "a number of a process" },
	{ "/var/run/*.pid", false, REPLAY_LEAVE, "a number of a process" },
	{ "/var/run/*/*.pid", false, REPLAY_LEAVE, "a number of a process" },
	/* Kept. */
	{ "/etc/ssh/ssh_host_*", false, REPLAY_TAKE, "a key" },
	{ "/etc/ssl/private/*", true, REPLAY_TAKE, "a key" },
	{ "/etc/pki/tls/private/*", true, REPLAY_TAKE, "a key" },
	{ "/var/lib/rpm/*", false, REPLAY_TAKE, "the rpm database, which has times of its own" },
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

/* path or a folder that it is in */
static bool matches(size_t rule, const char *path)
{
	int flags = FNM_PATHNAME | (rules[rule].below ? FNM_LEADING_DIR : 0);

	return fnmatch(rules[rule].pattern, path, flags) == 0;
}

static size_t find_rule(const char *path)
{
	size_t i = 0;

	while (i < RULE_COUNT && !matches(i, path))
		i++;
	return i;
}

/* Folders and links tell nothing that varies; what is gone, is gone every time. */
static bool applies(enum replay_kind kind, uint32_t mode)
{
	return kind != REPLAY_REMOVED && S_ISREG(mode);
}

enum replay_verdict scripts_verdict(void *build, const char *path, enum replay_kind kind,
				    uint32_t mode)
{
	size_t rule = find_rule(path);

	if (rule == RULE_COUNT || kind == REPLAY_REMOVED)
		return REPLAY_TAKE;
	/* Names of temporary files are random, of whatever type they are; other kinds of files have no contents. */
	if (rules[rule].verdict == REPLAY_LEAVE)
		return REPLAY_LEAVE;
	if (!applies(kind, mode) || rules[rule].verdict == REPLAY_TAKE)
		return REPLAY_TAKE;
	/* What a package brought stays as it was. */
	return kind == REPLAY_CHANGED && strcmp(path, "/etc/machine-id") != 0 ? REPLAY_LEAVE : REPLAY_EMPTY;
}

static const char *told(const struct replay_change *c)
{
	if (c->verdict == REPLAY_EMPTY)
		return "emptied";
	return c->kind == REPLAY_ADDED ? "left out" : "left as it was";
}

int scripts_note_cleared(struct build *b, struct error *err)
{
	const struct replay_log *l = &b->scripts.log;
	int rc = 0;

	for (size_t i = 0; !rc && i < l->count; i++) {
		const struct replay_change *c = &l->items[i];
		size_t rule = find_rule(c->path);

		if (rule == RULE_COUNT || c->kind == REPLAY_REMOVED)
			continue;
		if (c->verdict != REPLAY_TAKE)
			rc = strlist_addf(&b->scripts.cleared, "%s: %s, %s", c->path, rules[rule].why,
					  told(c));
		else if (rules[rule].verdict == REPLAY_TAKE)
			rc = strlist_addf(&b->scripts.varying, "%s: %s", c->path, rules[rule].why);
	}
	return rc ? error_nomem(err) : 0;
}
