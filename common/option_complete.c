/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of completion files for shells, from the table. */
#include "common/option.h"

void option_bash_functions(FILE *f, const char *program)
{
	fprintf(f,
		"# More words, one a line, so that blanks in file names do no harm\n"
		"_%s_reply()\n"
		"{\n"
		"\tlocal word\n"
		"\t[[ $1 == -[fd] ]] && compopt -o filenames\n"
		"\twhile IFS= read -r word; do\n"
		"\t\tCOMPREPLY+=(\"$word\")\n"
		"\tdone < <(compgen \"$@\" -- \"$cur\")\n"
		"}\n",
		program);
}

/* "-m|--media)": the pattern of a case. */
static void print_bash_case(FILE *f, const char *program, const struct option_entry *e)
{
	fputs("\t", f);
	if (e->short_name)
		fprintf(f, "-%c|", e->short_name);
	fprintf(f, "--%s)", e->name);
	switch (e->complete) {
	case COMPLETE_FILE:
		fprintf(f, " _%s_reply -f;", program);
		break;
	case COMPLETE_DIR:
		fprintf(f, " _%s_reply -d;", program);
		break;
	case COMPLETE_WORDS:
		fprintf(f, " _%s_reply -W '%s';", program, e->words);
		break;
	case COMPLETE_LIST:
		fprintf(f, " _%s_reply -W \"", program);
		e->list(f);
		fputs("\";", f);
		break;
	case COMPLETE_NOTHING:
		break;
	}
	fputs(" return ;;\n", f);
}

void option_bash_cases(FILE *f, const char *program, const struct option_group *groups)
{
	for (const struct option_group *g = groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++)
			if (e->argument)
				print_bash_case(f, program, e);
}

void option_bash_words(FILE *f, const struct option_group *groups)
{
	for (const struct option_group *g = groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++) {
			if (e->short_name)
				fprintf(f, "-%c ", e->short_name);
			fprintf(f, "--%s ", e->name);
		}
}

void option_bash_arguments(FILE *f, const struct option_group *groups)
{
	for (const struct option_group *g = groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++) {
			if (e->argument && e->short_name)
				fprintf(f, "|-%c", e->short_name);
			if (e->argument)
				fprintf(f, "|--%s", e->name);
		}
}

/* Inside '...[...]': quotes and brackets are taken apart by zsh. */
static void print_zsh_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", f); /* and the quote itself opens again */
		else if (strchr("[]:\\", *text))
			fputc('\\', f);
		fputc(*text, f);
	}
}

static void print_zsh_argument(FILE *f, const struct option_entry *e)
{
	fprintf(f, ":%s:", e->argument);
	switch (e->complete) {
	case COMPLETE_FILE:
		fputs("_files", f);
		break;
	case COMPLETE_DIR:
		fputs("_files -/", f);
		break;
	case COMPLETE_WORDS:
		fprintf(f, "(%s)", e->words);
		break;
	case COMPLETE_LIST:
		fputs("{compadd - ", f);
		e->list(f);
		fputc('}', f);
		break;
	case COMPLETE_NOTHING:
		fputc(' ', f);
		break;
	}
}

static void print_zsh_option(FILE *f, const struct option_entry *e, bool brief)
{
	if (brief)
		fprintf(f, "\t'*-%c%s[", e->short_name, e->argument ? "+" : "");
	else
		fprintf(f, "\t'*--%s%s[", e->name, e->argument ? "=" : "");
	print_zsh_text(f, e->help);
	fputc(']', f);
	if (e->argument)
		print_zsh_argument(f, e);
	fputs("' \\\n", f);
}

void option_zsh_arguments(FILE *f, const struct option_group *groups)
{
	for (const struct option_group *g = groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++) {
			if (e->short_name)
				print_zsh_option(f, e, true);
			print_zsh_option(f, e, false);
		}
}
