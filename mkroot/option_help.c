/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help, from the table. */
#include "mkroot/command.h"
#include "mkroot/option_table.h"

#define WIDTH  80
#define INDENT 28 /* columns before the explanation */

static const char usage[] =
	"usage: mkroot PROFILE SELECTION... -o IMAGE [options]\n"
	"       mkroot PROFILE --add NAME... -o IMAGE [options]\n"
	"\n"
	"Make a bootable ext2 image from RPM packages, as an ordinary user.\n"
	"\n"
	"PROFILE is the name of a profile (suse9, demo, generic, mini, one of your own in\n"
	"~/.config/mkroot) or the path of its file; SELECTION is a .sel file, a plain list of\n"
	"package names, or the name of a selection that the media or mkroot brings.\n";

/* Words of text in lines between INDENT and WIDTH; column is where the cursor stands. */
static void print_wrapped(FILE *f, const char *text, size_t column)
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
	print_wrapped(f, e->help, column < 0 ? 0 : (size_t)column);
}

void options_print_help(FILE *f)
{
	fputs(usage, f);
	for (const struct option_group *g = option_groups; g->title; g++) {
		fprintf(f, "\n%s:\n", g->title);
		for (const struct option_entry *e = g->options; e->name; e++)
			print_option(f, e);
	}
	fputs("\nCommands:\n", f);
	for (const struct command *c = command_table; c->name; c++) {
		int n = fprintf(f, "  mkroot %s %s ", c->name, c->synopsis);

		print_wrapped(f, c->summary, n > 0 ? (size_t)n : 0);
	}
	fputs("\nExit status: 0 done, 1 failed, 2 wrong usage. See mkroot(1), mkroot.conf(5).\n",
	      f);
}
