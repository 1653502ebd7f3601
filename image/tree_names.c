/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes, names and the tables that find them. */
#include "image/tree_internal.h"

#include <errno.h>
#include <sys/stat.h>

/* With an address checker every piece is a chunk of its own, so that it sees its bounds. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_CHUNK 1
#else
#define ARENA_CHUNK 65536
#endif

struct arena_chunk {
	struct arena_chunk *next;
	_Alignas(16) char data[];
};

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_chunk *chunk;
	size_t rounded = (n + 15) & ~(size_t)15, size;
	void *p;

	if (rounded < n)
		return NULL;
	if (rounded > a->left) {
		/* A checker is to see the end of the piece itself, not of its padding. */
		size = ARENA_CHUNK == 1 ? n : rounded > ARENA_CHUNK ? rounded : ARENA_CHUNK;
		chunk = calloc(1, sizeof(*chunk) + size);
		if (!chunk)
			return NULL;
		chunk->next = a->chunks;
		a->chunks = chunk;
		a->next = chunk->data;
		a->left = size;
		if (ARENA_CHUNK == 1) {
			a->left = 0;
			return chunk->data;
		}
	}
	p = a->next;
	a->next += rounded;
	a->left -= rounded;
	return p;
}

void *arena_copy(struct arena *a, const void *data, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (p && n)
		memcpy(p, data, n);
	return p;
}

void arena_release(struct arena *a)
{
	struct arena_chunk *chunk = a->chunks, *next;

	for (; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	*a = (struct arena){ 0 };
}

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93u;
	return h ^ (h >> 29);
}

uint64_t hash_fold(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t word;

	h = mix(h, n);
	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, 8);
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, p, n);
	return mix(h, word);
}

int buckets_grow(struct buckets *b, uint64_t (*hash_of)(const void *item),
		 void **(*next_of)(void *item))
{
	size_t count = b->count ? b->count * 2 : 256;
	void **heads, *item, *next;

	if (b->used < b->count)
		return 0;
	heads = calloc(count, sizeof(*heads));
	if (!heads)
		return -ENOMEM;
	for (size_t i = 0; i < b->count; i++) {
		for (item = b->heads[i]; item; item = next) {
			void **slot = &heads[hash_of(item) & (count - 1)];

			next = *next_of(item);
			*next_of(item) = *slot;
			*slot = item;
		}
	}
	free(b->heads);
	b->heads = heads;
	b->count = count;
	return 0;
}

struct tree_node *node_new(struct tree *t, uint32_t mode)
{
	struct node_full *full = arena_alloc(&t->arena, sizeof(*full));

	if (!full)
		return NULL;
	full->node.mode = mode;
	if (t->last)
		t->last->next = &full->node;
	t->last = &full->node;
	return &full->node;
}

int dir_init(struct tree *t, struct tree_node *node, struct tree_node *parent,
	     struct tree_name *self)
{
	node->dir = arena_alloc(&t->arena, sizeof(*node->dir));
	if (!node->dir)
		return -ENOMEM;
	node->dir->parent = parent;
	node->dir->self = self;
	node->dir->hash = self ? self->hash : t->seed;
	return 0;
}

struct tree_name *name_find(const struct tree *t, const struct tree_node *dir, const char *text,
			    size_t len)
{
	uint64_t hash = hash_fold(dir->dir->hash, text, len);
	struct tree_name *name;

	if (!t->names.count)
		return NULL;
	for (name = t->names.heads[hash & (t->names.count - 1)]; name; name = name->hash_next)
		if (name->hash == hash && name->parent == dir && name->len == len &&
		    memcmp(name->text, text, len) == 0)
			return name;
	return NULL;
}

static uint64_t name_hash(const void *item)
{
	return ((const struct tree_name *)item)->hash;
}

static void **name_next(void *item)
{
	return (void **)&((struct tree_name *)item)->hash_next;
}

struct tree_name *name_add(struct tree *t, struct tree_node *dir, const char *text, size_t len,
			   struct tree_node *node)
{
	struct tree_name *name, **slot;

	if (buckets_grow(&t->names, name_hash, name_next) != 0)
		return NULL;
	name = arena_alloc(&t->arena, sizeof(*name) + len + 1);
	if (!name)
		return NULL;
	memcpy(name->text, text, len);
	name->len = (uint8_t)len;
	name->parent = dir;
	name->node = node;
	name->hash = hash_fold(dir->dir->hash, text, len);
	if (S_ISDIR(node->mode) && !node->dir && dir_init(t, node, dir, name) != 0)
		return NULL;
	slot = (struct tree_name **)&t->names.heads[name->hash & (t->names.count - 1)];
	name->hash_next = *slot;
	*slot = name;
	t->names.used++;
	if (dir->dir->last)
		dir->dir->last->next = name;
	else
		dir->dir->first = name;
	dir->dir->last = name;
	if (!((struct node_full *)node)->name)
		((struct node_full *)node)->name = name;
	return name;
}

static uint64_t set_hash_of(uint32_t owner, uint32_t number)
{
	return mix(owner, number);
}

static uint64_t set_hash(const void *item)
{
	const struct link_set *set = item;

	return set_hash_of(set->owner, set->number);
}

static void **set_next(void *item)
{
	return (void **)&((struct link_set *)item)->hash_next;
}

/* Finds or makes; a new one has no node yet. */
int link_set_find(struct tree *t, uint32_t owner, uint32_t number, struct link_set **out)
{
	struct link_set *set, **slot;

	*out = NULL;
	if (buckets_grow(&t->sets, set_hash, set_next) != 0)
		return -ENOMEM;
	slot = (struct link_set **)&t->sets.heads[set_hash_of(owner, number) &
						  (t->sets.count - 1)];
	for (set = *slot; set; set = set->hash_next) {
		if (set->owner == owner && set->number == number) {
			*out = set;
			return 0;
		}
	}
	set = arena_alloc(&t->arena, sizeof(*set));
	if (!set)
		return -ENOMEM;
	set->owner = owner;
	set->number = number;
	set->hash_next = *slot;
	*slot = set;
	t->sets.used++;
	*out = set;
	return 0;
}

char *tree_join_path(const struct tree_node *dir, const char *text, size_t len)
{
	const struct tree_node *at;
	size_t size = 1 + len + 1;
	char *path, *end;

	for (at = dir; at->dir->self; at = at->dir->parent)
		size += 1 + at->dir->self->len;
	path = malloc(size);
	if (!path)
		return NULL;
	end = path + size - 1;
	*end = '\0';
	end -= len;
	memcpy(end, text, len);
	*--end = '/';
	for (at = dir; at->dir->self; at = at->dir->parent) {
		end -= at->dir->self->len;
		memcpy(end, at->dir->self->text, at->dir->self->len);
		*--end = '/';
	}
	return path;
}

char *tree_node_path(const struct tree_node *node)
{
	const struct tree_name *name = ((const struct node_full *)node)->name;

	return name ? tree_join_path(name->parent, name->text, name->len) : strdup("/");
}
