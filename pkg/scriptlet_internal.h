/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the scriptlet files of pkg/ only. */
#ifndef PKG_SCRIPTLET_INTERNAL_H
#define PKG_SCRIPTLET_INTERNAL_H

#include <rpm/rpmds.h>
#include <rpm/rpmfiles.h>

#include "pkg/scriptlet.h"

enum trigger_kind { TRIGGER_PACKAGE, TRIGGER_FILE, TRIGGER_TRANS_FILE, TRIGGER_KINDS };

/* One package on its way into the database. */
struct member {
	const struct package *package;
	const char *name;
	rpmds triggers[TRIGGER_KINDS]; /* NULL when it has none */
	rpmfiles files;                /* its paths, once a file trigger asked for them */
};

struct collector {
	struct scriptlet_list *list;
	struct member *members; /* in order of installation */
	size_t count;
	size_t installed;       /* so many of them are in the database */
	bool lib64;
	struct error *err;
};

/* A scriptlet to be added; text is copied, and expanded by flags. */
struct script {
	const struct member *member;
	const char *kind;
	const char *interpreter, *body;
	uint32_t flags; /* of the header: SCRIPT_EXPAND, SCRIPT_QUERYFORMAT */
	int arg1, arg2;
	const char *trigger, *input;
};

#define SCRIPT_EXPAND (1u << 0)
#define SCRIPT_QUERYFORMAT (1u << 1)

int collector_add(struct collector *c, const struct script *s) MUST_USE;
/* How many packages of this name are in the database. */
int collector_installed(const struct collector *c, const char *name);

/* Fill in body, program and flags of the owner's script `index`, and add it. */
int trigger_add(struct collector *c, const struct member *owner, enum trigger_kind k,
		uint32_t index, struct script *s) MUST_USE;
uint32_t trigger_priority(Header h, enum trigger_kind k, uint32_t index);
uint32_t trigger_script_count(Header h, enum trigger_kind k);

/* sense: RPMSENSE_TRIGGERPREIN or RPMSENSE_TRIGGERIN; for the package members[index]. */
int triggers_of_others(struct collector *c, size_t index, rpmsenseFlags sense) MUST_USE;
int triggers_of_own(struct collector *c, size_t index, rpmsenseFlags sense) MUST_USE;
/* high: those that rpm runs before %post, else those after. */
int file_triggers_run(struct collector *c, size_t index, bool high) MUST_USE;
/* After everything is installed. */
int trans_file_triggers_run(struct collector *c, size_t index) MUST_USE;

/* The body with what its flags ask for done, in a new string; NULL without memory. */
char *scriptlet_expand(const char *body, uint32_t flags, Header h, bool lib64);

#endif
