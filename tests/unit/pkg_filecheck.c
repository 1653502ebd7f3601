/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers that contradict themselves: refused before librpm or the planner sees their lists. */
#include "tests/unit/verify_fixture.h"

static void add_number(Header h, rpmTagVal tag)
{
	uint32_t one = 1;

	rpmfile_put(h, tag, RPM_INT32_TYPE, &one, 1);
}

static void replace_string(Header h, rpmTagVal tag, uint32_t index, const char *text)
{
	struct rpmtd_s td;
	const char *list[16];
	uint32_t n;

	assert_int_equal(headerGet(h, tag, &td, HEADERGET_ALLOC), 1);
	n = rpmtdCount(&td);
	for (uint32_t i = 0; i < n; i++)
		list[i] = i == index ? text : rpmtdNextString(&td) ? rpmtdGetString(&td) : "";
	headerDel(h, tag);
	rpmfile_put_strings(h, tag, list, n);
	rpmtdFreeData(&td);
}

static void more_sizes(Header h)
{
	uint64_t sizes[5] = { 0 };

	rpmfile_put(h, RPMTAG_LONGFILESIZES, RPM_INT64_TYPE, sizes, 5);
}

static void no_sizes(Header h)
{
	headerDel(h, RPMTAG_FILESIZES);
}

static void one_mode(Header h)
{
	uint16_t mode = 0100644;

	headerDel(h, RPMTAG_FILEMODES);
	rpmfile_put(h, RPMTAG_FILEMODES, RPM_INT16_TYPE, &mode, 1);
}

static void typeless_modes(Header h)
{
	uint16_t modes[5] = { 0644, 0755, 0755, 0777, 0600 };

	headerDel(h, RPMTAG_FILEMODES);
	rpmfile_put(h, RPMTAG_FILEMODES, RPM_INT16_TYPE, modes, 5);
}

static void wild_index(Header h)
{
	uint32_t indexes[5] = { 0, 1, 1, 2, 70000 };

	headerDel(h, RPMTAG_DIRINDEXES);
	rpmfile_put(h, RPMTAG_DIRINDEXES, RPM_INT32_TYPE, indexes, 5);
}

static void slash_in_name(Header h)
{
	replace_string(h, RPMTAG_BASENAMES, 0, "a/b");
}

static void dots_in_name(Header h)
{
	replace_string(h, RPMTAG_BASENAMES, 0, "..");
}

static void dots_in_folder(Header h)
{
	replace_string(h, RPMTAG_DIRNAMES, 0, "/usr/../../etc/");
}

static void relative_folder(Header h)
{
	replace_string(h, RPMTAG_DIRNAMES, 0, "usr/");
}

static void empty_name(Header h)
{
	replace_string(h, RPMTAG_BASENAMES, 1, "");
}

static void no_target(Header h)
{
	replace_string(h, RPMTAG_FILELINKTOS, 3, "");
}

static void short_digest(Header h)
{
	replace_string(h, RPMTAG_FILEDIGESTS, 0, "abcd");
}

static void no_digest(Header h)
{
	replace_string(h, RPMTAG_FILEDIGESTS, 0, "");
}

static void strange_digests(Header h)
{
	uint32_t algorithm = 99;

	headerDel(h, RPMTAG_FILEDIGESTALGO);
	rpmfile_put(h, RPMTAG_FILEDIGESTALGO, RPM_INT32_TYPE, &algorithm, 1);
}

static void different_links(Header h)
{
	uint32_t sizes[5] = { 6, 10, 11, 8, 0 };

	headerDel(h, RPMTAG_FILESIZES);
	rpmfile_put(h, RPMTAG_FILESIZES, RPM_INT32_TYPE, sizes, 5);
}

static void no_users(Header h)
{
	headerDel(h, RPMTAG_FILEUSERNAME);
}

static void odd_name(Header h)
{
	headerDel(h, RPMTAG_NAME);
	rpmfile_put_string(h, RPMTAG_NAME, "../p");
}

static void wild_trigger(Header h)
{
	static const char *const name[] = { "other" }, *const body[] = { "true" };
	uint32_t index = 1;

	rpmfile_put_strings(h, RPMTAG_TRIGGERNAME, name, 1);
	rpmfile_put_strings(h, RPMTAG_TRIGGERVERSION, name, 1);
	rpmfile_put(h, RPMTAG_TRIGGERFLAGS, RPM_INT32_TYPE, &index, 1);
	rpmfile_put(h, RPMTAG_TRIGGERINDEX, RPM_INT32_TYPE, &index, 1);
	rpmfile_put_strings(h, RPMTAG_TRIGGERSCRIPTS, body, 1);
	rpmfile_put_strings(h, RPMTAG_TRIGGERSCRIPTPROG, body, 1);
}

static void file_trigger_without_index(Header h)
{
	static const char *const name[] = { "/usr" };

	rpmfile_put_strings(h, RPMTAG_FILETRIGGERNAME, name, 1);
	add_number(h, RPMTAG_FILETRIGGERFLAGS);
}

static void version_missing(Header h)
{
	wild_trigger(h);
	headerDel(h, RPMTAG_TRIGGERVERSION);
}

static void prefix_as_string(Header h)
{
	rpmfile_put_string(h, RPMTAG_PREFIXES, "/usr");
}

static void flags_missing(Header h)
{
	static const char *const two[] = { "a", "b" };

	headerDel(h, RPMTAG_PROVIDENAME);
	rpmfile_put_strings(h, RPMTAG_PROVIDENAME, two, 2);
}

static void put_file_dependencies(Header h, uint32_t entry, uint32_t length)
{
	uint32_t first[5] = { 0 }, lengths[5] = { length };

	rpmfile_put(h, RPMTAG_DEPENDSDICT, RPM_INT32_TYPE, &entry, 1);
	rpmfile_put(h, RPMTAG_FILEDEPENDSX, RPM_INT32_TYPE, first, 5);
	rpmfile_put(h, RPMTAG_FILEDEPENDSN, RPM_INT32_TYPE, lengths, 5);
}

static void wild_dictionary(Header h)
{
	put_file_dependencies(h, 'P' << 24 | 1, 1);
}

static void wild_file_dependencies(Header h)
{
	put_file_dependencies(h, 'P' << 24 | 0, 2);
}

static void refuses_contradictions(void **state)
{
	static const struct {
		void (*tweak)(Header h);
		int code;
		const char *part;
	} cases[] = {
		{ more_sizes, -ERR_FORMAT, "two lists of file sizes" },
		{ no_sizes, -ERR_FORMAT, "no file sizes" },
		{ one_mode, -ERR_FORMAT, "5 files but 1 entries in Filemodes" },
		{ typeless_modes, -ERR_FORMAT, "'/etc/motd': an unknown type" },
		{ wild_index, -ERR_FORMAT, "a folder that the header does not have" },
		{ slash_in_name, -ERR_FORMAT, "not a file name" },
		{ dots_in_name, -ERR_ESCAPE, "tries to leave" },
		{ dots_in_folder, -ERR_ESCAPE, "tries to leave" },
		{ relative_folder, -ERR_FORMAT, "is not absolute" },
		{ empty_name, -ERR_FORMAT, "without a name" },
		{ no_target, -ERR_FORMAT, "without a target" },
		{ short_digest, -ERR_FORMAT, "malformed" },
		{ no_digest, -ERR_FORMAT, "has no digest" },
		{ strange_digests, -ERR_UNSUPPORTED, "unknown kind (99)" },
		{ different_links, -ERR_FORMAT,
		  "'/usr/bin/b': differs from what it is a hard link of" },
		{ no_users, -ERR_FORMAT, "no Fileusername" },
		{ odd_name, -ERR_FORMAT, "no usable Name" },
		{ wild_trigger, -ERR_FORMAT, "lists of triggers" },
		{ version_missing, -ERR_FORMAT, "lists of triggers" },
		{ prefix_as_string, -ERR_FORMAT, "Prefixes in the header has a wrong type" },
		{ flags_missing, -ERR_FORMAT, "dependencies contradict each other (Providename)" },
		{ wild_dictionary, -ERR_FORMAT, "dependencies of files" },
		{ wild_file_dependencies, -ERR_FORMAT, "dependencies of files" },
		{ file_trigger_without_index, -ERR_FORMAT, "lists of triggers" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_file_refused(
			&(struct rpmfile){ .name = "p", ENTRIES, .tweak = cases[i].tweak },
			cases[i].code, cases[i].part);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_contradictions),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
