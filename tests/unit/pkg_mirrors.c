/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of mirrors: text and metalink, good and malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pkg/mirrors.h"

static int parse(const char *text, struct mirrors *m)
{
	struct error err = ERROR_INIT;
	int rc = mirrors_parse(text, strlen(text), "list", m, &err);

	assert_int_equal(rc, err.code);
	error_release(&err);
	return rc;
}

static void test_text(void **state)
{
	struct mirrors m;

	assert_int_equal(parse("# comment\n\nhttp://a/x\r\n  https://b/y/// trailing\nrsync://c/\n"
			       "file:///etc/\nftp://d", &m), 0);
	assert_int_equal(m.urls.count, 3);
	assert_string_equal(m.urls.items[0], "http://a/x/");
	assert_string_equal(m.urls.items[1], "https://b/y/");
	assert_string_equal(m.urls.items[2], "ftp://d/");
	assert_null(m.checksum);
	mirrors_release(&m);
	assert_int_equal(parse("", &m), -ERR_NOT_FOUND);
	assert_int_equal(parse("\n# nothing\n/local\n", &m), -ERR_NOT_FOUND);
	/* Found by the fuzzer: no host. */
	assert_int_equal(parse("http://\nhttp:///\n", &m), -ERR_NOT_FOUND);
}

static const char metalink3[] =
	"<?xml version='1.0' encoding='utf-8'?>\n"
	"<metalink version='3.0' xmlns='http://www.metalinker.org/'\n"
	" xmlns:mm0='http://fedorahosted.org/mirrormanager'>\n"
	" <files><file name='repomd.xml'>\n"
	"  <mm0:timestamp>1</mm0:timestamp><size>3000</size>\n"
	"  <verification><hash type='md5'>00</hash>\n"
	"   <hash type='sha256'>AABB</hash><hash type='sha1'>cc</hash></verification>\n"
	"  <mm0:alternates><mm0:alternate><size>9</size><verification>\n"
	"   <hash type='sha512'>dd</hash></verification></mm0:alternate></mm0:alternates>\n"
	"  <resources>\n"
	"   <url protocol='http' preference='90'>http://second/os/repodata/repomd.xml</url>\n"
	"   <url protocol='https' preference='100'> https://first/os/repodata/repomd.xml\n</url>\n"
	"   <url protocol='rsync' preference='100'>rsync://no/os/repodata/repomd.xml</url>\n"
	"   <url protocol='http' preference='99'>http://other/file</url>\n"
	"  </resources></file>\n"
	"  <file name='else'><resources><url>http://else/repodata/repomd.xml</url></resources></file></files>\n"
	"</metalink>\n";

static void test_metalink(void **state)
{
	struct mirrors m;

	assert_int_equal(parse(metalink3, &m), 0);
	assert_int_equal(m.urls.count, 2);
	assert_string_equal(m.urls.items[0], "https://first/os/");
	assert_string_equal(m.urls.items[1], "http://second/os/");
	assert_string_equal(m.file, "repodata/repomd.xml");
	assert_string_equal(m.checksum_algo, "sha256");
	assert_string_equal(m.checksum, "AABB");
	assert_int_equal(m.size, 3000);
	mirrors_release(&m);
	/* Version 4: a priority, and a dash in the digest's name. */
	assert_int_equal(parse("<metalink xmlns='urn:ietf:params:xml:ns:metalink'><file name='repomd.xml'>"
			       "<hash type='sha-512'>ee</hash>"
			       "<url priority='2'>http://b/repodata/repomd.xml</url>"
			       "<url priority='1'>http://a/repodata/repomd.xml</url></file></metalink>",
			       &m), 0);
	assert_string_equal(m.urls.items[0], "http://a/");
	assert_string_equal(m.checksum_algo, "sha512");
	mirrors_release(&m);
}

static void test_malformed(void **state)
{
	static const char bomb[] = "<?xml version='1.0'?><!DOCTYPE m [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>"
				   "<metalink><file name='repomd.xml'><url>&b;</url></file></metalink>";
	struct error err = ERROR_INIT;
	struct strbuf deep = STRBUF_INIT;
	struct mirrors m;

	assert_int_equal(parse("<metalink>", &m), -ERR_FORMAT);
	assert_int_equal(parse("<metalink></metalink>", &m), -ERR_NOT_FOUND);
	assert_int_equal(parse("<html><body>Sign in</body></html>", &m), -ERR_NOT_FOUND);
	assert_int_equal(mirrors_parse(bomb, strlen(bomb), "list", &m, &err), -ERR_FORMAT);
	assert_non_null(strstr(err.what, "DTD"));
	error_release(&err);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(strbuf_adds(&deep, "<a>"), 0);
	assert_int_equal(parse(deep.data, &m), -ERR_FORMAT);
	deep.len = 0;
	assert_int_equal(strbuf_adds(&deep, "<m><file name='repomd.xml'><url>"), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(strbuf_adds(&deep, "http://a/"), 0);
	assert_int_equal(strbuf_adds(&deep, "</url></file></m>"), 0);
	assert_int_equal(parse(deep.data, &m), -ERR_FORMAT);
	strbuf_release(&deep);
	assert_int_equal(parse("<m><file name='repomd.xml'><size>x</size></file></m>", &m), -ERR_FORMAT);
}

/* Every beginning of a good document is refused. */
static void test_cut(void **state)
{
	char *text = strdup(metalink3);
	struct mirrors m;

	for (size_t n = strlen(text) - 1; n-- > 0;) {
		text[n] = '\0';
		if (parse(text, &m) == 0)
			fail_msg("a document cut after %zu bytes was taken", n);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_metalink),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
