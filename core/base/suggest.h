/* SPDX-License-Identifier: MIT
 * suggest.h - "did you mean". */
#ifndef FR_BASE_SUGGEST_H
#define FR_BASE_SUGGEST_H
#include <stddef.h>

/* Feed the candidates one by one; the nearest stays. */
struct fr_suggest {
    const char *word;
    const char *best; /* NULL: nothing is near. Borrowed from a candidate. */
    size_t distance;  /* of best */
};
/* What was written; borrowed. */
struct fr_suggest fr_suggest_new(const char *word);
void fr_suggest_try(struct fr_suggest *suggest, const char *candidate);
/* " (did you mean \"x\"?)" or "", in buf; returns buf. */
const char *fr_suggest_text(const struct fr_suggest *suggest, char *buf, size_t cap);
#endif
