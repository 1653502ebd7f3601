/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line over the profile, and what nobody said. */
#include <errno.h>

#include "common/suggest.h"
#include "fixups/fixup.h"
#include "mkroot/profile_keys.h"

static int set_text(char **field, const char *text, struct error *err)
{
	char *copy;

	if (!text)
		return 0;
	copy = strdup(text);
	if (!copy)
		return error_nomem(err);
	free(*field);
	*field = copy;
	return 0;
}

static int set_default(char **field, const char *text, struct error *err)
{
	return *field ? 0 : set_text(field, text, err);
}

/* NULL at the end, see profile.h. */
static int terminate(struct strlist *l, struct error *err)
{
	if (array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items)))
		return error_nomem(err);
	l->items[l->count] = NULL;
	return 0;
}

/* What the command line names replaces what the profile names. */
static int replace_list(struct strlist *to, const struct strlist *from, struct error *err)
{
	if (!from->count)
		return 0;
	strlist_release(to);
	for (size_t i = 0; i < from->count; i++)
		if (strlist_add(to, from->items[i]))
			return error_nomem(err);
	return terminate(to, err);
}

/* Another architecture of the same profile: what stands behind it in the list still runs. */
static int change_arch(struct profile *p, const char *arch, struct error *err)
{
	struct strlist rest = STRLIST_INIT;
	long at = strlist_find(&p->arches, arch);
	int rc = 0;

	for (size_t i = (size_t)at; at >= 0 && !rc && i < p->arches.count; i++)
		rc = strlist_add(&rest, p->arches.items[i]);
	strlist_release(&p->arches);
	p->arches = rest;
	p->colour = p->preferred_colour = PROFILE_UNSET;
	return rc ? error_nomem(err) : set_text(&p->arch, arch, err);
}

static int settle_arch(struct profile *p, const struct options *o, struct error *err)
{
	int rc = 0;

	if (o->arch && (!p->arch || strcmp(o->arch, p->arch) != 0))
		rc = change_arch(p, o->arch, err);
	if (!rc)
		rc = set_default(&p->arch, arch_of_host(), err);
	if (rc)
		return rc;
	if (!p->arches.count && arch_compatible(p->arch, &p->arches))
		return error_nomem(err);
	if (strlist_find(&p->arches, p->arch) < 0)
		return error_set(err, -ERR_FORMAT, p->path, "arch '%s' is not among its arches",
				 p->arch);
	if (p->colour == PROFILE_UNSET)
		p->colour = arch_colour(p->arch);
	if (p->preferred_colour == PROFILE_UNSET)
		p->preferred_colour = p->colour & 2;
	return terminate(&p->arches, err);
}

static int settle_filesystem(struct profile *p, const struct options *o, struct error *err)
{
	int rc;

	/* Features and inodes that were chosen for one type mean nothing for another. */
	if (o->filesystem && p->filesystem && strcmp(o->filesystem, p->filesystem) != 0) {
		free(p->features);
		p->features = NULL;
		p->inode_size = 0;
	}
	rc = set_text(&p->filesystem, o->filesystem, err);
	if (!rc)
		rc = set_default(&p->filesystem, "ext2", err);
	if (!rc)
		rc = set_text(&p->label, o->label, err);
	if (o->selinux)
		p->selinux = SELINUX_YES;
	if (o->block_size)
		p->block_size = o->block_size;
	if (o->size)
		p->size = o->size;
	if (o->free_bytes != OPTIONS_BYTES_UNSET) {
		p->free_bytes = o->free_bytes;
		p->size = 0;
	}
	return rc;
}

static int unknown_fixup(const char *name, const struct profile *p, struct error *err)
{
	struct suggestion s = suggestion_for(name);

	for (const struct fixup *f = fixup_table; f->name; f++)
		suggestion_offer(&s, f->name);
	error_set(err, p ? -ERR_FORMAT : -ERR_USAGE, p ? p->path : NULL, "unknown fixup '%s'", name);
	if (s.best)
		return error_hint(err, "did you mean '%s'?", s.best);
	return error_hint(err, "--list-fixups shows them all");
}

/* p: the profile that has them, NULL for the command line. */
static int check_fixups(const struct strlist *names, const struct profile *p, struct error *err)
{
	for (size_t i = 0; i < names->count; i++)
		if (!fixup_find(names->items[i]) && (!p || strcmp(names->items[i], "all") != 0))
			return unknown_fixup(names->items[i], p, err);
	return 0;
}

static bool is_wanted(const struct profile *p, const struct options *o, const char *name)
{
	if (strlist_find(&o->no_fixups, name) >= 0)
		return false;
	return strlist_find(&o->fixups, name) >= 0 || strlist_find(&p->fixups, name) >= 0 ||
	       strlist_find(&p->fixups, "all") >= 0;
}

/* The profile's and --fixup, without --no-fixup, in the order of the table. */
static int settle_fixups(struct profile *p, const struct options *o, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	int rc = check_fixups(&p->fixups, p, err);

	if (!rc)
		rc = check_fixups(&o->fixups, NULL, err);
	if (!rc)
		rc = check_fixups(&o->no_fixups, NULL, err);
	for (const struct fixup *f = fixup_table; !rc && f->name; f++)
		if (is_wanted(p, o, f->name) && strlist_add(&names, f->name))
			rc = error_nomem(err);
	strlist_release(&p->fixups);
	p->fixups = names;
	return rc ? rc : terminate(&p->fixups, err);
}

static int settle_system(struct profile *p, const struct options *o, struct error *err)
{
	bool old;
	int rc = set_default(&p->kernel, "6", err);

	if (rc)
		return rc;
	old = !strcmp(p->kernel, "2.4");
	rc = set_default(&p->root_device, old ? "/dev/ubd/0" : "/dev/ubda", err);
	if (!rc)
		rc = set_text(&p->hostname, o->hostname, err);
	if (!rc)
		rc = set_text(&p->modules, o->modules, err);
	if (!rc && o->module_names.count && !p->modules)
		rc = error_set(err, -ERR_USAGE, o->module_names.items[0], "--module needs --modules");
	if (o->swap != OPTIONS_BYTES_UNSET)
		p->swap = o->swap;
	if (o->scripts != SCRIPTS_UNSET)
		p->scripts = o->scripts;
	p->no_docs |= o->no_docs;
	p->recommends |= o->recommends;
	return rc;
}

static int settle_database(struct profile *p, struct error *err)
{
	int rc = set_default(&p->database_path, "/var/lib/rpm", err);

	if (!rc)
		rc = set_default(&p->database_format, "sqlite", err);
	if (!rc && !strcmp(p->database_format, "none")) {
		free(p->database_format);
		p->database_format = NULL;
	}
	return rc;
}

int profile_settle(struct profile *p, const struct options *o, struct error *err)
{
	int rc = settle_arch(p, o, err);

	if (!rc)
		rc = settle_filesystem(p, o, err);
	if (!rc)
		rc = settle_system(p, o, err);
	if (!rc)
		rc = settle_database(p, err);
	if (!rc)
		rc = settle_fixups(p, o, err);
	if (!rc)
		rc = replace_list(&p->media, &o->media, err);
	if (!rc)
		rc = replace_list(&p->keyrings, &o->keyrings, err);
	if (!rc)
		rc = replace_list(&p->module_names, &o->module_names, err);
	if (rc)
		return rc;
	if (o->action != OPTIONS_LIST && !o->selections.count && !o->add.count && !p->selections.count && !o->locked) {
		error_set(err, -ERR_USAGE, NULL, "no SELECTION given");
		return error_hint(err, "name a selection or a list, or packages with --add NAME");
	}
	return 0;
}
