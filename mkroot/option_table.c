/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/option_table.h"

#include <ctype.h>

#include "common/number.h"
#include "fixups/fixup.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define TIB ((uint64_t)1 << 40)

static void list_fixups(FILE *f)
{
	for (const struct fixup *x = fixup_table; x->name; x++)
		fprintf(f, "%s%s", x == fixup_table ? "" : " ", x->name);
}

/* The first of --help, --version, ... is what is done. */
static int store_action(const struct option_entry *e, void *field, const char *argument,
			struct error *err)
{
	enum options_action *action = field;

	if (*action == OPTIONS_BUILD)
		*action = (enum options_action)e->min;
	return 0;
}

/* Names of packages, fixups and locales: no blanks, no control bytes. */
static int store_name_list(const struct option_entry *e, void *field, const char *argument,
			   struct error *err)
{
	for (const char *c = argument; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return option_error(e, err, "a name has no blanks; repeat the option");
	return option_store_list(e, field, argument, err);
}

static int store_locale(const struct option_entry *e, void *field, const char *argument,
			struct error *err)
{
	for (const char *c = argument; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_.@-", *c))
			return option_error(e, err, "'%s' is no locale like de_AT", argument);
	return option_store_list(e, field, argument, err);
}

static int store_arch(const struct option_entry *e, void *field, const char *argument,
		      struct error *err)
{
	for (const char *c = argument; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			return option_error(e, err, "'%s' is no architecture like i586",
					    argument);
	return option_store_text(e, field, argument, err);
}

static int store_hostname(const struct option_entry *e, void *field, const char *argument,
			  struct error *err)
{
	if (!hostname_is_valid(argument))
		return option_error(e, err, "'%s' is no host name (letters, digits, '-' and '.', "
				    "at most 64)", argument);
	*(const char **)field = argument;
	return 0;
}

static int store_label(const struct option_entry *e, void *field, const char *argument,
		       struct error *err)
{
	if (strlen(argument) > e->max)
		return option_error(e, err, "'%s' has %zu bytes, a label at most %d", argument,
				    strlen(argument), (int)e->max);
	for (const char *c = argument; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return option_error(e, err, "a label has no control characters");
	return option_store_text(e, field, argument, err);
}

static int store_scripts(const struct option_entry *e, void *field, const char *argument,
			 struct error *err)
{
	const char *word = "none";
	int rc = option_store_word(e, &word, argument, err);

	if (!rc)
		*(enum options_scripts *)field = options_scripts_parse(word);
	return rc;
}

/* Commands and files of commands keep their order: they are in one list. */
static int store_run(const struct option_entry *e, void *field, const char *argument,
		     struct error *err)
{
	if (!*argument)
		return option_error(e, err, "%s is empty", e->argument);
	return strlist_addf(field, "%c%s", (int)e->min, argument) ? error_nomem(err) : 0;
}

static int store_block_size(const struct option_entry *e, void *field, const char *argument,
			    struct error *err)
{
	uint64_t value;

	if (size_parse(argument, e->min, e->max, &value) || (value & (value - 1)))
		return option_error(e, err, "'%s' is not one of: %s", argument, e->words);
	*(uint32_t *)field = (uint32_t)value;
	return 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *d = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return d ? (int)(d - digits) : -1;
}

/* field is struct options itself: the number and that it was given. */
static int store_uuid(const struct option_entry *e, void *field, const char *argument,
		      struct error *err)
{
	struct options *o = field;
	size_t n = 0;

	for (const char *c = argument; *c; c++) {
		size_t at = (size_t)(c - argument);
		bool dash = at == 8 || at == 13 || at == 18 || at == 23;

		if (at >= 36 || (dash ? *c != '-' : hex_digit(*c) < 0))
			break;
		if (!dash) {
			o->uuid[n / 2] = (uint8_t)(o->uuid[n / 2] << 4 | hex_digit(*c));
			n++;
		}
	}
	if (n != 32 || strlen(argument) != 36)
		return option_error(e, err, "'%s' is no UUID (8-4-4-4-12 hexadecimal digits)",
				    argument);
	o->has_uuid = true;
	return 0;
}

/* field is struct options: the action and the shell. */
static int store_completion(const struct option_entry *e, void *field, const char *argument,
			    struct error *err)
{
	struct options *o = field;
	int rc = option_store_word(e, &o->shell, argument, err);

	return rc ? rc : store_action(e, &o->action, argument, err);
}

#define FIELD(f) offsetof(struct options, f)
#define STORE(function, f) .store = function, .field = FIELD(f)
#define FLAG(f) STORE(option_store_flag, f)
#define RANGE(low, high) .min = low, .max = high
#define END { .name = NULL }

static const struct option_entry input_options[] = {
	{ "media", 'm', "PLACE", "take packages from this folder, ISO image or URL "
	  "(repeatable; replaces the profile's media)",
	  STORE(option_store_list, media), .complete = COMPLETE_FILE },
	{ "offline", 0, NULL, "fetch nothing: of URLs, use what the cache has", FLAG(offline) },
	{ "no-cache", 0, NULL, "fetch into nameless temporary files; keep nothing",
	  FLAG(no_cache) },
	{ "limit-rate", 0, "RATE", "fetch at most so many bytes a second, with K, M or G",
	  STORE(option_store_size, limit_rate), RANGE(KIB, TIB) },
	{ "keyring", 0, "FILE", "trust the public keys in this file (repeatable; replaces the "
	  "profile's keys)",
	  STORE(option_store_list, keyrings), .complete = COMPLETE_FILE },
	{ "allow-unsigned", 0, NULL, "take packages without a signature even though there are keys",
	  FLAG(allow_unsigned) },
	{ "arch", 'a', "ARCH", "install for this architecture instead of the profile's",
	  STORE(store_arch, arch) },
	{ "locale", 0, "LOCALE", "also what selections have for this locale, like de_AT "
	  "(repeatable)",
	  STORE(store_locale, locales) },
	END,
};

static const struct option_entry package_options[] = {
	{ "add", 0, "NAME", "install this package too (repeatable); then no SELECTION is needed",
	  STORE(store_name_list, add) },
	{ "exclude", 0, "NAME", "never install this package (repeatable)",
	  STORE(store_name_list, exclude) },
	{ "recommends", 0, NULL, "also what packages, patterns and groups only recommend",
	  FLAG(recommends) },
	{ "nodeps", 0, NULL, "install just what is named, whatever it requires", FLAG(nodeps) },
	{ "no-docs", 0, NULL, "leave documentation out, as rpm --nodocs does", FLAG(no_docs) },
	{ "replace-files", 0, NULL, "where two packages bring different files, the later one wins",
	  FLAG(replace_files) },
	{ "scripts", 0, "WHEN", "scriptlets of packages: uml (now, in User-Mode Linux; the default "
	  "where there is a kernel), firstboot (the guest's first boot runs them) or none (they are "
	  "listed)",
	  STORE(store_scripts, scripts), .words = "uml firstboot none", .complete = COMPLETE_WORDS },
	{ "scripts-strict", 0, NULL, "a scriptlet of any kind that fails is an error",
	  FLAG(scripts_strict) },
	{ "scripts-timeout", 0, "SECONDS", "how long one scriptlet may take (default: 300)",
	  STORE(option_store_int, scripts_timeout), RANGE(1, 86400) },
	{ "kernel", 0, "FILE", "the kernel for uml and --run (default: $MKROOT_KERNEL, else linux from "
	  "PATH)",
	  STORE(option_store_text, kernel), .complete = COMPLETE_FILE },
	{ "run", 0, "COMMAND", "then run this in the image, by its own shell (repeatable)",
	  STORE(store_run, runs), .min = RUN_COMMAND },
	{ "run-file", 0, "SCRIPT", "the same with a file of commands (repeatable)",
	  STORE(store_run, runs), .min = RUN_FILE, .complete = COMPLETE_FILE },
	{ "strict", 0, NULL, "a name that the media does not have is an error", FLAG(strict) },
	END,
};

static const struct option_entry image_options[] = {
	{ "output", 'o', "IMAGE", "write the image to this file; it appears whole or not at all",
	  STORE(option_store_text, output), .complete = COMPLETE_FILE },
	{ "size", 's', "SIZE", "size of the image, with K, M, G or T (default: from the contents)",
	  STORE(option_store_size, size), RANGE(MIB, 16 * TIB) },
	{ "free", 0, "SIZE", "room to leave (default: a quarter of what is used, at least 16M; "
	  "it is a hole on the host)",
	  STORE(option_store_size_or_none, free_bytes), RANGE(KIB, 16 * TIB) },
	{ "inodes", 0, "N", "room for at least so many files",
	  STORE(option_store_number, inodes), RANGE(16, UINT32_MAX) },
	{ "filesystem", 'f', "TYPE", "ext2, ext3 or ext4", STORE(option_store_word, filesystem),
	  .words = "ext2 ext3 ext4", .complete = COMPLETE_WORDS },
	{ "block-size", 0, "BYTES", "1024, 2048 or 4096; below 4096 copy-on-write disks fail on "
	  "User Mode Linux 6.1",
	  STORE(store_block_size, block_size), RANGE(1024, 4096),
	  .words = "1024 2048 4096", .complete = COMPLETE_WORDS },
	{ "label", 0, "TEXT", "label of the filesystem, at most 16 bytes",
	  STORE(store_label, label), RANGE(0, 16) },
	{ "selinux", 0, NULL, "label files by the SELinux policy that the image has", FLAG(selinux) },
	{ "uuid", 0, "UUID", "UUID of the filesystem (default: from the contents)",
	  .store = store_uuid },
	END,
};

static const struct option_entry system_options[] = {
	{ "hostname", 0, "NAME", "name of the guest", STORE(store_hostname, hostname) },
	{ "modules", 0, "DIR", "kernel modules: a folder that holds KERNELRELEASE/, or is one",
	  STORE(option_store_text, modules), .complete = COMPLETE_DIR },
	{ "module", 0, "NAME", "of these take only this one and what it needs (repeatable)",
	  STORE(store_name_list, module_names) },
	{ "swap", 0, "SIZE", "a swap file of this size in the image; 0 for none",
	  STORE(option_store_size_or_none, swap), RANGE(64 * KIB, TIB) },
	{ "overlay", 0, "PATH", "lay this folder or tar archive over the packages' files "
	  "(repeatable)",
	  STORE(option_store_list, overlays), .complete = COMPLETE_FILE },
	{ "fixup", 0, "NAME", "apply this fixup too (repeatable)", STORE(store_name_list, fixups),
	  .complete = COMPLETE_LIST, .list = list_fixups },
	{ "no-fixup", 0, "NAME", "do not apply this fixup (repeatable)",
	  STORE(store_name_list, no_fixups), .complete = COMPLETE_LIST, .list = list_fixups },
	{ "list-fixups", 0, NULL, "list all fixups and what they do", STORE(store_action, action),
	  .min = OPTIONS_LIST_FIXUPS },
	END,
};

static const struct option_entry proof_options[] = {
	{ "lock", 0, "FILE", "write the exact set of packages and the settings that matter",
	  STORE(option_store_text, lock), .complete = COMPLETE_FILE },
	{ "locked", 0, "FILE", "build from this lock file, or fail naming the difference",
	  STORE(option_store_text, locked), .complete = COMPLETE_FILE },
	{ "verify-rebuild", 0, "IMAGE", "build again, compare with this image, write nothing",
	  STORE(option_store_text, verify_rebuild), .complete = COMPLETE_FILE },
	{ "report", 0, "FILE", "write a report of the build, as JSON",
	  STORE(option_store_text, report), .complete = COMPLETE_FILE },
	{ "sbom", 0, "FILE", "write a bill of materials, as SPDX 2.3 JSON",
	  STORE(option_store_text, sbom), .complete = COMPLETE_FILE },
	{ "manifest", 0, "FILE", "write all files with their digests, in mtree format",
	  STORE(option_store_text, manifest), .complete = COMPLETE_FILE },
	END,
};

static const struct option_entry other_options[] = {
	{ "jobs", 'j', "N", "threads (default: the processors that mkroot may use)",
	  STORE(option_store_int, jobs), RANGE(1, 256) },
	{ "dry-run", 'n', NULL, "do everything up to the plan and print it; write nothing",
	  FLAG(dry_run) },
	{ "quiet", 'q', NULL, "print errors and warnings only", FLAG(quiet) },
	{ "verbose", 'v', NULL, "say more about each step", FLAG(verbose) },
	{ "completion", 0, "SHELL", "print the completion file for bash or zsh",
	  .store = store_completion, .min = OPTIONS_COMPLETION, .words = "bash zsh",
	  .complete = COMPLETE_WORDS },
	{ "help", 'h', NULL, "print this text", STORE(store_action, action), .min = OPTIONS_HELP },
	{ "version", 'V', NULL, "print the version",
	  STORE(store_action, action), .min = OPTIONS_VERSION },
	END,
};

const struct option_group option_groups[] = {
	{ "Where packages come from", input_options },
	{ "What is installed", package_options },
	{ "The image", image_options },
	{ "The system in it", system_options },
	{ "Proof and repetition", proof_options },
	{ "Other", other_options },
	{ NULL, NULL },
};
