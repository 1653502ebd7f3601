/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers that contradict themselves: refused before librpm or the planner sees their lists. */
#include "pkg/database.h"
#include "pkg/order.h"
#include "pkg/payload.h"
#include "pkg/scriptlet.h"
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

static void good_triggers(Header h)
{
	static const char *const names[] = { "/usr" }, *const body[] = { "true" };
	uint32_t sense = 1 << 16, zero = 0;

	rpmfile_put_strings(h, RPMTAG_FILETRIGGERNAME, names, 1);
	rpmfile_put_strings(h, RPMTAG_FILETRIGGERVERSION, names, 1);
	rpmfile_put(h, RPMTAG_FILETRIGGERFLAGS, RPM_INT32_TYPE, &sense, 1);
	rpmfile_put(h, RPMTAG_FILETRIGGERINDEX, RPM_INT32_TYPE, &zero, 1);
	rpmfile_put_strings(h, RPMTAG_FILETRIGGERSCRIPTS, body, 1);
	rpmfile_put_strings(h, RPMTAG_FILETRIGGERSCRIPTPROG, body, 1);
	rpmfile_put(h, RPMTAG_FILETRIGGERPRIORITIES, RPM_INT32_TYPE, &sense, 1);
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

static uint32_t seed;

static uint32_t next_random(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Change what the index says of a few tags, or a few bytes of their data. */
static void mutate(unsigned char *blob, size_t n)
{
	size_t index = 16, entries = (size_t)blob[10] << 8 | blob[11], data = index + 16 * entries;

	for (uint32_t i = next_random(3) + 1; i > 0; i--) {
		unsigned char *entry = blob + index + 16 * (1 + next_random((uint32_t)entries - 1));
		unsigned char *other = blob + index + 16 * (1 + next_random((uint32_t)entries - 1));
		unsigned char tag[4];

		switch (next_random(4)) {
		case 0: /* the tags of two entries change places */
			memcpy(tag, entry, 4);
			memcpy(entry, other, 4);
			memcpy(other, tag, 4);
			break;
		case 1: /* one more or fewer */
			entry[15] = (unsigned char)(entry[15] + next_random(5) - 2);
			break;
		case 2:
			entry[next_random(16)] = (unsigned char)next_random(256);
			break;
		default:
			blob[data + next_random((uint32_t)(n - data))] =
				(unsigned char)next_random(256);
		}
	}
}

static int sink_begin(void *arg, uint32_t i, uint64_t size)
{
	return 1;
}

static int sink_data(void *arg, uint32_t i, uint64_t offset, const void *data, size_t n)
{
	return 0;
}

static int sink_end(void *arg, uint32_t i)
{
	return 0;
}

/* Everything that is done with a header that was accepted. */
static void use(struct package *p)
{
	struct package_list list = { &p, 1, 1 };
	struct package_files files;
	struct payload_sink sink = { sink_begin, sink_data, sink_end, NULL };
	struct scriptlet_list scriptlets = SCRIPTLET_LIST_INIT;
	struct database_options options = { .format = "sqlite", .now = 1, .colour = 2 };
	struct database_files out = { NULL, 0 };
	struct error err = ERROR_INIT;
	uint8_t *states;

	assert_int_equal(package_files_load(&files, p, &err), 0);
	states = calloc(files.count + 1, 1);
	/* These may fail, but with a word of explanation. */
	if (package_list_order(&list, &err) || payload_read(p, &files, &sink, &err) ||
	    scriptlet_list_collect(&scriptlets, &list, &err) ||
	    database_build(&(struct database_entry){ p, states, files.count }, 1, &options, &out,
			   &err))
		assert_non_null(err.what);
	scriptlet_list_release(&scriptlets);
	database_files_release(&out);
	free(states);
	error_release(&err);
	package_files_release(&files);
}

/* Headers changed at random, with digests that match: nothing may crash. */
static void survives_mutations(void **state)
{
	struct rpmfile t = { .name = "p", ENTRIES, .mutate = mutate };
	int accepted = 0;

	for (seed = 1; seed < 400000; seed += 1000) {
		uint32_t start = seed;
		struct package *p = package_new();

		t.tweak = start % 3 ? good_triggers : NULL;
		t.old = start % 5 == 0;
		rpmfile_write(file, &t);
		if (verify(NULL, p, NULL) == 0) {
			accepted++;
			use(p);
		}
		package_free(p);
		seed = start;
	}
	assert_true(accepted > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_contradictions),
		cmocka_unit_test(survives_mutations),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
