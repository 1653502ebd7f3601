/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --lock and --locked: the exact set of packages, and the settings that
 * decide about the image's bytes. A locked build asks for exactly these
 * packages, and fails naming the first thing that is not as it was.
 */
#include <errno.h>

#include "common/json.h"
#include "mkroot/build.h"

#define LOCK_MAX_PACKAGES 1000000

static json_t *text(const char *s)
{
	return s ? proof_text(s) : json_null();
}

static json_t *texts(const struct strlist *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(list, text(l->items[i]));
	return list;
}

static json_t *uuid_text(const struct build *b)
{
	static const int dashes = 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10; /* before these bytes */
	char out[37], *at = out;

	for (size_t i = 0; i < sizeof(b->uuid); i++)
		at += snprintf(at, 4, "%s%02x", dashes >> i & 1 ? "-" : "", b->uuid[i]);
	return json_string(out);
}

/* What fixups write into the image, besides hostname and swap. */
static void add_system(json_t *o, const struct profile *p)
{
	json_put(o, "kernel", text(p->kernel));
	json_put(o, "root_device", text(p->root_device));
	json_put(o, "console", text(p->console));
	json_put(o, "securetty", texts(&p->securetty));
	json_put(o, "shell", text(p->shell));
	json_put(o, "modules", json_boolean(p->modules));
	json_put(o, "module", texts(&p->module_names));
}

/* What of options and profile matters for the image; a difference is named by its key. */
static json_t *settings_object(const struct build *b)
{
	const struct profile *p = &b->profile;
	json_t *o = json_object();

	json_put(o, "arch", text(p->arch));
	json_put(o, "filesystem", text(p->filesystem));
	json_put(o, "features", text(p->features));
	json_put(o, "block_size", json_integer(p->block_size));
	json_put(o, "inode_size", json_integer(p->inode_size));
	json_put(o, "size", json_integer((json_int_t)p->size));
	json_put(o, "free", p->free_bytes == UINT64_MAX ? json_null() :
						    json_integer((json_int_t)p->free_bytes));
	json_put(o, "inodes", json_integer((json_int_t)b->options->inodes));
	json_put(o, "label", text(p->label));
	json_put(o, "selinux", json_string(p->selinux == SELINUX_AUTO ? "auto" :
				    p->selinux == SELINUX_YES  ? "yes" :
								 "no"));
	json_put(o, "hostname", text(p->hostname));
	json_put(o, "swap", json_integer((json_int_t)p->swap));
	json_put(o, "no_docs", json_boolean(p->no_docs));
	json_put(o, "replace_files", json_boolean(b->options->replace_files));
	json_put(o, "database", text(p->database_format));
	json_put(o, "database_path", text(p->database_path));
	json_put(o, "fixups", texts(&p->fixups));
	json_put(o, "scripts", json_string(options_scripts_name(p->scripts)));
	json_put(o, "run", texts(&b->options->runs));
	json_put(o, "run_files", texts(&b->proof.run_files));
	json_put(o, "overlays", texts(&b->proof.overlays));
	add_system(o, p);
	return o;
}

json_t *lock_document(const struct build *b)
{
	json_t *doc = json_object(), *list = json_array();

	for (size_t i = 0; i < b->solved.packages.count; i++) {
		const struct package *p = b->solved.packages.items[i];

		json_array_append_new(list, json_pack("{s:s, s:o, s:I, s:s}", "nevra", p->nevra, "file",
						      text(package_file_name(p)), "size",
						      (json_int_t)p->size, "sha256", p->sha256));
	}
	json_put(doc, "mkroot_lock", json_integer(1));
	json_put(doc, "profile", text(b->profile.name));
	json_put(doc, "uuid", uuid_text(b));
	json_put(doc, "time", json_integer(b->now));
	json_put(doc, "settings", settings_object(b));
	json_put(doc, "packages", list);
	return doc;
}

static int malformed(const char *path, const char *what, struct error *err)
{
	error_set(err, -ERR_FORMAT, path, "%s", what);
	return error_hint(err, "a lock file is what --lock wrote");
}

int lock_read(struct build *b, struct error *err)
{
	const char *path = b->options->locked;
	json_error_t why;
	json_t *doc, *list, *item;
	size_t i;

	json_begin();
	errno = 0;
	doc = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	if (!doc && json_error_code(&why) == json_error_cannot_open_file)
		return error_errno(err, errno ? errno : ENOENT, path, "cannot be opened");
	b->proof.locked = doc;
	/* Without memory jansson may lose a character and go on. */
	if (json_out_of_memory())
		return error_nomem(err);
	if (!doc)
		return error_set(err, -ERR_FORMAT, path, "line %d: %s", why.line, why.text);
	if (json_integer_value(json_object_get(doc, "mkroot_lock")) != 1)
		return malformed(path, "is no lock file of version 1", err);
	list = json_object_get(doc, "packages");
	if (!json_is_array(list) || json_array_size(list) > LOCK_MAX_PACKAGES)
		return malformed(path, "has no list of packages", err);
	strlist_release(&b->names);
	json_array_foreach(list, i, item) {
		const char *nevra = json_string_value(json_object_get(item, "nevra"));

		if (!nevra || !json_string_value(json_object_get(item, "sha256")))
			return malformed(path, "has a package without nevra or sha256", err);
		if (strlist_add(&b->names, nevra))
			return error_nomem(err);
	}
	return 0;
}

static int compare_value(const struct build *b, const char *key, const json_t *old, const json_t *value,
			 struct error *err)
{
	char *was, *is;
	int rc;

	if (old && json_equal(old, value))
		return 0;
	was = old ? json_dumps(old, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	is = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	rc = json_complete(value, err);
	if (!rc)
		rc = error_set(err, -ERR_CONFLICT, b->options->locked, "'%s' was %s and is %s now", key,
			       was ? was : "nothing", is ? is : "nothing");
	free(was);
	free(is);
	return rc;
}

static int compare_settings(const struct build *b, struct error *err)
{
	json_t *now = settings_object(b), *then = json_object_get(b->proof.locked, "settings"), *v;
	const char *key;
	int rc = json_complete(now, err);

	/* A setting that is missing here would not be compared. */
	if (rc) {
		json_decref(now);
		return rc;
	}
	json_object_foreach(now, key, v) {
		rc = compare_value(b, key, json_object_get(then, key), v, err);
		if (rc)
			break;
	}
	json_decref(now);
	return rc;
}

/* The UUID follows from all of the above and the profile's name, unless it was said. */
static int compare_identity(const struct build *b, struct error *err)
{
	json_t *profile = text(b->profile.name), *uuid = uuid_text(b);
	int rc = json_out_of_memory() ? error_nomem(err) : 0;

	if (!rc)
		rc = compare_value(b, "profile", json_object_get(b->proof.locked, "profile"), profile, err);
	if (!rc)
		rc = compare_value(b, "uuid", json_object_get(b->proof.locked, "uuid"), uuid, err);
	json_decref(profile);
	json_decref(uuid);
	return rc;
}

int lock_compare(const struct build *b, struct error *err)
{
	const char *path = b->options->locked;
	json_t *list = json_object_get(b->proof.locked, "packages");
	int64_t then = json_integer_value(json_object_get(b->proof.locked, "time"));
	int rc;

	json_begin();
	rc = compare_settings(b, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < b->solved.packages.count; i++) {
		const struct package *p = b->solved.packages.items[i];
		json_t *item = json_array_get(list, i);
		const char *nevra = json_string_value(json_object_get(item, "nevra"));
		const char *sum = json_string_value(json_object_get(item, "sha256"));

		if (!nevra || strcmp(nevra, p->nevra) != 0)
			return error_set(err, -ERR_CONFLICT, path,
					 "package %zu was %s and is %s now", i + 1,
					 nevra ? nevra : "nothing", p->nevra);
		if (strcmp(sum, p->sha256) != 0)
			return error_set(err, -ERR_DIGEST, path, "%s had SHA-256 %s and has %s now",
					 p->nevra, sum, p->sha256);
	}
	if (b->solved.packages.count != json_array_size(list))
		return error_set(err, -ERR_CONFLICT, path, "%zu packages were locked, %zu are there",
				 json_array_size(list), b->solved.packages.count);
	if (then != b->now)
		return error_set(err, -ERR_CONFLICT, path,
				 "the build's time was %lld and is %u now (SOURCE_DATE_EPOCH)",
				 (long long)then, b->now);
	return compare_identity(b, err);
}
