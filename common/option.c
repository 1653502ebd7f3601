/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From argv to a struct: getopt_long() over the table. */
#include "common/option.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>

#include "common/suggest.h"

#define FIRST_ID 256 /* getopt_long() gives FIRST_ID + index for the options of the table */
#define MAX_OPTIONS 64

/* The table in the form that getopt_long() reads. */
struct parser {
	const struct option_entry *entries[MAX_OPTIONS]; /* by index */
	struct option longs[MAX_OPTIONS + 1];
	char shorts[2 * MAX_OPTIONS + 3];
	size_t count;
};

int option_error(const struct option_entry *e, struct error *err, const char *fmt, ...)
{
	va_list ap;
	char *what = NULL, *name = NULL;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	if (asprintf(&name, "--%s", e->name) < 0)
		name = NULL;
	error_set(err, -ERR_USAGE, name, "%s", what ? what : "out of memory");
	free(name);
	free(what);
	return -ERR_USAGE;
}

static int parser_init(struct parser *p, const struct option_group *groups, struct error *err)
{
	size_t used;

	*p = (struct parser){ .count = 0 };
	/* '-': other arguments come in their place; ':': a missing argument is told from an unknown
	 * option. */
	memcpy(p->shorts, "-:", 2);
	used = 2;
	for (const struct option_group *g = groups; g->title; g++) {
		for (const struct option_entry *e = g->options; e->name; e++) {
			if (p->count == MAX_OPTIONS)
				return error_set(err, -ERR_LIMIT, e->name, "is one option too many");
			p->entries[p->count] = e;
			p->longs[p->count] =
				(struct option){ e->name,
						 e->argument ? required_argument : no_argument,
						 NULL, FIRST_ID + (int)p->count };
			p->count++;
			if (e->short_name)
				p->shorts[used++] = e->short_name;
			if (e->short_name && e->argument)
				p->shorts[used++] = ':';
		}
	}
	return 0;
}

static const struct option_entry *parser_entry(const struct parser *p, int id)
{
	if (id >= FIRST_ID && (size_t)(id - FIRST_ID) < p->count)
		return p->entries[id - FIRST_ID];
	for (size_t i = 0; i < p->count; i++)
		if (id && p->entries[i]->short_name == id)
			return p->entries[i];
	return NULL;
}

/* getopt said '?': which of the possible mistakes was it? */
static int explain(const struct parser *p, const char *word, struct error *err)
{
	const struct option_entry *e = parser_entry(p, optopt);
	struct suggestion s = suggestion_for("");
	char name[SUGGESTION_MAX + 1];
	size_t len, matches = 0;

	if (e)
		return option_error(e, err, "takes no argument");
	if (optopt)
		return error_set(err, -ERR_USAGE, NULL,
				 isgraph(optopt) ? "unknown option '-%c'"
						 : "unknown option '-\\x%02x'",
				 optopt & 0xff);
	len = strcspn(word + 2, "=");
	snprintf(name, sizeof(name), "%.*s", (int)len, word + 2);
	s = suggestion_for(name);
	for (size_t i = 0; i < p->count; i++) {
		matches += !strncmp(p->entries[i]->name, name, strlen(name));
		suggestion_offer(&s, p->entries[i]->name);
	}
	if (len && matches > 1)
		return error_set(err, -ERR_USAGE, NULL, "option '--%s' is ambiguous", name);
	error_set(err, -ERR_USAGE, NULL, "unknown option '--%s'", name);
	return s.best ? error_hint(err, "did you mean '--%s'?", s.best) : -ERR_USAGE;
}

static int take_operand(void *fields, const char *text,
			int (*operand)(void *fields, const char *text, struct error *err),
			struct error *err)
{
	if (!*text)
		return error_set(err, -ERR_USAGE, NULL, "empty argument");
	if (!operand)
		return error_set(err, -ERR_USAGE, text, "is one argument too many");
	return operand(fields, text, err);
}

static int read_all(const struct parser *p, void *fields, int argc, char **argv,
		    int (*operand)(void *fields, const char *text, struct error *err),
		    struct error *err)
{
	const struct option_entry *e;
	int id, rc = 0;

	optind = 0; /* glibc: begin anew, also after an earlier call */
	opterr = 0;
	while (!rc && (id = getopt_long(argc, argv, p->shorts, p->longs, NULL)) != -1) {
		if (id == 1) {
			rc = take_operand(fields, optarg, operand, err);
		} else if (id == '?') {
			rc = explain(p, argv[optind - 1], err);
		} else if (id == ':') {
			e = parser_entry(p, optopt);
			rc = option_error(e, err, "%s is missing", e->argument);
		} else {
			e = parser_entry(p, id);
			rc = e->store(e, (char *)fields + e->field, optarg, err);
		}
	}
	for (; !rc && optind < argc; optind++) /* behind "--" */
		rc = take_operand(fields, argv[optind], operand, err);
	return rc;
}

int option_read(const struct option_group *groups, void *fields, int argc, char **argv,
		int (*operand)(void *fields, const char *text, struct error *err),
		struct error *err)
{
	/* getopt_long() passes over the first word, and wants a NULL behind the last. */
	char **words = calloc((size_t)argc + 2, sizeof(*words));
	static char none[] = "";
	struct parser p;
	int rc;

	if (!words)
		return error_nomem(err);
	words[0] = none;
	if (argc)
		memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
	rc = parser_init(&p, groups, err);
	if (!rc)
		rc = read_all(&p, fields, argc + 1, words, operand, err);
	free(words);
	return rc;
}
