/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * modules.dep of a folder of kernel modules: which there are, what each needs.
 *
 * Life: modules_dep_load() -> modules_dep_pick() perhaps -> modules_dep_find(),
 * modules_dep_has() -> modules_dep_release().
 */
#ifndef FIXUPS_MODULES_DEP_H
#define FIXUPS_MODULES_DEP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/strbuf.h"

struct module_line {
	const char *name;  /* below the release: "kernel/drivers/net/dummy.ko" */
	const char *needs; /* the same of others, separated by blanks */
	bool picked;
};

struct modules_dep {
	struct strbuf text;
	struct module_line *lines; /* sorted by name */
	size_t count, capacity;
};

#define MODULES_DEP_INIT                                                                           \
	{                                                                                          \
		STRBUF_INIT, NULL, 0, 0                                                            \
	}

/* release_path: the host's folder KERNELRELEASE. Every module is picked at first. */
int modules_dep_load(struct modules_dep *dep, const char *release_path,
		     struct error *err) MUST_USE;
void modules_dep_release(struct modules_dep *dep);

/*
 * Pick only the modules of these names ("dummy", '-' and '_' are one) and what
 * they need. A name that the kernel has built in picks nothing; one that nobody
 * has is -ERR_NOT_FOUND.
 */
int modules_dep_pick(struct modules_dep *dep, const struct strlist *names,
		     const char *release_path, struct error *err) MUST_USE;

/* NULL: modules.dep has no such line. */
const struct module_line *modules_dep_find(const struct modules_dep *dep, const char *name);
/* Is a picked module below this folder ("kernel/drivers")? */
bool modules_dep_has(const struct modules_dep *dep, const char *folder);

/* By the end of its name. */
bool is_module(const char *name);

#endif
