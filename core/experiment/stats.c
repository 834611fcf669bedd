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

/* -------------------------------------------------------------------- tests */

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* The continued fraction of the incomplete beta function, by Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= 500; m++) {
        for (int odd = 0; odd < 2; odd++) {
            double k = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                           : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 + k * d;
            c = 1 + k / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            h *= c * d;
        }
        if (fabs(c * d - 1) < 1e-14)
            break;
    }
    return h;
}

/* I_x(a, b), the regularised incomplete beta function. */
static double beta(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double fr_stats_t_p(double t, double df)
{
    return beta(df / 2, 0.5, df / (df + t * t));
}

/* Of the logarithms; false: some value has none. */
static bool log_moments(struct fr_sample s, double *mean_p, double *variance_p)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < s.count; i++) {
        if (!(s.values[i] > 0))
            return false;
        mean += log(s.values[i]) / (double)s.count;
    }
    for (size_t i = 0; i < s.count; i++) {
        double off = log(s.values[i]) - mean;
        squares += off * off;
    }
    *mean_p = mean;
    *variance_p = squares / (double)(s.count - 1);
    return true;
}

double fr_stats_welch_p(struct fr_sample a, struct fr_sample b)
{
    double am, av, bm, bv;
    if (a.count < 2 || b.count < 2 || !log_moments(a, &am, &av) || !log_moments(b, &bm, &bv))
        return 1;
    double an = av / (double)a.count, bn = bv / (double)b.count;
    if (an + bn <= 0)
        return am == bm ? 1 : 0;
    double df =
        (an + bn) * (an + bn) / (an * an / (double)(a.count - 1) + bn * bn / (double)(b.count - 1));
    return fr_stats_t_p((am - bm) / sqrt(an + bn), df);
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
    c.p = fr_stats_welch_p(a, b);
    if (a.count < FR_STATS_LEAST || b.count < FR_STATS_LEAST)
        c.verdict = FR_FINDING_TOO_FEW;
    else if (c.p > error || !(c.interval.low > 1 || c.interval.high < 1))
        c.verdict = FR_FINDING_NOISE;
    else
        c.verdict = FR_FINDING_DIFFERENT;
    return c;
}
