/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of scriptlets and their arguments on a first installation. */
#include "pkg/scriptlet.h"

#include <rpm/rpmds.h>

#include "tests/unit/rpmfile.h"

static struct package_list list;
static char *dir;

static int setup(void **state)
{
	list = (struct package_list)PACKAGE_LIST_INIT;
	return pkg_init(NULL);
}

static int teardown(void **state)
{
	package_list_release(&list);
	return 0;
}

/* A package of this name with these files; its header for more. */
static Header add_package(const char *name, const struct rpmfile_entry *entries, size_t count)
{
	struct package *p = package_new();

	p->header = rpmfile_header(
		&(struct rpmfile){ .name = name, .entries = entries, .count = count });
	p->nevra = strdup(name);
	assert_int_equal(package_list_take(&list, p), 0);
	return p->header;
}

static void add_script(Header h, rpmTagVal body, rpmTagVal program, const char *text)
{
	const char *sh = "/bin/sh";

	rpmfile_put_string(h, body, text);
	rpmfile_put_strings(h, program, &sh, 1);
}

struct trigger {
	const char *name, *version;
	uint32_t flags, index;
};

struct trigger_tags {
	rpmTagVal name, version, flags, index, scripts, programs, priorities;
};

static const struct trigger_tags package_tags = {
	RPMTAG_TRIGGERNAME, RPMTAG_TRIGGERVERSION, RPMTAG_TRIGGERFLAGS, RPMTAG_TRIGGERINDEX,
	RPMTAG_TRIGGERSCRIPTS, RPMTAG_TRIGGERSCRIPTPROG, 0,
};
static const struct trigger_tags file_tags = {
	RPMTAG_FILETRIGGERNAME, RPMTAG_FILETRIGGERVERSION, RPMTAG_FILETRIGGERFLAGS,
	RPMTAG_FILETRIGGERINDEX, RPMTAG_FILETRIGGERSCRIPTS, RPMTAG_FILETRIGGERSCRIPTPROG,
	RPMTAG_FILETRIGGERPRIORITIES,
};
static const struct trigger_tags trans_tags = {
	RPMTAG_TRANSFILETRIGGERNAME, RPMTAG_TRANSFILETRIGGERVERSION, RPMTAG_TRANSFILETRIGGERFLAGS,
	RPMTAG_TRANSFILETRIGGERINDEX, RPMTAG_TRANSFILETRIGGERSCRIPTS,
	RPMTAG_TRANSFILETRIGGERSCRIPTPROG, RPMTAG_TRANSFILETRIGGERPRIORITIES,
};

static void add_triggers(Header h, const struct trigger_tags *tags, const struct trigger *t,
			 size_t n, const char *const *scripts, const uint32_t *priorities,
			 size_t count)
{
	const char *names[8], *versions[8], *programs[8];
	uint32_t flags[8], indexes[8];

	for (size_t i = 0; i < n; i++) {
		names[i] = t[i].name;
		versions[i] = t[i].version ? t[i].version : "";
		flags[i] = t[i].flags;
		indexes[i] = t[i].index;
	}
	for (size_t i = 0; i < count; i++)
		programs[i] = "/bin/sh";
	rpmfile_put_strings(h, tags->name, names, n);
	rpmfile_put_strings(h, tags->version, versions, n);
	rpmfile_put(h, tags->flags, RPM_INT32_TYPE, flags, n);
	rpmfile_put(h, tags->index, RPM_INT32_TYPE, indexes, n);
	rpmfile_put_strings(h, tags->scripts, scripts, count);
	rpmfile_put_strings(h, tags->programs, programs, count);
	if (priorities)
		rpmfile_put(h, tags->priorities, RPM_INT32_TYPE, priorities, count);
}

/* All scriptlets, one a line: kind package body arg1 arg2 <trigger> [input]. */
static void expect(const char *wanted)
{
	struct scriptlet_list l = SCRIPTLET_LIST_INIT;
	struct strbuf got = STRBUF_INIT;

	assert_ok(scriptlet_list_collect(&l, &list, &err));
	assert_int_equal(strbuf_adds(&got, ""), 0);
	for (size_t i = 0; i < l.count; i++) {
		const struct scriptlet *s = &l.items[i];

		assert_int_equal(strbuf_addf(&got, "%s %s %s %d %d", s->kind, s->package,
					     s->body ? s->body : s->interpreter, s->arg1, s->arg2),
				 0);
		if (s->trigger)
			assert_int_equal(strbuf_addf(&got, " <%s>", s->trigger), 0);
		if (s->input)
			assert_int_equal(strbuf_addf(&got, " [%s]", s->input), 0);
		assert_int_equal(strbuf_adds(&got, "\n"), 0);
	}
	assert_string_equal(got.data, wanted);
	strbuf_release(&got);
	scriptlet_list_release(&l);
	package_list_release(&list);
}

static void plain_ones(void **state)
{
	static const char *const ldconfig[] = { "/sbin/ldconfig" };
	static const char *const perl[] = { "/usr/bin/perl", "-w" };
	struct scriptlet_list l = SCRIPTLET_LIST_INIT;
	Header h;

	for (int i = 0; i < 2; i++) {
		h = add_package(i ? "b" : "a", NULL, 0);
		add_script(h, RPMTAG_POSTTRANS, RPMTAG_POSTTRANSPROG, "pt");
		add_script(h, RPMTAG_PREIN, RPMTAG_PREINPROG, "pre");
		add_script(h, RPMTAG_PRETRANS, RPMTAG_PRETRANSPROG, "prt");
		add_script(h, RPMTAG_POSTUN, RPMTAG_POSTUNPROG, "not on installation");
		rpmfile_put_strings(h, RPMTAG_POSTINPROG, i ? perl : ldconfig, i ? 2 : 1);
	}
	rpmfile_put_string(h, RPMTAG_POSTIN, "print");
	assert_ok(scriptlet_list_collect(&l, &list, &err));
	assert_string_equal(l.items[5].body, "print");
	assert_string_equal(l.items[5].interpreter, "/usr/bin/perl -w");
	assert_string_equal(l.items[3].interpreter, "/sbin/ldconfig");
	assert_null(l.items[3].body);
	scriptlet_list_release(&l);
	expect("pretrans a prt 1 -1\n"
	       "pretrans b prt 1 -1\n"
	       "pre a pre 1 -1\n"
	       "post a /sbin/ldconfig -1 -1\n"
	       "pre b pre 1 -1\n"
	       "post b print 1 -1\n"
	       "posttrans a pt 1 -1\n"
	       "posttrans b pt 1 -1\n");
}

static void same_name_counts_up(void **state)
{
	add_script(add_package("lib", NULL, 0), RPMTAG_PREIN, RPMTAG_PREINPROG, "x");
	add_script(add_package("lib", NULL, 0), RPMTAG_PREIN, RPMTAG_PREINPROG, "y");
	expect("pre lib x 1 -1\n"
	       "pre lib y 2 -1\n");
}

static void package_triggers(void **state)
{
	static const struct trigger early[] = {
		{ "late", "1", RPMSENSE_TRIGGERIN | RPMSENSE_GREATER | RPMSENSE_EQUAL, 0 },
		{ "late", "9", RPMSENSE_TRIGGERIN | RPMSENSE_GREATER, 1 },
		{ "late", NULL, RPMSENSE_TRIGGERPREIN, 2 },
		{ "late", NULL, RPMSENSE_TRIGGERUN, 3 },
	};
	static const struct trigger late[] = {
		{ "early", NULL, RPMSENSE_TRIGGERIN, 0 },
		{ "never", NULL, RPMSENSE_TRIGGERIN, 1 },
		{ "early", NULL, RPMSENSE_TRIGGERPREIN, 2 },
	};
	static const char *const scripts[] = { "one", "two", "three", "four" };
	Header h = add_package("early", NULL, 0);

	add_triggers(h, &package_tags, early, 4, scripts, NULL, 4);
	h = add_package("late", NULL, 0);
	add_script(h, RPMTAG_PREIN, RPMTAG_PREINPROG, "pre");
	add_script(h, RPMTAG_POSTIN, RPMTAG_POSTINPROG, "post");
	add_triggers(h, &package_tags, late, 3, scripts, NULL, 3);
	/* rpm counts its database, where `late` is not yet while triggerprein runs. */
	expect("triggerprein early three 1 0 <late>\n"
	       "triggerprein late three 0 1 <early>\n"
	       "pre late pre 1 -1\n"
	       "post late post 1 -1\n"
	       "triggerin early one 1 1 <late >= 1>\n"
	       "triggerin late one 1 1 <early>\n");
}

static const struct rpmfile_entry tools[] = {
	{ .path = "/usr/bin/t", .mode = 0100755, .content = "t" },
	{ .path = "/usr/lib/libt.so", .mode = 0100755, .content = "l" },
};
static const struct rpmfile_entry icons[] = {
	{ .path = "/usr/share/icons/i.png", .mode = 0100644, .content = "i" },
};

static void file_triggers(void **state)
{
	static const struct trigger watch[] = {
		{ "/usr/lib", NULL, RPMSENSE_TRIGGERIN, 0 },
		{ "/usr/bin/t", NULL, RPMSENSE_TRIGGERIN, 1 },
		{ "/usr/share/icons", NULL, RPMSENSE_TRIGGERIN, 1 },
		{ "/usr", NULL, RPMSENSE_TRIGGERUN, 2 },
	};
	static const char *const scripts[] = { "lib", "various", "un" };
	static const uint32_t priorities[] = { 1000000, 100, 1000000 };
	Header h = add_package("tools", tools, 2);

	add_script(h, RPMTAG_POSTIN, RPMTAG_POSTINPROG, "post");
	h = add_package("watcher", NULL, 0);
	add_script(h, RPMTAG_POSTIN, RPMTAG_POSTINPROG, "post");
	add_triggers(h, &file_tags, watch, 4, scripts, priorities, 3);
	h = add_package("icons", icons, 1);
	add_script(h, RPMTAG_POSTIN, RPMTAG_POSTINPROG, "post");
	/*
	 * The watcher's own arrival looks at what is there already: by folders,
	 * so that /usr/bin/t, which is no folder, is not found.
	 */
	expect("post tools post 1 -1\n"
	       "filetriggerin watcher lib 0 -1 </usr/lib> [/usr/lib/libt.so\n]\n"
	       "post watcher post 1 -1\n"
	       "post icons post 1 -1\n"
	       "filetriggerin watcher various 0 -1 </usr/bin/t /usr/share/icons> "
	       "[/usr/share/icons/i.png\n]\n");
}

/* rpm 4.18, asked with packages of this shape, runs exactly these. */
static void own_files_fire_once(void **state)
{
	static const struct trigger own[] = {
		{ "/usr/share/icons", NULL, RPMSENSE_TRIGGERIN, 0 },
		{ "/usr", NULL, RPMSENSE_TRIGGERIN, 1 },
	};
	static const struct trigger self[] = { { "self", NULL, RPMSENSE_TRIGGERIN, 0 } };
	static const char *const scripts[] = { "j", "k" };
	static const uint32_t priorities[] = { 1000000, 5 };
	Header h;

	add_package("tools", tools, 2);
	h = add_package("self", icons, 1);
	add_script(h, RPMTAG_POSTIN, RPMTAG_POSTINPROG, "post");
	add_triggers(h, &package_tags, self, 1, scripts, NULL, 1);
	add_triggers(h, &file_tags, own, 2, scripts, priorities, 2);
	expect("filetriggerin self j 0 -1 </usr/share/icons> [/usr/share/icons/i.png\n]\n"
	       "post self post 1 -1\n"
	       "triggerin self j 1 1 <self>\n"
	       "triggerin self j 1 1 <self>\n"
	       "filetriggerin self k 0 -1 </usr> [/usr/share/icons/i.png\n]\n"
	       "filetriggerin self k 0 -1 </usr> [/usr/bin/t\n/usr/lib/libt.so\n]\n");
}

static void transaction_file_triggers(void **state)
{
	static const struct trigger watch[] = {
		{ "/usr/lib", NULL, RPMSENSE_TRIGGERIN, 0 },
		{ "/usr", NULL, RPMSENSE_TRIGGERIN, 1 },
		{ "/nowhere", NULL, RPMSENSE_TRIGGERIN, 2 },
	};
	static const char *const scripts[] = { "low", "high", "never" };
	static const uint32_t priorities[] = { 5, 1000000, 7 };
	Header h = add_package("watcher", NULL, 0);

	add_triggers(h, &trans_tags, watch, 3, scripts, priorities, 3);
	h = add_package("tools", tools, 2);
	add_script(h, RPMTAG_POSTTRANS, RPMTAG_POSTTRANSPROG, "pt");
	add_package("icons", icons, 1);
	expect("posttrans tools pt 1 -1\n"
	       "transfiletriggerin watcher high 0 -1 </usr> "
	       "[/usr/bin/t\n/usr/lib/libt.so\n/usr/share/icons/i.png\n]\n"
	       "transfiletriggerin watcher low 0 -1 </usr/lib> [/usr/lib/libt.so\n]\n");
}

static void add_expanding(const char *body, uint32_t flags)
{
	Header h = add_package("e", NULL, 0);

	add_script(h, RPMTAG_POSTIN, RPMTAG_POSTINPROG, body);
	rpmfile_put(h, RPMTAG_POSTINFLAGS, RPM_INT32_TYPE, &flags, 1);
}

static void expands(void **state)
{
	add_expanding("ln %{_libdir}/a %_bindir %{?_sysconfdir}/b 100%% %{unknown} %d %", 1);
	expect("post e ln /usr/lib/a /usr/bin /etc/b 100% %{unknown} %d % 1 -1\n");
	add_expanding("echo %{NAME}-%{VERSION}", 2);
	expect("post e echo e-1 1 -1\n");
	add_expanding("echo %%{NAME} %{_var}", 3);
	expect("post e echo e /var 1 -1\n");
	add_expanding("%{_libdir} %{NAME}", 0);
	expect("post e %{_libdir} %{NAME} 1 -1\n");
}

/* Text out of a package starts nothing on the machine that builds the image. */
static void runs_nothing_here(void **state)
{
	static const char *const attempts[] = {
		"%%(touch %s/x)", "%%{lua:os.execute('touch %s/x')}", "%%{expand:%%(touch %s/x)}",
	};
	struct strbuf out = STRBUF_INIT;

	dir = judge_make_dir();
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		for (uint32_t flags = 1; flags <= 3; flags++) {
			struct scriptlet_list l = SCRIPTLET_LIST_INIT;

			assert_int_equal(strbuf_addf(&out, "%.*s%s%s",
						     (int)(strstr(attempts[i], "%s") - attempts[i]),
						     attempts[i], dir,
						     strstr(attempts[i], "%s") + 2),
					 0);
			add_expanding(out.data + 1, flags);
			assert_ok(scriptlet_list_collect(&l, &list, &err));
			assert_int_equal(l.count, 1);
			scriptlet_list_release(&l);
			package_list_release(&list);
			strbuf_release(&out);
		}
	add_expanding("%{SUMMARY:expand}", 2);
	expect("post e %{SUMMARY:expand} 1 -1\n");
	assert_int_equal(judge_run(&out, "ls '%s'", dir), 0);
	assert_int_equal(out.len, 0);
	strbuf_release(&out);
	judge_remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(plain_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(same_name_counts_up, setup, teardown),
		cmocka_unit_test_setup_teardown(package_triggers, setup, teardown),
		cmocka_unit_test_setup_teardown(file_triggers, setup, teardown),
		cmocka_unit_test_setup_teardown(own_files_fire_once, setup, teardown),
		cmocka_unit_test_setup_teardown(transaction_file_triggers, setup, teardown),
		cmocka_unit_test_setup_teardown(expands, setup, teardown),
		cmocka_unit_test_setup_teardown(runs_nothing_here, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
