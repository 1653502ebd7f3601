/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The differences that are found: printed, or gathered for JSON. */
#include "common/json.h"
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

static void gather(json_t *list, const char *machine, char sign, const char *path, const char *words)
{
	const char *change = sign == '-' ? "removed" : sign == '+' ? "added" : "changed";
	json_t *o = json_pack("{s:s}", "change", change);

	if (machine)
		json_object_set_new(o, "machine", json_string(machine));
	/* A name that is not UTF-8 cannot stand in JSON; it is null. */
	if (path && json_object_set_new(o, "path", json_string(path)))
		json_object_set_new(o, "path", json_null());
	if (words)
		json_object_set_new(o, "what", json_string(words));
	json_array_append_new(list, o);
}

void diff_tell(struct diff_report *r, const char *machine, char sign, const char *path,
	       const char *words)
{
	r->count++;
	if (r->silent)
		return;
	if (r->list)
		gather(r->list, machine, sign, path, words);
	else
		print(machine, sign, path, words);
}

int diff_print_json(const struct diff_report *r, const char *a, const char *b, struct error *err)
{
	json_t *whole = json_pack("{s:s, s:s, s:O}", "a", a, "b", b, "differences", r->list);

	return json_print(whole, stdout, "stdout", err);
}
