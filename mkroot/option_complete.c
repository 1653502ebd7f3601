/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion files for shells: the options of the table, then profiles and selections. */
#include "mkroot/option_table.h"

static const char bash_names[] =
	"# bash completion of mkroot; made by mkroot --completion bash\n"
	"_mkroot_names()\n"
	"{\n"
	"\tlocal file\n"
	"\tfor file; do\n"
	"\t\tfile=${file##*/}\n"
	"\t\t[[ $file == \\** ]] || printf '%s\\n' \"${file%.conf}\"\n"
	"\tdone\n"
	"}\n";

static const char bash_head[] =
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

static void print_bash(FILE *f)
{
	fputs(bash_names, f);
	option_bash_functions(f, "mkroot");
	fputs(bash_head, f);
	option_bash_cases(f, "mkroot", option_groups);
	fputs("\tesac\n\tif [[ $cur == -* ]]; then\n\t\t_mkroot_reply -W '", f);
	option_bash_words(f, option_groups);
	fputs("'\n\t\treturn\n\tfi\n", f);
	/* Options whose next word is no operand. */
	fputs("\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i-1]} in\n\t\t=", f);
	option_bash_arguments(f, option_groups);
	fputs(bash_count, f);
	fputs(bash_tail, f);
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
	option_zsh_arguments(f, option_groups);
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
