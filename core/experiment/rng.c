/* SPDX-License-Identifier: MIT */
#include "experiment/rng.h"

struct fr_rng fr_rng_new(uint64_t seed)
{
    /* splitmix64: seeds that differ in one bit must not begin alike. */
    uint64_t z = seed + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (struct fr_rng){.state = z ? z : 1};
}

uint64_t fr_rng_next(struct fr_rng *rng)
{
    uint64_t x = rng->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    rng->state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

uint32_t fr_rng_below(struct fr_rng *rng, uint32_t n)
{
    /* Rejects the incomplete last run of n, which would favour small numbers. */
    uint32_t least = -n % n, x;
    do
        x = (uint32_t)(fr_rng_next(rng) >> 32);
    while (x < least);
    return x % n;
}

void fr_rng_shuffle(struct fr_rng *rng, uint32_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = fr_rng_below(rng, (uint32_t)i);
        uint32_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
