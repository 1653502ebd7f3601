/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --report: what was done, for programs. The schema is in mkroot-report(5). */
#include <jansson.h>

#include "mkroot/build.h"

static void set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

/* Names in packages may hold any bytes; what is no UTF-8 is shown as such. */
static json_t *text(const char *s)
{
	json_t *t = s ? json_string(s) : json_null();

	return t ? t : json_string("(not UTF-8)");
}

static json_t *texts(const struct strlist *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(list, text(l->items[i]));
	return list;
}

static json_t *package_object(const struct plan_package *pp)
{
	const struct package *p = pp->package;
	json_t *o = json_object();

	set(o, "nevra", text(p->nevra));
	set(o, "file", text(package_file_name(p)));
	set(o, "size", json_integer((json_int_t)p->size));
	set(o, "sha256", text(p->sha256));
	set(o, "files", json_integer((json_int_t)pp->files.count));
	set(o, "installed_bytes", json_integer((json_int_t)pp->bytes));
	set(o, "requested", json_boolean(p->requested));
	set(o, "signature", text(p->signature));
	set(o, "signature_trusted", json_boolean(p->is_signed));
	set(o, "metadata_trusted", json_boolean(p->is_vouched));
	set(o, "legacy", texts(&p->legacy));
	return o;
}

static json_t *package_objects(const struct build *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->plan.count; i++)
		json_array_append_new(list, package_object(&b->plan.packages[i]));
	return list;
}

static json_t *timing_objects(const struct build *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->timing_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:f}", "step", b->timings[i].step,
						      "seconds", b->timings[i].seconds));
	return list;
}

static json_t *image_object(const struct build *b)
{
	char uuid[33];
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(b->uuid); i++)
		snprintf(uuid + 2 * i, 3, "%02x", b->uuid[i]);
	set(o, "file", text(b->options->output));
	set(o, "filesystem", text(b->profile.filesystem));
	set(o, "uuid", json_string(uuid));
	set(o, "bytes", json_integer((json_int_t)layout_size(b->layout)));
	set(o, "used_bytes", json_integer((json_int_t)layout_used(b->layout)));
	set(o, "files", json_integer((json_int_t)tree_node_count(b->plan.tree)));
	set(o, "time", json_integer(b->now));
	return o;
}

/* Who makes what a "bdb" database lacks. */
static const char *index_state(const struct build *b)
{
	if (strcmp(b->profile.database_format, "bdb") != 0)
		return "complete";
	for (size_t i = 0; i < b->changed.count; i++)
		if (!strncmp(b->changed.items[i], "rpmdb:", 6))
			return "first boot";
	return "missing";
}

static json_t *database_object(const struct build *b)
{
	json_t *o;

	if (!b->profile.database_format)
		return json_null();
	o = json_object();
	set(o, "format", text(b->profile.database_format));
	set(o, "path", text(b->profile.database_path));
	set(o, "indexes", json_string(index_state(b)));
	return o;
}

json_t *report_document(const struct build *b)
{
	json_t *doc = json_object();

	set(doc, "mkroot_report", json_integer(1));
	set(doc, "version", json_string(MKROOT_VERSION));
	set(doc, "profile", text(b->profile.name));
	set(doc, "image", image_object(b));
	set(doc, "database", database_object(b));
	set(doc, "selinux", b->policy ? json_pack("{s:s, s:I}", "policy", b->policy, "files",
						  (json_int_t)b->labelled) :
					json_null());
	set(doc, "packages", package_objects(b));
	set(doc, "absent", texts(&b->dropped));
	set(doc, "fixups", texts(&b->changed));
	set(doc, "fixups_skipped", texts(&b->skipped));
	report_scripts(b, doc);
	set(doc, "warnings", texts(&b->warnings));
	set(doc, "timings", timing_objects(b));
	return doc;
}
