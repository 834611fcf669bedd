/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

#include <stdlib.h>

/* Up to 2047 a bucket each; then 1024 buckets for every power of two. */
static uint32_t bucket_of(uint64_t value)
{
    if (value < UINT64_C(2) * FR_HISTOGRAM_SUB)
        return (uint32_t)value;
    uint32_t shift = (uint32_t)(63 - __builtin_clzll(value)) - 10;
    return shift * FR_HISTOGRAM_SUB + (uint32_t)(value >> shift);
}

/* The greatest value of a bucket. */
static uint64_t top_of(uint32_t bucket)
{
    if (bucket < 2 * FR_HISTOGRAM_SUB)
        return bucket;
    uint32_t shift = bucket / FR_HISTOGRAM_SUB - 1;
    uint64_t first = (uint64_t)(bucket % FR_HISTOGRAM_SUB + FR_HISTOGRAM_SUB) << shift;
    return first + (UINT64_C(1) << shift) - 1;
}

struct fr_histogram *fr_histogram_new(void)
{
    return calloc(1, sizeof(struct fr_histogram));
}

void fr_histogram_add(struct fr_histogram *h, uint64_t value)
{
    const uint64_t most = (UINT64_C(1) << FR_HISTOGRAM_BITS) - 1;
    if (value > most)
        value = most;
    if (h->count == 0 || value < h->min)
        h->min = value;
    if (h->count == 0 || value > h->max)
        h->max = value;
    h->count++;
    h->sum += (double)value;
    h->buckets[bucket_of(value)]++;
}

uint64_t fr_histogram_quantile(const struct fr_histogram *h, double q)
{
    double wanted = q * (double)h->count;
    uint64_t seen = 0;
    if (h->count == 0)
        return 0;
    for (uint32_t i = 0; i < sizeof(h->buckets) / sizeof(h->buckets[0]); i++) {
        seen += h->buckets[i];
        if (h->buckets[i] && (double)seen >= wanted) {
            uint64_t top = top_of(i);
            return top > h->max ? h->max : top < h->min ? h->min : top;
        }
    }
    return h->max;
}

double fr_histogram_mean(const struct fr_histogram *h)
{
    return h->count ? h->sum / (double)h->count : 0;
}
