/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion files for shells, from the table of options and that of fixups. */
#include "fixups/fixup.h"
#include "mkroot/option_table.h"

static void print_fixups(FILE *f)
{
	for (const struct fixup *x = fixup_table; x->name; x++)
		fprintf(f, "%s%s", x == fixup_table ? "" : " ", x->name);
}

/* "-m|--media)": the pattern of a case. */
static void print_bash_case(FILE *f, const struct option_entry *e)
{
	fputs("\t", f);
	if (e->short_name)
		fprintf(f, "-%c|", e->short_name);
	fprintf(f, "--%s)", e->name);
	switch (e->complete) {
	case COMPLETE_FILE:
		fputs(" _mkroot_reply -f;", f);
		break;
	case COMPLETE_DIR:
		fputs(" _mkroot_reply -d;", f);
		break;
	case COMPLETE_WORDS:
		fprintf(f, " _mkroot_reply -W '%s';", e->words);
		break;
	case COMPLETE_FIXUPS:
		fputs(" _mkroot_reply -W '", f);
		print_fixups(f);
		fputs("';", f);
		break;
	case COMPLETE_NOTHING:
		break;
	}
	fputs(" return ;;\n", f);
}

static const char bash_head[] =
	"# bash completion of mkroot; made by mkroot --completion bash\n"
	"_mkroot_names()\n"
	"{\n"
	"\tlocal file\n"
	"\tfor file; do\n"
	"\t\tfile=${file##*/}\n"
	"\t\t[[ $file == \\** ]] || printf '%s\\n' \"${file%.conf}\"\n"
	"\tdone\n"
	"}\n"
	"# More words, one a line, so that blanks in file names do no harm\n"
	"_mkroot_reply()\n"
	"{\n"
	"\tlocal word\n"
	"\t[[ $1 == -[fd] ]] && compopt -o filenames\n"
	"\twhile IFS= read -r word; do\n"
	"\t\tCOMPREPLY+=(\"$word\")\n"
	"\tdone < <(compgen \"$@\" -- \"$cur\")\n"
	"}\n"
	"_mkroot()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i operands=0\n"
	"\tlocal data=${MKROOT_DATADIR:-" MKROOT_DATADIR "}\n"
	"\tlocal config=${XDG_CONFIG_HOME:-$HOME/.config}/mkroot\n"
	"\tCOMPREPLY=()\n"
	"\t# bash makes a word of the '=' in --option=value\n"
	"\tif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	"\tif [[ $cur == = ]]; then cur=; fi\n"
	"\tcase $prev in\n";

static const char bash_count[] =
	") ;;\n"
	"\t\t*) [[ ${COMP_WORDS[i]} == [-=]* ]] || ((++operands)) ;;\n"
	"\t\tesac\n"
	"\tdone\n";

static const char bash_tail[] =
	"\tif ((operands == 0)); then\n"
	"\t\t_mkroot_reply -W \"$(_mkroot_names \"$data\"/profiles/*.conf "
	"\"$config\"/*.conf)\"\n"
	"\t\t_mkroot_reply -f -X '!*.conf'\n"
	"\telse\n"
	"\t\t_mkroot_reply -W \"$(_mkroot_names \"$data\"/selections/*.sel)\"\n"
	"\t\t_mkroot_reply -f\n"
	"\tfi\n"
	"}\n"
	"complete -F _mkroot mkroot\n";

/* "-m|--media|--keyring": options whose next word is no operand. */
static void print_bash_arguments(FILE *f)
{
	fputs("\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i-1]} in\n\t\t=", f);
	for (const struct option_group *g = option_groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++) {
			if (e->argument && e->short_name)
				fprintf(f, "|-%c", e->short_name);
			if (e->argument)
				fprintf(f, "|--%s", e->name);
		}
	fputs(bash_count, f);
}

static void print_bash(FILE *f)
{
	fputs(bash_head, f);
	for (const struct option_group *g = option_groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++)
			if (e->argument)
				print_bash_case(f, e);
	fputs("\tesac\n\tif [[ $cur == -* ]]; then\n\t\t_mkroot_reply -W '", f);
	for (const struct option_group *g = option_groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++) {
			if (e->short_name)
				fprintf(f, "-%c ", e->short_name);
			fprintf(f, "--%s ", e->name);
		}
	fputs("'\n\t\treturn\n\tfi\n", f);
	print_bash_arguments(f);
	fputs(bash_tail, f);
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
	case COMPLETE_FIXUPS:
		fputc('(', f);
		print_fixups(f);
		fputc(')', f);
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

static const char zsh_head[] = "#compdef mkroot\n"
			       "# made by mkroot --completion zsh\n"
			       "local data=${MKROOT_DATADIR:-" MKROOT_DATADIR "}\n"
			       "local config=${XDG_CONFIG_HOME:-$HOME/.config}/mkroot\n"
			       "local -a profiles selections\n"
			       "profiles=($data/profiles/*.conf(N:t:r) $config/*.conf(N:t:r))\n"
			       "selections=($data/selections/*.sel(N:t))\n"
			       "_arguments -s -S \\\n";

static void print_zsh(FILE *f)
{
	fputs(zsh_head, f);
	for (const struct option_group *g = option_groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++) {
			if (e->short_name)
				print_zsh_option(f, e, true);
			print_zsh_option(f, e, false);
		}
	fputs("\t'1:profile:{_alternative \"names:profile:($profiles)\" "
	      "\"files:file:_files -g \\*.conf\"}' \\\n"
	      "\t'*:selection:{_alternative \"names:selection:($selections)\" "
	      "\"files:file:_files\"}'\n",
	      f);
}

int options_print_completion(FILE *f, const char *shell, struct error *err)
{
	if (!strcmp(shell, "bash"))
		print_bash(f);
	else if (!strcmp(shell, "zsh"))
		print_zsh(f);
	else
		return error_set(err, -ERR_UNSUPPORTED, shell, "no completion for this shell");
	return 0;
}
