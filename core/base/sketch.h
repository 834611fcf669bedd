/* SPDX-License-Identifier: MIT
 * sketch.h - a histogram small enough for every worker to have one: quantiles within 7 %, from 1 us
 * to 70 s. */
#ifndef FR_BASE_SKETCH_H
#define FR_BASE_SKETCH_H
#include <stdint.h>

enum { FR_SKETCH_SUB = 8, FR_SKETCH_OCTAVES = 27, FR_SKETCH_LEAST = 10 /* 2^10 ns */ };

struct fr_sketch { /* {0} is empty */
    uint64_t count, sum_ns;
    uint32_t buckets[FR_SKETCH_OCTAVES * FR_SKETCH_SUB];
};

void fr_sketch_add(struct fr_sketch *sketch, uint64_t ns);
/* 0 where it is empty. */
uint64_t fr_sketch_quantile(const struct fr_sketch *sketch, double q);
#endif
