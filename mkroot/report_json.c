/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --report: what was done, for programs. The schema is in mkroot-report(5). */

#include "common/json.h"
#include "mkroot/build.h"

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

	json_put(o, "nevra", text(p->nevra));
	json_put(o, "file", text(package_file_name(p)));
	json_put(o, "size", json_integer((json_int_t)p->size));
	json_put(o, "sha256", text(p->sha256));
	json_put(o, "files", json_integer((json_int_t)pp->files.count));
	json_put(o, "installed_bytes", json_integer((json_int_t)pp->bytes));
	json_put(o, "requested", json_boolean(p->requested));
	json_put(o, "signature", text(p->signature));
	json_put(o, "signature_trusted", json_boolean(p->is_signed));
	json_put(o, "metadata_trusted", json_boolean(p->is_vouched));
	json_put(o, "legacy", texts(&p->legacy));
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
	json_put(o, "file", text(b->options->output));
	json_put(o, "filesystem", text(b->profile.filesystem));
	json_put(o, "uuid", json_string(uuid));
	json_put(o, "bytes", json_integer((json_int_t)layout_size(b->layout)));
	json_put(o, "used_bytes", json_integer((json_int_t)layout_used(b->layout)));
	json_put(o, "files", json_integer((json_int_t)tree_node_count(b->plan.tree)));
	json_put(o, "time", json_integer(b->now));
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
	json_put(o, "format", text(b->profile.database_format));
	json_put(o, "path", text(b->profile.database_path));
	json_put(o, "indexes", json_string(index_state(b)));
	return o;
}

json_t *report_document(const struct build *b)
{
	json_t *doc = json_object();

	json_put(doc, "mkroot_report", json_integer(1));
	json_put(doc, "version", json_string(MKROOT_VERSION));
	json_put(doc, "profile", text(b->profile.name));
	json_put(doc, "image", image_object(b));
	json_put(doc, "database", database_object(b));
	json_put(doc, "selinux", b->policy ? json_pack("{s:s, s:I}", "policy", b->policy, "files",
						  (json_int_t)b->labelled) :
					json_null());
	json_put(doc, "packages", package_objects(b));
	json_put(doc, "absent", texts(&b->dropped));
	json_put(doc, "fixups", texts(&b->changed));
	json_put(doc, "fixups_skipped", texts(&b->skipped));
	report_scripts(b, doc);
	json_put(doc, "warnings", texts(&b->warnings));
	json_put(doc, "timings", timing_objects(b));
	return doc;
}
