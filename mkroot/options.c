/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From argv to struct options: getopt_long() over the table. */
#include "mkroot/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <unistd.h>

#include "common/suggest.h"
#include "mkroot/option_table.h"

#define FIRST_ID 256 /* getopt_long() gives FIRST_ID + index for the options of the table */
#define MAX_JOBS 256

/* The table in the form that getopt_long() reads. */
struct parser {
	const struct option_entry **entries; /* by index */
	struct option *longs;		     /* one more, all zero */
	char shorts[2 * 64 + 3];
	size_t count;
};

static int parser_init(struct parser *p, struct error *err)
{
	size_t n = 0, used;

	*p = (struct parser){ .count = 0 };
	for (const struct option_group *g = option_groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++)
			n++;
	p->entries = calloc(n, sizeof(*p->entries));
	p->longs = calloc(n + 1, sizeof(*p->longs));
	if (!p->entries || !p->longs || n > 64)
		return error_nomem(err);
	/* '-': other arguments come in their place; ':': a missing argument is told from an unknown
	 * option. */
	memcpy(p->shorts, "-:", 2);
	used = 2;
	for (const struct option_group *g = option_groups; g->title; g++) {
		for (const struct option_entry *e = g->options; e->name; e++) {
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

static void parser_release(struct parser *p)
{
	free(p->entries);
	free(p->longs);
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

static int add_operand(struct options *o, const char *text, struct error *err)
{
	if (!*text)
		return error_set(err, -ERR_USAGE, NULL, "empty argument");
	if (!o->profile) {
		o->profile = text;
		return 0;
	}
	return strlist_add(&o->selections, text) ? error_nomem(err) : 0;
}

static int store(struct options *o, const struct option_entry *e, const char *argument,
		 struct error *err)
{
	return e->store(e, (char *)o + e->field, argument, err);
}

static int read_all(struct options *o, const struct parser *p, int argc, char **argv,
		    struct error *err)
{
	int id, rc = 0;

	optind = 0; /* glibc: begin anew, also after an earlier call */
	opterr = 0;
	while (!rc && (id = getopt_long(argc, argv, p->shorts, p->longs, NULL)) != -1) {
		if (id == 1)
			rc = add_operand(o, optarg, err);
		else if (id == '?')
			rc = explain(p, argv[optind - 1], err);
		else if (id == ':')
			rc = option_error(parser_entry(p, optopt), err, "%s is missing",
					  parser_entry(p, optopt)->argument);
		else
			rc = store(o, parser_entry(p, id), optarg, err);
	}
	for (; !rc && optind < argc; optind++) /* behind "--" */
		rc = add_operand(o, argv[optind], err);
	return rc;
}

static unsigned int usable_processors(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > MAX_JOBS ? MAX_JOBS : (unsigned int)n;
}

int options_parse(struct options *o, int argc, char **argv, struct error *err)
{
	struct parser p;
	int rc;

	*o = (struct options){
		.free_bytes = OPTIONS_BYTES_UNSET,
		.swap = OPTIONS_BYTES_UNSET,
		.jobs = usable_processors(),
	};
	rc = parser_init(&p, err);
	if (!rc)
		rc = read_all(o, &p, argc, argv, err);
	parser_release(&p);
	if (!rc && o->action == OPTIONS_BUILD)
		rc = options_check(o, err);
	return rc;
}

void options_release(struct options *o)
{
	strlist_release(&o->selections);
	strlist_release(&o->media);
	strlist_release(&o->keyrings);
	strlist_release(&o->add);
	strlist_release(&o->exclude);
	strlist_release(&o->locales);
	strlist_release(&o->overlays);
	strlist_release(&o->fixups);
	strlist_release(&o->no_fixups);
}
