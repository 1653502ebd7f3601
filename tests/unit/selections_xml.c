/* SPDX-License-Identifier: GPL-2.0-or-later */
/* patterns.xml and comps.xml, and XML that wants to do harm. */
#include "selections_support.h"

static const char patterns[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<patterns count=\"2\" xmlns=\"urn:a\" xmlns:rpm=\"urn:b\">\n"
	"<pattern>\n"
	"  <name>base</name><version epoch=\"0\" ver=\"1\" rel=\"2\"/>\n"
	"  <summary lang=\"de\">Grund</summary><summary>Base &amp;\n more</summary>\n"
	"  <category lang=\"en\">Base</category><uservisible/>\n"
	"  <rpm:provides><rpm:entry kind=\"pattern\" name=\"basesystem\"/></rpm:provides>\n"
	"  <rpm:requires>\n"
	"    <rpm:entry kind=\"package\" name=\"bash\" flags=\"GE\" ver=\"2\"/>\n"
	"    <rpm:entry name=\"glibc\"/>\n"
	"    <rpm:entry kind=\"pattern\" name=\"kernel\"/>\n"
	"    <rpm:entry kind=\"product\" name=\"suse\"/>\n"
	"  </rpm:requires>\n"
	"  <rpm:recommends><rpm:entry kind=\"package\" name=\"vim\"/>"
	"<rpm:entry kind=\"pattern\" name=\"mail\"/></rpm:recommends>\n"
	"  <rpm:suggests><rpm:entry kind=\"package\" name=\"emacs\"/></rpm:suggests>\n"
	"  <rpm:conflicts><rpm:entry kind=\"pattern\" name=\"tiny\"/></rpm:conflicts>\n"
	"</pattern>\n"
	"<pattern><name>kernel</name><summary>K</summary></pattern>\n"
	"</patterns>\n";

static void test_patterns(void **state)
{
	struct selection *s = parse(patterns), *base;

	assert_int_equal(s->part_count, 2);
	base = s->parts[0];
	assert_int_equal(base->kind, SELECTION_PATTERN);
	assert_string_equal(base->name, "base");
	assert_string_equal(base->summary, "Base &  more");
	assert_true(base->visible);
	assert_names(&base->provides, "basesystem");
	assert_names(&base->requires, "kernel");
	assert_names(&base->conflicts, "tiny");
	assert_names(&base->install[0].names, "bash|glibc");
	assert_names(&base->weak_install, "vim");
	assert_names(&base->weak_requires, "mail");
	assert_false(s->parts[1]->visible);
	assert_true(selection_is_meant(base));
	assert_false(selection_is_meant(s->parts[1]));
	selection_free(s);
	s = parse("<pattern xmlns=\"urn:a\"><name>alone</name></pattern>");
	assert_string_equal(s->name, "alone");
	assert_int_equal(s->part_count, 0);
	selection_free(s);
}

static const char comps[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<!DOCTYPE comps PUBLIC \"-//a//b\" \"comps.dtd\">\n"
	"<comps>\n"
	"<group><id>core</id><name>Core</name><name xml:lang=\"de\">Kern</name>\n"
	" <default>True</default><uservisible>False</uservisible><packagelist>\n"
	"  <packagereq type=\"mandatory\">bash</packagereq>\n"
	"  <packagereq type=\"default\"> vim </packagereq><packagereq>ls</packagereq>\n"
	"  <packagereq type=\"optional\">emacs</packagereq>\n"
	"  <packagereq type=\"conditional\" requires=\"kde\">vim-kde</packagereq>\n"
	"  <packagereq type=\"conditional\">never</packagereq>\n"
	" </packagelist></group>\n"
	"<group><id>games</id><name xml:lang=\"de\">Spiele</name><default>false</default>\n"
	" <uservisible>true</uservisible><packagelist/></group>\n"
	"<category><id>x</id><grouplist><groupid>games</groupid></grouplist></category>\n"
	"<environment><id>desk</id><name>Desktop of all</name>\n"
	" <grouplist><groupid>core</groupid></grouplist>\n"
	" <optionlist><groupid default=\"true\">games</groupid></optionlist></environment>\n"
	"</comps>\n";

static void test_comps(void **state)
{
	struct selection *s = parse(comps), *core, *desk;

	assert_int_equal(s->part_count, 3);
	core = s->parts[0];
	assert_int_equal(core->kind, SELECTION_GROUP);
	assert_string_equal(core->name, "core");
	assert_string_equal(core->summary, "Core");
	assert_false(core->visible);
	assert_names(&core->install[0].names, "bash|vim|ls");
	assert_names(&core->weak_install, "emacs|never");
	assert_names(&core->conditional, "vim-kde");
	assert_names(&core->conditions, "kde");
	assert_true(selection_is_meant(core));
	assert_string_equal(s->parts[1]->summary, "Spiele");
	assert_false(selection_is_meant(s->parts[1]));
	desk = selection_part(s, "desktop OF all");
	assert_ptr_equal(desk, s->parts[2]);
	assert_ptr_equal(selection_part(s, "^desk"), desk);
	assert_null(selection_part(s, "^core"));
	assert_int_equal(desk->kind, SELECTION_ENVIRONMENT);
	assert_names(&desk->requires, "core");
	assert_names(&desk->weak_requires, "games");
	assert_false(selection_is_meant(desk));
	selection_free(s);
}

static void test_choice(void **state)
{
	struct selection *s = parse(comps);
	struct error err = ERROR_INIT;

	assert_int_equal(selection_choose(s, "game", &err), -ERR_NOT_FOUND);
	assert_string_equal(err.what, "has no selection 'game'");
	assert_string_equal(err.hint, "did you mean 'games'?");
	assert_int_equal(selection_choose(s, "Games", &err), 0);
	assert_false(selection_is_meant(s->parts[0]));
	assert_true(selection_is_meant(s->parts[1]));
	error_release(&err);
	selection_free(s);
}

/* Without marks all that is visible; environments where there is nothing else. */
static void test_what_a_file_means(void **state)
{
	struct selection *s = parse("<comps><group><id>a</id></group>\n"
				    "<group><id>b</id><uservisible>0</uservisible></group>\n"
				    "<environment><id>c</id></environment></comps>");

	assert_true(selection_is_meant(s->parts[0]));
	assert_false(selection_is_meant(s->parts[1]));
	assert_false(selection_is_meant(s->parts[2]));
	selection_free(s);
	s = parse("<comps><environment><id>a</id></environment>"
		  "<environment><id>b</id></environment></comps>");
	assert_true(selection_is_meant(s->parts[0]));
	assert_true(selection_is_meant(s->parts[1]));
	selection_free(s);
}

static void test_errors(void **state)
{
	refuse("<comps>\n<group>\n</comps>\n", -ERR_FORMAT, "line 3: XML: mismatched tag");
	refuse("<comps>\n<group><id>a</id></group>\n", -ERR_FORMAT, "XML: no element found");
	refuse("<comps/>\n<comps/>", -ERR_FORMAT, "line 2: XML: junk after document element");
	refuse("<comps>\n</comps>", -ERR_FORMAT, "no selection in it");
	refuse("<comps>\n<group>\n<name>a</name></group></comps>", -ERR_FORMAT,
	       "line 3: a group without an id");
	refuse("<comps><group>\n<id> </id></group></comps>", -ERR_FORMAT, "line 2: empty name");
	refuse("<comps><group><id>a</id><packagelist>\n\n<packagereq>b c</packagereq>", -ERR_FORMAT,
	       "line 3: blank in the name 'b c'");
	refuse("<comps><group><id>a</id><packagelist>\n<packagereq type=\"x\">b</packagereq>",
	       -ERR_FORMAT, "line 2: packagereq of type 'x'");
	refuse("<comps><group><id>a\x1b</id></group></comps>", -ERR_FORMAT,
	       "line 1: XML: not well-formed");
	refuse("<comps><group><id>a&#9;b</id></group></comps>", -ERR_FORMAT,
	       "line 1: control byte 0x09");
	refuse("<comps><group><id>\xff</id></group></comps>", -ERR_FORMAT, "line 1: XML: not well");
	refuse("<patterns>\n<pattern>\n</pattern></patterns>", -ERR_FORMAT,
	       "line 3: a pattern without a name");
	refuse("<pattern><name>a</name><requires>\n<entry kind=\"package\"/></requires></pattern>",
	       -ERR_FORMAT, "line 2: an entry without a name");
	refuse("\n<html/>", -ERR_UNSUPPORTED, "line 2: <html> is no list of packages");
}

static void test_entities(void **state)
{
	/* Would be 10^9 times "lol". */
	struct strbuf bomb = STRBUF_INIT;

	assert_int_equal(strbuf_adds(&bomb, "<!DOCTYPE comps [\n<!ENTITY e0 \"lol\">\n"), 0);
	for (int i = 1; i < 10; i++) {
		assert_int_equal(strbuf_addf(&bomb, "<!ENTITY e%d \"", i), 0);
		for (int k = 0; k < 10; k++)
			assert_int_equal(strbuf_addf(&bomb, "&e%d;", i - 1), 0);
		assert_int_equal(strbuf_adds(&bomb, "\">\n"), 0);
	}
	assert_int_equal(strbuf_adds(&bomb, "]>\n<comps><group><id>&e9;</id></group></comps>"), 0);
	refuse(bomb.data, -ERR_FORMAT, "line 2: entity 'e0': none but XML's own are accepted");
	strbuf_release(&bomb);
	refuse("<!DOCTYPE comps [\n\n<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n"
	       "<comps><group><id>&x;</id></group></comps>",
	       -ERR_FORMAT, "line 3: entity 'x'");
	refuse("<!DOCTYPE comps [<!ENTITY % x SYSTEM \"file:///etc/passwd\"> %x;]><comps/>",
	       -ERR_FORMAT, "line 1: entity 'x'");
	refuse("<!DOCTYPE comps SYSTEM \"comps.dtd\">\n<comps><group>\n<id>a&x;</id></group></comps>",
	       -ERR_FORMAT, "line 3: entity 'x'");
	refuse("<comps><group><id>a&x;</id></group></comps>", -ERR_FORMAT,
	       "line 1: XML: undefined entity");
}

static void test_limits(void **state)
{
	struct strbuf b = STRBUF_INIT;

	assert_int_equal(strbuf_adds(&b, "<comps>\n"), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(strbuf_adds(&b, "<a>\n"), 0);
	refuse(b.data, -ERR_LIMIT, "line 65: elements are nested too deep");
	strbuf_release(&b);

	assert_int_equal(strbuf_adds(&b, "<comps><group><id>a</id><description>\n"), 0);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(strbuf_adds(&b, "word "), 0);
	refuse(b.data, -ERR_LIMIT, "line 2: text of more than 65536 bytes");
	strbuf_release(&b);

	assert_int_equal(strbuf_adds(&b, "<comps><"), 0);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(strbuf_adds(&b, "n"), 0);
	assert_int_equal(strbuf_adds(&b, "/></comps>"), 0);
	refuse(b.data, -ERR_LIMIT, "elements are nested too deep");
	strbuf_release(&b);

	assert_int_equal(strbuf_adds(&b, "<comps><group><id>"), 0);
	for (int i = 0; i < 1025; i++)
		assert_int_equal(strbuf_adds(&b, "n"), 0);
	assert_int_equal(strbuf_adds(&b, "</id></group></comps>"), 0);
	refuse(b.data, -ERR_LIMIT, "name of 1025 bytes (at most 1024)");
	strbuf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_comps),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_what_a_file_means),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_entities),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
