/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lab brings and what the machine wrote: who wins, file by file, build after build. */
#include "tests/unit/image_support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "labpack/layer.h"
#include "labpack/setup.h"

static struct scratch disk, base;
static char folder[160];

static struct image *opened(const struct scratch *s, bool writable)
{
	struct error err = ERROR_INIT;
	struct image *image;

	if (image_open(&image, s->fd, writable, NOW, &err))
		fail_msg("%s", err.what);
	return image;
}

static void closed(struct image *image)
{
	assert_int_equal(image_close(image, NULL), 0);
}

static void write_guest(const struct scratch *s, const char *path, const char *text)
{
	struct image *image = opened(s, true);

	assert_int_equal(image_write_file(image, path, text, strlen(text), NULL, NULL), 0);
	closed(image);
}

static void remove_guest(const char *path)
{
	struct image *image = opened(&disk, true);

	assert_int_equal(image_remove(image, path, NULL), 0);
	closed(image);
}

/* The file's text, or "-" when there is none; the caller frees. */
static void check_guest(const char *path, const char *wanted)
{
	struct image *image = opened(&disk, false);
	struct strbuf text = STRBUF_INIT;
	int rc = image_read_file(image, path, 4096, &text, NULL);

	assert_string_equal(rc ? "-" : text.data ? text.data : "", wanted);
	strbuf_release(&text);
	image_abandon(image);
}

static void write_host(const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void host_path(char path[256], const char *name)
{
	snprintf(path, 256, "%s/%s", folder, name);
}

static void remove_host(const char *name)
{
	char path[256];

	host_path(path, name);
	assert_int_equal(remove(path), 0);
}

/* A base with /etc/conf and /etc/link, a disk with the same bytes, an empty folder on the host. */
static int begin(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct tree *t = new_tree();
	struct layout_options options = options_for("ext2", 4096);
	struct layout *l;
	struct image *image;

	scratch_open(&base);
	scratch_open(&disk);
	plant_folder(t, "/etc");
	plant_folder(t, "/root");
	plant_link(t, "/lib", "usr/lib");
	plant_folder(t, "/usr/lib");
	plant_link(t, "/etc/link", "conf");
	finish(t);
	assert_int_equal(layout_new(&l, t, &options, NULL), 0);
	assert_int_equal(layout_write(l, base.fd, &image, NULL), 0);
	assert_int_equal(image_write_file(image, "/etc/conf", "base\n", 5, NULL, NULL), 0);
	closed(image);
	layout_free(l);
	tree_free(t);
	assert_int_equal(judge_run(&out, "cp '%s' '%s'", base.path, disk.path), 0);
	strbuf_release(&out);
	snprintf(folder, sizeof(folder), "%s.lab", disk.path);
	assert_int_equal(mkdir(folder, 0755), 0);
	return 0;
}

static int end(void **state)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(judge_run(&out, "e2fsck -fn '%s'", disk.path), 0);
	strbuf_release(&out);
	scratch_close(&base);
	scratch_close(&disk);
	assert_int_equal(judge_run(&out, "rm -r '%s'", folder), 0);
	strbuf_release(&out);
	return 0;
}

/* Bring the folder; again: with the base to compare with. */
static int apply(bool again, struct layer_result *result, struct error *err)
{
	struct layer l = LAYER_INIT;
	struct image *image = opened(&disk, true), *below = again ? opened(&base, false) : NULL;
	int rc = layer_add_folder(&l, folder, err);

	if (!rc)
		rc = layer_finish(&l, err);
	if (!rc)
		rc = layer_apply(&l, image, below, result, err);
	closed(image);
	image_abandon(below);
	layer_release(&l);
	return rc;
}

static void build(bool again, size_t written, size_t removed, const char *kept)
{
	struct layer_result result = { .written = 0 };
	struct error err = ERROR_INIT;

	if (apply(again, &result, &err))
		fail_msg("%s: %s", err.subject, err.what);
	assert_int_equal(result.written, written);
	assert_int_equal(result.removed, removed);
	assert_int_equal(result.kept.count, *kept ? 1 : 0);
	if (*kept)
		assert_string_equal(result.kept.items[0], kept);
	layer_result_release(&result);
}

static void test_files_links_modes(void **state)
{
	char a[256], b[256], path[256];

	host_path(path, "etc");
	assert_int_equal(mkdir(path, 0700), 0);
	host_path(path, "new");
	assert_int_equal(mkdir(path, 0750), 0);
	host_path(path, "lib");
	assert_int_equal(mkdir(path, 0755), 0);
	write_host("etc/conf", "lab\n", 0640);
	write_host("lib/x", "through a link\n", 0644);
	write_host("new/a\nb c%", "odd\n", 04755);
	host_path(a, "etc/conf");
	host_path(b, "new/hard");
	assert_int_equal(link(a, b), 0);
	host_path(path, "new/soft");
	assert_int_equal(symlink("../etc/conf", path), 0);
	host_path(path, "new/fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	build(false, 7, 0, "");
	check_guest("/etc/conf", "lab\n");
	check_guest("/usr/lib/x", "through a link\n");
	check_guest("/new/a\nb c%", "odd\n");
	check_ask(&disk, "stat /etc/conf", "Mode:  0640");
	check_ask(&disk, "stat /etc/conf", "User:     0   Group:     0");
	check_ask(&disk, "stat /etc/conf", "Links: 2");
	check_ask(&disk, "stat /etc", "Mode:  0755"); /* the base's */
	check_ask(&disk, "stat /new", "Mode:  0750");
	check_ask(&disk, "stat /new/soft", "Fast link dest: \"../etc/conf\"");
	check_ask(&disk, "stat /new/fifo", "Type: FIFO");
	build(true, 0, 0, "");
}

static void test_the_lab_changes(void **state)
{
	write_host("a", "1\n", 0644);
	write_host("b", "1\n", 0644);
	build(false, 2, 0, "");
	write_host("a", "2\n", 0644);
	write_host("b", "1\n", 0600);
	write_host("c", "new\n", 0644);
	build(true, 3, 0, "");
	check_guest("/a", "2\n");
	check_guest("/c", "new\n");
	check_ask(&disk, "stat /b", "Mode:  0600");
}

static void test_the_machine_changes(void **state)
{
	write_host("a", "lab\n", 0644);
	write_host("b", "lab\n", 0644);
	build(false, 2, 0, "");
	write_guest(&disk, "/a", "machine\n");
	write_guest(&disk, "/mine", "machine\n");
	remove_guest("/b");
	build(true, 0, 0, "");
	check_guest("/a", "machine\n");
	check_guest("/mine", "machine\n");
	check_guest("/b", "-");
}

static void test_both_change(void **state)
{
	write_host("a", "lab\n", 0644);
	build(false, 1, 0, "");
	write_guest(&disk, "/a", "machine\n");
	write_host("a", "lab 2\n", 0644);
	build(true, 0, 0, "/a");
	check_guest("/a", "machine\n");
	build(true, 0, 0, ""); /* told once for each change of the lab's */
	write_host("a", "machine\n", 0644);
	build(true, 0, 0, ""); /* they agree again */
}

static void test_new_in_the_lab(void **state)
{
	char path[256];

	build(false, 0, 0, "");
	host_path(path, "etc");
	assert_int_equal(mkdir(path, 0755), 0);
	write_host("etc/conf", "lab\n", 0644);
	build(true, 1, 0, ""); /* the machine has what the base has */
	check_guest("/etc/conf", "lab\n");
	write_guest(&disk, "/mine", "machine\n");
	write_host("mine", "lab\n", 0644);
	build(true, 0, 0, "/mine");
	check_guest("/mine", "machine\n");
}

static void test_gone_from_the_lab(void **state)
{
	char path[256];

	host_path(path, "etc");
	assert_int_equal(mkdir(path, 0755), 0);
	host_path(path, "new");
	assert_int_equal(mkdir(path, 0755), 0);
	write_host("etc/conf", "lab\n", 0644);
	write_host("etc/link", "no link\n", 0644);
	write_host("new/a", "lab\n", 0644);
	write_host("b", "lab\n", 0644);
	build(false, 5, 0, "");
	write_guest(&disk, "/b", "machine\n");
	remove_host("etc/conf");
	remove_host("etc/link");
	remove_host("new/a");
	remove_host("new");
	remove_host("b");
	build(true, 0, 4, "/b");
	check_guest("/etc/conf", "base\n");
	check_ask(&disk, "stat /etc/link", "Fast link dest: \"conf\"");
	check_guest("/new/a", "-");
	check_guest("/b", "machine\n");
	build(true, 0, 0, "");
}

static void test_kinds_that_clash(void **state)
{
	struct layer_result result = { .written = 0 };
	struct error err = ERROR_INIT;
	char path[256];

	write_host("etc", "a file\n", 0644);
	assert_int_equal(apply(false, &result, &err), -ERR_CONFLICT);
	assert_string_equal(err.subject, "/etc");
	assert_string_equal(err.what, "is a folder in the machine and none in the lab");
	error_release(&err);
	layer_result_release(&result);
	remove_host("etc");
	host_path(path, "etc");
	assert_int_equal(mkdir(path, 0755), 0);
	host_path(path, "etc/conf");
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(apply(false, &result, &err), -ERR_CONFLICT);
	assert_string_equal(err.subject, "/etc/conf");
	error_release(&err);
	layer_result_release(&result);
}

/* What the machine writes into our record is input like any other. */
static void test_a_forged_record(void **state)
{
	write_host("a", "lab\n", 0644);
	build(false, 1, 0, "");
	write_guest(&disk, LAYER_RECORD, "f0644:00 /etc/../../x\nnonsense\n \n- /etc/conf\nl:%00 /%zz\n"
					 "f0644 relative\nd0755 /etc\nf0644: /etc/link/x\n");
	build(true, 0, 0, "/etc/conf");
	check_guest("/a", "lab\n");
	check_guest("/etc/conf", "base\n");
}

static void test_blocks(void **state)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(setup_replace_block(&out, "a\nb", "#<\n", "#>\n", "x\n"), 0);
	assert_string_equal(out.data, "a\nb\n#<\nx\n#>\n");
	strbuf_release(&out);
	assert_int_equal(setup_replace_block(&out, "a\n#<\nold\n#>\nb\n", "#<\n", "#>\n", "x\n"), 0);
	assert_string_equal(out.data, "a\n#<\nx\n#>\nb\n");
	strbuf_release(&out);
	assert_int_equal(setup_replace_block(&out, "a\n#<\nold\n#>\nb\n", "#<\n", "#>\n", ""), 0);
	assert_string_equal(out.data, "a\nb\n");
	strbuf_release(&out);
	assert_int_equal(setup_replace_block(&out, "z#<\n#>\n#<\n", "#<\n", "#>\n", "x\n"), 0);
	assert_string_equal(out.data, "z#<\n#>\n#<\n#<\nx\n#>\n"); /* no end: not ours */
	strbuf_release(&out);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_files_links_modes),
		EACH(test_the_lab_changes),
		EACH(test_the_machine_changes),
		EACH(test_both_change),
		EACH(test_new_in_the_lab),
		EACH(test_gone_from_the_lab),
		EACH(test_kinds_that_clash),
		EACH(test_a_forged_record),
		cmocka_unit_test(test_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
