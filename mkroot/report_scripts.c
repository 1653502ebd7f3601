/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report says about scriptlets and --run. */
#include "common/json.h"
#include "mkroot/build.h"

static void set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value ? value : json_string("(not UTF-8)"));
}

static json_t *texts(const struct strlist *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->count; i++) {
		json_t *text = json_string(l->items[i]);

		json_array_append_new(list, text ? text : json_string("(not UTF-8)"));
	}
	return list;
}

static const char *const ends[] = {
	[GUEST_EXITED] = "exited",
	[GUEST_SIGNALLED] = "ended by a signal",
	[GUEST_TIMEOUT] = "stopped: too long",
	[GUEST_FLOOD] = "stopped: too much output",
	[GUEST_FORKS] = "stopped: too many processes",
	[GUEST_FULL] = "filled the disk",
	[GUEST_EMPTIED] = "removed most of the system",
	[GUEST_KILLS_INIT] = "stopped: tried to kill init",
	[GUEST_HALTS] = "stopped: tried to halt",
	[GUEST_SKIPPED] = "skipped",
	[GUEST_NOT_RUN] = "not run",
};

static void add_result(json_t *o, const struct script_result *r)
{
	bool ran = r->end != GUEST_NOT_RUN && r->end != GUEST_SKIPPED;

	set(o, "state", json_string(!ran ? ends[r->end] : r->failed ? "failed" : "done"));
	if (!ran)
		return;
	set(o, "end", json_string(ends[r->end]));
	if (r->end == GUEST_EXITED)
		set(o, "exit", json_integer(r->value));
	if (r->end == GUEST_SIGNALLED)
		set(o, "signal", json_integer(r->value));
	set(o, "seconds", json_real(r->seconds));
	set(o, "output", json_string(r->output ? r->output : ""));
	if (r->dropped)
		set(o, "output_dropped", json_integer((json_int_t)r->dropped));
}

static json_t *scriptlet_object(const struct build *b, size_t i)
{
	const struct scriptlet *s = &b->scriptlets.items[i];
	json_t *o = json_object();

	set(o, "package", json_string(s->package));
	set(o, "kind", json_string(s->kind));
	set(o, "interpreter", json_string(s->interpreter));
	if (b->profile.scripts == SCRIPTS_UML && b->scripts.results)
		add_result(o, &b->scripts.results[i]);
	else
		set(o, "state", json_string(b->profile.scripts == SCRIPTS_FIRSTBOOT ? "first boot" :
										   "not run"));
	return o;
}

static json_t *run_object(const struct build *b, size_t i)
{
	const char *text = b->options->runs.items[i];
	json_t *o = json_object();

	set(o, text[0] == RUN_FILE ? "file" : "command", json_string(text + 1));
	if (b->scripts.results)
		add_result(o, &b->scripts.results[b->scriptlets.count + i]);
	return o;
}

static json_t *change_objects(const struct replay_log *l)
{
	static const char *const kinds[] = { "added", "changed", "removed" };
	json_t *list = json_array();

	for (size_t i = 0; i < l->count; i++) {
		json_t *o;

		if (l->items[i].verdict == REPLAY_LEAVE)
			continue;
		o = json_object();
		set(o, "path", json_string(l->items[i].path));
		set(o, "change", json_string(kinds[l->items[i].kind]));
		json_array_append_new(list, o);
	}
	return list;
}

void report_scripts(const struct build *b, json_t *doc)
{
	json_t *scriptlets = json_array(), *runs = json_array(), *how;

	for (size_t i = 0; i < b->scriptlets.count; i++)
		json_array_append_new(scriptlets, scriptlet_object(b, i));
	for (size_t i = 0; i < b->options->runs.count; i++)
		json_array_append_new(runs, run_object(b, i));
	set(doc, "scriptlets", scriptlets);
	set(doc, "run", runs);
	if (!b->scripts.results)
		return;
	how = json_object();
	set(how, "kernel", json_string(b->scripts.kernel));
	set(how, "seconds", json_real(b->scripts.seconds));
	set(how, "cpu_seconds", json_real(b->scripts.cpu_seconds));
	set(how, "changes", change_objects(&b->scripts.log));
	set(how, "cleared", texts(&b->scripts.cleared));
	set(how, "varying", texts(&b->scripts.varying));
	set(doc, "guest", how);
}
