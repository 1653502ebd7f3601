/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The differences that are found: printed, or gathered for JSON. */
#include <errno.h>
#include <jansson.h>

#include "common/program.h"
#include "labpack/diff.h"

static void print(const char *machine, char sign, const char *path, const char *words)
{
	if (!path)
		report_line(stdout, "machine %c %s", sign, machine);
	else
		report_line(stdout, "%s: file %c %s%s%s", machine ? machine : "lab", sign, path,
			    words ? ": " : "", words ? words : "");
}

static int gather(json_t *list, const char *machine, char sign, const char *path, const char *words)
{
	const char *change = sign == '-' ? "removed" : sign == '+' ? "added" : "changed";
	json_t *o = json_pack("{s:s}", "change", change);

	if (!o)
		return -ENOMEM;
	if (machine)
		json_object_set_new(o, "machine", json_string(machine));
	/* A name that is not UTF-8 cannot stand in JSON; it is null. */
	if (path && json_object_set_new(o, "path", json_string(path)))
		json_object_set_new(o, "path", json_null());
	if (words)
		json_object_set_new(o, "what", json_string(words));
	return json_array_append_new(list, o) ? -ENOMEM : 0;
}

int diff_tell(struct diff_report *r, const char *machine, char sign, const char *path,
	      const char *words, struct error *err)
{
	r->count++;
	if (r->silent)
		return 0;
	if (!r->list)
		print(machine, sign, path, words);
	else if (gather(r->list, machine, sign, path, words))
		return error_nomem(err);
	return 0;
}

int diff_print_json(const struct diff_report *r, const char *a, const char *b, struct error *err)
{
	json_t *whole = json_pack("{s:s, s:s, s:O}", "a", a, "b", b, "differences", r->list);
	int rc = 0;

	if (!whole || json_dumpf(whole, stdout, JSON_INDENT(2)))
		rc = error_nomem(err);
	else
		putchar('\n');
	json_decref(whole);
	return rc;
}
