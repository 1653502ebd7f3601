/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/suggest.h"

#include <ctype.h>

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][SUGGESTION_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2], *swap;

	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);

			now[j] = smaller(last[j - 1] + (x != y), smaller(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				now[j] = smaller(now[j], before[j - 2] + 1);
		}
		swap = before;
		before = last;
		last = now;
		now = swap;
	}
	return last[b_len];
}

struct suggestion suggestion_for(const char *word)
{
	size_t len = strlen(word);

	/* One slip in a short word, a third of a long one. */
	return (struct suggestion){ word, NULL, len < 3 ? 1 : len / 3 + 2 };
}

void suggestion_offer(struct suggestion *s, const char *candidate)
{
	size_t a = strlen(s->word), b = strlen(candidate), distance;

	if (a > SUGGESTION_MAX || b > SUGGESTION_MAX)
		return;
	distance = edit_distance(s->word, a, candidate, b);
	if (distance >= s->distance)
		return;
	s->distance = distance;
	s->best = candidate;
}
