/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "did you mean": the known word that is nearest to a mistyped one.
 *
 *     struct suggestion s = suggestion_for("filesytem");
 *     for each known word: suggestion_offer(&s, word);
 *     if (s.best) error_hint(err, "did you mean '%s'?", s.best);
 *
 * best is the offered pointer itself, or NULL when nothing came close. Case
 * does not count. Words longer than SUGGESTION_MAX bytes are not compared.
 */
#ifndef COMMON_SUGGEST_H
#define COMMON_SUGGEST_H

#include <stddef.h>

#define SUGGESTION_MAX 64

struct suggestion {
	const char *word; /* borrowed */
	const char *best; /* borrowed from whoever offered it; NULL: none */
	size_t distance;  /* edits from word to best; without best: the first that is too many */
};

struct suggestion suggestion_for(const char *word);
void suggestion_offer(struct suggestion *s, const char *candidate);

#endif
