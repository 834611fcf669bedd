/* SPDX-License-Identifier: MIT */
#include "base/sketch.h"

static unsigned bucket_of(uint64_t ns)
{
    if (ns < 1u << FR_SKETCH_LEAST)
        return 0;
    unsigned octave = 63u - (unsigned)__builtin_clzll(ns) - FR_SKETCH_LEAST;
    if (octave >= FR_SKETCH_OCTAVES)
        return FR_SKETCH_OCTAVES * FR_SKETCH_SUB - 1;
    unsigned sub = (unsigned)(ns >> (octave + FR_SKETCH_LEAST - 3)) % FR_SKETCH_SUB;
    return octave * FR_SKETCH_SUB + sub;
}

void fr_sketch_add(struct fr_sketch *s, uint64_t ns)
{
    s->count++;
    s->sum_ns += ns;
    s->buckets[bucket_of(ns)]++;
}

uint64_t fr_sketch_quantile(const struct fr_sketch *s, double q)
{
    uint64_t seen = 0, wanted = (uint64_t)(q * (double)s->count);
    for (unsigned i = 0; s->count > 0 && i < FR_SKETCH_OCTAVES * FR_SKETCH_SUB; i++) {
        seen += s->buckets[i];
        if (seen > wanted || seen == s->count) /* the middle of the bucket */
            return (uint64_t)(2 * (FR_SKETCH_SUB + i % FR_SKETCH_SUB) + 1)
                   << (i / FR_SKETCH_SUB + FR_SKETCH_LEAST - 4);
    }
    return 0;
}
