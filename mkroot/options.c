/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From argv to struct options. */
#include "mkroot/option_table.h"

#define MAX_JOBS 256

static int add_operand(void *fields, const char *text, struct error *err)
{
	struct options *o = fields;

	if (!o->profile) {
		o->profile = text;
		return 0;
	}
	return strlist_add(&o->selections, text) ? error_nomem(err) : 0;
}

static const char *const scripts_names[] = {
	[SCRIPTS_UNSET] = "default",
	[SCRIPTS_NONE] = "none",
	[SCRIPTS_FIRSTBOOT] = "firstboot",
	[SCRIPTS_UML] = "uml",
};

const char *options_scripts_name(enum options_scripts scripts)
{
	return scripts_names[scripts];
}

enum options_scripts options_scripts_parse(const char *name)
{
	for (size_t i = SCRIPTS_NONE; i < sizeof(scripts_names) / sizeof(scripts_names[0]); i++)
		if (!strcmp(scripts_names[i], name))
			return (enum options_scripts)i;
	return SCRIPTS_UNSET;
}

int options_parse(struct options *o, int argc, char **argv, struct error *err)
{
	int rc;

	*o = (struct options){
		.free_bytes = OPTIONS_BYTES_UNSET,
		.swap = OPTIONS_BYTES_UNSET,
		.scripts_timeout = 300,
		.jobs = option_processors(MAX_JOBS),
	};
	rc = option_read(option_groups, o, argc - 1, argv + 1, add_operand, err);
	if (!rc && o->action == OPTIONS_BUILD)
		rc = options_check(o, err);
	return rc;
}

void options_release(struct options *o)
{
	strlist_release(&o->selections);
	strlist_release(&o->media);
	strlist_release(&o->keyrings);
	strlist_release(&o->add);
	strlist_release(&o->exclude);
	strlist_release(&o->locales);
	strlist_release(&o->overlays);
	strlist_release(&o->module_names);
	strlist_release(&o->fixups);
	strlist_release(&o->no_fixups);
	strlist_release(&o->runs);
}
