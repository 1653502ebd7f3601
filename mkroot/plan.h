/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan: every file of every package in one tree, by rpm's rules, before a
 * byte is written. Here headers (pkg/) and the tree (image/) meet.
 *
 * Life: plan_build() on verified packages in transaction order -> layout and
 * fill read it -> plan_release().
 */
#ifndef MKROOT_PLAN_H
#define MKROOT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/strbuf.h"
#include "image/tree.h"
#include "mkroot/sysusers.h"
#include "pkg/payload.h"

struct plan_package {
	const struct package *package;
	struct package_files files;
	uint8_t *states;          /* a database_state per file */
	struct tree_node **nodes; /* per file: where its bytes go, NULL for nowhere */
	uint64_t bytes;           /* what fill will write of this package */
};

/* A file whose user or group nobody knew. */
struct plan_unowned {
	size_t package;
	uint32_t file;
};

struct plan {
	struct tree *tree;
	struct plan_package *packages; /* in transaction order; index is the tree's owner */
	size_t count;
	uint64_t bytes;           /* of all regular files, once each */
	struct strlist warnings;
	struct strlist owner_warnings; /* names nobody knows, a line each */
	struct plan_unowned *unowned;  /* in the order of packages */
	size_t unowned_count, unowned_capacity;
	struct strlist conflicts; /* those after the first, which is plan_build()'s error */
	struct sysusers sysusers; /* accounts to be added */
	uint32_t skipped_docs;
};

struct plan_options {
	uint32_t now;
	uint32_t preferred_colour; /* 0, 1 or 2 as in image/tree.h */
	bool replace_files;
	bool no_docs;
	/* Text of passwd and group that win over the packages' (an overlay's); NULL when there are none. */
	const struct strbuf *passwd, *group;
};

/*
 * -ERR_CONFLICT when packages contradict each other: err tells the first one and how
 * many more there are, plan->conflicts holds those. The plan is ready for
 * plan_release() after a failure, too. packages is borrowed until then.
 */
int plan_build(struct plan *plan, const struct package_list *packages,
	       const struct plan_options *options, struct error *err) MUST_USE;
void plan_release(struct plan *plan);

#endif
