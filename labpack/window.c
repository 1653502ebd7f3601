/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/window.h"

#include <errno.h>
#include <xxhash.h>

static bool is_zero(const unsigned char *p)
{
	uint64_t first[8], sum = 0;

	memcpy(first, p, sizeof(first));
	for (size_t i = 0; i < 8; i++)
		sum |= first[i];
	/* Equal to itself, moved by what is known to be zeros. */
	return !sum && memcmp(p, p + sizeof(first), WINDOW_BLOCK - sizeof(first)) == 0;
}

void window_scan(struct window *w)
{
	size_t blocks = (w->length + WINDOW_BLOCK - 1) / WINDOW_BLOCK;

	memset(w->data + w->length, 0, blocks * WINDOW_BLOCK - w->length);
	memset(w->used, 0, sizeof(w->used));
	w->empty = true;
	for (size_t i = 0; i < blocks; i++) {
		if (is_zero(w->data + i * WINDOW_BLOCK))
			continue;
		w->used[i / 8] |= (unsigned char)(1u << i % 8);
		w->empty = false;
	}
}

static bool is_used(const struct window *w, size_t block)
{
	return w->used[block / 8] >> block % 8 & 1;
}

bool window_run(const struct window *w, size_t from, size_t *start, size_t *end)
{
	size_t blocks = (w->length + WINDOW_BLOCK - 1) / WINDOW_BLOCK, i;

	i = (from + WINDOW_BLOCK - 1) / WINDOW_BLOCK;

	while (i < blocks && !is_used(w, i))
		i++;
	*start = i * WINDOW_BLOCK;
	while (i < blocks && is_used(w, i))
		i++;
	*end = i * WINDOW_BLOCK;
	if (*end > w->length)
		*end = w->length;
	return *start < *end;
}

static void put_be64(unsigned char out[8], uint64_t n)
{
	for (int i = 0; i < 8; i++)
		out[i] = (unsigned char)(n >> (56 - 8 * i));
}

bool window_is_cow(const unsigned char *head, size_t n)
{
	static const unsigned char magic[] = { 'O', 'O', 'O', 'M', 0, 0, 0, 3 };

	return n >= WINDOW_COW_HEAD && memcmp(head, magic, sizeof(magic)) == 0;
}

static void finish(XXH3_state_t *state, unsigned char digest[DIGEST_SIZE])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
	memcpy(digest, canonical.digest, DIGEST_SIZE);
}

static int digest_blocks(struct window *w, struct error *err)
{
	XXH3_state_t *state = XXH3_createState();
	size_t start, end = 0;
	unsigned char head[8];

	if (!state)
		return error_nomem(err);
	put_be64(head, w->offset);
	XXH3_128bits_reset(state);
	XXH3_128bits_update(state, head, sizeof(head));
	XXH3_128bits_update(state, w->used, sizeof(w->used));
	w->bytes = 0;
	while (window_run(w, end, &start, &end)) {
		w->bytes += end - start;
		end = (end + WINDOW_BLOCK - 1) / WINDOW_BLOCK * WINDOW_BLOCK;
		XXH3_128bits_update(state, w->data + start, end - start);
	}
	finish(state, w->digest);
	XXH3_freeState(state);
	return 0;
}

#define MTIME_AT 8
#define MTIME_SIZE 4
#define NAME_AT	 32

int window_digest(struct window *w, struct error *err)
{
	unsigned char saved[WINDOW_COW_HEAD], used = w->used[0];
	int rc;

	if (w->offset || !window_is_cow(w->data, w->length))
		return digest_blocks(w, err);
	memcpy(saved, w->data, sizeof(saved));
	memset(w->data + MTIME_AT, 0, MTIME_SIZE);
	memset(w->data + NAME_AT, 0, WINDOW_COW_HEAD - NAME_AT);
	/* The first block has the magic; the second one is all zeros now. */
	w->used[0] &= (unsigned char)~2u;
	rc = digest_blocks(w, err);
	memcpy(w->data, saved, sizeof(saved));
	w->used[0] = used;
	return rc;
}

struct file_digest {
	XXH3_state_t *state;
};

int file_digest_new(struct file_digest **d, struct error *err)
{
	*d = calloc(1, sizeof(**d));
	if (*d)
		(*d)->state = XXH3_createState();
	if (*d && (*d)->state)
		return 0;
	file_digest_free(*d);
	*d = NULL;
	return error_nomem(err);
}

void file_digest_begin(struct file_digest *d, uint64_t size)
{
	unsigned char head[8];

	put_be64(head, size);
	XXH3_128bits_reset(d->state);
	XXH3_128bits_update(d->state, head, sizeof(head));
}

void file_digest_add(struct file_digest *d, const struct window *w)
{
	if (!w->empty)
		XXH3_128bits_update(d->state, w->digest, DIGEST_SIZE);
}

void file_digest_end(const struct file_digest *d, unsigned char out[DIGEST_SIZE])
{
	finish(d->state, out);
}

void file_digest_free(struct file_digest *d)
{
	if (d)
		XXH3_freeState(d->state);
	free(d);
}

void digest_to_hex(const unsigned char digest[DIGEST_SIZE], char hex[DIGEST_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[DIGEST_HEX] = '\0';
}
