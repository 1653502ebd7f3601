/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help and completion, from the table of commands. */
#include "labpack/command.h"

static const char usage[] =
	"usage: labpack [-C DIR] COMMAND [options] [operands]\n"
	"\n"
	"Build, pack, move, clone and roll back labs of User Mode Linux machines, as an\n"
	"ordinary user. A lab is a folder with a lab.conf.\n"
	"\n"
	"Commands:\n";

void command_print_help(FILE *f)
{
	fputs(usage, f);
	for (size_t i = 0; command_table[i]; i++) {
		const struct command *c = command_table[i];
		int n = fprintf(f, "  %s%s%s", c->name, *c->synopsis ? " " : "", c->synopsis);

		option_print_wrapped(f, c->summary, n > 0 ? (size_t)n : 0);
	}
	option_print_help(f, program_options);
	fputs("\n'labpack COMMAND --help' tells the options of a command.\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage. See labpack(1), lab.conf(5).\n",
	      f);
}

void command_print_help_of(FILE *f, const struct command *c)
{
	fprintf(f, "usage: labpack %s%s%s%s\n\n%s\n", c->name, c->options ? " [options]" : "",
		*c->synopsis ? " " : "", c->synopsis, c->summary);
	if (c->options)
		option_print_help(f, c->options);
}

/* Machines of the lab in the working folder: those that `labpack info --names` prints. */
static const char machines[] = "$(labpack info --names 2>/dev/null)";
static const char snapshots[] = "$(ls snapshots 2>/dev/null)";

static const char bash_head[] =
	"_labpack()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i command= words\n"
	"\tCOMPREPLY=()\n"
	"\t# bash makes a word of the '=' in --option=value\n"
	"\tif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	"\tif [[ $cur == = ]]; then cur=; fi\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i-1]} in -C|--directory) continue ;; esac\n"
	"\t\tif [[ ${COMP_WORDS[i]} != -* ]]; then command=${COMP_WORDS[i]}; break; fi\n"
	"\tdone\n";

/* Does an earlier command of the table begin with the same word? */
static bool family_seen(size_t index, size_t n)
{
	for (size_t i = 0; i < index; i++)
		if (!strncmp(command_table[i]->name, command_table[index]->name, n + 1))
			return true;
	return false;
}

/* "cow) [[ ... ]] " and the second words; commands of one word need nothing. */
static void print_bash_families(FILE *f)
{
	fputs("\tcase $command in\n", f);
	for (size_t i = 0; command_table[i]; i++) {
		const char *name = command_table[i]->name;
		size_t n = strcspn(name, " ");

		if (!name[n] || family_seen(i, n))
			continue;
		fprintf(f, "\t%.*s)\n\t\tif ((i + 1 == COMP_CWORD)); then _labpack_reply -W '", (int)n,
			name);
		for (size_t k = i; command_table[k]; k++)
			if (!strncmp(command_table[k]->name, name, n + 1))
				fprintf(f, "%s ", command_table[k]->name + n + 1);
		fputs("'; return; fi\n\t\tcommand+=\" ${COMP_WORDS[i+1]}\" ;;\n", f);
	}
	fputs("\tesac\n", f);
}

static void print_bash_operands(FILE *f, const struct command *c)
{
	switch (c->operands) {
	case OPERANDS_NONE:
		fputs("\t\t:\n", f);
		break;
	case OPERANDS_FILES:
		fputs("\t\t_labpack_reply -f\n", f);
		break;
	case OPERANDS_MACHINES:
		fprintf(f, "\t\t_labpack_reply -W \"%s\"\n", machines);
		break;
	case OPERANDS_SNAPSHOTS:
		fprintf(f, "\t\t_labpack_reply -W \"%s\"\n", snapshots);
		break;
	}
}

/* What follows a command: its options, their arguments, its operands. */
static void print_bash_command(FILE *f, const struct command *c)
{
	fprintf(f, "\t'%s')\n", c->name);
	if (c->options) {
		fputs("\t\tcase $prev in\n", f);
		option_bash_cases(f, "labpack", c->options);
		fputs("\t\tesac\n\t\tif [[ $cur == -* ]]; then _labpack_reply -W '", f);
		option_bash_words(f, c->options);
		fputs("--help'; return; fi\n", f);
	}
	print_bash_operands(f, c);
	fputs("\t\t;;\n", f);
}

static void print_first_words(FILE *f)
{
	for (size_t i = 0; command_table[i]; i++) {
		size_t n = strcspn(command_table[i]->name, " ");

		if (!command_table[i]->name[n] || !family_seen(i, n))
			fprintf(f, "%.*s ", (int)n, command_table[i]->name);
	}
}

static void print_bash(FILE *f)
{
	fputs("# bash completion of labpack; made by labpack --completion bash\n", f);
	option_bash_functions(f, "labpack");
	fputs(bash_head, f);
	print_bash_families(f);
	fputs("\tcase $command in\n\t'')\n\t\tcase $prev in\n", f);
	option_bash_cases(f, "labpack", program_options);
	fputs("\t\tesac\n\t\t_labpack_reply -W '", f);
	print_first_words(f);
	option_bash_words(f, program_options);
	fputs("'\n\t\t;;\n", f);
	for (size_t i = 0; command_table[i]; i++)
		print_bash_command(f, command_table[i]);
	fputs("\tesac\n}\ncomplete -F _labpack labpack\n", f);
}

static void print_zsh_command(FILE *f, const struct command *c)
{
	static const char *const operands[] = {
		[OPERANDS_NONE] = "",
		[OPERANDS_FILES] = "\t'*:file:_files' \\\n",
		[OPERANDS_MACHINES] = "\t'*:machine:{compadd - $(labpack info --names 2>/dev/null)}' \\\n",
		[OPERANDS_SNAPSHOTS] = "\t'*:snapshot:{compadd - $(ls snapshots 2>/dev/null)}' \\\n",
	};

	fprintf(f, "'%s')\n_arguments -s -S \\\n", c->name);
	if (c->options)
		option_zsh_arguments(f, c->options);
	fputs(operands[c->operands], f);
	fputs("\t'--help[what the command takes]' ;;\n", f);
}

static void print_zsh(FILE *f)
{
	fputs("#compdef labpack\n"
	      "# made by labpack --completion zsh\n"
	      "local command line state\n"
	      "_arguments -C \\\n",
	      f);
	option_zsh_arguments(f, program_options);
	fputs("\t'1:command:(", f);
	print_first_words(f);
	fputs(")' \\\n\t'*::operand:->operand' && return\n"
	      "command=$line[1]\n"
	      "case $command in\n",
	      f);
	for (size_t i = 0; command_table[i]; i++) {
		const char *name = command_table[i]->name;
		size_t n = strcspn(name, " ");

		if (!name[n] || family_seen(i, n))
			continue;
		fprintf(f, "%.*s)\nif ((CURRENT == 2)); then compadd - ", (int)n, name);
		for (size_t k = i; command_table[k]; k++)
			if (!strncmp(command_table[k]->name, name, n + 1))
				fprintf(f, "%s ", command_table[k]->name + n + 1);
		fputs("; return; fi\ncommand+=\" $words[2]\"; shift words; ((CURRENT--)) ;;\n", f);
	}
	fputs("esac\ncase $command in\n", f);
	for (size_t i = 0; command_table[i]; i++)
		print_zsh_command(f, command_table[i]);
	fputs("esac\n", f);
}

int command_print_completion(FILE *f, const char *shell, struct error *err)
{
	if (!strcmp(shell, "bash"))
		print_bash(f);
	else if (!strcmp(shell, "zsh"))
		print_zsh(f);
	else
		return error_set(err, -ERR_UNSUPPORTED, shell, "no completion for this shell");
	return 0;
}
