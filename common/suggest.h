/* SPDX-License-Identifier: MIT */
/*
 * suggest.h - did you mean ...? The nearest of some words to one that is not among them.
 */
#ifndef COPPICE_SUGGEST_H
#define COPPICE_SUGGEST_H

#include <stddef.h>

struct suggest {
    const char *word;
    const char *best; /* the nearest so far; NULL: none is near enough to be meant */
    size_t distance;
};

void suggest_init(struct suggest *suggest, const char *word);

/* Is the candidate nearer than the best? Both strings must live as long as *suggest. */
void suggest_offer(struct suggest *suggest, const char *candidate);

/* ` (did you mean "best"?)`, or nothing, into text[0 .. size), cut to fit; returns text. */
char *suggest_print(const struct suggest *suggest, char *text, size_t size);

/* Letters to insert, drop, replace or swap with their neighbour (Damerau-Levenshtein, restricted),
 * whatever their case. Words of more than 63 bytes are infinitely far from all others (SIZE_MAX).
 */
size_t suggest_distance(const char *a, const char *b);

#endif
