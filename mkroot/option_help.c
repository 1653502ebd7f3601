/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help, from the tables. */
#include "mkroot/command.h"
#include "mkroot/option_table.h"

static const char usage[] =
	"usage: mkroot PROFILE SELECTION... -o IMAGE [options]\n"
	"       mkroot PROFILE --add NAME... -o IMAGE [options]\n"
	"\n"
	"Make a bootable ext2 image from RPM packages, as an ordinary user.\n"
	"\n"
	"PROFILE is the name of a profile (suse9, demo, generic, mini, one of your own in\n"
	"~/.config/mkroot) or the path of its file; SELECTION is a .sel file, a plain list of\n"
	"package names, or the name of a selection that the media or mkroot brings.\n";

void options_print_help(FILE *f)
{
	fputs(usage, f);
	option_print_help(f, option_groups);
	fputs("\nCommands:\n", f);
	for (const struct command *c = command_table; c->name; c++) {
		int n = fprintf(f, "  mkroot %s %s", c->name, c->synopsis);

		option_print_wrapped(f, c->summary, n > 0 ? (size_t)n : 0);
	}
	fputs("\nExit status: 0 done, 1 failed, 2 wrong usage. See mkroot(1), mkroot.conf(5).\n",
	      f);
}
