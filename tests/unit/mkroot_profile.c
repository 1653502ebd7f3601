/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: files, the user's file over them, the command line over both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixups/fixup.h"
#include "mkroot/profile_keys.h"

/* Four of them, whatever the real table has. */
const struct fixup fixup_table[] = {
	{ "devices", "makes device nodes", NULL, NULL },
	{ "sh", "makes /sh", NULL, NULL },
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

/* A home with a data folder; what is written is removed again, name by name. */
struct world {
	char root[64];
	struct strlist made; /* files and folders in order */
	struct datadir data;
};

static char *make_path(struct world *w, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", w->root, name) > 0);
	assert_int_equal(strlist_take(&w->made, path), 0);
	return path;
}

static void make_folder(struct world *w, const char *name)
{
	assert_int_equal(mkdir(make_path(w, name), 0755), 0);
}

static const char *make_file(struct world *w, const char *name, const char *text)
{
	char *path = make_path(w, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return path;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct error err = ERROR_INIT;
	char *config;

	assert_non_null(w);
	snprintf(w->root, sizeof(w->root), "/tmp/mkroot-test-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	make_folder(w, "data");
	make_folder(w, "data/profiles");
	make_folder(w, "config");
	make_folder(w, "config/mkroot");
	assert_true(asprintf(&config, "%s/config", w->root) > 0);
	assert_int_equal(setenv("XDG_CONFIG_HOME", config, 1), 0);
	assert_int_equal(setenv("HOME", w->root, 1), 0);
	free(config);
	assert_true(asprintf(&config, "%s/data", w->root) > 0);
	assert_int_equal(setenv("MKROOT_DATADIR", config, 1), 0);
	free(config);
	assert_int_equal(datadir_find(&w->data, &err), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	for (size_t i = w->made.count; i-- > 0;)
		if (remove(w->made.items[i]))
			print_error("%s stays behind\n", w->made.items[i]);
	rmdir(w->root);
	strlist_release(&w->made);
	datadir_release(&w->data);
	free(w);
	return 0;
}

static void assert_list(const struct strlist *l, const char *expected)
{
	struct strbuf all = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(strbuf_addf(&all, "%s%s", i ? "|" : "", l->items[i]), 0);
	assert_string_equal(all.data ? all.data : "", expected);
	assert_true(l->items && !l->items[l->count]);
	strbuf_release(&all);
}

static void refuse_text(const char *text, int code, const char *message)
{
	struct profile p;
	struct error err = ERROR_INIT;
	char *said;

	assert_int_equal(profile_init(&p, &err), 0);
	assert_int_equal(profile_parse(&p, text, "x/t.conf", &err), code);
	said = error_text(&err);
	if (strcmp(said, message) != 0)
		fail_msg("said \"%s\" instead of \"%s\"", said, message);
	free(said);
	error_release(&err);
	profile_release(&p);
}

static void load(struct profile *p, struct world *w, const char *name)
{
	struct error err = ERROR_INIT;

	assert_int_equal(profile_init(p, &err), 0);
	if (profile_load(p, name, &w->data, &err))
		fail_msg("%s: %s", name, err.what);
}

static void settle(struct profile *p, const struct options *o)
{
	struct error err = ERROR_INIT;

	if (profile_settle(p, o, &err))
		fail_msg("%s (%s)", err.what, err.hint ? err.hint : "");
}

static const struct options no_options = {
	.free_bytes = OPTIONS_BYTES_UNSET,
	.swap = OPTIONS_BYTES_UNSET,
	.add = { (char *[]){ (char *)"sash" }, 1, 1 },
};

static const char whole[] = "; a comment\n"
			    "# another\n"
			    "[system]\n"
			    "arch = i586\n"
			    "arches = i586 i486\ti386 noarch\n"
			    "  kernel = 2.4\n"
			    "root_device = /dev/ubd/0\n"
			    "console = C0:2345:respawn:/sbin/agetty ttys/0 9600 xterm\n"
			    "securetty = vc/0\n"
			    "securetty = ttys/0\n"
			    "hostname = h\n"
			    "swap = 32M\n"
			    "colour = 0\n"
			    "[filesystem]\n"
			    "type = ext2\n"
			    "features = filetype sparse_super large_file\n"
			    "inode_size = 128\n"
			    "free = 20M\n"
			    "label = root\n"
			    "selinux = auto\n"
			    "[packages]\n"
			    "docs = no\n"
			    "recommends = yes\n"
			    "selection = minimal.sel\n"
			    "selection = lists/own.list\n"
			    "[database]\n"
			    "path = /var/lib/rpm\n"
			    "format = none\n"
			    "[fixups]\n"
			    "apply = swap\n"
			    "apply = devices\n"
			    "scripts = firstboot\n"
			    "shell = /bin/sash\n"
			    "module = loop tun\n"
			    "[media]\n"
			    "location = media/one\n"
			    "location = /abs/two\n"
			    "location = http://example.org/three\n"
			    "keyring = ~/key.asc\n"
			    "[trust]\n"
			    "legacy-digests = sha1 md5\n"
			    "legacy-keys = A84EDAE89C800ACA\n"
			    "legacy-keys = 79c179b2e1c820c1890f9994a84edae89c800aca\n";

static void test_every_key(void **state)
{
	struct world *w = *state;
	struct profile p;
	char expected[PATH_MAX];

	make_file(w, "data/profiles/all.conf", whole);
	load(&p, w, "all");
	assert_string_equal(p.name, "all");
	assert_string_equal(p.arch, "i586");
	assert_list(&p.arches, "i586|i486|i386");
	assert_string_equal(p.kernel, "2.4");
	assert_string_equal(p.root_device, "/dev/ubd/0");
	assert_string_equal(p.console, "C0:2345:respawn:/sbin/agetty ttys/0 9600 xterm");
	assert_list(&p.securetty, "vc/0|ttys/0");
	assert_string_equal(p.hostname, "h");
	assert_int_equal(p.swap, 32 << 20);
	assert_int_equal(p.colour, 0);
	assert_string_equal(p.filesystem, "ext2");
	assert_string_equal(p.features, "filetype sparse_super large_file");
	assert_int_equal(p.inode_size, 128);
	assert_int_equal(p.block_size, 4096);
	assert_int_equal(p.free_bytes, 20 << 20);
	assert_string_equal(p.label, "root");
	assert_int_equal(p.selinux, SELINUX_AUTO);
	assert_true(p.no_docs && p.recommends);
	snprintf(expected, sizeof(expected), "minimal.sel|%s/lists/own.list", w->data.profiles);
	assert_list(&p.selections, expected);
	assert_string_equal(p.database_path, "/var/lib/rpm");
	assert_string_equal(p.database_format, "none");
	assert_list(&p.fixups, "swap|devices");
	assert_int_equal(p.scripts, SCRIPTS_FIRSTBOOT);
	assert_string_equal(p.shell, "/bin/sash");
	assert_list(&p.module_names, "loop|tun");
	snprintf(expected, sizeof(expected), "%s/media/one|/abs/two|http://example.org/three",
		 w->data.profiles);
	assert_list(&p.media, expected);
	snprintf(expected, sizeof(expected), "%s/key.asc", w->root);
	assert_list(&p.keyrings, expected);
	assert_list(&p.legacy_digests, "sha1|md5");
	assert_list(&p.legacy_keys, "A84EDAE89C800ACA|79c179b2e1c820c1890f9994a84edae89c800aca");

	settle(&p, &no_options);
	assert_null(p.database_format);
	assert_list(&p.fixups, "devices|swap");
	assert_int_equal(p.preferred_colour, 0);
	profile_release(&p);
}

static void test_every_key_of_the_table_was_tried(void **state)
{
	static const char *const elsewhere[] = { "preferred_colour", "block_size", "size",
						 "modules" };
	char *line;

	for (const struct profile_key *k = profile_keys; k->section; k++) {
		bool tried = false;

		for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
			tried |= !strcmp(elsewhere[i], k->name);
		assert_true(asprintf(&line, "%s = ", k->name) > 0);
		if (!tried && !strstr(whole, line))
			fail_msg("[%s] %s is not tried", k->section, k->name);
		free(line);
	}
}

static void test_user_file_replaces(void **state)
{
	struct world *w = *state;
	struct profile p;
	char expected[PATH_MAX];

	make_file(w, "data/profiles/all.conf", whole);
	make_file(w, "config/mkroot/all.conf",
		  "[media]\nlocation = ~/dvd\nkeyring =\n[system]\nhostname =\nswap = 0\n"
		  "preferred_colour = 1\n[filesystem]\nblock_size = 1024\nsize = 5M\n"
		  "[fixups]\nmodules = ../m\n");
	load(&p, w, "all");
	snprintf(expected, sizeof(expected), "%s/dvd", w->root);
	assert_list(&p.media, expected);
	assert_list(&p.keyrings, "");
	assert_null(p.hostname);
	assert_int_equal(p.swap, 0);
	assert_int_equal(p.preferred_colour, 1);
	assert_int_equal(p.block_size, 1024);
	assert_int_equal(p.size, 5 << 20);
	snprintf(expected, sizeof(expected), "%s/config/mkroot/../m", w->root);
	assert_string_equal(p.modules, expected);
	assert_list(&p.securetty, "vc/0|ttys/0");
	profile_release(&p);
}

static void test_user_file_alone_and_paths(void **state)
{
	struct world *w = *state;
	const char *path;
	struct profile p;

	make_file(w, "config/mkroot/own.conf", "\xef\xbb\xbf[system]\r\narch = i686\r\n");
	load(&p, w, "own");
	assert_string_equal(p.arch, "i686");
	profile_release(&p);
	path = make_file(w, "own.conf", "[system]\narch = i486");
	load(&p, w, path);
	assert_string_equal(p.name, "own");
	assert_string_equal(p.arch, "i486");
	profile_release(&p);
}

static void refuse_load(struct world *w, const char *name, int code, const char *part)
{
	struct error err = ERROR_INIT;
	struct profile p;
	char *said;

	assert_int_equal(profile_init(&p, &err), 0);
	assert_int_equal(profile_load(&p, name, &w->data, &err), code);
	said = error_text(&err);
	if (!strstr(said, part))
		fail_msg("\"%s\" does not say \"%s\"", said, part);
	free(said);
	error_release(&err);
	profile_release(&p);
}

static void test_not_found(void **state)
{
	struct world *w = *state;

	refuse_load(w, "suse9", -ERR_NOT_FOUND, "'suse9': no such profile (there are none in ");
	make_file(w, "data/profiles/demo.conf", "");
	make_file(w, "data/profiles/suse9.conf", "");
	refuse_load(w, "susi9", -ERR_NOT_FOUND, "'susi9': no such profile (did you mean 'suse9'?)");
	refuse_load(w, "xxxxxxxxxxx", -ERR_NOT_FOUND,
		    "(there are demo, suse9, and your own would be ");
	refuse_load(w, "./suse9", -ERR_NOT_FOUND, "'./suse9': no such profile");
	refuse_load(w, "/", -EISDIR, "'/': cannot be read: Is a directory");
}

static void test_malformed(void **state)
{
	refuse_text("[system]\nkernle = 6\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: unknown key 'kernle' (did you mean 'kernel'?)");
	refuse_text("[system]\nzzzzzzzzzzzz = 6\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: unknown key 'zzzzzzzzzzzz'");
	refuse_text("[sytem]\narch = i586\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: unknown section 'sytem' (did you mean [system]?)");
	refuse_text("arch = i586\n", -ERR_FORMAT,
		    "'x/t.conf': line 1: before the first [section]: key 'arch'");
	refuse_text("[system]\n\narch\n", -ERR_FORMAT,
		    "'x/t.conf': line 3: neither [section] nor 'key = value'");
	refuse_text("[system]\narch = i586\n\narch = i486\n", -ERR_FORMAT,
		    "'x/t.conf': line 4: 'arch' is repeated (first in line 2)");
	refuse_text("[system]\nkernel = 5\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: 'kernel = 5': not understood (one of: 2.4 6)");
	refuse_text("[system]\narch = i/5\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: 'arch = i/5': not "
		    "understood (an architecture like i586, or host)");
	refuse_text("[system]\nhostname = a_b\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: 'hostname = a_b': "
		    "not understood (letters, digits, '-' and '.', at most 64 bytes)");
	refuse_text("[system]\nswap = 12X\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: 'swap = 12X': not "
		    "understood (a size from 1M to 16T, or 0)");
	refuse_text("[filesystem]\nblock_size = 4095\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: 'block_size = "
		    "4095': not understood (one of: 1024 2048 4096)");
	refuse_text("[filesystem]\nlabel = 12345678901234567\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: "
		    "'label = 12345678901234567': not understood (at most 16 bytes)");
	refuse_text("[packages]\ndocs = maybe\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: 'docs = maybe': not understood (yes or no)");
	refuse_text("[database]\nformat = ndb\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: 'format = ndb': not "
		    "understood (one of: sqlite bdb none)");
	refuse_text("[database]\npath = var\n", -ERR_FORMAT,
		    "'x/t.conf': line 2: 'path = var': not "
		    "understood (an absolute path inside the image)");
}

static void test_long_lines(void **state)
{
	char text[600] = "[system]\nconsole = ";

	memset(text + strlen(text), 'x', 300);
	refuse_text(text, -ERR_FORMAT, "'x/t.conf': line 2: longer than 190 bytes");
}

static void test_hostile_files(void **state)
{
	struct world *w = *state;
	char *path = make_path(w, "nul.conf");
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fwrite("[system]\0\n", 1, 10, f);
	assert_int_equal(fclose(f), 0);
	refuse_load(w, path, -ERR_FORMAT, "holds a NUL byte");
	path = make_path(w, "big.conf");
	f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 40000; i++)
		fputs("# thirty bytes of a comment, or so\n", f);
	assert_int_equal(fclose(f), 0);
	refuse_load(w, path, -ERR_LIMIT, "larger than 1 MiB");
}

static void test_need_media(void **state)
{
	struct world *w = *state;
	struct error err = ERROR_INIT;
	struct profile p;
	char *said, *expected;

	make_file(w, "data/profiles/suse9.conf", "[system]\narch = i586\n");
	load(&p, w, "suse9");
	assert_int_equal(profile_need_media(&p, &err), -ERR_NOT_FOUND);
	said = error_text(&err);
	assert_true(asprintf(&expected,
			     "'suse9': the profile does not say where the media is (give "
			     "--media DIR, or write '[media]' and 'location = DIR' into "
			     "%s/config/mkroot/suse9.conf)",
			     w->root) > 0);
	assert_string_equal(said, expected);
	free(said);
	free(expected);
	error_release(&err);
	profile_release(&p);
}

/* The four that ship must load; the program's own tests try them for real. */
static void test_shipped_profiles(void **state)
{
	static const char *const names[] = { "suse9", "demo", "generic", "mini" };
	struct world *w = *state;
	struct error err = ERROR_INIT;
	struct datadir data;
	char *path;

	if (access("mkroot/profiles/suse9.conf", R_OK)) {
		print_message("skipped: mkroot/profiles is not in the working folder\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct profile p;

		assert_true(asprintf(&path, "mkroot/profiles/%s.conf", names[i]) > 0);
		load(&p, w, path);
		settle(&p, &no_options);
		assert_int_equal(p.block_size, 4096);
		if (!strcmp(names[i], "suse9")) {
			assert_string_equal(p.features, "filetype sparse_super large_file");
			assert_int_equal(p.inode_size, 128);
			assert_list(&p.arches, "i586|i486|i386");
			assert_int_equal(p.media.count, 0);
		}
		if (!strcmp(names[i], "mini")) {
			assert_null(p.database_format);
			assert_list(&p.fixups, "devices|sh");
			assert_int_equal(p.size, 5 << 20);
		}
		profile_release(&p);
		free(path);
	}
	/* without the environment, this test program finds the tree that it was built in */
	assert_int_equal(unsetenv("MKROOT_DATADIR"), 0);
	assert_int_equal(datadir_find(&data, &err), 0);
	assert_non_null(path = realpath("mkroot/profiles", NULL));
	assert_string_equal(data.profiles, path);
	free(path);
	datadir_release(&data);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_every_key),
		TEST(test_every_key_of_the_table_was_tried),
		TEST(test_user_file_replaces),
		TEST(test_user_file_alone_and_paths),
		TEST(test_not_found),
		TEST(test_malformed),
		TEST(test_long_lines),
		TEST(test_hostile_files),
		TEST(test_need_media),
		TEST(test_shipped_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
