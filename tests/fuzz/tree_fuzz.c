/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The planner on any sequence of files: tree, layout, writing, and the image
 * read again. Bytes become entries whose paths and link targets are made of a
 * few components, so that they meet each other.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/edit.h"
#include "image/layout.h"
#include "image/tree_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	ENTRIES_MAX = 400,
	OWNERS = 4,
	BLOCKS_MAX = 200000, /* of an image whose blocks are counted one by one */
};

struct input {
	const uint8_t *data;
	size_t size;
};

static void check(bool good)
{
	if (!good)
		abort();
}

static uint32_t next(struct input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

/* Up to eight components, absolute or not. */
static void read_path(struct input *in, char *path, size_t room)
{
	static const char *const parts[] = {
		"a", "b", "c", "lib", "usr", "etc", "..", ".", "", "\xff\x01", "lost+found",
		"long-name-long-name-long-name-long-name-long-name-long-name-long-name", "d", "e"
	};
	uint32_t shape = next(in), n = shape % 8;
	size_t at = 0;

	if (shape & 8)
		at = (size_t)snprintf(path, room, "%u", next(in) % 100);
	if (!(shape & 0x30))
		path[at++] = '/';
	path[at] = '\0';
	for (uint32_t i = 0; i < n; i++) {
		const char *part = parts[next(in) % (sizeof(parts) / sizeof(parts[0]))];

		at += (size_t)snprintf(path + at, room - at, "%s/", part);
	}
	if (shape & 0x40 && at > 1)
		path[at - 1] = '\0';
}

static uint64_t read_size(struct input *in)
{
	uint64_t size = next(in) | next(in) << 8;

	switch (next(in) % 16) {
	case 0:
		return size << 12;
	case 1:
		return size << 30;
	case 2:
		return size << 48;
	default:
		return size;
	}
}

static void read_entry(struct input *in, struct tree_entry *e, char *path, char *target,
		       size_t room)
{
	static const uint32_t types[] = { S_IFREG, S_IFREG, S_IFREG, S_IFDIR, S_IFDIR, S_IFLNK,
					  S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, 0 };
	static const struct tree_xattr xattr = { "security.capability", "12345678901234567890",
						 20 };
	static const uint8_t digests[2][4] = { { 1, 2, 3, 4 }, { 4, 3, 2, 1 } };
	uint32_t bits;

	*e = (struct tree_entry){ .path = path, .target = target };
	read_path(in, path, room);
	e->mode = types[next(in) % (sizeof(types) / sizeof(types[0]))] | (next(in) * 16 & 07777);
	if (S_ISLNK(e->mode))
		read_path(in, target, room);
	if (S_ISREG(e->mode))
		e->size = read_size(in);
	bits = next(in);
	e->owner = bits % OWNERS;
	e->colour = bits / 4 % 4;
	e->flags = bits & 0x30 ? 0 : next(in) % 8;
	e->link_set = bits & 0x40 ? 0 : next(in) % 4;
	e->digest = bits & 0x80 ? digests[next(in) % 2] : NULL;
	e->digest_size = 4;
	e->xattrs = &xattr;
	e->xattr_count = next(in) % 8 == 0;
	e->mtime = e->uid = next(in) << 24;
	e->rdev_major = next(in) * 17;
	e->rdev_minor = next(in) * 4113;
}

static void plant(struct tree *t, struct input *in)
{
	char path[1024], target[1024], name[8];
	struct tree_result result;
	struct tree_entry e;
	uint32_t owner;

	for (int i = 0; i < OWNERS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		check(tree_add_owner(t, name, &owner, NULL) == 0);
	}
	for (int i = 0; i < ENTRIES_MAX && in->size; i++) {
		bool declare = next(in) % 4 == 0;
		struct error err = ERROR_INIT;
		int rc;

		read_entry(in, &e, path, target, sizeof(path));
		rc = declare ? tree_declare_link(t, &e, &err) : tree_add(t, &e, &result, &err);
		check(rc == err.code);
		check(rc == 0 || err.what);
		if (!rc && !declare && result.outcome != TREE_GHOSTED &&
		    result.outcome != TREE_SKIPPED_COLOUR)
			check(result.node != NULL);
		error_release(&err);
	}
}

/* Every name leads to its node, and as many names as links. */
static void check_names(struct tree *t)
{
	uint64_t links = 0, names = 0;
	size_t nodes = 0;

	for (struct tree_node *node = tree_nodes(t); node; node = node->next) {
		char *path = tree_node_path(node);

		check(path != NULL);
		check(S_ISLNK(node->mode) || tree_lookup(t, path) == node);
		free(path);
		nodes++;
		links += node->nlink;
		for (struct tree_name *n = node->dir ? node->dir->first : NULL; n; n = n->next)
			names += S_ISDIR(n->node->mode) ? 3 : 1;
	}
	check(nodes == tree_node_count(t));
	check(links == names + 2);
}

static void check_runs(struct tree *t, uint64_t blocks, uint32_t block_size)
{
	uint8_t *taken = calloc(1, (size_t)blocks);

	check(taken != NULL);
	for (struct tree_node *node = tree_nodes(t); node; node = node->next) {
		uint64_t sum = 0;

		for (size_t i = 0; i < node->run_count; i++) {
			for (uint64_t k = 0; k < node->runs[i].count; k++) {
				check(node->runs[i].start + k < blocks);
				check(!taken[node->runs[i].start + k]++);
			}
			sum += node->runs[i].count;
		}
		if (S_ISREG(node->mode))
			check(sum == (node->size + block_size - 1) / block_size);
	}
	free(taken);
}

static void check_image(struct tree *t, int fd)
{
	struct image *image;
	struct image_stat st;
	int left = 30;

	check(image_open(&image, fd, false, 1, NULL) == 0);
	for (struct tree_node *node = tree_nodes(t); node && left; node = node->next, left--) {
		char *path = tree_node_path(node);

		check(path != NULL);
		check(image_lstat(image, path, &st, NULL) == 0);
		check(st.ino == node->ino && st.mode == node->mode && st.uid == node->uid);
		check(st.nlink == node->nlink && st.mtime == node->mtime);
		check(S_ISCHR(node->mode) || S_ISBLK(node->mode) || st.size == node->size);
		free(path);
	}
	check(image_close(image, NULL) == 0);
}

static void write_and_read(struct tree *t, struct layout *l)
{
	int fd = memfd_create("tree_fuzz", MFD_CLOEXEC);
	struct image *image;

	check(fd >= 0);
	check(layout_write(l, fd, &image, NULL) == 0);
	check(image_close(image, NULL) == 0);
	check_image(t, fd);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const filesystems[] = { "ext2", "ext3", "ext4" };
	struct input in = { data, size };
	uint32_t first = next(&in), second = next(&in);
	struct tree *t = tree_new(&(struct tree_options){ .now = 1,
							  .preferred_colour = first % 4,
							  .replace_files = first & 4 });
	struct layout_options o = { .filesystem = filesystems[second % 3],
				    .block_size = 1024u << second / 4 % 3,
				    .free_bytes = (uint64_t)(second / 16) << 14,
				    .now = 1 };
	struct layout *l = NULL;
	int rc;

	check(t != NULL);
	plant(t, &in);
	rc = tree_finish(t, NULL);
	if (!rc) {
		check_names(t);
		rc = layout_new(&l, t, &o, NULL);
	}
	if (!rc && layout_size(l) / o.block_size <= BLOCKS_MAX) {
		check_runs(t, layout_size(l) / o.block_size, o.block_size);
		write_and_read(t, l);
	}
	layout_free(l);
	tree_free(t);
	return 0;
}
