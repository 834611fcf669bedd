/* SPDX-License-Identifier: MIT
 * METG on a made-up runtime: each task takes its work and a fixed overhead. Half of the time is
 * work where work equals overhead, so METG is twice the overhead. */
#include "experiment/metg.h"
#include "experiment/rng.h"

#include <criterion/criterion.h>
#include <math.h>

enum { POINTS = 15, REPEATS = 7, TASKS = 512 };
static const double rate = 1e9; /* units a second */

/* Work of 2^i units of 1 us a task; noise: the largest deviation, as a share. */
static size_t runtime(struct fr_metg_point *points, double overhead_s, int first, int last,
                      double threads, double noise, uint64_t seed)
{
    struct fr_rng rng = fr_rng_new(seed);
    size_t count = 0;
    for (int i = first; i <= last; i++) {
        double work_s = 1e-6 * (double)(1 << i);
        struct fr_metg_point p = {
            .work = work_s * rate * TASKS, .tasks = TASKS, .threads = threads};
        for (; p.count < REPEATS; p.count++) {
            double off = 1 + noise * ((double)fr_rng_below(&rng, 2001) / 1000 - 1);
            p.values[p.count] = (work_s + overhead_s) * off * TASKS / threads;
        }
        points[count++] = p;
    }
    return count;
}

static void check_overhead(double overhead_s, double threads)
{
    struct fr_metg_point points[POINTS];
    size_t count = runtime(points, overhead_s, 0, POINTS - 1, threads, 0, 1);
    struct fr_metg_result r = fr_metg(points, count, rate, 0.95, 1);
    cr_assert_eq(r.status, FR_METG_FOUND);
    /* A straight line between points an octave apart is off by some per cent. */
    cr_assert(fabs(r.seconds / (2 * overhead_s) - 1) < 0.04, "%g for %g", r.seconds, overhead_s);
    cr_assert(r.interval.low == r.seconds && r.interval.high == r.seconds);
    for (size_t i = 1; i < count; i++)
        cr_assert(points[i].efficiency > points[i - 1].efficiency && points[i].efficiency < 1);
}

Test(experiment_metg, is_twice_a_known_overhead)
{
    check_overhead(4e-6, 1);
    check_overhead(50e-6, 1);
    check_overhead(700e-6, 1);
    check_overhead(50e-6, 4);
}

Test(experiment_metg, is_exact_where_a_point_lies_at_half)
{
    struct fr_metg_point points[POINTS];
    size_t count = runtime(points, 64e-6, 0, POINTS - 1, 1, 0, 1);
    struct fr_metg_result r = fr_metg(points, count, rate, 0.95, 1);
    cr_assert(fabs(r.seconds - 128e-6) < 1e-12);
}

Test(experiment_metg, says_that_a_side_has_no_points)
{
    struct fr_metg_point points[POINTS];
    size_t count = runtime(points, 1e-6, 5, 10, 1, 0, 1);
    cr_assert_eq(fr_metg(points, count, rate, 0.95, 1).status, FR_METG_ALL_ABOVE);
    count = runtime(points, 1, 0, 10, 1, 0, 1);
    cr_assert_eq(fr_metg(points, count, rate, 0.95, 1).status, FR_METG_ALL_BELOW);
    cr_assert_eq(fr_metg(points, 0, rate, 0.95, 1).status, FR_METG_NO_POINTS);
    cr_assert_eq(fr_metg(points, count, NAN, 0.95, 1).status, FR_METG_NO_POINTS);
}

Test(experiment_metg, its_interval_holds_the_truth)
{
    struct fr_metg_point points[POINTS];
    int held = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        size_t count = runtime(points, 64e-6, 0, POINTS - 1, 1, 0.2, seed);
        struct fr_metg_result r = fr_metg(points, count, rate, 0.95, seed);
        cr_assert_eq(r.status, FR_METG_FOUND);
        held += r.interval.low <= 128e-6 && r.interval.high >= 128e-6;
        cr_assert(r.interval.high < 2 * r.interval.low);
    }
    cr_assert_geq(held, 36, "%d of 40", held);
}

/* The shortest task that reaches it counts, whatever a disturbed run does further up. */
Test(experiment_metg, takes_the_first_crossing)
{
    const double granularity[] = {1, 2, 4, 8}, efficiency[] = {0.4, 0.6, 0.4, 0.6};
    double seconds;
    cr_assert_eq(fr_metg_cross(granularity, efficiency, 4, &seconds), FR_METG_FOUND);
    cr_assert(fabs(seconds - sqrt(2)) < 1e-9);
}
