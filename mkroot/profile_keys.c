/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/profile_keys.h"

#include <ctype.h>
#include <errno.h>

#include "common/number.h"
#include "mkroot/option_table.h"

#define MIB ((uint64_t)1 << 20)
#define TIB ((uint64_t)1 << 40)

/* Empty text takes the value away. */
static int set_text(void *field, const char *text)
{
	char **to = field;

	free(*to);
	*to = NULL;
	if (!*text)
		return 0;
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

static int store_text(const struct profile_key *k, void *field, const struct profile_value *v,
		      const char **why)
{
	return set_text(field, v->text);
}

static int store_word(const struct profile_key *k, void *field, const struct profile_value *v,
		      const char **why)
{
	if (!option_has_word(k->words, v->text)) {
		*why = k->words;
		return -ERR_FORMAT;
	}
	return set_text(field, v->text);
}

static int store_arch(const struct profile_key *k, void *field, const struct profile_value *v,
		      const char **why)
{
	for (const char *c = v->text; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_') {
			*why = "an architecture like i586, or host";
			return -ERR_FORMAT;
		}
	return set_text(field, strcmp(v->text, "host") ? v->text : arch_of_host());
}

static int store_host_name(const struct profile_key *k, void *field, const struct profile_value *v,
			   const char **why)
{
	if (*v->text && !hostname_is_valid(v->text)) {
		*why = "letters, digits, '-' and '.', at most 64 bytes";
		return -ERR_FORMAT;
	}
	return set_text(field, v->text);
}

static int store_label(const struct profile_key *k, void *field, const struct profile_value *v,
		       const char **why)
{
	if (strlen(v->text) > 16) {
		*why = "at most 16 bytes";
		return -ERR_FORMAT;
	}
	return set_text(field, v->text);
}

/* A path inside the image. */
static int store_guest_path(const struct profile_key *k, void *field, const struct profile_value *v,
			    const char **why)
{
	if (*v->text && *v->text != '/') {
		*why = "an absolute path inside the image";
		return -ERR_FORMAT;
	}
	return set_text(field, v->text);
}

static int store_yes_no(const struct profile_key *k, void *field, const struct profile_value *v,
			const char **why)
{
	*why = "yes or no";
	if (!strcmp(v->text, "yes"))
		*(bool *)field = true;
	else if (!strcmp(v->text, "no"))
		*(bool *)field = false;
	else
		return -ERR_FORMAT;
	return 0;
}

/* "docs = no" is what the profile keeps as no_docs. */
static int store_no_yes(const struct profile_key *k, void *field, const struct profile_value *v,
			const char **why)
{
	bool value = false;
	int rc = store_yes_no(k, &value, v, why);

	if (!rc)
		*(bool *)field = !value;
	return rc;
}

static int store_number_of_words(const struct profile_key *k, void *field,
				 const struct profile_value *v, const char **why)
{
	uint64_t value;

	*why = k->words;
	if (!option_has_word(k->words, v->text) || number_parse(v->text, 0, UINT32_MAX, &value))
		return -ERR_FORMAT;
	*(uint32_t *)field = (uint32_t)value;
	return 0;
}

static int store_size(const struct profile_key *k, void *field, const struct profile_value *v,
		      const char **why)
{
	uint64_t value = 0;

	*why = "a size from 1M to 16T, or 0";
	if (strcmp(v->text, "0") != 0 && size_parse(v->text, MIB, 16 * TIB, &value))
		return -ERR_FORMAT;
	*(uint64_t *)field = value;
	return 0;
}

static int store_scripts(const struct profile_key *k, void *field, const struct profile_value *v,
			 const char **why)
{
	*why = k->words;
	if (!option_has_word(k->words, v->text))
		return -ERR_FORMAT;
	*(enum options_scripts *)field = options_scripts_parse(v->text);
	return 0;
}

static int store_selinux(const struct profile_key *k, void *field, const struct profile_value *v,
			 const char **why)
{
	*why = k->words;
	if (!option_has_word(k->words, v->text))
		return -ERR_FORMAT;
	*(enum profile_selinux *)field = !strcmp(v->text, "yes")  ? SELINUX_YES :
					 !strcmp(v->text, "auto") ? SELINUX_AUTO :
								    SELINUX_NO;
	return 0;
}

/* Blank separated. */
static int store_words(const struct profile_key *k, void *field, const struct profile_value *v,
		       const char **why)
{
	const char *text = v->text;
	size_t len;

	for (; *text; text += len + strspn(text + len, " \t")) {
		len = strcspn(text, " \t");
		if (strlist_addf(field, "%.*s", (int)len, text))
			return -ENOMEM;
	}
	return 0;
}

/* Each of the words must be one of the key's. */
static int store_known_words(const struct profile_key *k, void *field,
			     const struct profile_value *v, const char **why)
{
	struct strlist l = STRLIST_INIT;
	int rc = store_words(k, &l, v, why);

	for (size_t i = 0; !rc && i < l.count; i++)
		if (!option_has_word(k->words, l.items[i])) {
			*why = k->words;
			rc = -ERR_FORMAT;
		}
	strlist_release(&l);
	return rc ? rc : store_words(k, field, v, why);
}

/* Key IDs of 16 hex digits or fingerprints of 40: shorter IDs can be had by anybody. */
static int store_key_ids(const struct profile_key *k, void *field, const struct profile_value *v,
			 const char **why)
{
	const char *text = v->text;
	size_t len;

	for (; *text; text += len + strspn(text + len, " \t")) {
		len = strspn(text, "0123456789abcdefABCDEF");
		if ((len != 16 && len != 40) || !strchr(" \t", text[len])) {
			*why = "key IDs of 16 hex digits, or fingerprints of 40";
			return -ERR_FORMAT;
		}
	}
	return store_words(k, field, v, why);
}

/* The solver takes noarch packages anyway. */
static int store_arches(const struct profile_key *k, void *field, const struct profile_value *v,
			const char **why)
{
	struct strlist *l = field;
	size_t kept = 0;
	int rc = store_words(k, field, v, why);

	for (size_t i = 0; !rc && i < l->count; i++) {
		if (!strcmp(l->items[i], "noarch"))
			free(l->items[i]);
		else
			l->items[kept++] = l->items[i];
	}
	if (!rc)
		l->count = kept;
	return rc;
}

/* "~/" is the home; what is relative lies beside the profile; URLs stay. New string or NULL. */
static char *resolve_location(const struct profile_value *v)
{
	const char *home = getenv("HOME");
	char *joined = NULL, *real;
	int n;

	if (!strncmp(v->text, "~/", 2) && home && *home)
		n = asprintf(&joined, "%s%s", home, v->text + 1);
	else if (*v->text == '/' || strstr(v->text, "://"))
		return strdup(v->text);
	else
		n = asprintf(&joined, "%s/%s", v->folder, v->text);
	if (n < 0)
		return NULL;
	/* For messages that can be read; a place that does not exist (yet) is no error here. */
	real = realpath(joined, NULL);
	if (!real)
		return joined;
	free(joined);
	return real;
}

static int store_location(const struct profile_key *k, void *field, const struct profile_value *v,
			  const char **why)
{
	char **to = field;

	free(*to);
	*to = NULL;
	if (!*v->text)
		return 0;
	*to = resolve_location(v);
	return *to ? 0 : -ENOMEM;
}

static int store_locations(const struct profile_key *k, void *field, const struct profile_value *v,
			   const char **why)
{
	return *v->text ? strlist_take(field, resolve_location(v)) : 0;
}

/* A file when it has a '/', else a name that the media or mkroot knows. */
static int store_selections(const struct profile_key *k, void *field, const struct profile_value *v,
			    const char **why)
{
	if (!*v->text)
		return 0;
	return strchr(v->text, '/') ? store_locations(k, field, v, why)
				    : strlist_add(field, v->text);
}

#define FIELD(f) offsetof(struct profile, f)

const struct profile_key profile_keys[] = {
	{ "system", "arch", store_arch, FIELD(arch), false, NULL },
	{ "system", "arches", store_arches, FIELD(arches), true, NULL },
	{ "system", "colour", store_number_of_words, FIELD(colour), false, "0 1 2 3" },
	{ "system", "preferred_colour", store_number_of_words, FIELD(preferred_colour), false,
	  "0 1 2" },
	{ "system", "kernel", store_word, FIELD(kernel), false, "2.4 6" },
	{ "system", "root_device", store_guest_path, FIELD(root_device), false, NULL },
	{ "system", "console", store_text, FIELD(console), false, NULL },
	{ "system", "securetty", store_words, FIELD(securetty), true, NULL },
	{ "system", "hostname", store_host_name, FIELD(hostname), false, NULL },
	{ "system", "swap", store_size, FIELD(swap), false, NULL },

	{ "filesystem", "type", store_word, FIELD(filesystem), false, "ext2 ext3 ext4" },
	{ "filesystem", "features", store_text, FIELD(features), false, NULL },
	{ "filesystem", "block_size", store_number_of_words, FIELD(block_size), false,
	  "1024 2048 4096" },
	{ "filesystem", "inode_size", store_number_of_words, FIELD(inode_size), false, "128 256" },
	{ "filesystem", "size", store_size, FIELD(size), false, NULL },
	{ "filesystem", "free", store_size, FIELD(free_bytes), false, NULL },
	{ "filesystem", "label", store_label, FIELD(label), false, NULL },
	{ "filesystem", "selinux", store_selinux, FIELD(selinux), false, "no yes auto" },

	{ "packages", "selection", store_selections, FIELD(selections), true, NULL },
	{ "packages", "docs", store_no_yes, FIELD(no_docs), false, NULL },
	{ "packages", "recommends", store_yes_no, FIELD(recommends), false, NULL },

	{ "database", "path", store_guest_path, FIELD(database_path), false, NULL },
	{ "database", "format", store_word, FIELD(database_format), false, "sqlite bdb none" },

	{ "fixups", "apply", store_words, FIELD(fixups), true, NULL },
	{ "fixups", "scripts", store_scripts, FIELD(scripts), false, "uml firstboot none" },
	{ "fixups", "shell", store_guest_path, FIELD(shell), false, NULL },
	{ "fixups", "modules", store_location, FIELD(modules), false, NULL },
	{ "fixups", "module", store_words, FIELD(module_names), true, NULL },

	{ "media", "location", store_locations, FIELD(media), true, NULL },
	{ "media", "keyring", store_locations, FIELD(keyrings), true, NULL },

	{ "trust", "legacy-digests", store_known_words, FIELD(legacy_digests), true, "md5 sha1" },
	{ "trust", "legacy-keys", store_key_ids, FIELD(legacy_keys), true, NULL },
	{ NULL, NULL, NULL, 0, false, NULL },
};
