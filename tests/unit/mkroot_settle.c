/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line over a profile, and what neither says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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

static void assert_list(const struct strlist *l, const char *expected)
{
	struct strbuf all = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(strbuf_addf(&all, "%s%s", i ? "|" : "", l->items[i]), 0);
	assert_string_equal(all.data ? all.data : "", expected);
	assert_true(l->items && !l->items[l->count]);
	strbuf_release(&all);
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

static const char old_pc[] = "[system]\n"
			     "arch = i586\n"
			     "arches = i586 i486 i386 noarch\n"
			     "kernel = 2.4\n"
			     "hostname = h\n"
			     "swap = 32M\n"
			     "colour = 0\n"
			     "[filesystem]\n"
			     "type = ext2\n"
			     "features = filetype sparse_super large_file\n"
			     "inode_size = 128\n"
			     "[fixups]\n"
			     "apply = swap\n"
			     "apply = devices\n"
			     "scripts = firstboot\n"
			     "[media]\n"
			     "location = /abs/two\n";

static void test_command_line_wins(void **state)
{
	struct options o = no_options;
	struct error err = ERROR_INIT;
	struct profile p;
	char *media[] = { (char *)"m" }, *fixups[] = { (char *)"fstab" },
	     *no[] = { (char *)"swap" };

	o.media = (struct strlist){ media, 1, 1 };
	o.fixups = (struct strlist){ fixups, 1, 1 };
	o.no_fixups = (struct strlist){ no, 1, 1 };
	o.arch = "i486";
	o.filesystem = "ext4";
	o.block_size = 2048;
	o.size = 64 << 20;
	o.hostname = "other";
	o.swap = 0;
	o.scripts = SCRIPTS_NONE;
	assert_int_equal(profile_init(&p, &err), 0);
	assert_int_equal(profile_parse(&p, old_pc, "/x/t.conf", &err), 0);
	settle(&p, &o);
	assert_list(&p.media, "m");
	assert_list(&p.fixups, "devices|fstab");
	assert_string_equal(p.arch, "i486");
	assert_list(&p.arches, "i486|i386");
	assert_string_equal(p.filesystem, "ext4");
	assert_null(p.features);
	assert_int_equal(p.inode_size, 0);
	assert_int_equal(p.block_size, 2048);
	assert_int_equal(p.size, 64 << 20);
	assert_string_equal(p.hostname, "other");
	assert_int_equal(p.swap, 0);
	assert_int_equal(p.scripts, SCRIPTS_NONE);
	profile_release(&p);
}

/* What was chosen for ext2 stays when ext2 is asked for again; 2.4 gives another root device. */
static void test_other_type_only(void **state)
{
	struct options o = no_options;
	struct error err = ERROR_INIT;
	struct profile p;

	o.filesystem = "ext2";
	o.free_bytes = 0;
	assert_int_equal(profile_init(&p, &err), 0);
	assert_int_equal(profile_parse(&p, old_pc, "/x/t.conf", &err), 0);
	settle(&p, &o);
	assert_string_equal(p.features, "filetype sparse_super large_file");
	assert_int_equal(p.inode_size, 128);
	assert_string_equal(p.root_device, "/dev/ubd/0");
	assert_int_equal(p.free_bytes, 0);
	assert_int_equal(p.swap, 32 << 20);
	assert_int_equal(p.scripts, SCRIPTS_FIRSTBOOT);
	assert_list(&p.media, "/abs/two");
	profile_release(&p);
}

static void test_defaults(void **state)
{
	struct options o = no_options;
	struct error err = ERROR_INIT;
	struct profile p;

	assert_int_equal(profile_init(&p, &err), 0);
	assert_int_equal(
		profile_parse(&p, "[system]\narch = x86_64\n[fixups]\napply = all\n", "t", &err),
		0);
	settle(&p, &o);
	assert_list(&p.arches, "x86_64|amd64|i686|i586|i486|i386");
	assert_int_equal(p.colour, 3);
	assert_int_equal(p.preferred_colour, 2);
	assert_string_equal(p.kernel, "6");
	assert_string_equal(p.root_device, "/dev/ubda");
	assert_string_equal(p.filesystem, "ext2");
	assert_string_equal(p.database_path, "/var/lib/rpm");
	assert_string_equal(p.database_format, "sqlite");
	assert_list(&p.fixups, "devices|sh|swap|fstab");
	assert_true(p.free_bytes == OPTIONS_BYTES_UNSET);
	profile_release(&p);

	assert_int_equal(profile_init(&p, &err), 0);
	assert_int_equal(profile_parse(&p, "[system]\narch = host\n", "t", &err), 0);
	assert_string_equal(p.arch, arch_of_host());
	o.arch = "mips";
	settle(&p, &o);
	assert_list(&p.arches, "mips");
	assert_int_equal(p.colour, 0);
	profile_release(&p);
}

static void refuse_settle(const char *text, const struct options *o, int code, const char *message)
{
	struct error err = ERROR_INIT;
	struct profile p;
	char *said;

	assert_int_equal(profile_init(&p, &err), 0);
	assert_non_null(p.path = strdup("t.conf"));
	assert_int_equal(profile_parse(&p, text, "t.conf", &err), 0);
	assert_int_equal(profile_settle(&p, o, &err), code);
	said = error_text(&err);
	assert_string_equal(said, message);
	free(said);
	error_release(&err);
	profile_release(&p);
}

static void test_what_does_not_fit(void **state)
{
	char *fixup[] = { (char *)"fstap" };
	struct options o = no_options;

	refuse_settle("[fixups]\napply = swop\n", &o, -ERR_FORMAT,
		      "'t.conf': unknown fixup 'swop' (did you mean 'swap'?)");
	refuse_settle("[system]\narch = i586\narches = i386\n", &o, -ERR_FORMAT,
		      "'t.conf': arch 'i586' is not among its arches");
	o.fixups = (struct strlist){ fixup, 1, 1 };
	refuse_settle("", &o, -ERR_USAGE, "unknown fixup 'fstap' (did you mean 'fstab'?)");
	o = no_options;
	o.add.count = 0;
	refuse_settle(
		"", &o, -ERR_USAGE,
		"no SELECTION given (name a selection or a list, or packages with --add NAME)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_line_wins),
		cmocka_unit_test(test_other_type_only),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
