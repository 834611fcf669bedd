/* SPDX-License-Identifier: MIT
 * suggest.c - the nearest word by restricted Damerau-Levenshtein distance, without regard to case.
 * Source: Damerau, "A technique for computer detection and correction of spelling errors", CACM
 * 1964. */
#include "base/suggest.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 64 }; /* longer words are nobody's typo */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    size_t n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        above[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[n];
}

struct fr_suggest fr_suggest_new(const char *word)
{
    return (struct fr_suggest){.word = word, .distance = SIZE_MAX};
}

void fr_suggest_try(struct fr_suggest *s, const char *candidate)
{
    size_t len = strlen(candidate), word_len = strlen(s->word);
    if (len > LONGEST || word_len > LONGEST || word_len == 0)
        return;
    size_t d = distance(s->word, candidate);
    if (d < s->distance && d <= (len + 2) / 3) {
        s->distance = d;
        s->best = candidate;
    }
}

const char *fr_suggest_text(const struct fr_suggest *s, char *buf, size_t cap)
{
    if (s->best)
        snprintf(buf, cap, " (did you mean \"%s\"?)", s->best);
    else
        snprintf(buf, cap, "%s", "");
    return buf;
}
