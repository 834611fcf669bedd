/* SPDX-License-Identifier: MIT
 * Medians, intervals and verdicts on made-up samples whose answers are known. */
#include "experiment/rng.h"
#include "experiment/stats.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define SAMPLE(...)                                                                                \
    ((struct fr_sample){(const double[]){__VA_ARGS__},                                             \
                        sizeof((const double[]){__VA_ARGS__}) / sizeof(double)})

static void check_near(double value, double expected, double off)
{
    cr_assert(fabs(value - expected) <= off, "%.9g, expected %.9g", value, expected);
}

static double uniform(struct fr_rng *rng)
{
    return ((double)(fr_rng_next(rng) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct fr_rng *rng)
{
    return sqrt(-2 * log(uniform(rng))) * cos(2 * 3.14159265358979323846 * uniform(rng));
}

Test(experiment_stats, medians_and_quantiles)
{
    double odd[] = {5, 1, 3}, even[] = {4, 1, 3, 2};
    cr_assert_eq(fr_stats_median((struct fr_sample){odd, 3}), 3);
    cr_assert_eq(fr_stats_median((struct fr_sample){even, 4}), 2.5);
    cr_assert_eq(fr_stats_median((struct fr_sample){odd, 1}), 5);
    cr_assert_eq(odd[0], 5); /* the caller's own stay as they are */
    cr_assert(isnan(fr_stats_median((struct fr_sample){odd, 0})));
    fr_stats_sort(even, 4);
    cr_assert_eq(fr_stats_quantile(even, 4, 0), 1);
    cr_assert_eq(fr_stats_quantile(even, 4, 1), 4);
    check_near(fr_stats_quantile(even, 4, 0.25), 1.75, 1e-12);
}

Test(experiment_stats, an_interval_of_equal_values_has_no_width)
{
    struct fr_interval i = fr_stats_median_interval(SAMPLE(7, 7, 7, 7), 0.95, 1);
    cr_assert_eq(i.low, 7);
    cr_assert_eq(i.high, 7);
    i = fr_stats_ratio_interval(SAMPLE(6, 6, 6), SAMPLE(3, 3, 3), 0.95, 1);
    cr_assert_eq(i.low, 2);
    cr_assert_eq(i.high, 2);
}

/* The bootstrapped median of three values is the k-th with a chance that can be counted: the least
 * is the median of three draws in 7 of 27 cases. So the 50 % interval is the middle value alone
 * (26 % to 74 %), the 40 % one too, and the 95 % one is all of them. */
Test(experiment_stats, the_bootstrap_of_three_values_is_as_counted)
{
    struct fr_interval i = fr_stats_median_interval(SAMPLE(10, 20, 40), 0.40, 3);
    cr_assert_eq(i.low, 20);
    cr_assert_eq(i.high, 20);
    i = fr_stats_median_interval(SAMPLE(10, 20, 40), 0.95, 3);
    cr_assert_eq(i.low, 10);
    cr_assert_eq(i.high, 40);
}

Test(experiment_stats, a_seed_repeats_an_interval)
{
    struct fr_sample s = SAMPLE(1.1, 1.4, 0.9, 1.0, 1.3, 1.25, 1.05);
    struct fr_interval a = fr_stats_median_interval(s, 0.95, 42);
    struct fr_interval b = fr_stats_median_interval(s, 0.95, 42);
    cr_assert(a.low == b.low && a.high == b.high);
    cr_assert(a.low <= 1.1 && a.high >= 1.1 && a.low >= 0.9 && a.high <= 1.4);
}

/* A 95 % interval of the median of 25 normal values must hold the true one about so often. */
Test(experiment_stats, intervals_cover_the_truth)
{
    struct fr_rng rng = fr_rng_new(7);
    int held = 0;
    for (int t = 0; t < 400; t++) {
        double v[25];
        for (int i = 0; i < 25; i++)
            v[i] = 10 + normal(&rng);
        struct fr_interval i =
            fr_stats_median_interval((struct fr_sample){v, 25}, 0.95, (uint64_t)t);
        held += i.low <= 10 && i.high >= 10;
    }
    cr_assert(held >= 360 && held <= 396, "%d of 400", held);
}

/* From the tables of Student's t. */
Test(experiment_stats, students_t)
{
    check_near(fr_stats_t_p(12.706, 1), 0.05, 1e-5);
    check_near(fr_stats_t_p(2.228, 10), 0.05, 1e-4);
    check_near(fr_stats_t_p(-2.228, 10), 0.05, 1e-4);
    check_near(fr_stats_t_p(3.169, 10), 0.01, 1e-4);
    check_near(fr_stats_t_p(1.960, 1e6), 0.05, 1e-4);
    check_near(fr_stats_t_p(0, 5), 1, 1e-12);
}

/* log values 1 2 3 4 5 and 3 4 5 6 7: means 3 and 5, variance 2.5 each, so t = -2 at 8 degrees. */
Test(experiment_stats, welch_by_hand)
{
    struct fr_sample a = SAMPLE(exp(1), exp(2), exp(3), exp(4), exp(5));
    struct fr_sample b = SAMPLE(exp(3), exp(4), exp(5), exp(6), exp(7));
    check_near(fr_stats_welch_p(a, b), 0.0805, 1e-4);
    cr_assert_eq(fr_stats_welch_p(a, a), 1);
    cr_assert_eq(fr_stats_welch_p(SAMPLE(1, 1, 1), SAMPLE(2, 2, 2)), 0);
    cr_assert_eq(fr_stats_welch_p(SAMPLE(1), SAMPLE(2)), 1);
    cr_assert_eq(fr_stats_welch_p(SAMPLE(0, 1, 2), SAMPLE(1, 2, 3)), 1); /* no logarithm */
}

Test(experiment_stats, verdicts)
{
    struct fr_sample a = SAMPLE(1.00, 1.02, 0.98, 1.01, 0.99, 1.00, 1.03);
    struct fr_sample b = SAMPLE(2.00, 2.05, 1.97, 2.01, 2.02, 1.98, 2.03);
    struct fr_sample c = SAMPLE(1.01, 0.99, 1.02, 1.00, 0.98, 1.03, 0.99);
    struct fr_comparison different = fr_stats_compare(b, a, 0.95, 20, 1);
    cr_assert_eq(different.verdict, FR_FINDING_DIFFERENT);
    check_near(different.ratio, 2.01, 0.01);
    cr_assert(different.interval.low > 1.8 && different.interval.high < 2.2);
    cr_assert_eq(fr_stats_compare(a, c, 0.95, 1, 1).verdict, FR_FINDING_NOISE);
    cr_assert_eq(fr_stats_compare(SAMPLE(1, 1), SAMPLE(9, 9), 0.95, 1, 1).verdict,
                 FR_FINDING_TOO_FEW);
    cr_assert_eq(fr_stats_compare((struct fr_sample){NULL, 0}, a, 0.95, 1, 1).verdict,
                 FR_FINDING_NONE);
}

/* What a report of six comparisons of like with like may get wrong: in one of twenty, not more.
 * Times as they come: most near the least, a few far above. */
Test(experiment_stats, like_is_seldom_told_from_like)
{
    struct fr_rng rng = fr_rng_new(11);
    int wrong = 0;
    for (int report = 0; report < 200; report++) {
        double v[4][7];
        bool any = false;
        for (int c = 0; c < 4; c++)
            for (int i = 0; i < 7; i++)
                v[c][i] = exp(0.1 * normal(&rng)) * (fr_rng_below(&rng, 10) == 0 ? 1.8 : 1);
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < a; b++)
                any |= fr_stats_compare((struct fr_sample){v[a], 7}, (struct fr_sample){v[b], 7},
                                        0.95, 6, (uint64_t)report)
                           .verdict == FR_FINDING_DIFFERENT;
        wrong += any;
    }
    cr_assert_leq(wrong, 10, "%d of 200", wrong);
}

/* And 30 % more is told apart in spite of the same noise, without the stragglers. */
Test(experiment_stats, a_difference_is_found)
{
    struct fr_rng rng = fr_rng_new(12);
    int found = 0;
    for (int report = 0; report < 100; report++) {
        double a[7], b[7];
        for (int i = 0; i < 7; i++) {
            a[i] = 1.3 * exp(0.05 * normal(&rng));
            b[i] = exp(0.05 * normal(&rng));
        }
        found += fr_stats_compare((struct fr_sample){a, 7}, (struct fr_sample){b, 7}, 0.95, 6,
                                  (uint64_t)report)
                     .verdict == FR_FINDING_DIFFERENT;
    }
    cr_assert_geq(found, 95, "%d of 100", found);
}
