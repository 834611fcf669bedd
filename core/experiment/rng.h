/* SPDX-License-Identifier: MIT
 * rng.h - random numbers that a seed repeats: the order of runs, and resamples. */
#ifndef FR_EXPERIMENT_RNG_H
#define FR_EXPERIMENT_RNG_H
#include <stddef.h>
#include <stdint.h>

/* xorshift64* (Vigna 2016). */
struct fr_rng {
    uint64_t state; /* never 0 */
};
/* Any seed, also 0; near seeds give unrelated streams. */
struct fr_rng fr_rng_new(uint64_t seed);
uint64_t fr_rng_next(struct fr_rng *rng);
/* 0 to n - 1, each as likely as the others; n > 0. */
uint32_t fr_rng_below(struct fr_rng *rng, uint32_t n);
/* Every order is as likely as the others. */
void fr_rng_shuffle(struct fr_rng *rng, uint32_t *items, size_t count);
#endif
