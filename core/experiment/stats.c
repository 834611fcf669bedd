/* SPDX-License-Identifier: MIT */
#include "experiment/stats.h"

#include "experiment/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void fr_stats_sort(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
}

double fr_stats_quantile(const double *sorted, size_t count, double q)
{
    double at = q * (double)(count - 1);
    size_t i = (size_t)at;
    if (i + 1 >= count)
        return sorted[count - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

double fr_stats_median(struct fr_sample s)
{
    double sorted[FR_STATS_MAX];
    if (s.count == 0 || s.count > FR_STATS_MAX)
        return NAN;
    memcpy(sorted, s.values, s.count * sizeof(*sorted));
    fr_stats_sort(sorted, s.count);
    return fr_stats_quantile(sorted, s.count, 0.5);
}

/* ---------------------------------------------------------------- bootstrap */

/* The median of values drawn from sorted with replacement. Counting the draws sorts them. */
static double resampled_median(const double *sorted, size_t count, struct fr_rng *rng)
{
    uint16_t drawn[FR_STATS_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        drawn[fr_rng_below(rng, (uint32_t)count)]++;
    size_t low = (count - 1) / 2, high = count / 2, seen = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (low >= seen && low < seen + drawn[i])
            sum += sorted[i];
        if (high >= seen && high < seen + drawn[i])
            sum += sorted[i];
        seen += drawn[i];
    }
    return sum / 2;
}

/* So many that some twenty lie outside the interval at either end. */
static size_t resamples(double confidence)
{
    double needed = 40 / (1 - confidence);
    return needed > FR_STATS_RESAMPLES ? (size_t)fmin(needed, 200000) : FR_STATS_RESAMPLES;
}

static struct fr_interval middle(double *values, size_t count, double confidence)
{
    fr_stats_sort(values, count);
    return (struct fr_interval){fr_stats_quantile(values, count, (1 - confidence) / 2),
                                fr_stats_quantile(values, count, (1 + confidence) / 2)};
}

/* b.count 0: of the median of a alone. */
static struct fr_interval bootstrap(struct fr_sample a, struct fr_sample b, bool ratio,
                                    double confidence, uint64_t seed)
{
    const struct fr_interval unknown = {NAN, NAN};
    double x[FR_STATS_MAX], y[FR_STATS_MAX];
    size_t count = resamples(confidence);
    if (a.count == 0 || a.count > FR_STATS_MAX || (ratio && b.count == 0) || b.count > FR_STATS_MAX)
        return unknown;
    double *medians = malloc(count * sizeof(*medians));
    if (!medians)
        return unknown;
    struct fr_rng rng = fr_rng_new(seed);
    memcpy(x, a.values, a.count * sizeof(*x));
    fr_stats_sort(x, a.count);
    if (ratio) {
        memcpy(y, b.values, b.count * sizeof(*y));
        fr_stats_sort(y, b.count);
    }
    for (size_t i = 0; i < count; i++) {
        medians[i] = resampled_median(x, a.count, &rng);
        if (ratio)
            medians[i] /= resampled_median(y, b.count, &rng);
    }
    struct fr_interval interval = middle(medians, count, confidence);
    free(medians);
    return interval;
}

struct fr_interval fr_stats_median_interval(struct fr_sample s, double confidence, uint64_t seed)
{
    return bootstrap(s, (struct fr_sample){0}, false, confidence, seed);
}

struct fr_interval fr_stats_ratio_interval(struct fr_sample a, struct fr_sample b,
                                           double confidence, uint64_t seed)
{
    return bootstrap(a, b, true, confidence, seed);
}

/* -------------------------------------------------------------------- ranks */

/* How many pairs have the value of a below the value of b, ties half. */
static double pairs_below(struct fr_sample a, struct fr_sample b)
{
    double u = 0;
    for (size_t i = 0; i < a.count; i++)
        for (size_t j = 0; j < b.count; j++)
            u += a.values[i] < b.values[j] ? 1 : a.values[i] == b.values[j] ? 0.5 : 0;
    return u;
}

/* The chance of at most u pairs where nothing differs: of all ways to lay n and m values in order,
 * counted by f(n, m, u) = f(n-1, m, u-m) + f(n, m-1, u), as shares so that nothing overflows. */
static double rank_tail(size_t n, size_t m, size_t u)
{
    static const size_t MAX_PAIRS = FR_STATS_EXACT * FR_STATS_EXACT;
    size_t width = MAX_PAIRS + 1;
    double *row = calloc((m + 1) * width * 2, sizeof(*row)), sum = 0;
    if (!row)
        return 1;
    double *now = row, *before = row + (m + 1) * width;
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            double *to = now + j * width;
            double total = (double)(i + j);
            memset(to, 0, width * sizeof(*to));
            if (i == 0 || j == 0) {
                to[0] = 1;
                continue;
            }
            for (size_t k = 0; k <= i * j; k++) {
                double first = k >= j ? before[j * width + k - j] : 0;
                to[k] = first * (double)i / total + now[(j - 1) * width + k] * (double)j / total;
            }
        }
        double *swap = now;
        now = before;
        before = swap;
    }
    for (size_t k = 0; k <= u && k <= n * m; k++)
        sum += before[m * width + k];
    free(row);
    return sum;
}

double fr_stats_rank_p(struct fr_sample a, struct fr_sample b)
{
    double pairs = (double)a.count * (double)b.count;
    if (a.count == 0 || b.count == 0)
        return 1;
    double u = pairs_below(a, b);
    u = fmin(u, pairs - u);
    double p;
    if (a.count <= FR_STATS_EXACT && b.count <= FR_STATS_EXACT) {
        p = 2 * rank_tail(a.count, b.count, (size_t)ceil(u));
    } else {
        double sd = sqrt(pairs * (double)(a.count + b.count + 1) / 12);
        p = erfc((pairs / 2 - u - 0.5) / sd / sqrt(2));
    }
    return fmin(p, 1);
}

double fr_stats_rank_p_least(size_t a, size_t b)
{
    double p = 2;
    for (size_t i = 1; i <= a; i++)
        p *= (double)i / (double)(b + i);
    return fmin(p, 1);
}

struct fr_comparison fr_stats_compare(struct fr_sample a, struct fr_sample b, double confidence,
                                      size_t family, uint64_t seed)
{
    struct fr_comparison c = {.ratio = NAN, .interval = {NAN, NAN}, .p = 1};
    if (a.count == 0 || b.count == 0)
        return c;
    double error = (1 - confidence) / (double)(family > 0 ? family : 1);
    c.ratio = fr_stats_median(a) / fr_stats_median(b);
    c.interval = fr_stats_ratio_interval(a, b, 1 - error, seed);
    c.p = fr_stats_rank_p(a, b);
    if (fr_stats_rank_p_least(a.count, b.count) > error)
        c.verdict = FR_FINDING_TOO_FEW;
    else if (c.p > error || !(c.interval.low > 1 || c.interval.high < 1))
        c.verdict = FR_FINDING_NOISE;
    else
        c.verdict = FR_FINDING_DIFFERENT;
    return c;
}
