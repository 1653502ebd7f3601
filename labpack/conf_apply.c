/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom an assignment speaks of: the lab, all machines, one machine, a collision domain. */
#include "common/suggest.h"
#include "labpack/conf.h"

static const struct metadata {
	const char *name;
	size_t field; /* char * in struct lab */
} metadata[] = {
	{ "LAB_NAME", offsetof(struct lab, name) },
	{ "LAB_DESCRIPTION", offsetof(struct lab, description) },
	{ "LAB_VERSION", offsetof(struct lab, version) },
	{ "LAB_AUTHOR", offsetof(struct lab, author) },
	{ "LAB_EMAIL", offsetof(struct lab, email) },
	{ "LAB_WEB", offsetof(struct lab, web) },
};

static int suggest_name(struct conf *c, unsigned int line, const char *name)
{
	struct suggestion s = suggestion_for(name);

	suggestion_offer(&s, "LAB_MACHINES");
	for (size_t i = 0; i < sizeof(metadata) / sizeof(*metadata); i++)
		suggestion_offer(&s, metadata[i].name);
	return s.best ? conf_warn(c, line, "unknown '%s'; did you mean %s?", name, s.best) :
			conf_warn(c, line, "unknown '%s'; it is left out", name);
}

/* "pc1,pc2": names, blanks around them do no harm. */
static int list_machines(struct conf *c, const struct assignment *a)
{
	struct lab_machine *m;
	int rc = 0;

	c->listed_line = a->line;
	for (const char *p = a->value; !rc && *p;) {
		size_t skip = strspn(p, ", \t"), n = strcspn(p + skip, ", \t");
		char *name = strndup(p + skip, n);

		p += skip + n;
		if (!name)
			rc = conf_nomem(c);
		else if (n && strlist_find(&c->listed, name) >= 0)
			rc = conf_fail(c, -ERR_CONFLICT, a->line, "LAB_MACHINES names '%s' twice",
				       name);
		else if (n && strlist_add(&c->listed, name))
			rc = conf_nomem(c);
		else if (n)
			rc = conf_machine(c, name, a->line, &m);
		free(name);
	}
	return rc;
}

static int apply_metadata(struct conf *c, const struct assignment *a)
{
	for (size_t i = 0; i < sizeof(metadata) / sizeof(*metadata); i++)
		if (!strcmp(a->name, metadata[i].name))
			return *a->value ? conf_set_text(c, (char **)((char *)c->lab +
								      metadata[i].field),
							 a->value) :
					   0;
	if (!strcmp(a->name, "LAB_MACHINES"))
		return list_machines(c, a);
	return suggest_name(c, a->line, a->name);
}

static bool is_lab(const struct assignment *a)
{
	return !strcmp(a->name, "LAB");
}

/* "A[type]" and "A[tap]" may speak of a collision domain: they make no machine. */
static bool may_be_domain(const struct assignment *a)
{
	return !strcmp(a->option, "type") || !strcmp(a->option, "tap");
}

static int by_subject(const void *x, const void *y)
{
	const struct assignment *a = *(const struct assignment *const *)x;
	const struct assignment *b = *(const struct assignment *const *)y;
	int order = strcmp(a->name, b->name);

	if (!order)
		order = strcmp(a->option ? a->option : "", b->option ? b->option : "");
	return order ? order : a->line < b->line ? -1 : a->line > b->line;
}

static int check_pair(struct conf *c, const struct assignment *a, struct assignment *b)
{
	const char *open = a->option ? "[" : "", *close = a->option ? "]" : "";
	const char *option = a->option ? a->option : "";

	if (strcmp(a->name, b->name) != 0 || strcmp(option, b->option ? b->option : "") != 0 ||
	    (a->option && conf_option_repeats(option) && strcmp(option, "type") != 0))
		return 0;
	b->again = !strcmp(a->value, b->value);
	if (b->again)
		return conf_warn(c, b->line, "%s%s%s%s stands on line %u already", a->name, open,
				 option, close, a->line);
	return conf_fail(c, -ERR_CONFLICT, b->line, "%s%s%s%s is '%s' here and '%s' on line %u",
			 a->name, open, option, close, b->value, a->value, a->line);
}

/* The same said twice does no harm; two different things cannot both be meant. */
static int check_repeated(struct conf *c)
{
	struct assignment **sorted = calloc(c->count + 1, sizeof(*sorted));
	int rc = 0;

	if (!sorted)
		return conf_nomem(c);
	for (size_t i = 0; i < c->count; i++)
		sorted[i] = c->items + i;
	qsort(sorted, c->count, sizeof(*sorted), by_subject);
	for (size_t i = 1; !rc && i < c->count; i++)
		rc = check_pair(c, sorted[i - 1], sorted[i]);
	free(sorted);
	return rc;
}

/* Is a machine on a collision domain of this name? */
static bool is_joined(const struct conf *c, const char *name)
{
	size_t n = strlen(name);

	for (const struct assignment *a = c->items; a < c->items + c->count; a++)
		if (a->option && !a->option[strspn(a->option, "0123456789")] &&
		    !strncmp(a->value, name, n) && (!a->value[n] || a->value[n] == '/'))
			return true;
	return false;
}

int conf_names(struct conf *c)
{
	struct lab_machine *m;
	int rc = check_repeated(c);

	for (size_t i = 0; !rc && i < c->count; i++) {
		const struct assignment *a = c->items + i;

		if (!a->option && !a->again)
			rc = apply_metadata(c, a);
		else if (a->option && !is_lab(a) &&
			 (!may_be_domain(a) || (!strcmp(a->option, "tap") && !is_joined(c, a->name))))
			rc = conf_machine(c, a->name, a->line, &m);
	}
	return rc;
}

static int unknown_option(struct conf *c, const struct assignment *a)
{
	const char *best = conf_option_suggest(a->option);

	if (best && strchr(best, '#'))
		best = NULL;
	if (best)
		return conf_warn(c, a->line, "%s[%s]: unknown option; did you mean [%s]?", a->name,
				 a->option, best);
	return conf_warn(c, a->line, "%s[%s]: unknown option; it is left out", a->name, a->option);
}

/* One warning for each option that cannot be done, at its first line. */
static int warn_impossible(struct conf *c, const struct assignment *a, const char *why)
{
	size_t more = 0;

	for (const struct assignment *b = c->items; b < c->items + c->count; b++) {
		if (!b->option || strcmp(a->option, b->option) != 0)
			continue;
		if (b < a)
			return 0;
		more += b > a;
	}
	if (more)
		return conf_warn(c, a->line, "%s[%s] and %zu more lines with [%s] have no effect: %s",
				 a->name, a->option, more, a->option, why);
	return conf_warn(c, a->line, "%s[%s] has no effect: %s", a->name, a->option, why);
}

/* LAB[option]: the default of every machine; what a machine says itself comes later. */
static int apply_default(struct conf *c, const struct assignment *a)
{
	unsigned int number;
	const struct conf_option *o = conf_option_find(a->option, &number);
	const char *why = conf_option_impossible(a->option);
	int rc = 0;

	if (why)
		return warn_impossible(c, a, why);
	if (!o)
		return unknown_option(c, a);
	if (!conf_option_for_all(o))
		return conf_fail(c, -ERR_FORMAT, a->line,
				 "LAB[%s]: this option needs the name of a machine", a->option);
	for (size_t i = 0; !rc && i < c->lab->machine_count; i++)
		rc = conf_option_set(c, o, c->lab->machines[i], a, number);
	return rc;
}

static int apply_machine(struct conf *c, const struct assignment *a)
{
	unsigned int number;
	const struct conf_option *o = conf_option_find(a->option, &number);
	const char *why = conf_option_impossible(a->option);
	struct lab_machine *m;
	int rc;

	if (why)
		return warn_impossible(c, a, why);
	if (!o)
		return unknown_option(c, a);
	rc = conf_machine(c, a->name, a->line, &m);
	return rc ? rc : conf_option_set(c, o, m, a, number);
}

static struct lab_domain *find_domain(struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->lab->domain_count; i++)
		if (!strcmp(c->lab->domains[i]->name, name))
			return c->lab->domains[i];
	return NULL;
}

/* "A[type]=switch", "A[tap]=tap1" */
static int apply_domain(struct conf *c, const struct assignment *a)
{
	struct lab_domain *d = find_domain(c, a->name);
	bool machine = lab_machine_find(c->lab, a->name) != NULL;

	if (!strcmp(a->option, "tap") && machine && d)
		return conf_fail(c, -ERR_CONFLICT, a->line,
				 "'%s' is a machine and a collision domain; [tap] can mean both "
				 "(rename one)", a->name);
	if (!strcmp(a->option, "tap") && machine)
		return apply_machine(c, a);
	if (!d)
		return conf_fail(c, -ERR_NOT_FOUND, a->line,
				 "%s[%s]: no machine is on a collision domain '%s'", a->name,
				 a->option, a->name);
	if (!strcmp(a->option, "tap")) {
		if (!conf_tap_name_is_valid(a->value))
			return conf_fail(c, -ERR_FORMAT, a->line,
					 "%s[tap]: '%s' is no name of a device", a->name, a->value);
		return conf_set_text(c, &d->tap, a->value);
	}
	if (strcmp(a->value, "hub") != 0 && strcmp(a->value, "switch") != 0)
		return conf_fail(c, -ERR_FORMAT, a->line, "%s[type]: '%s' is not one of: hub switch",
				 a->name, a->value);
	d->type = strcmp(a->value, "hub") ? LAB_SWITCH : LAB_HUB;
	return 0;
}

/* In which round an assignment is looked at: later ones need what earlier ones made. */
static int round_of(const struct assignment *a)
{
	if (!a->option || a->again)
		return -1;
	if (is_lab(a))
		return 0;
	if (may_be_domain(a))
		return 2;
	return a->option[strspn(a->option, "0123456789")] ? 3 : 1;
}

int conf_values(struct conf *c)
{
	static int (*const apply[])(struct conf *c, const struct assignment *a) = {
		apply_default, apply_machine, apply_domain, apply_machine
	};
	int rc = 0;

	for (int round = 0; round < 4; round++)
		for (size_t i = 0; !rc && i < c->count; i++)
			if (round_of(c->items + i) == round)
				rc = apply[round](c, c->items + i);
	return rc;
}
