/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what is stored, what is refused, and that the man page tells of every option.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <errno.h>
#include <sched.h>

#include "fixups/fixup.h"
#include "mkroot/option_table.h"

/* Completion lists the fixups: here two, whatever the real table has. */
const struct fixup fixup_table[] = {
	{ "swap", "makes a swap file", NULL, NULL },
	{ "fstab", "writes /etc/fstab", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};

const struct fixup *fixup_find(const char *name)
{
	for (const struct fixup *f = fixup_table; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

#define MAX_ARGS 40

/* Split at blanks; '_' stands for an empty argument. Returns argc. */
static int split(char *line, char **argv)
{
	int argc = 0;

	argv[argc++] = (char *)"mkroot";
	for (char *word = line; *word && argc < MAX_ARGS;) {
		size_t len = strcspn(word, " ");
		char *next = word + len + (word[len] == ' ');

		word[len] = '\0';
		argv[argc++] = strcmp(word, "_") ? word : (char *)"";
		word = next;
	}
	argv[argc] = NULL;
	return argc;
}

/* The options point into line, which the caller frees after them. */
static int parse(struct options *o, const char *text, char **line, struct error *err)
{
	char *argv[MAX_ARGS + 1], *before[MAX_ARGS + 1];
	int argc, rc;

	*line = strdup(text);
	assert_non_null(*line);
	argc = split(*line, argv);
	memcpy(before, argv, sizeof(argv));
	rc = options_parse(o, argc, argv, err);
	assert_memory_equal(before, argv, (size_t)argc * sizeof(*argv));
	return rc;
}

static void refuse(const char *text, const char *message)
{
	struct options o;
	struct error err = ERROR_INIT;
	char *line, *said;

	if (parse(&o, text, &line, &err) != -ERR_USAGE)
		fail_msg("'%s' was not refused (%d)", text, err.code);
	said = error_text(&err);
	if (strcmp(said, message) != 0)
		fail_msg("'%s': said '%s' instead of '%s'", text, said, message);
	free(said);
	error_release(&err);
	options_release(&o);
	free(line);
}

static void assert_list(const struct strlist *l, const char *expected)
{
	struct strbuf all = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(strbuf_addf(&all, "%s%s", i ? "|" : "", l->items[i]), 0);
	assert_string_equal(all.data ? all.data : "", expected);
	strbuf_release(&all);
}

static void test_defaults(void **state)
{
	struct options o;
	struct error err = ERROR_INIT;
	cpu_set_t set;
	char *line;

	assert_int_equal(parse(&o, "suse9 minimal.sel -o rootfs.img", &line, &err), 0);
	assert_int_equal(o.action, OPTIONS_BUILD);
	assert_string_equal(o.profile, "suse9");
	assert_list(&o.selections, "minimal.sel");
	assert_string_equal(o.output, "rootfs.img");
	assert_int_equal(o.size, 0);
	assert_true(o.free_bytes == OPTIONS_BYTES_UNSET && o.swap == OPTIONS_BYTES_UNSET);
	assert_null(o.filesystem);
	assert_false(o.dry_run || o.quiet || o.has_uuid || o.strict || o.nodeps);
	assert_int_equal(o.scripts, SCRIPTS_UNSET);
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	assert_int_equal(o.jobs, CPU_COUNT(&set));
	options_release(&o);
	free(line);
}

static void test_everything(void **state)
{
	static const uint8_t uuid[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					  0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10 };
	struct options o;
	struct error err = ERROR_INIT;
	char *line;

	if (parse(&o,
		  "-m a --media=b demo -s 1G --inodes 5000 -f ext3 --block-size 1024 --label root "
		  "--uuid 01234567-89ab-cdef-FEDC-BA9876543210 -a i686 x.sel --add p --add q "
		  "--exclude r --nodeps --no-docs --replace-files -j7 --hostname h.example "
		  "--modules /m --swap 64M --overlay d --overlay e.tar --fixup swap "
		  "--no-fixup fstab "
		  "--scripts=none --allow-unsigned --strict -v",
		  &line, &err))
		assert_non_null(strstr(err.what, "no output"));
	else
		fail_msg("no -o, but accepted");
	error_release(&err);
	options_release(&o);
	free(line);

	assert_int_equal(parse(&o,
			       "-m a --media=b demo -s 1G --inodes 5000 -f ext3 --block-size 1024 "
			       "--uuid 01234567-89ab-cdef-FEDC-BA9876543210 -a i686 x.sel --add p "
			       "--add q --exclude r --nodeps --no-docs --replace-files -j7 -o i",
			       &line, &err),
			 0);
	assert_list(&o.media, "a|b");
	assert_string_equal(o.profile, "demo");
	assert_list(&o.selections, "x.sel");
	assert_true(o.size == 1ull << 30 && o.inodes == 5000);
	assert_string_equal(o.filesystem, "ext3");
	assert_int_equal(o.block_size, 1024);
	assert_true(o.has_uuid);
	assert_memory_equal(o.uuid, uuid, 16);
	assert_string_equal(o.arch, "i686");
	assert_list(&o.add, "p|q");
	assert_list(&o.exclude, "r");
	assert_true(o.nodeps && o.no_docs && o.replace_files);
	assert_int_equal(o.jobs, 7);
	options_release(&o);
	free(line);

	assert_int_equal(
		parse(&o,
		      "demo -n --label root --hostname h.example --modules /m --swap 64M "
		      "--overlay d --overlay e.tar --fixup swap --no-fixup fstab "
		      "--scripts=none --allow-unsigned --strict -v --keyring k --locale de_AT "
		      "--free 0 -- -odd-name",
		      &line, &err),
		0);
	assert_true(o.dry_run && o.verbose && o.strict && o.allow_unsigned);
	assert_string_equal(o.label, "root");
	assert_string_equal(o.hostname, "h.example");
	assert_string_equal(o.modules, "/m");
	assert_true(o.swap == 64 << 20 && o.free_bytes == 0);
	assert_list(&o.overlays, "d|e.tar");
	assert_list(&o.fixups, "swap");
	assert_list(&o.no_fixups, "fstab");
	assert_list(&o.keyrings, "k");
	assert_list(&o.locales, "de_AT");
	assert_list(&o.selections, "-odd-name");
	assert_int_equal(o.scripts, SCRIPTS_NONE);
	options_release(&o);
	free(line);
}

static void check_action(const char *text, enum options_action action)
{
	struct options o;
	struct error err = ERROR_INIT;
	char *line;

	assert_int_equal(parse(&o, text, &line, &err), 0);
	assert_int_equal(o.action, action);
	options_release(&o);
	free(line);
}

static void test_actions(void **state)
{
	check_action("--help", OPTIONS_HELP);
	check_action("-h --version", OPTIONS_HELP);
	check_action("--vers", OPTIONS_VERSION);
	check_action("demo --list-fixups", OPTIONS_LIST_FIXUPS);
	check_action("--completion zsh", OPTIONS_COMPLETION);
	check_action("mini --add sash -o x --scripts firstboot", OPTIONS_BUILD);
}

static void test_usage_errors(void **state)
{
	refuse("", "no PROFILE given (mkroot PROFILE SELECTION... -o IMAGE)");
	refuse("suse9 x.sel", "no output given (-o IMAGE, or --dry-run to see the plan)");
	refuse("suse9 _ -o x", "empty argument");
	refuse("--medai x", "unknown option '--medai' (did you mean '--media'?)");
	refuse("--zzzzzzzz", "unknown option '--zzzzzzzz'");
	refuse("--no", "option '--no' is ambiguous");
	refuse("-Z", "unknown option '-Z'");
	refuse("-\x01", "unknown option '-\\x01'");
	refuse("suse9 -o", "'--output': IMAGE is missing");
	refuse("suse9 --size", "'--size': SIZE is missing");
	refuse("suse9 --quiet=3", "'--quiet': takes no argument");
	refuse("suse9 -o _", "'--output': IMAGE is empty");
	refuse("suse9 -o x -s 1", "'--size': '1' is out of range (1.0 MiB to 16.0 TiB)");
	refuse("suse9 -o x -s big", "'--size': 'big' is not a size (a number and K, M, G or T)");
	refuse("suse9 -o x -s -1", "'--size': '-1' is not a size (a number and K, M, G or T)");
	refuse("suse9 -o x -s 99999999999999999999",
	       "'--size': '99999999999999999999' is out of range "
	       "(1.0 MiB to 16.0 TiB)");
	refuse("suse9 -o x --inodes 0", "'--inodes': '0' is out of range (16 to 4294967295)");
	refuse("suse9 -o x -j 257", "'--jobs': '257' is out of range (1 to 256)");
	refuse("suse9 -o x -j 0", "'--jobs': '0' is out of range (1 to 256)");
	refuse("suse9 -o x --swap 1K", "'--swap': '1K' is out of range (64.0 KiB to 1.0 TiB)");
	refuse("suse9 -o x --block-size 3072",
	       "'--block-size': '3072' is not one of: 1024 2048 4096");
	refuse("suse9 -o x --block-size 512",
	       "'--block-size': '512' is not one of: 1024 2048 4096");
	refuse("suse9 -o x -f xfs", "'--filesystem': 'xfs' is not one of: ext2 ext3 ext4");
	refuse("suse9 -o x --scripts now", "'--scripts': 'now' is not one of: uml firstboot none");
	refuse("suse9 -o x --completion fish", "'--completion': 'fish' is not one of: bash zsh");
	refuse("suse9 -o x --label 12345678901234567",
	       "'--label': '12345678901234567' has 17 bytes, a label at most 16");
	refuse("suse9 -o x --uuid 01234567-89ab-cdef-0123-456789abcde",
	       "'--uuid': '01234567-89ab-cdef-0123-456789abcde' is no UUID "
	       "(8-4-4-4-12 hexadecimal digits)");
	refuse("suse9 -o x --uuid 01234567-89ab-cdef-0123-456789abcdef0",
	       "'--uuid': '01234567-89ab-cdef-0123-456789abcdef0' is no UUID "
	       "(8-4-4-4-12 hexadecimal digits)");
	refuse("suse9 -o x --uuid 01234567089ab-cdef-0123-456789abcdef",
	       "'--uuid': '01234567089ab-cdef-0123-456789abcdef' is no UUID "
	       "(8-4-4-4-12 hexadecimal digits)");
	refuse("suse9 -o x --hostname -a",
	       "'--hostname': '-a' is no host name (letters, digits, '-' "
	       "and '.', at most 64)");
	refuse("suse9 -o x --arch i/5", "'--arch': 'i/5' is no architecture like i586");
	refuse("suse9 -o x --locale de/AT", "'--locale': 'de/AT' is no locale like de_AT");
	refuse("suse9 -o x --add a\tb", "'--add': a name has no blanks; repeat the option");
	refuse("suse9 -o x -s 1G --free 1M", "--size and --free contradict each other");
	refuse("suse9 -o x -q -v", "--quiet and --verbose contradict each other");
	refuse("suse9 -o x --add a --exclude a", "'a': --add and --exclude contradict each other");
	refuse("suse9 -o x --fixup swap --no-fixup swap",
	       "'swap': --fixup and --no-fixup contradict each other");
}

/* Digits behind the sixteenth byte must not reach the fields that follow. */
static void test_long_uuid_stays_in_its_field(void **state)
{
	char text[200] = "demo -o x --uuid 01234567-89ab-cdef-0123-456789abcdef";
	struct options o;
	struct error err = ERROR_INIT;
	char *line;

	memset(text + strlen(text), 'f', 100);
	assert_int_equal(parse(&o, text, &line, &err), -ERR_USAGE);
	assert_null(o.hostname);
	assert_null(o.modules);
	error_release(&err);
	options_release(&o);
	free(line);
}

static void test_hostnames(void **state)
{
	static const char *const good[] = { "a", "a1", "demo.example.org", "1and1", "A-b.c-d" };
	static const char *const bad[] = {
		"",
		"-a",
		"a-",
		"a.",
		".a",
		"a..b",
		"a.-b",
		"a_b",
		"a b",
		"a/b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(hostname_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(hostname_is_valid(bad[i]));
}

static char *slurp(FILE *f)
{
	struct strbuf b = STRBUF_INIT;
	char chunk[4096];
	size_t n;

	rewind(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		assert_int_equal(strbuf_add(&b, chunk, n), 0);
	return strbuf_take(&b);
}

static const struct option_entry *entry_called(const char *name)
{
	for (const struct option_group *g = option_groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++)
			if (!strcmp(e->name, name))
				return e;
	return NULL;
}

static void test_help_has_every_option(void **state)
{
	FILE *f = tmpfile();
	char *text, *wanted;

	assert_non_null(f);
	options_print_help(f);
	text = slurp(f);
	fclose(f);
	for (const struct option_group *g = option_groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++) {
			assert_true(asprintf(&wanted, " --%s%s%s", e->name, e->argument ? " " : "",
					     e->argument ? e->argument : "") > 0);
			if (!strstr(text, wanted))
				fail_msg("--help does not tell of%s", wanted);
			free(wanted);
		}
	for (char *line = strtok_r(text, "\n", &wanted); line; line = strtok_r(NULL, "\n", &wanted))
		if (strlen(line) > 86)
			fail_msg("too long a line: %s", line);
	free(text);
}

/* Both directions: no option without its paragraph "*--size* _SIZE_", and no paragraph without its
 * option. */
static void test_man_page_agrees(void **state)
{
	FILE *f = fopen("man/mkroot.1.scd", "r");
	char *text, *save, *wanted;
	size_t found = 0, count = 0;

	if (!f) {
		print_message("skipped: man/mkroot.1.scd is not in the working folder\n");
		skip();
	}
	text = slurp(f);
	fclose(f);
	for (const struct option_group *g = option_groups; g->title; g++)
		for (const struct option_entry *e = g->options; e->name; e++, count++) {
			char brief[8] = "";

			if (e->short_name)
				snprintf(brief, sizeof(brief), "*-%c*, ", e->short_name);
			assert_true(asprintf(&wanted, "\n%s*--%s*%s%s%s\n", brief, e->name,
					     e->argument ? " _" : "",
					     e->argument ? e->argument : "",
					     e->argument ? "_" : "") > 0);
			if (!strstr(text, wanted))
				fail_msg("the man page has no paragraph %s", wanted);
			free(wanted);
		}
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char name[64] = "", *begin = strstr(line, "*--");

		if (!begin || (line[0] != '*' && line[0] != '\t'))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(begin + 3, "*=_ "), begin + 3);
		if (!entry_called(name))
			fail_msg("the man page tells of --%s, which is no option", name);
		found += !strncmp(line, "*-", 2);
	}
	assert_int_equal(found, count);
	free(text);
}

static void test_completion(void **state)
{
	static const char *const shells[] = { "bash", "zsh" };
	struct error err = ERROR_INIT;
	FILE *f;
	char *text, *wanted;

	for (size_t i = 0; i < 2; i++) {
		f = tmpfile();
		assert_non_null(f);
		assert_int_equal(options_print_completion(f, shells[i], &err), 0);
		text = slurp(f);
		fclose(f);
		for (const struct option_group *g = option_groups; g->title; g++)
			for (const struct option_entry *e = g->options; e->name; e++) {
				assert_true(asprintf(&wanted, "--%s", e->name) > 0);
				if (!strstr(text, wanted))
					fail_msg("completion for %s lacks %s", shells[i], wanted);
				free(wanted);
			}
		assert_non_null(strstr(text, "swap fstab"));
		free(text);
	}
	assert_int_equal(options_print_completion(stderr, "fish", &err), -ERR_UNSUPPORTED);
	error_release(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_usage_errors),
		cmocka_unit_test(test_long_uuid_stays_in_its_field),
		cmocka_unit_test(test_hostnames),
		cmocka_unit_test(test_help_has_every_option),
		cmocka_unit_test(test_man_page_agrees),
		cmocka_unit_test(test_completion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
