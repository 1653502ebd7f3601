/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The planned tree: what becomes of two files with one path, and hard links. */
#include "tests/unit/image_tree_support.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
