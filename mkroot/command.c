/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/command.h"

const struct command command_table[] = {
	{ "cache", "list | clean [--older-than AGE]", "what was fetched and kept; or remove it",
	  command_cache },
	{ "diff", "A.img B.img", "packages and files in which two images differ", command_diff },
	{ "list", "PROFILE [SELECTION...] [-m PLACE]",
	  "selections that the media and mkroot have; or the packages of some", command_list },
	{ "verify", "IMAGE", "what rpm -Va would say in the guest, on the image file",
	  command_verify },
	{ NULL, NULL, NULL, NULL },
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = command_table; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

int command_usage(const char *name, struct error *err)
{
	const struct command *c = command_find(name);

	return error_set(err, -ERR_USAGE, NULL, "usage: mkroot %s %s", name, c ? c->synopsis : "");
}
