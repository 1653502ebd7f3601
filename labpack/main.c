/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack: whole labs of User Mode Linux, in one folder and in one archive. */
#include <errno.h>
#include <unistd.h>

#include "common/program.h"
#include "labpack/command.h"

/* What stands before the command. */
struct program {
	bool help, version;
	const char *folder; /* -C, or NULL */
	const char *shell;  /* --completion, or NULL */
};

static const struct option_entry options[] = {
	{ "directory", 'C', "DIR", "go to this folder first: the lab's",
	  OPTION(struct program, folder, option_store_text), .complete = COMPLETE_DIR },
	{ "completion", 0, "SHELL", "print the completion file for bash or zsh",
	  OPTION(struct program, shell, option_store_word), .words = "bash zsh",
	  .complete = COMPLETE_WORDS },
	{ "help", 'h', NULL, "print this text; behind a COMMAND: what it takes",
	  OPTION(struct program, help, option_store_flag) },
	{ "version", 'V', NULL, "print the version",
	  OPTION(struct program, version, option_store_flag) },
	{ .name = NULL },
};

const struct option_group program_options[] = {
	{ "Options before the COMMAND", options },
	{ NULL, NULL },
};

/* How many words stand before the command. */
static int count_program_words(int argc, char **argv)
{
	int n = 0;

	while (n < argc && argv[n][0] == '-') {
		bool argument = !strcmp(argv[n], "-C") || !strcmp(argv[n], "--directory") ||
				!strcmp(argv[n], "--completion");

		n += argument && n + 1 < argc ? 2 : 1;
	}
	return n;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	int before = count_program_words(argc, argv), words;
	struct program p = { .help = false };
	const struct command *c;
	int rc = option_read(program_options, &p, before, argv, NULL, err);

	if (rc)
		return rc;
	if (p.help) {
		command_print_help(stdout);
		return 0;
	}
	if (p.version) {
		printf("labpack %s\n", MKROOT_VERSION);
		return 0;
	}
	if (p.shell)
		return command_print_completion(stdout, p.shell, err);
	c = command_find(argc - before, argv + before, &words, err);
	if (!c && before + 1 < argc && command_is_family(argv[before]) &&
	    wants_help(1, argv + before + 1)) {
		error_release(err);
		command_print_help(stdout);
		return 0;
	}
	if (!c)
		return -ERR_USAGE;
	argc -= before + words;
	argv += before + words;
	if (wants_help(argc, argv)) {
		command_print_help_of(stdout, c);
		return 0;
	}
	if (p.folder && chdir(p.folder) != 0)
		return error_errno(err, errno, p.folder, "cannot go there");
	return c->run(argc, argv, differs, err);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	bool differs = false;
	int rc;

	program_begin("labpack");
	rc = run(argc > 0 ? argc - 1 : 0, argv + (argc > 0), &differs, &err);
	return program_end(rc, differs, &err);
}
