/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the tree, its layout and its writing share: planting a
 * tree, an image in a temporary file, the pattern that its files hold.
 */
#ifndef TESTS_UNIT_IMAGE_SUPPORT_H
#define TESTS_UNIT_IMAGE_SUPPORT_H

#include "tests/unit/judge.h"

#include "image/edit.h"
#include "image/layout.h"
#include "image/tree.h"

#define NOW 1064188800u

/* An empty temporary file. Life: scratch_open -> ... -> scratch_close. */
struct scratch {
	char path[128];
	int fd;
};

static inline void scratch_open(struct scratch *s)
{
	const char *folder = getenv("TMPDIR");

	snprintf(s->path, sizeof(s->path), "%s/mkroot-unit.XXXXXX", folder ? folder : "/tmp");
	s->fd = mkostemp(s->path, O_CLOEXEC);
	assert_true(s->fd >= 0);
}

static inline void scratch_close(struct scratch *s)
{
	assert_int_equal(close(s->fd), 0);
	assert_int_equal(unlink(s->path), 0);
}

/* A debugfs request whose output has this part. */
static inline void check_ask(const struct scratch *s, const char *request, const char *part)
{
	struct strbuf out = STRBUF_INIT;

	judge_debugfs(&out, s->path, request);
	judge_contains(out.data, part);
	strbuf_release(&out);
}

static inline void check_headers(const struct scratch *s, const char *part)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(judge_run(&out, "dumpe2fs -h '%s' 2>/dev/null", s->path), 0);
	judge_contains(out.data, part);
	strbuf_release(&out);
}

static inline struct tree *new_tree(void)
{
	struct tree *t = tree_new(&(struct tree_options){ .now = NOW });
	uint32_t owner;

	assert_non_null(t);
	assert_int_equal(tree_add_owner(t, "test-1-1.noarch", &owner, NULL), 0);
	assert_int_equal(owner, 0);
	return t;
}

static inline struct tree_node *plant(struct tree *t, struct tree_entry e)
{
	struct error err = ERROR_INIT;
	struct tree_result result;

	if (tree_add(t, &e, &result, &err) != 0)
		fail_msg("%s: %s", err.subject, err.what);
	return result.node;
}

static inline struct tree_node *plant_file(struct tree *t, const char *path, uint64_t size)
{
	return plant(t, (struct tree_entry){ .path = path, .mode = S_IFREG | 0644, .size = size,
					     .mtime = 1000000000 });
}

static inline struct tree_node *plant_folder(struct tree *t, const char *path)
{
	return plant(t, (struct tree_entry){ .path = path, .mode = S_IFDIR | 0755,
					     .mtime = 1000000000 });
}

static inline struct tree_node *plant_link(struct tree *t, const char *path, const char *target)
{
	return plant(t, (struct tree_entry){ .path = path, .mode = S_IFLNK | 0777,
					     .target = target, .mtime = 1000000000 });
}

static inline void finish(struct tree *t)
{
	assert_int_equal(tree_finish(t, NULL), 0);
}

static inline struct layout_options options_for(const char *filesystem, uint32_t block_size)
{
	return (struct layout_options){ .filesystem = filesystem,
					.block_size = block_size,
					.free_bytes = UINT64_MAX,
					.uuid = { 1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10 },
					.now = NOW };
}

static inline struct layout *lay_out(struct tree *t, const struct layout_options *o)
{
	struct layout *l;

	assert_ok(layout_new(&l, t, o, &err));
	return l;
}

/* Bytes of a file that depend on the place only, with blocks of zeros in between. */
static inline void pattern(uint64_t seed, uint64_t offset, unsigned char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t at = offset + i;

		data[i] = at / 8192 % 3 == 1 ? 0 : (unsigned char)(at * 31 + at / 977 + seed);
	}
}

/* The pattern into every regular file of at most `most` bytes. */
static inline void fill_files(const struct layout *l, struct tree *t, int fd, uint64_t most)
{
	static unsigned char data[65536];

	for (struct tree_node *node = tree_nodes(t); node; node = node->next) {
		if (!S_ISREG(node->mode) || node->size > most)
			continue;
		for (uint64_t at = 0; at < node->size; at += sizeof(data)) {
			size_t n = node->size - at < sizeof(data) ? (size_t)(node->size - at) :
								    sizeof(data);

			pattern(node->ino, at, data, n);
			assert_int_equal(node_write(l, fd, node, at, data, n), 0);
		}
	}
}

/* Metadata and files; closed and clean. */
static inline void write_image(struct layout *l, struct tree *t, const struct scratch *s,
			       uint64_t most)
{
	struct image *image;

	assert_ok(layout_write(l, s->fd, &image, &err));
	fill_files(l, t, s->fd, most);
	assert_ok(image_close(image, &err));
	judge_fsck(s->path);
}

/* Every regular file of the image, read by debugfs, holds the pattern. */
static inline void check_contents(const struct scratch *s, struct tree *t, uint64_t most)
{
	static unsigned char is[65536], should[65536];
	struct strbuf out = STRBUF_INIT;
	char request[300];
	FILE *in;

	for (struct tree_node *node = tree_nodes(t); node; node = node->next) {
		if (!S_ISREG(node->mode) || node->size > most)
			continue;
		/* Of the many small ones a few will do. */
		if (node->size == 3 && node->ino % 50)
			continue;
		snprintf(request, sizeof(request), "dump <%u> %s.dump", node->ino, s->path);
		judge_debugfs(&out, s->path, request);
		snprintf(request, sizeof(request), "%s.dump", s->path);
		in = fopen(request, "rbe");
		assert_non_null(in);
		for (uint64_t at = 0; at < node->size;) {
			size_t n = fread(is, 1, sizeof(is), in);

			assert_true(n > 0 && n <= node->size - at);
			pattern(node->ino, at, should, n);
			assert_memory_equal(is, should, n);
			at += n;
		}
		assert_int_equal(fread(is, 1, 1, in), 0);
		fclose(in);
		unlink(request);
	}
	strbuf_release(&out);
}

#endif
