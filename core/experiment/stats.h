/* SPDX-License-Identifier: MIT
 * stats.h - medians, bootstrap intervals, and when a difference may be called one. Pure. */
#ifndef FR_EXPERIMENT_STATS_H
#define FR_EXPERIMENT_STATS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values of repeats; at most FR_STATS_MAX count. */
struct fr_sample {
    const double *values;
    size_t count;
};
enum { FR_STATS_MAX = 1024, FR_STATS_RESAMPLES = 2000 };

struct fr_interval {
    double low, high;
};

/* The q-quantile (0..1) of values in order, between two by linear interpolation; count > 0. */
double fr_stats_quantile(const double *sorted, size_t count, double q);
void fr_stats_sort(double *values, size_t count);
double fr_stats_median(struct fr_sample s); /* NaN of none */

/* Percentile bootstrap (Efron 1979): the interval that holds the median with this confidence. */
struct fr_interval fr_stats_median_interval(struct fr_sample s, double confidence, uint64_t seed);
/* The same of median(a) / median(b), both resampled. */
struct fr_interval fr_stats_ratio_interval(struct fr_sample a, struct fr_sample b,
                                           double confidence, uint64_t seed);

/* Two-sided p of Welch's test on the logarithms: times are skewed to the right, ratios are what
 * counts, and the two sides need not scatter alike. 1 where it cannot be told. */
double fr_stats_welch_p(struct fr_sample a, struct fr_sample b);
/* The chance that Student's t with df degrees of freedom lies further out than t, either side. */
double fr_stats_t_p(double t, double df);

enum fr_finding {
    FR_FINDING_NONE,    /* nothing to compare */
    FR_FINDING_TOO_FEW, /* fewer than FR_STATS_LEAST repeats */
    FR_FINDING_NOISE,
    FR_FINDING_DIFFERENT,
};
struct fr_comparison {
    double ratio; /* median(a) / median(b) */
    struct fr_interval interval;
    double p;
    enum fr_finding verdict;
};
enum { FR_STATS_LEAST = 3 };
/* One of `family` comparisons that are looked at together: the error that 1 - confidence allows is
 * shared out among them (Bonferroni). The bootstrap alone is too bold on a handful of values, so a
 * difference must also stand in Welch's test. */
struct fr_comparison fr_stats_compare(struct fr_sample a, struct fr_sample b, double confidence,
                                      size_t family, uint64_t seed);
#endif
