/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help, from the table. */
#include "common/option.h"

#define WIDTH  80
#define INDENT 28 /* columns before the explanation */

void option_print_wrapped(FILE *f, const char *text, size_t column)
{
	size_t len;

	if (column >= INDENT) {
		fputc('\n', f);
		column = 0;
	}
	fprintf(f, "%*s", (int)(INDENT - column), "");
	column = INDENT;
	for (; *text; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		if (column > INDENT && column + 1 + len > WIDTH) {
			fprintf(f, "\n%*s", INDENT, "");
			column = INDENT;
		}
		column += (size_t)fprintf(f, "%s%.*s", column > INDENT ? " " : "", (int)len, text);
	}
	fputc('\n', f);
}

static void print_option(FILE *f, const struct option_entry *e)
{
	int column;

	if (e->short_name)
		column = fprintf(f, "  -%c, --%s", e->short_name, e->name);
	else
		column = fprintf(f, "      --%s", e->name);
	if (e->argument)
		column += fprintf(f, " %s", e->argument);
	option_print_wrapped(f, e->help, column < 0 ? 0 : (size_t)column);
}

void option_print_help(FILE *f, const struct option_group *groups)
{
	for (const struct option_group *g = groups; g->title; g++) {
		fprintf(f, "\n%s:\n", g->title);
		for (const struct option_entry *e = g->options; e->name; e++)
			print_option(f, e);
	}
}
