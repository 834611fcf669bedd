/* SPDX-License-Identifier: MIT */
#include "experiment/metg.h"

#include "experiment/rng.h"

#include <math.h>
#include <stdlib.h>

const char *fr_metg_status_text(enum fr_metg_status status)
{
    switch (status) {
    case FR_METG_FOUND:
        return "";
    case FR_METG_ALL_ABOVE:
        return "the shortest task reaches 50 %: METG is less";
    case FR_METG_ALL_BELOW:
        return "no point reaches 50 %: METG is more than the longest task";
    case FR_METG_NO_POINTS:
        break;
    }
    return "no points";
}

enum fr_metg_status fr_metg_cross(const double *granularity, const double *efficiency, size_t count,
                                  double *seconds_p)
{
    if (count == 0)
        return FR_METG_NO_POINTS;
    size_t above = 0; /* the first point that reaches it */
    while (above < count && efficiency[above] < FR_METG_EFFICIENCY)
        above++;
    if (above == count)
        return FR_METG_ALL_BELOW;
    if (above == 0)
        return FR_METG_ALL_ABOVE;
    double low = log(granularity[above - 1]), high = log(granularity[above]);
    double share =
        (FR_METG_EFFICIENCY - efficiency[above - 1]) / (efficiency[above] - efficiency[above - 1]);
    *seconds_p = exp(low + share * (high - low));
    return FR_METG_FOUND;
}

static void place(const struct fr_metg_point *p, double seconds, double peak, double *granularity_p,
                  double *efficiency_p)
{
    *granularity_p = seconds * p->threads / p->tasks;
    *efficiency_p = p->work / seconds / p->threads / peak;
}

static double resample(const struct fr_metg_point *p, struct fr_rng *rng)
{
    double values[sizeof(p->values) / sizeof(p->values[0])];
    for (size_t i = 0; i < p->count; i++)
        values[i] = p->values[fr_rng_below(rng, (uint32_t)p->count)];
    return fr_stats_median((struct fr_sample){values, p->count});
}

/* Resamples without a crossing lie beyond all others on their side: then that end is open. */
static struct fr_interval interval(const struct fr_metg_point *points, size_t count, double peak,
                                   double confidence, uint64_t seed)
{
    struct fr_interval result = {NAN, NAN};
    double *found = malloc(FR_STATS_RESAMPLES * sizeof(*found));
    double *room = malloc(2 * count * sizeof(*room)), *granularity = room;
    if (found && room) {
        double *efficiency = room + count;
        struct fr_rng rng = fr_rng_new(seed);
        for (size_t i = 0; i < FR_STATS_RESAMPLES; i++) {
            for (size_t p = 0; p < count; p++)
                place(&points[p], resample(&points[p], &rng), peak, &granularity[p],
                      &efficiency[p]);
            enum fr_metg_status st = fr_metg_cross(granularity, efficiency, count, &found[i]);
            if (st != FR_METG_FOUND)
                found[i] = st == FR_METG_ALL_ABOVE ? 0 : INFINITY;
        }
        fr_stats_sort(found, FR_STATS_RESAMPLES);
        size_t out = (size_t)((1 - confidence) / 2 * FR_STATS_RESAMPLES);
        result = (struct fr_interval){found[out], found[FR_STATS_RESAMPLES - 1 - out]};
        if (result.low <= 0)
            result.low = NAN;
        if (isinf(result.high))
            result.high = NAN;
    }
    free(found);
    free(room);
    return result;
}

struct fr_metg_result fr_metg(struct fr_metg_point *points, size_t count, double peak,
                              double confidence, uint64_t seed)
{
    struct fr_metg_result result = {.status = FR_METG_NO_POINTS, .interval = {NAN, NAN}};
    double *room = malloc((2 * count + 1) * sizeof(*room));
    if (!room || count == 0 || !(peak > 0)) {
        free(room);
        return result;
    }
    for (size_t i = 0; i < count; i++) {
        struct fr_metg_point *p = &points[i];
        place(p, fr_stats_median((struct fr_sample){p->values, p->count}), peak, &p->granularity,
              &p->efficiency);
        room[i] = p->granularity;
        room[count + i] = p->efficiency;
    }
    result.status = fr_metg_cross(room, room + count, count, &result.seconds);
    free(room);
    if (result.status == FR_METG_FOUND)
        result.interval = interval(points, count, peak, confidence, seed);
    return result;
}
