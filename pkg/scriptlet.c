/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of scriptlets, as rpm's transaction and package state machine have it. */
#include "pkg/scriptlet.h"

#include <rpm/rpmtag.h>
#include <rpm/rpmtd.h>

#include "common/strbuf.h"
#include "pkg/scriptlet_internal.h"

#define DEFAULT_INTERPRETER "/bin/sh"

enum plain_script { PRETRANS, PRE, POST, POSTTRANS };

static const struct {
	const char *kind;
	rpmTagVal body, program, flags;
} plain[] = {
	[PRETRANS] = { "pretrans", RPMTAG_PRETRANS, RPMTAG_PRETRANSPROG, RPMTAG_PRETRANSFLAGS },
	[PRE] = { "pre", RPMTAG_PREIN, RPMTAG_PREINPROG, RPMTAG_PREINFLAGS },
	[POST] = { "post", RPMTAG_POSTIN, RPMTAG_POSTINPROG, RPMTAG_POSTINFLAGS },
	[POSTTRANS] = { "posttrans", RPMTAG_POSTTRANS, RPMTAG_POSTTRANSPROG,
			RPMTAG_POSTTRANSFLAGS },
};

static const rpmTagVal trigger_tags[TRIGGER_KINDS] = {
	RPMTAG_TRIGGERNAME, RPMTAG_FILETRIGGERNAME, RPMTAG_TRANSFILETRIGGERNAME,
};

int collector_installed(const struct collector *c, const char *name)
{
	int n = 0;

	for (size_t i = 0; i < c->installed; i++)
		n += strcmp(c->members[i].name, name) == 0;
	return n;
}

static char *copy(const char *text, bool *failed)
{
	char *s = text ? strdup(text) : NULL;

	*failed |= text && !s;
	return s;
}

int collector_add(struct collector *c, const struct script *s)
{
	struct scriptlet_list *l = c->list;
	struct scriptlet *item;
	bool failed = false;

	if (array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items)))
		return error_nomem(c->err);
	item = &l->items[l->count++];
	*item = (struct scriptlet){ .kind = s->kind, .arg1 = s->arg1, .arg2 = s->arg2 };
	/* rpm hands arguments to the script, not to a bare program. */
	if (!s->body)
		item->arg1 = item->arg2 = -1;
	item->package = copy(s->member->package->nevra, &failed);
	item->interpreter = copy(s->interpreter, &failed);
	item->trigger = copy(s->trigger, &failed);
	item->input = copy(s->input, &failed);
	if (s->body) {
		item->body =
			scriptlet_expand(s->body, s->flags, s->member->package->header, c->lib64);
		failed |= !item->body;
	}
	return failed ? error_nomem(c->err) : 0;
}

/* Program and arguments in one string: a string in old headers, a list in new ones. */
static int interpreter_text(Header h, rpmTagVal tag, struct strbuf *out)
{
	struct rpmtd_s td;
	const char *word;
	int rc = 0;

	if (headerGet(h, tag, &td, HEADERGET_MINMEM)) {
		while (!rc && (word = rpmtdNextString(&td)) != NULL)
			rc = strbuf_addf(out, "%s%s", out->len ? " " : "", word);
		rpmtdFreeData(&td);
	}
	return rc || out->len ? rc : strbuf_adds(out, DEFAULT_INTERPRETER);
}

static int add_plain(struct collector *c, const struct member *m, enum plain_script which, int arg1)
{
	Header h = m->package->header;
	struct strbuf interpreter = STRBUF_INIT;
	struct script s = {
		.member = m,
		.kind = plain[which].kind,
		.flags = (uint32_t)headerGetNumber(h, plain[which].flags),
		.arg1 = arg1,
		.arg2 = -1,
	};
	int rc;

	if (!headerIsEntry(h, plain[which].body) && !headerIsEntry(h, plain[which].program))
		return 0;
	rc = interpreter_text(h, plain[which].program, &interpreter);
	if (rc) {
		strbuf_release(&interpreter);
		return error_nomem(c->err);
	}
	s.interpreter = interpreter.data;
	s.body = headerGetString(h, plain[which].body);
	rc = collector_add(c, &s);
	strbuf_release(&interpreter);
	return rc;
}

/* rpm counts what is in the database while a step runs; so does c->installed. */
static int install_member(struct collector *c, size_t i)
{
	const struct member *m = &c->members[i];
	int rc, arg = collector_installed(c, m->name) + 1;

	rc = triggers_of_others(c, i, RPMSENSE_TRIGGERPREIN);
	if (!rc)
		rc = triggers_of_own(c, i, RPMSENSE_TRIGGERPREIN);
	if (!rc)
		rc = add_plain(c, m, PRE, arg);
	c->installed = i + 1;
	if (!rc)
		rc = file_triggers_run(c, i, true);
	if (!rc)
		rc = add_plain(c, m, POST, arg);
	if (!rc)
		rc = triggers_of_others(c, i, RPMSENSE_TRIGGERIN);
	if (!rc)
		rc = triggers_of_own(c, i, RPMSENSE_TRIGGERIN);
	if (!rc)
		rc = file_triggers_run(c, i, false);
	return rc;
}

static int collect(struct collector *c)
{
	int rc = 0;

	for (size_t i = 0; i < c->count && !rc; i++)
		rc = add_plain(c, &c->members[i], PRETRANS, 1);
	for (size_t i = 0; i < c->count && !rc; i++)
		rc = install_member(c, i);
	for (size_t i = 0; i < c->count && !rc; i++)
		rc = add_plain(c, &c->members[i], POSTTRANS,
			       collector_installed(c, c->members[i].name));
	for (size_t i = 0; i < c->count && !rc; i++)
		rc = trans_file_triggers_run(c, i);
	return rc;
}

static bool is_64_bit(const char *arch)
{
	static const char *const names[] = { "x86_64", "s390x", "ppc64", "sparc64", "mips64" };

	for (size_t i = 0; arch && i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(arch, names[i], strlen(names[i])) == 0)
			return true;
	return arch && strcmp(arch, "aarch64") == 0;
}

static int load_members(struct collector *c, const struct package_list *ordered)
{
	c->members = calloc(ordered->count ? ordered->count : 1, sizeof(*c->members));
	if (!c->members)
		return error_nomem(c->err);
	c->count = ordered->count;
	for (size_t i = 0; i < c->count; i++) {
		struct member *m = &c->members[i];

		m->package = ordered->items[i];
		m->name = headerGetString(m->package->header, RPMTAG_NAME);
		if (!m->name)
			return error_set(c->err, -ERR_FORMAT, m->package->nevra, "has no name");
		c->lib64 |= is_64_bit(headerGetString(m->package->header, RPMTAG_ARCH));
		for (int k = 0; k < TRIGGER_KINDS; k++)
			m->triggers[k] = rpmdsNew(m->package->header, trigger_tags[k], 0);
	}
	return 0;
}

int scriptlet_list_collect(struct scriptlet_list *l, const struct package_list *ordered,
			   struct error *err)
{
	struct collector c = { .list = l, .err = err };
	int rc;

	*l = (struct scriptlet_list)SCRIPTLET_LIST_INIT;
	rc = load_members(&c, ordered);
	if (!rc)
		rc = collect(&c);
	for (size_t i = 0; i < c.count; i++) {
		for (int k = 0; k < TRIGGER_KINDS; k++)
			rpmdsFree(c.members[i].triggers[k]);
		rpmfilesFree(c.members[i].files);
	}
	free(c.members);
	if (rc)
		scriptlet_list_release(l);
	return rc;
}

void scriptlet_list_release(struct scriptlet_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].package);
		free(l->items[i].interpreter);
		free(l->items[i].body);
		free(l->items[i].trigger);
		free(l->items[i].input);
	}
	free(l->items);
	*l = (struct scriptlet_list)SCRIPTLET_LIST_INIT;
}
