/* SPDX-License-Identifier: MIT */
#include "common/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 64

static unsigned char lower(char letter)
{
    return (unsigned char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
    /* Row i holds the distances of the first i letters of a to every beginning of b; three rows are
     * enough. */
    size_t rows[3][WORD_MAX];
    size_t len_a = strlen(a), len_b = strlen(b);

    if (len_a >= WORD_MAX || len_b >= WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= len_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= len_a; i++) {
        size_t *row = rows[i % 3];
        const size_t *before = rows[(i - 1) % 3];
        const size_t *before_that = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            bool is_same = lower(a[i - 1]) == lower(b[j - 1]);

            row[j] = least(before[j - 1] + !is_same, least(before[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before_that[j - 2] + 1);
        }
    }
    return rows[len_a % 3][len_b];
}

void suggest_init(struct suggest *suggest, const char *word)
{
    suggest->word = word;
    suggest->best = NULL;
    /* One slip in three letters is a slip; more of them make another word. */
    suggest->distance = (strlen(word) + 1) / 3 + 1;
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
    size_t distance = suggest_distance(suggest->word, candidate);

    if (distance < suggest->distance) {
        suggest->best = candidate;
        suggest->distance = distance;
    }
}

char *suggest_print(const struct suggest *suggest, char *text, size_t size)
{
    if (suggest->best)
        snprintf(text, size, " (did you mean \"%s\"?)", suggest->best);
    else
        text[0] = '\0';
    return text;
}
