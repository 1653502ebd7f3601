/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where everything goes: order, plan, layout; and the numbers that make a build repeatable. */
#include <errno.h>
#include <rpm/header.h>
#include <rpm/rpmcrypto.h>

#include "common/number.h"
#include "image/label.h"
#include "mkroot/build.h"
#include "pkg/order.h"

/* Room for what edits need beyond their files: folders that grow, a line in fstab. */
#define SLACK_BYTES (1 << 20)
#define SLACK_INODES 64
/* More different labels than any system has, of Fedora's policy some hundreds are in use. */
#define MOST_LABELS 1024

/* SOURCE_DATE_EPOCH, else the newest build time: never the clock. */
static int find_now(struct build *b, struct error *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t now = 0;

	if (text && *text) {
		if (number_parse(text, 0, UINT32_MAX, &now))
			return error_set(err, -ERR_USAGE, text,
					 "SOURCE_DATE_EPOCH must be a number of seconds since 1970");
	} else {
		for (size_t i = 0; i < b->solved.packages.count; i++) {
			uint64_t built = headerGetNumber(b->solved.packages.items[i]->header,
							 RPMTAG_BUILDTIME);

			if (built > now && built <= UINT32_MAX)
				now = built;
		}
	}
	/* To those who write inodes, no time at all is "take the image's". */
	b->now = now ? (uint32_t)now : 1;
	return 0;
}

/* One string that stands for the package's contents. */
static void digest_package(DIGEST_CTX ctx, const struct package *p)
{
	const char *sum = headerGetString(p->header, RPMTAG_SHA256HEADER);

	if (!sum)
		sum = headerGetString(p->header, RPMTAG_SHA1HEADER);
	rpmDigestUpdate(ctx, p->nevra, strlen(p->nevra) + 1);
	if (sum)
		rpmDigestUpdate(ctx, sum, strlen(sum) + 1);
}

/* A UUID that is the same for the same packages and filesystem (RFC 9562, version 8). */
static int find_uuid(struct build *b, struct error *err)
{
	DIGEST_CTX ctx;
	void *digest = NULL;
	size_t size = 0;

	if (b->options->has_uuid) {
		memcpy(b->uuid, b->options->uuid, sizeof(b->uuid));
		return 0;
	}
	ctx = rpmDigestInit(RPM_HASH_SHA256, RPMDIGEST_NONE);
	for (size_t i = 0; i < b->solved.packages.count; i++)
		digest_package(ctx, b->solved.packages.items[i]);
	rpmDigestUpdate(ctx, b->profile.name, strlen(b->profile.name) + 1);
	rpmDigestUpdate(ctx, b->profile.filesystem, strlen(b->profile.filesystem) + 1);
	if (b->profile.hostname)
		rpmDigestUpdate(ctx, b->profile.hostname, strlen(b->profile.hostname) + 1);
	if (rpmDigestFinal(ctx, &digest, &size, 0) != 0 || size < sizeof(b->uuid)) {
		free(digest);
		return error_set(err, -ERR_RPM, NULL, "librpm cannot make a SHA-256 digest");
	}
	memcpy(b->uuid, digest, sizeof(b->uuid));
	free(digest);
	b->uuid[6] = (uint8_t)((b->uuid[6] & 0x0f) | 0x80);
	b->uuid[8] = (uint8_t)((b->uuid[8] & 0x3f) | 0x80);
	return 0;
}

static int queue_scriptlets(struct build *b, struct error *err)
{
	int rc = scriptlet_list_collect(&b->scriptlets, &b->solved.packages, err);

	if (rc)
		return rc;
	b->queue = calloc(b->scriptlets.count + 1, sizeof(*b->queue));
	if (!b->queue)
		return error_nomem(err);
	for (size_t i = 0; i < b->scriptlets.count; i++) {
		const struct scriptlet *s = &b->scriptlets.items[i];

		b->queue[i] = (struct fixup_scriptlet){
			.package = s->package,
			.kind = s->kind,
			.interpreter = s->interpreter,
			.body = s->body,
			.arg1 = s->arg1,
			.arg2 = s->arg2,
			.input = s->input,
		};
	}
	return 0;
}

int build_order(struct build *b, struct error *err)
{
	int rc;

	if (b->metadata_only)
		return 0;
	rc = package_list_order(&b->solved.packages, err);
	if (!rc)
		rc = find_now(b, err);
	if (!rc)
		rc = find_uuid(b, err);
	if (!rc)
		rc = proof_digest_packages(b, err);
	if (!rc)
		rc = queue_scriptlets(b, err);
	if (!rc)
		rc = scripts_settle(b, err);
	return rc || !b->options->locked ? rc : lock_compare(b, err);
}

static int append_warnings(struct build *b, const struct strlist *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (strlist_add(&b->warnings, from->items[i]))
			return -ENOMEM;
	return 0;
}

int build_plan(struct build *b, struct error *err)
{
	const struct plan_options options = {
		.now = b->now,
		.preferred_colour = b->profile.preferred_colour,
		.replace_files = b->options->replace_files,
		.no_docs = b->profile.no_docs,
		.passwd = &b->overlay.passwd,
		.group = &b->overlay.group,
	};
	int rc = 0;

	if (b->metadata_only)
		return 0;
	for (size_t i = 0; !rc && i < b->options->overlays.count; i++)
		rc = overlay_measure(b->options->overlays.items[i], &b->overlay, err);
	if (!rc)
		rc = plan_build(&b->plan, &b->solved.packages, &options, err);
	if (!rc && append_warnings(b, &b->plan.warnings))
		rc = error_nomem(err);
	/* Scriptlets that run now may know these owners: then it is too early to tell. */
	if (!rc && b->profile.scripts != SCRIPTS_UML && append_warnings(b, &b->plan.owner_warnings))
		rc = error_nomem(err);
	return rc;
}

/* Scriptlets are only queued when they are to run at first boot. */
static void settle_fixups(struct build *b)
{
	const struct profile *p = &b->profile;
	bool firstboot = p->scripts == SCRIPTS_FIRSTBOOT;

	b->settings = (struct fixup_settings){
		.kernel = p->kernel,
		.root_device = p->root_device,
		.filesystem = p->filesystem,
		.console_line = p->console,
		.securetty = (const char *const *)p->securetty.items,
		.hostname = p->hostname,
		.modules_dir = p->modules,
		.modules = &p->module_names,
		.swap_bytes = p->swap,
		.shell = p->shell,
		.scriptlets = firstboot ? b->queue : NULL,
		.scriptlet_count = firstboot ? b->scriptlets.count : 0,
		.arch = p->arch,
		.rebuild_database = p->database_format && !strcmp(p->database_format, "bdb"),
		.first_boot = p->scripts != SCRIPTS_NONE,
	};
}

/*
 * Room for labels. In wide inodes they lie in the inode, but for files with capabilities, too;
 * which labels there will be only the finished image's policy tells.
 */
static uint64_t label_room(const struct build *b, uint64_t added_inodes)
{
	const struct profile *p = &b->profile;
	uint64_t files = tree_node_count(b->plan.tree) + added_inodes, capable = 0;

	if (!build_has_labels(b))
		return 0;
	for (struct tree_node *n = tree_nodes(b->plan.tree); n; n = n->next)
		capable += n->xattr_count != 0;
	return (label_blocks(files, MOST_LABELS) + capable) * p->block_size;
}

/* What will be added after the plan: bytes and inodes. */
static int measure_edits(struct build *b, uint64_t *bytes, uint64_t *inodes, struct error *err)
{
	*bytes = SLACK_BYTES + b->overlay.bytes;
	*inodes = SLACK_INODES + b->overlay.inodes;
	if (b->profile.database_format)
		*bytes += database_estimate(&b->solved.packages, b->profile.database_format);
	for (const struct fixup *f = fixup_table; f->name; f++) {
		struct fixup_need need = { 0 };
		int rc;

		if (strlist_find(&b->profile.fixups, f->name) < 0 || !f->need)
			continue;
		rc = f->need(&b->settings, &need, err);
		if (rc)
			return rc;
		*bytes += need.bytes;
		*inodes += need.inodes;
	}
	*bytes += label_room(b, *inodes);
	return 0;
}

int build_layout(struct build *b, struct error *err)
{
	struct layout_options options = {
		.filesystem = b->profile.filesystem,
		.features = b->profile.features,
		.block_size = b->profile.block_size,
		.inode_size = b->profile.inode_size,
		.size = b->profile.size,
		.free_bytes = b->profile.free_bytes,
		.inodes = b->options->inodes,
		.label = b->profile.label,
		.now = b->now,
	};
	int rc;

	if (b->metadata_only)
		return 0;
	settle_fixups(b);
	memcpy(options.uuid, b->uuid, sizeof(options.uuid));
	rc = measure_edits(b, &options.extra_bytes, &options.extra_inodes, err);
	if (!rc)
		rc = layout_new(&b->layout, b->plan.tree, &options, err);
	if (!rc && layout_dropped_xattrs(b->layout) &&
	    strlist_addf(&b->warnings,
			 "capabilities of %llu files are left out: the filesystem has no feature ext_attr",
			 (unsigned long long)layout_dropped_xattrs(b->layout)))
		rc = error_nomem(err);
	return rc;
}
