/* SPDX-License-Identifier: MIT
 * histogram.h - counts of values from 0 to 2^42, kept to 3 significant digits in fixed memory.
 * Source: Tene, HdrHistogram: linear buckets whose width doubles with each power of two. */
#ifndef FR_BASE_HISTOGRAM_H
#define FR_BASE_HISTOGRAM_H
#include <stdint.h>

enum { FR_HISTOGRAM_SUB = 1024, FR_HISTOGRAM_BITS = 42 };

struct fr_histogram {
    uint64_t count, min, max; /* min and max exact; valid where count > 0 */
    double sum;
    uint32_t buckets[(FR_HISTOGRAM_BITS - 9) * FR_HISTOGRAM_SUB];
};

struct fr_histogram *fr_histogram_new(void);                   /* NULL: out of memory; free() it */
void fr_histogram_add(struct fr_histogram *h, uint64_t value); /* larger ones count as 2^42 - 1 */
/* The least value that a share q (0..1) of all is not above, within 0.1 %; 0 where it is empty. */
uint64_t fr_histogram_quantile(const struct fr_histogram *h, double q);
double fr_histogram_mean(const struct fr_histogram *h);
#endif
