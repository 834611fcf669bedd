/* SPDX-License-Identifier: MIT
 * bands.h - the bands between the oldest undone one and the last cut one; for schedule.c. */
#ifndef FR_SCHEDULE_BANDS_H
#define FR_SCHEDULE_BANDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fr_schedule_worker;

struct fr_band {
    uint32_t first_row, rows;
    uint32_t leases; /* alive: neither ended nor expired                */
    bool done;
    struct fr_schedule_worker *owner; /* static policy: dealt to, NULL: to whoever asks  */
};

/* A queue by sequence number: front <= seq < back. Done bands leave at the front. */
struct fr_bands {
    struct fr_band *slots; /* capacity is a power of two */
    size_t capacity;
    uint64_t front, back;
};

bool fr_bands_push(struct fr_bands *bands, struct fr_band band); /* false: out of memory */
/* NULL: done long ago. */
struct fr_band *fr_bands_at(const struct fr_bands *bands, uint64_t seq);
void fr_bands_trim(struct fr_bands *bands);
void fr_bands_clear(struct fr_bands *bands);
#endif
