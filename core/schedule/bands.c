/* SPDX-License-Identifier: MIT */
#include "schedule/bands.h"

#include <stdlib.h>

static bool grow(struct fr_bands *bands)
{
    size_t capacity = bands->capacity ? bands->capacity * 2 : 64;
    struct fr_band *slots = calloc(capacity, sizeof(*slots));
    if (!slots)
        return false;
    for (uint64_t seq = bands->front; seq < bands->back; seq++)
        slots[seq & (capacity - 1)] = bands->slots[seq & (bands->capacity - 1)];
    free(bands->slots);
    bands->slots = slots;
    bands->capacity = capacity;
    return true;
}

bool fr_bands_push(struct fr_bands *bands, struct fr_band band)
{
    if (bands->back - bands->front == bands->capacity && !grow(bands))
        return false;
    bands->slots[bands->back++ & (bands->capacity - 1)] = band;
    return true;
}

struct fr_band *fr_bands_at(const struct fr_bands *bands, uint64_t seq)
{
    if (seq < bands->front || seq >= bands->back)
        return NULL;
    return &bands->slots[seq & (bands->capacity - 1)];
}

void fr_bands_trim(struct fr_bands *bands)
{
    while (bands->front < bands->back && bands->slots[bands->front & (bands->capacity - 1)].done)
        bands->front++;
}

void fr_bands_clear(struct fr_bands *bands)
{
    free(bands->slots);
    *bands = (struct fr_bands){0};
}
