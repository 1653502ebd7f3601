/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The planned tree: paths, symbolic links, counting. */
#include "tests/unit/image_tree_support.h"

static void parents_are_made(void **state)
{
	struct tree_node *node = add(file(a, "/usr//share/./doc/x/", digest1)).node;

	assert_ptr_equal(tree_lookup(t, "/usr/share/doc/x"), node);
	assert_true(tree_lookup(t, "/usr/share")->implicit);
	assert_int_equal(tree_lookup(t, "/usr/share")->mode, S_IFDIR | 0755);
	assert_int_equal(tree_lookup(t, "/usr/share")->mtime, 1000);
	assert_int_equal(add(folder(b, "/usr/share")).outcome, TREE_CREATED);
	assert_false(tree_lookup(t, "/usr/share")->implicit);
	assert_null(tree_lookup(t, "/usr/share/doc/x/y"));
	assert_null(tree_lookup(t, "/usr/shar"));
	assert_null(tree_lookup(t, "usr"));
}

static void bad_paths_are_refused(void **state)
{
	char name[300], *path = malloc(5001);

	refuse(file(a, "", digest1), -ERR_ESCAPE, "absolute");
	refuse(file(a, "usr/bin", digest1), -ERR_ESCAPE, "absolute");
	refuse(file(a, "/usr/../etc/passwd", digest1), -ERR_ESCAPE, "'..'");
	refuse(file(a, "/..", digest1), -ERR_ESCAPE, "'..'");
	memset(name, 'n', sizeof(name));
	name[0] = '/';
	name[257] = '\0';
	refuse(file(a, name, digest1), -ERR_LIMIT, "255");
	name[256] = '\0';
	add(file(a, name, digest1));
	assert_non_null(path);
	for (int i = 0; i < 5000; i++)
		path[i] = i % 2 ? 'd' : '/';
	path[5000] = '\0';
	refuse(file(a, path, digest1), -ERR_LIMIT, "4095");
	path[4094] = '\0';
	add(file(a, path, digest1));
	free(path);
	refuse(file(99, "/x", digest1), -ERR_LIMIT, "owner");
	refuse((struct tree_entry){ .path = "/x", .mode = 0644, .owner = a }, -ERR_FORMAT, "type");
	refuse(slink(a, "/x", ""), -ERR_FORMAT, "target");
	refuse((struct tree_entry){ .path = "/x", .mode = S_IFCHR, .owner = a,
				    .rdev_major = 4096 }, -ERR_LIMIT, "4096:0");
	refuse(file(a, "/", digest1), -ERR_CONFLICT, "directory");
}

static void any_bytes_are_a_name(void **state)
{
	add(file(a, "/\xff\x01\n%s/\xc3\x28", digest1));
	assert_non_null(tree_lookup(t, "/\xff\x01\n%s/\xc3\x28"));
	add(file(a, "/.../..x", digest1));
	assert_non_null(tree_lookup(t, "/.../..x"));
}

static void links_are_followed_inside_only(void **state)
{
	add(slink(a, "/lib", "usr/lib"));
	add(slink(a, "/abs", "/usr/lib"));
	add(slink(a, "/up", "../../../usr/lib/../lib"));
	add(file(a, "/lib/one", digest1));
	add(file(a, "/abs/two", digest1));
	add(file(a, "/up/three", digest1));
	assert_int_equal(names_of("/usr/lib"), 3);
	assert_int_equal(names_of("/"), 4);
	add(slink(b, "/usr/lib/deep", "../../../../.."));
	assert_ptr_equal(tree_lookup(t, "/lib/deep"), tree_root(t));
	add(slink(b, "/l1", "l2"));
	add(slink(b, "/l2", "l1"));
	refuse(file(b, "/l1/x", digest1), -ERR_ESCAPE, "loop");
	assert_null(tree_lookup(t, "/l1"));
	assert_int_equal(names_of("/"), 6);
	add(file(b, "/plain", digest1));
	refuse(file(b, "/plain/x", digest1), -ERR_CONFLICT, "'/plain' of 'beta-1-1.x86_64'");
	add(slink(b, "/toplain", "plain"));
	refuse(file(b, "/toplain/x", digest1), -ERR_CONFLICT, "not a directory");
}

static void a_chain_of_forty_links_is_the_limit(void **state)
{
	char from[16], to[16];

	for (int i = 0; i < 41; i++) {
		snprintf(from, sizeof(from), "/c%d", i);
		snprintf(to, sizeof(to), "c%d", i + 1);
		add(slink(a, from, to));
	}
	add(folder(a, "/c41"));
	assert_non_null(tree_lookup(t, "/c1"));
	assert_null(tree_lookup(t, "/c0"));
	refuse(file(a, "/c0/x", digest1), -ERR_ESCAPE, "loop");
	add(file(a, "/c1/x", digest1));
}

static void declared_links_do_not_depend_on_order(void **state)
{
	struct tree_result r;

	/* /lib/cpp is declared before the link that its own path leads through. */
	declare(slink(b, "/lib/cpp", "../bin"));
	declare(slink(b, "/lib", "usr/lib"));
	declare(slink(b, "/never", "used"));
	r = add(file(a, "/lib/cpp/x", digest1));
	assert_ptr_equal(tree_lookup(t, "/usr/bin/x"), r.node);
	assert_int_equal(add(folder(a, "/lib")).outcome, TREE_CREATED);
	assert_int_equal(add(slink(b, "/lib", "usr/lib")).outcome, TREE_CREATED);
	assert_int_equal(add(slink(b, "/lib/cpp", "../bin")).outcome, TREE_CREATED);
	assert_int_equal(add(slink(a, "/lib", "usr/lib")).outcome, TREE_SHARED);
	refuse(slink(a, "/lib", "usr/lib64"), -ERR_CONFLICT, "differ");
	assert_null(tree_lookup(t, "/never"));
	assert_int_equal(names_of("/"), 2);
	assert_int_equal(tree_finish(t, &err), 0);
	/* root, lost+found, usr, usr/lib, usr/bin, x, two links */
	assert_int_equal(tree_node_count(t), 8);
}

static void declared_directory_goes_behind_its_link(void **state)
{
	struct tree_entry dir = folder(a, "/lib");

	declare(slink(b, "/lib", "usr/lib"));
	dir.mode = S_IFDIR | 0711;
	assert_int_equal(add(dir).outcome, TREE_CREATED);
	assert_int_equal(tree_lookup(t, "/usr/lib")->mode, S_IFDIR | 0711);
	assert_int_equal(add(slink(b, "/lib", "usr/lib")).outcome, TREE_CREATED);
	assert_int_equal(add(folder(b, "/usr/lib")).outcome, TREE_SHARED);
	assert_int_equal(tree_lookup(t, "/lib")->mode, S_IFDIR | 0755);
	/* Shared with what is explicit: the link's way does not change it. */
	assert_int_equal(add(dir).outcome, TREE_SHARED);
	assert_int_equal(tree_lookup(t, "/lib")->mode, S_IFDIR | 0755);
}

static void a_loop_of_declared_links_ends(void **state)
{
	declare(slink(a, "/x/y", "../x/y/z"));
	declare(slink(a, "/x", "y"));
	declare(slink(b, "/y", "x"));
	refuse(file(a, "/x/f", digest1), -ERR_ESCAPE, "loop");
	refuse(file(a, "/x/y/f", digest1), -ERR_ESCAPE, "loop");
	add(file(a, "/z/f", digest1));
}

static void finish_counts_and_adds_lost_found(void **state)
{
	struct tree_node *node, *lost;
	size_t n = 0;

	add(folder(a, "/a"));
	add(folder(a, "/a/b"));
	add(file(a, "/a/b/f", digest1));
	assert_int_equal(tree_finish(t, &err), 0);
	lost = tree_lookup(t, "/lost+found");
	assert_non_null(lost);
	assert_int_equal(lost->mode, S_IFDIR | 0700);
	assert_int_equal(tree_root(t)->nlink, 4);
	assert_int_equal(tree_lookup(t, "/a")->nlink, 3);
	assert_int_equal(tree_lookup(t, "/a/b")->nlink, 2);
	assert_ptr_equal(tree_nodes(t), tree_root(t));
	assert_ptr_equal(tree_root(t)->next, lost);
	for (node = tree_nodes(t); node; node = node->next)
		n++;
	assert_int_equal(n, tree_node_count(t));
	assert_int_equal(n, 5);
}

static void an_empty_tree_is_a_tree(void **state)
{
	assert_int_equal(tree_finish(t, &err), 0);
	assert_int_equal(tree_node_count(t), 2);
	assert_null(tree_root(t)->next->next);
}

static void lost_found_must_be_a_directory(void **state)
{
	add(file(a, "/lost+found", digest1));
	assert_int_equal(tree_finish(t, &err), -ERR_CONFLICT);
	assert_string_equal(err.subject, "/lost+found");
}

static void attributes_are_copied(void **state)
{
	char name[] = "security.capability", value[] = "\1\0\0\2";
	struct tree_xattr x = { name, value, 4 };
	struct tree_entry e = file(a, "/f", digest1);
	struct tree_node *node;

	e.xattrs = &x;
	e.xattr_count = 1;
	node = add(e).node;
	memset(name, 'z', sizeof(name) - 1);
	memset(value, 'z', sizeof(value));
	assert_int_equal(node->xattr_count, 1);
	assert_string_equal(node->xattrs[0].name, "security.capability");
	assert_memory_equal(node->xattrs[0].value, "\1\0\0\2", 4);
	x.name = "";
	e.path = "/g";
	refuse(e, -ERR_FORMAT, "without a name");
}

static void many_directories_cost_what_their_entries_cost(void **state)
{
	char path[64];

	for (int i = 0; i < 14500; i++) {
		snprintf(path, sizeof(path), "/usr/share/many/directory%d", i);
		add(folder(a, path));
	}
	assert_int_equal(names_of("/usr/share/many"), 14500);
	assert_int_equal(tree_finish(t, &err), 0);
	assert_int_equal(tree_lookup(t, "/usr/share/many")->nlink, 14502);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parents_are_made),
		TEST(bad_paths_are_refused),
		TEST(any_bytes_are_a_name),
		TEST(links_are_followed_inside_only),
		TEST(a_chain_of_forty_links_is_the_limit),
		TEST(declared_links_do_not_depend_on_order),
		TEST(declared_directory_goes_behind_its_link),
		TEST(a_loop_of_declared_links_ends),
		TEST(finish_counts_and_adds_lost_found),
		TEST(an_empty_tree_is_a_tree),
		TEST(lost_found_must_be_a_directory),
		TEST(attributes_are_copied),
		TEST(many_directories_cost_what_their_entries_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
