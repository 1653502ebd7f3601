/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/command.h"

#include "common/suggest.h"

const struct command *const command_table[] = {
	&command_build,
	&command_clone,
	&command_cow_create,
	&command_cow_fsck,
	&command_cow_info,
	&command_cow_merge,
	&command_cow_rebase,
	&command_create,
	&command_diff,
	&command_drop,
	&command_extract,
	&command_info,
	&command_list,
	&command_plot,
	&command_rollback,
	&command_snapshot,
	&command_snapshots,
	&command_sniff,
	&command_verify,
	NULL,
};

/* Do the words begin with this name? How many of them it is, or 0. */
static int words_of(const char *name, int argc, char **argv)
{
	int words = 0;

	while (*name && words < argc) {
		size_t n = strcspn(name, " ");

		if (strlen(argv[words]) != n || memcmp(argv[words], name, n) != 0)
			return 0;
		words++;
		name += n + (name[n] == ' ');
	}
	return *name ? 0 : words;
}

/* "cow" alone: which words may follow? */
static int explain_family(const char *family, const char *word, struct error *err)
{
	struct suggestion s = suggestion_for(word ? word : "");
	size_t n = strlen(family);
	struct strbuf all = STRBUF_INIT;
	int rc = 0;

	for (size_t i = 0; !rc && command_table[i]; i++) {
		const char *name = command_table[i]->name;

		if (strncmp(name, family, n) != 0 || name[n] != ' ')
			continue;
		suggestion_offer(&s, name + n + 1);
		rc = strbuf_addf(&all, "%s%s", all.len ? ", " : "", name + n + 1);
	}
	if (rc || !all.len) {
		strbuf_release(&all);
		return rc ? error_nomem(err) : 0;
	}
	if (word)
		error_set(err, -ERR_USAGE, NULL, "unknown command '%s %s'", family, word);
	else
		error_set(err, -ERR_USAGE, NULL, "'%s' is a family of commands", family);
	if (word && s.best)
		error_hint(err, "did you mean '%s %s'?", family, s.best);
	else
		error_hint(err, "%s", all.data);
	strbuf_release(&all);
	return -ERR_USAGE;
}

bool command_is_family(const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; command_table[i]; i++)
		if (!strncmp(command_table[i]->name, word, n) && command_table[i]->name[n] == ' ')
			return true;
	return false;
}

const struct command *command_find(int argc, char **argv, int *words, struct error *err)
{
	const struct command *best = NULL;
	struct suggestion s;

	*words = 0;
	for (size_t i = 0; command_table[i]; i++) {
		int n = words_of(command_table[i]->name, argc, argv);

		if (n > *words) {
			best = command_table[i];
			*words = n;
		}
	}
	if (best)
		return best;
	if (!argc) {
		error_set(err, -ERR_USAGE, NULL, "no COMMAND given");
		return NULL;
	}
	if (explain_family(argv[0], argc > 1 ? argv[1] : NULL, err))
		return NULL;
	s = suggestion_for(argv[0]);
	for (size_t i = 0; command_table[i]; i++)
		suggestion_offer(&s, command_table[i]->name);
	error_set(err, -ERR_USAGE, NULL, "unknown command '%s'", argv[0]);
	if (s.best)
		error_hint(err, "did you mean '%s'?", s.best);
	return NULL;
}

int command_usage(const struct command *c, struct error *err)
{
	return error_set(err, -ERR_USAGE, NULL, "usage: labpack %s%s%s%s", c->name,
			 c->options ? " [options]" : "", *c->synopsis ? " " : "", c->synopsis);
}

int command_operand(void *fields, const char *text, struct error *err)
{
	return strlist_add(fields, text) ? error_nomem(err) : 0;
}
