/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The planned tree: paths, links, conflicts by rpm's rules, hard links, limits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "image/tree.h"

static struct tree *t;
static uint32_t a, b; /* owners */
static struct error err;

static const uint8_t digest1[4] = { 1, 1, 1, 1 }, digest2[4] = { 2, 2, 2, 2 };

static void start(const struct tree_options *options)
{
	t = tree_new(options);
	assert_non_null(t);
	assert_int_equal(tree_add_owner(t, "alpha-1-1.x86_64", &a, &err), 0);
	assert_int_equal(tree_add_owner(t, "beta-1-1.x86_64", &b, &err), 0);
	assert_int_not_equal(a, b);
}

static int setup(void **state)
{
	start(&(struct tree_options){ .now = 1000 });
	return 0;
}

static int setup_colour(void **state)
{
	start(&(struct tree_options){ .now = 1000, .preferred_colour = 2 });
	return 0;
}

static int setup_replace(void **state)
{
	start(&(struct tree_options){ .now = 1000, .replace_files = true });
	return 0;
}

static int teardown(void **state)
{
	tree_free(t);
	error_release(&err);
	return 0;
}

static struct tree_entry file(uint32_t owner, const char *path, const uint8_t *digest)
{
	return (struct tree_entry){ .path = path, .mode = S_IFREG | 0644, .mtime = 5,
				    .size = 10, .digest = digest, .digest_size = 4,
				    .digest_algo = 8, .owner = owner };
}

static struct tree_entry folder(uint32_t owner, const char *path)
{
	return (struct tree_entry){ .path = path, .mode = S_IFDIR | 0755, .owner = owner };
}

static struct tree_entry slink(uint32_t owner, const char *path, const char *target)
{
	return (struct tree_entry){ .path = path, .mode = S_IFLNK | 0777, .target = target,
				    .owner = owner };
}

static struct tree_result add(struct tree_entry e)
{
	struct tree_result result;
	int rc = tree_add(t, &e, &result, &err);

	if (rc)
		fail_msg("%s: %s", e.path, err.what);
	return result;
}

static void refuse(struct tree_entry e, int code, const char *text)
{
	struct tree_result result;

	assert_int_equal(tree_add(t, &e, &result, &err), code);
	assert_int_equal(err.code, code);
	assert_non_null(err.what);
	if (!strstr(err.what, text))
		fail_msg("'%s' is not in '%s'", text, err.what);
	if (code == -ERR_CONFLICT)
		assert_string_equal(err.subject, e.path);
}

static void declare(struct tree_entry e)
{
	assert_int_equal(tree_declare_link(t, &e, &err), 0);
}

static int count(void *arg, const char *name, size_t len, struct tree_node *child)
{
	(*(int *)arg)++;
	return 0;
}

static int names_of(const char *path)
{
	struct tree_node *dir = tree_lookup(t, path);
	int n = 0;

	assert_non_null(dir);
	assert_int_equal(tree_each(dir, count, &n), 0);
	return n;
}

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

static void directories_are_shared(void **state)
{
	struct tree_entry again = folder(b, "/etc");
	struct tree_result r;

	add(folder(a, "/etc"));
	again.mode = S_IFDIR | 02750;
	again.gid = 7;
	r = add(again);
	assert_int_equal(r.outcome, TREE_SHARED);
	assert_int_equal(r.node->mode, S_IFDIR | 02750);
	assert_int_equal(r.node->gid, 7);
	assert_int_equal(r.node->owner, b);
	again.path = "/";
	r = add(again);
	assert_ptr_equal(r.node, tree_root(t));
	assert_int_equal(r.node->gid, 7);
}

static void identical_files_are_shared(void **state)
{
	struct tree_entry dev = { .path = "/null", .mode = S_IFCHR | 0666, .rdev_major = 1,
				  .rdev_minor = 3, .owner = a };
	struct tree_result first = add(file(a, "/f", digest1)), second;

	second = add(file(b, "/f", digest1));
	assert_int_equal(second.outcome, TREE_SHARED);
	assert_ptr_equal(second.node, first.node);
	assert_int_equal(second.node->owner, a);
	add(dev);
	dev.owner = b;
	assert_int_equal(add(dev).outcome, TREE_SHARED);
	dev.rdev_minor = 4;
	refuse(dev, -ERR_CONFLICT, "differ");
	add(slink(a, "/l", "x"));
	assert_int_equal(add(slink(b, "/l", "x")).outcome, TREE_SHARED);
	refuse(slink(b, "/l", "y"), -ERR_CONFLICT, "differ");
}

static void differences_are_conflicts(void **state)
{
	struct tree_entry other = file(b, "/f", digest1);

	add(file(a, "/f", digest1));
	refuse(file(b, "/f", digest2), -ERR_CONFLICT, "'alpha-1-1.x86_64' and 'beta-1-1.x86_64'");
	other.digest_algo = 1;
	refuse(other, -ERR_CONFLICT, "differ");
	other = file(b, "/f", NULL);
	refuse(other, -ERR_CONFLICT, "differ");
	other = file(b, "/f", digest1);
	other.size = 11;
	refuse(other, -ERR_CONFLICT, "differ");
	refuse(folder(b, "/f"), -ERR_CONFLICT, "is a file in 'alpha-1-1.x86_64', but a directory");
	refuse(slink(b, "/f", "g"), -ERR_CONFLICT, "symbolic link");
	add(folder(a, "/d"));
	refuse(slink(b, "/d", "e"), -ERR_CONFLICT, "is a directory in 'alpha-1-1.x86_64'");
	add(file(a, "/i/f", digest1));
	refuse(slink(b, "/i", "e"), -ERR_CONFLICT, "'alpha-1-1.x86_64' has files below it");
	/* A directory through a link is shared only when the link leads to a directory. */
	add(slink(a, "/tod", "d"));
	assert_int_equal(add(folder(b, "/tod")).outcome, TREE_SHARED);
	add(slink(a, "/dangling", "nowhere"));
	refuse(folder(b, "/dangling"), -ERR_CONFLICT, "symbolic link");
	assert_null(tree_lookup(t, "/nowhere"));
	assert_int_equal(names_of("/"), 5);
}

static void ghosts_give_way(void **state)
{
	struct tree_entry ghost = file(a, "/var/log/x", NULL);
	struct tree_result r;

	ghost.flags = TREE_GHOST;
	r = add(ghost);
	assert_int_equal(r.outcome, TREE_GHOSTED);
	assert_null(r.node);
	assert_null(tree_lookup(t, "/var"));
	assert_int_equal(add(file(b, "/var/log/x", digest1)).outcome, TREE_CREATED);
	assert_int_equal(add(ghost).outcome, TREE_GHOSTED);
	assert_int_equal(tree_lookup(t, "/var/log/x")->owner, b);
	ghost.path = "/var/../x";
	refuse(ghost, -ERR_ESCAPE, "'..'");
}

static void colours_decide(void **state)
{
	struct tree_entry elf32 = file(a, "/bin/x", digest1), elf64 = file(b, "/bin/x", digest2);
	struct tree_result r;

	elf32.colour = 1;
	elf64.colour = 2;
	elf32.file = 77;
	add(elf32);
	r = add(elf64);
	assert_int_equal(r.outcome, TREE_REPLACED);
	assert_true(r.lost_by_colour);
	assert_int_equal(r.lost_owner, a);
	assert_int_equal(r.lost_file, 77);
	r = add(elf32);
	assert_int_equal(r.outcome, TREE_SKIPPED_COLOUR);
	assert_null(r.node);
	assert_int_equal(tree_lookup(t, "/bin/x")->owner, b);
	elf32.colour = 0;
	refuse(elf32, -ERR_CONFLICT, "differ");
	elf32.colour = 2;
	refuse(elf32, -ERR_CONFLICT, "differ");
}

static void replacing_when_asked(void **state)
{
	struct tree_result r;

	add(file(a, "/f", digest1));
	r = add(file(b, "/f", digest2));
	assert_int_equal(r.outcome, TREE_REPLACED);
	assert_false(r.lost_by_colour);
	assert_int_equal(r.lost_owner, a);
	assert_ptr_equal(tree_lookup(t, "/f"), r.node);
	add(folder(a, "/f"));
	add(file(a, "/f/g", digest1));
	refuse(file(b, "/f", digest2), -ERR_CONFLICT, "not empty");
	add(folder(a, "/empty"));
	assert_int_equal(add(slink(b, "/empty", "f")).outcome, TREE_REPLACED);
	assert_non_null(tree_lookup(t, "/empty/g"));
	assert_int_equal(tree_finish(t, &err), 0);
	/* root, lost+found, f, f/g, empty: the three losers are gone. */
	assert_int_equal(tree_node_count(t), 5);
}

static void an_overlay_wins_without_being_asked(void **state)
{
	struct tree_entry over = file(b, "/f", digest2);

	add(file(a, "/f", digest1));
	over.flags = TREE_SOURCE;
	assert_int_equal(add(over).outcome, TREE_REPLACED);
	over = slink(b, "/f", "g");
	over.flags = TREE_SOURCE;
	assert_int_equal(add(over).outcome, TREE_REPLACED);
	add(file(a, "/d/x", digest1));
	over.path = "/d";
	refuse(over, -ERR_CONFLICT, "below it");
	over = folder(b, "/d");
	over.flags = TREE_SOURCE;
	over.mode = S_IFDIR | 0700;
	add(over);
	assert_int_equal(tree_lookup(t, "/d")->mode, S_IFDIR | 0700);
}

static struct tree_entry linked(uint32_t owner, const char *path, uint32_t set, uint32_t index)
{
	struct tree_entry e = file(owner, path, digest1);

	e.link_set = set;
	e.file = index;
	return e;
}

static void hard_links_are_one_node(void **state)
{
	struct tree_node *node = add(linked(a, "/1", 5, 1)).node;
	struct tree_entry bad = linked(a, "/4", 5, 4);

	assert_ptr_equal(add(linked(a, "/2", 5, 2)).node, node);
	assert_int_equal(add(linked(a, "/3", 5, 3)).outcome, TREE_CREATED);
	assert_ptr_not_equal(add(linked(b, "/b", 5, 1)).node, node);
	assert_ptr_not_equal(add(linked(a, "/c", 6, 1)).node, node);
	bad.size = 11;
	refuse(bad, -ERR_FORMAT, "size");
	assert_null(tree_lookup(t, "/4"));
	assert_int_equal(tree_finish(t, &err), 0);
	assert_int_equal(node->nlink, 3);
	assert_int_equal(tree_root(t)->nlink, 3);
	assert_int_equal(tree_node_count(t), 5);
}

static void a_partial_set_lives_by_its_other_names(void **state)
{
	struct tree_node *node = add(linked(a, "/1", 5, 1)).node;

	assert_int_equal(add(file(b, "/1", digest2)).outcome, TREE_REPLACED);
	/* No name is left at this moment, and another one comes. */
	assert_ptr_equal(add(linked(a, "/2", 5, 2)).node, node);
	assert_int_equal(tree_finish(t, &err), 0);
	assert_int_equal(node->nlink, 1);
	assert_int_equal(node->file, 2);
	assert_int_equal(tree_node_count(t), 4);
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
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(parents_are_made),
		TEST(bad_paths_are_refused),
		TEST(any_bytes_are_a_name),
		TEST(links_are_followed_inside_only),
		TEST(a_chain_of_forty_links_is_the_limit),
		TEST(declared_links_do_not_depend_on_order),
		TEST(declared_directory_goes_behind_its_link),
		TEST(a_loop_of_declared_links_ends),
		TEST(directories_are_shared),
		TEST(identical_files_are_shared),
		TEST(differences_are_conflicts),
		TEST(ghosts_give_way),
		cmocka_unit_test_setup_teardown(colours_decide, setup_colour, teardown),
		cmocka_unit_test_setup_teardown(replacing_when_asked, setup_replace, teardown),
		TEST(an_overlay_wins_without_being_asked),
		TEST(hard_links_are_one_node),
		cmocka_unit_test_setup_teardown(a_partial_set_lives_by_its_other_names,
						setup_replace, teardown),
		TEST(finish_counts_and_adds_lost_found),
		TEST(an_empty_tree_is_a_tree),
		TEST(lost_found_must_be_a_directory),
		TEST(attributes_are_copied),
		TEST(many_directories_cost_what_their_entries_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
