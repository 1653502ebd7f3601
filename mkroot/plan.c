/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/plan.h"

#include <errno.h>
#include <sys/stat.h>

#include "mkroot/owners.h"
#include "pkg/database.h"

/* passwd and group files are small; a larger one is not one. */
#define MAX_ACCOUNT_FILE (4 << 20)

struct planner {
	struct plan *plan;
	const struct plan_options *options;
	struct owners owners;
	bool has_accounts; /* some package or overlay brings /etc/passwd or /etc/group */
	struct error first_conflict;
};

static int load_files(struct plan *plan, const struct package_list *packages, struct error *err)
{
	plan->packages = calloc(packages->count ? packages->count : 1, sizeof(*plan->packages));
	if (!plan->packages)
		return error_nomem(err);
	for (size_t i = 0; i < packages->count; i++) {
		struct plan_package *pp = &plan->packages[i];
		int rc;

		pp->package = packages->items[i];
		plan->count++;
		rc = package_files_load(&pp->files, pp->package, err);
		if (rc)
			return rc;
		pp->states = calloc(pp->files.count + 1, 1);
		pp->nodes = calloc(pp->files.count + 1, sizeof(*pp->nodes));
		if (!pp->states || !pp->nodes)
			return error_nomem(err);
	}
	return 0;
}

/* Read /etc/passwd or /etc/group from each package that brings one. */
static int learn_accounts(struct planner *pl, const char *path,
			  int (*add)(struct owners *, const char *, size_t), struct error *err)
{
	for (size_t i = 0; i < pl->plan->count; i++) {
		struct plan_package *pp = &pl->plan->packages[i];

		for (uint32_t f = 0; f < pp->files.count; f++) {
			struct strbuf text = STRBUF_INIT;
			int rc;

			if (strcmp(pp->files.items[f].path, path) != 0 ||
			    !S_ISREG(pp->files.items[f].mode))
				continue;
			rc = payload_extract(pp->package, &pp->files, &f, 1, &text,
					     MAX_ACCOUNT_FILE, err);
			if (!rc && add(&pl->owners, text.data ? text.data : "", text.len))
				rc = error_nomem(err);
			pl->has_accounts |= text.len > 0;
			strbuf_release(&text);
			if (rc)
				return rc;
		}
	}
	return 0;
}

/*
 * Accounts that are declared, when files want them. Not when a scriptlet makes
 * the account files: it would find some of them there, and leave it at that.
 */
static int learn_declared(struct planner *pl, struct error *err)
{
	struct sysusers *s = &pl->plan->sysusers;
	int rc = 0;

	if (!pl->has_accounts)
		return 0;
	for (size_t i = 0; !rc && i < pl->plan->count; i++)
		rc = sysusers_learn(s, pl->plan->packages[i].package, &pl->plan->packages[i].files, err);
	if (rc || !s->count)
		return rc;
	for (size_t i = 0; i < pl->plan->count; i++) {
		const struct package_files *files = &pl->plan->packages[i].files;

		for (uint32_t f = 0; f < files->count; f++)
			if (!owners_know(&pl->owners, files->items[f].user, files->items[f].group))
				sysusers_want(s, files->items[f].user, files->items[f].group);
	}
	return sysusers_settle(s, &pl->owners, pl->options->now) ? error_nomem(err) : 0;
}

static int learn_owners(struct planner *pl, struct error *err)
{
	const struct plan_options *o = pl->options;
	int rc = owners_init(&pl->owners);

	if (!rc && o->passwd && o->passwd->len)
		rc = owners_add_passwd(&pl->owners, o->passwd->data, o->passwd->len);
	if (!rc && o->group && o->group->len)
		rc = owners_add_group(&pl->owners, o->group->data, o->group->len);
	if (rc)
		return error_nomem(err);
	pl->has_accounts = (o->passwd && o->passwd->len) || (o->group && o->group->len);
	rc = learn_accounts(pl, "/etc/passwd", owners_add_passwd, err);
	if (!rc)
		rc = learn_accounts(pl, "/etc/group", owners_add_group, err);
	return rc ? rc : learn_declared(pl, err);
}

/* Everything but owners and capabilities, which need the planner. */
static struct tree_entry entry_of(const struct package_file *f, uint32_t owner, uint32_t index)
{
	struct tree_entry e = {
		.path = f->path,
		.mode = f->mode,
		.mtime = f->mtime,
		.size = S_ISREG(f->mode) ? f->size : 0,
		.rdev_major = f->rdev_major,
		.rdev_minor = f->rdev_minor,
		.target = f->target,
		.digest = f->digest,
		.digest_size = f->digest_size,
		.digest_algo = f->digest_algo,
		.owner = owner,
		.file = index,
		.colour = f->colour,
		.link_set = f->link_set,
	};

	if (f->flags & PACKAGE_FILE_CONFIG)
		e.flags |= TREE_CONFIG;
	if (f->flags & PACKAGE_FILE_GHOST)
		e.flags |= TREE_GHOST;
	return e;
}

static bool is_skipped(const struct planner *pl, const struct package_file *f)
{
	return pl->options->no_docs && (f->flags & PACKAGE_FILE_DOC);
}

static int declare_links(struct planner *pl, struct error *err)
{
	for (size_t i = 0; i < pl->plan->count; i++) {
		const struct package_files *files = &pl->plan->packages[i].files;

		for (uint32_t f = 0; f < files->count; f++) {
			const struct package_file *file = &files->items[f];
			struct tree_entry e = entry_of(file, (uint32_t)i, f);
			int rc;

			if (!S_ISLNK(file->mode) || (e.flags & TREE_GHOST) || is_skipped(pl, file))
				continue;
			if (owners_user(&pl->owners, file->user, &e.uid) ||
			    owners_group(&pl->owners, file->group, &e.gid))
				return error_nomem(err);
			rc = tree_declare_link(pl->plan->tree, &e, err);
			if (rc)
				return rc;
		}
	}
	return 0;
}

/* The loser of a replacement is recorded in the guest's database as rpm would. */
static void note_outcome(struct planner *pl, uint8_t *state, const struct tree_result *r)
{
	if (r->outcome == TREE_SKIPPED_COLOUR)
		*state = DATABASE_WRONG_COLOUR;
	if (r->outcome == TREE_REPLACED && r->lost_owner < pl->plan->count &&
	    r->lost_file < pl->plan->packages[r->lost_owner].files.count)
		pl->plan->packages[r->lost_owner].states[r->lost_file] =
			r->lost_by_colour ? DATABASE_WRONG_COLOUR : DATABASE_REPLACED;
}

/* Conflicts are collected; everything else that goes wrong ends the plan. */
static int note_conflict(struct planner *pl, struct error *err)
{
	if (!pl->first_conflict.code) {
		pl->first_conflict = *err;
		*err = (struct error)ERROR_INIT;
		return 0;
	}
	if (strlist_take(&pl->plan->conflicts, error_text(err)))
		return error_nomem(err);
	error_release(err);
	return 0;
}

static int add_file(struct planner *pl, uint32_t owner, uint32_t index, struct error *err)
{
	struct plan_package *pp = &pl->plan->packages[owner];
	const struct package_file *f = &pp->files.items[index];
	struct tree_entry e = entry_of(f, owner, index);
	struct tree_xattr xattr = { .name = "security.capability" };
	struct tree_result result;
	uint8_t caps[24];
	int rc;

	if (is_skipped(pl, f)) {
		pp->states[index] = DATABASE_NOT_INSTALLED;
		pl->plan->skipped_docs++;
		return 0;
	}
	if (owners_user(&pl->owners, f->user, &e.uid) ||
	    owners_group(&pl->owners, f->group, &e.gid))
		return error_nomem(err);
	if (!owners_know(&pl->owners, f->user, f->group)) {
		if (array_grow((void **)&pl->plan->unowned, pl->plan->unowned_count,
			       &pl->plan->unowned_capacity, sizeof(*pl->plan->unowned)))
			return error_nomem(err);
		pl->plan->unowned[pl->plan->unowned_count++] = (struct plan_unowned){ owner, index };
	}
	if (f->caps && *f->caps && S_ISREG(f->mode)) {
		rc = capability_encode(f->caps, caps, &xattr.size, err);
		if (rc)
			return error_hint(err, "file '%s' of package %s", f->path,
					  pp->package->nevra);
		xattr.value = caps;
		e.xattrs = &xattr;
		e.xattr_count = 1;
	}
	rc = tree_add(pl->plan->tree, &e, &result, err);
	if (rc == -ERR_CONFLICT)
		return note_conflict(pl, err);
	if (rc)
		return rc;
	note_outcome(pl, &pp->states[index], &result);
	return 0;
}

static int add_packages(struct planner *pl, struct error *err)
{
	for (uint32_t i = 0; i < pl->plan->count; i++)
		for (uint32_t f = 0; f < pl->plan->packages[i].files.count; f++) {
			int rc = add_file(pl, i, f, err);

			if (rc)
				return rc;
		}
	if (!pl->first_conflict.code)
		return 0;
	error_release(err);
	*err = pl->first_conflict;
	pl->first_conflict = (struct error)ERROR_INIT;
	if (pl->plan->conflicts.count)
		error_hint(err, "and %zu more conflicts; leave a package out with --exclude, "
				"or let later packages win with --replace-files",
			   pl->plan->conflicts.count);
	return err->code;
}

/* Tell each package which of its files bring bytes, and where to. */
static void route_bytes(struct plan *plan)
{
	for (struct tree_node *n = tree_nodes(plan->tree); n; n = n->next) {
		struct plan_package *pp;

		if (!S_ISREG(n->mode) || !n->size || !n->nlink || n->owner >= plan->count)
			continue;
		pp = &plan->packages[n->owner];
		if (n->file >= pp->files.count)
			continue;
		plan->bytes += n->size;
		pp->bytes += n->size;
		pp->nodes[n->file] = n;
		if (!n->link_set)
			continue;
		/* The payload brings a link set's bytes once, with a member of its own choice. */
		for (uint32_t f = 0; f < pp->files.count; f++)
			if (pp->files.items[f].link_set == n->link_set)
				pp->nodes[f] = n;
	}
}

static int fill_tree(struct planner *pl, struct error *err)
{
	const struct tree_options topts = {
		.now = pl->options->now,
		.preferred_colour = pl->options->preferred_colour,
		.replace_files = pl->options->replace_files,
	};
	uint32_t owner;
	int rc;

	pl->plan->tree = tree_new(&topts);
	if (!pl->plan->tree)
		return error_nomem(err);
	for (size_t i = 0; i < pl->plan->count; i++) {
		rc = tree_add_owner(pl->plan->tree, pl->plan->packages[i].package->nevra, &owner, err);
		if (rc)
			return rc;
	}
	rc = declare_links(pl, err);
	if (!rc)
		rc = add_packages(pl, err);
	if (!rc)
		rc = tree_finish(pl->plan->tree, err);
	if (!rc)
		route_bytes(pl->plan);
	if (!rc && owners_warn(&pl->owners, &pl->plan->owner_warnings))
		rc = error_nomem(err);
	return rc;
}

int plan_build(struct plan *plan, const struct package_list *packages,
	       const struct plan_options *options, struct error *err)
{
	struct planner pl = { .plan = plan, .options = options, .first_conflict = ERROR_INIT };
	int rc;

	*plan = (struct plan){ 0 };
	rc = load_files(plan, packages, err);
	if (!rc)
		rc = learn_owners(&pl, err);
	if (!rc)
		rc = fill_tree(&pl, err);
	owners_release(&pl.owners);
	error_release(&pl.first_conflict);
	return rc;
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		package_files_release(&plan->packages[i].files);
		free(plan->packages[i].states);
		free(plan->packages[i].nodes);
	}
	free(plan->packages);
	tree_free(plan->tree);
	strlist_release(&plan->warnings);
	strlist_release(&plan->owner_warnings);
	free(plan->unowned);
	sysusers_release(&plan->sysusers);
	strlist_release(&plan->conflicts);
	*plan = (struct plan){ 0 };
}
