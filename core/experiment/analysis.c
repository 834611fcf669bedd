/* SPDX-License-Identifier: MIT */
#include "experiment/analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct fr_estimate unknown = {NAN, {NAN, NAN}, NAN, NAN};

struct fr_sample fr_cell_sample(const struct fr_cell *cell, enum fr_measure measure, double *values)
{
    struct fr_sample s = {.values = values};
    size_t i;
    json_t *run;
    json_array_foreach(cell->runs, i, run)
    {
        double value =
            fr_run_counts(run) ? fr_measure(json_object_get(run, "metrics"), measure) : NAN;
        if (isfinite(value) && s.count < FR_STATS_MAX)
            values[s.count++] = value;
    }
    return s;
}

/* The same numbers whoever asks first, and each its own. */
static uint64_t seed_of(const struct fr_experiment *x, uint64_t a, uint64_t b, uint64_t what)
{
    return x->seed ^ (a + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
           (b + 1) * UINT64_C(0xc2b2ae3d27d4eb4f) ^ what << 48;
}

static struct fr_estimate estimate(const struct fr_experiment *x, const struct fr_cell *cell,
                                   enum fr_measure measure)
{
    double values[FR_STATS_MAX];
    struct fr_sample s = fr_cell_sample(cell, measure, values);
    if (s.count == 0)
        return unknown;
    struct fr_estimate e = {.value = fr_stats_median(s), .min = values[0], .max = values[0]};
    e.interval = fr_stats_median_interval(s, x->confidence,
                                          seed_of(x, (uint64_t)(cell - x->cells), 0, measure));
    for (size_t i = 1; i < s.count; i++) {
        e.min = fmin(e.min, values[i]);
        e.max = fmax(e.max, values[i]);
    }
    return e;
}

/* factor * render(a) / render(b) - less. */
static struct fr_estimate render_ratio(const struct fr_experiment *x, const struct fr_cell *a,
                                       const struct fr_cell *b, double factor, double less)
{
    double av[FR_STATS_MAX], bv[FR_STATS_MAX];
    if (!a || !b)
        return unknown;
    struct fr_sample as = fr_cell_sample(a, FR_MEASURE_render, av);
    struct fr_sample bs = fr_cell_sample(b, FR_MEASURE_render, bv);
    if (as.count == 0 || bs.count == 0)
        return unknown;
    if (a == b) /* itself, not another sample */
        return (struct fr_estimate){factor - less, {factor - less, factor - less}, NAN, NAN};
    struct fr_interval i = fr_stats_ratio_interval(
        as, bs, x->confidence,
        seed_of(x, (uint64_t)(a - x->cells), (uint64_t)(b - x->cells), FR_MEASURE_COUNT));
    return (struct fr_estimate){.value = factor * fr_stats_median(as) / fr_stats_median(bs) - less,
                                .interval = {factor * i.low - less, factor * i.high - less},
                                .min = NAN,
                                .max = NAN};
}

static double threads_of(const struct fr_cell *cell)
{
    return (double)cell->workers * cell->threads;
}

/* With the fewest workers among those that ran at this point: of this configuration or direct. */
static const struct fr_cell *base_of(const struct fr_experiment *x, const struct fr_cell *cell,
                                     bool direct)
{
    const struct fr_cell *best = NULL;
    for (size_t i = 0; i < x->cell_count; i++) {
        const struct fr_cell *c = &x->cells[i];
        bool alike =
            direct ? c->direct : c->direct == cell->direct && strcmp(c->label, cell->label) == 0;
        if (alike && fr_cell_same_point(x, c, cell) && fr_cell_good_runs(c) > 0 &&
            (!best || threads_of(c) < threads_of(best)))
            best = c;
    }
    return best;
}

static const struct fr_cell *direct_of(const struct fr_experiment *x, const struct fr_cell *cell)
{
    for (size_t i = 0; i < x->cell_count; i++) {
        const struct fr_cell *c = &x->cells[i];
        if (c->direct && threads_of(c) == threads_of(cell) && fr_cell_same_point(x, c, cell) &&
            fr_cell_good_runs(c) > 0)
            return c;
    }
    return NULL;
}

static struct fr_estimate scaled(struct fr_estimate e, double factor)
{
    return (struct fr_estimate){
        e.value * factor, {e.interval.low * factor, e.interval.high * factor}, NAN, NAN};
}

static void fill_cell(const struct fr_experiment *x, struct fr_cell_result *r)
{
    const struct fr_cell *cell = r->cell;
    r->good = fr_cell_good_runs(cell);
    r->failed = fr_cell_failures(cell, &r->error);
    for (int m = 0; m < FR_MEASURE_COUNT; m++)
        r->measures[m] = estimate(x, cell, (enum fr_measure)m);
    r->scale_base = base_of(x, cell, false);
    r->direct = cell->direct ? NULL : direct_of(x, cell);
    r->direct_base = cell->direct ? NULL : base_of(x, cell, true);
    r->speedup = render_ratio(x, r->scale_base, cell, 1, 0);
    double threads = threads_of(cell);
    r->efficiency = scaled(r->speedup, r->scale_base ? threads_of(r->scale_base) / threads : NAN);
    r->direct_speedup = render_ratio(x, r->direct_base, cell, 1, 0);
    r->direct_efficiency =
        scaled(r->direct_speedup, r->direct_base ? threads_of(r->direct_base) / threads : NAN);
    r->overhead = render_ratio(x, cell, r->direct, 1, 1);
}

/* -------------------------------------------------------------- differences */

/* The one axis on which they differ and b has the first value; axis_count: there is none such. */
static size_t only_axis(const struct fr_experiment *x, const struct fr_cell *a,
                        const struct fr_cell *b)
{
    size_t found = x->axis_count;
    for (size_t i = 0; i < x->axis_count; i++) {
        if (!a->values[i] || !b->values[i] || strcmp(a->values[i], b->values[i]) == 0)
            continue;
        if (found != x->axis_count || strcmp(b->values[i], x->axes[i].values[0]) != 0)
            return x->axis_count;
        found = i;
    }
    return found;
}

/* Worth a line: configurations at the same point, direct among them; of one configuration, each
 * value of an axis against its first. */
static bool comparable(const struct fr_experiment *x, const struct fr_cell *a,
                       const struct fr_cell *b)
{
    if (a->workers != b->workers || a->threads != b->threads || fr_cell_good_runs(a) == 0 ||
        fr_cell_good_runs(b) == 0)
        return false;
    if (strcmp(a->label, b->label) != 0)
        return fr_cell_same_point(x, a, b);
    /* Another job is not another way to do it. */
    return fr_cell_same_job(x, a, b) && only_axis(x, a, b) < x->axis_count;
}

static fr_status find_differences(struct fr_analysis *a, struct fr_error *err)
{
    const struct fr_experiment *x = a->x;
    for (int pass = 0; pass < 2; pass++) {
        size_t count = 0;
        for (size_t i = 0; i < x->cell_count; i++)
            for (size_t j = 0; j < i; j++) {
                if (!comparable(x, &x->cells[i], &x->cells[j]))
                    continue;
                if (a->differences)
                    a->differences[count] =
                        (struct fr_difference){.a = &x->cells[i], .b = &x->cells[j]};
                count++;
            }
        a->difference_count = count;
        if (pass == 0) {
            a->differences = calloc(count + 1, sizeof(*a->differences));
            if (!a->differences)
                return fr_fail(err, FR_ENOMEM, "out of memory");
        }
    }
    for (size_t i = 0; i < a->difference_count; i++) {
        struct fr_difference *d = &a->differences[i];
        double av[FR_STATS_MAX], bv[FR_STATS_MAX];
        d->result = fr_stats_compare(fr_cell_sample(d->a, FR_MEASURE_render, av),
                                     fr_cell_sample(d->b, FR_MEASURE_render, bv), x->confidence,
                                     a->difference_count, seed_of(x, i, i, FR_MEASURE_COUNT + 1));
        a->different += d->result.verdict == FR_FINDING_DIFFERENT;
    }
    return FR_OK;
}

/* --------------------------------------------------------------------- METG */

/* Every pixel costs exactly iters z-updates there. */
static double work_of(const struct fr_cell *cell)
{
    const json_t *job = json_object_get(fr_cell_metrics(cell), "job");
    return json_number_value(json_object_get(job, "pixels")) *
           json_number_value(json_object_get(job, "iters"));
}

/* Of the best run, not of a median: what a thread can do is not what a busy machine let it do. */
static double peak_of(const struct fr_experiment *x)
{
    double peak = NAN;
    for (size_t i = 0; i < x->cell_count; i++) {
        const struct fr_cell *c = &x->cells[i];
        double values[FR_STATS_MAX];
        if (!c->direct)
            continue;
        struct fr_sample s = fr_cell_sample(c, FR_MEASURE_render, values);
        for (size_t k = 0; k < s.count; k++)
            peak = fmax(peak, work_of(c) / values[k] / threads_of(c));
    }
    return peak;
}

/* The same but for job.iters. */
static bool same_curve(const struct fr_experiment *x, const struct fr_cell *a,
                       const struct fr_cell *b)
{
    if (a->workers != b->workers || a->direct != b->direct || strcmp(a->label, b->label) != 0)
        return false;
    for (size_t i = 0; i < x->axis_count; i++)
        if (strcmp(x->axes[i].key, "job.iters") != 0 && a->values[i] && b->values[i] &&
            strcmp(a->values[i], b->values[i]) != 0)
            return false;
    return true;
}

static void add_point(const struct fr_experiment *x, struct fr_metg_curve *curve, size_t number)
{
    const struct fr_cell *cell = &x->cells[number];
    double values[FR_STATS_MAX];
    struct fr_sample s = fr_cell_sample(cell, FR_MEASURE_render, values);
    struct fr_metg_point p = {.work = work_of(cell),
                              .threads = (double)cell->workers * cell->threads};
    const json_t *job = json_object_get(fr_cell_metrics(cell), "job");
    p.tasks = ceil(json_number_value(json_object_get(job, "height")) /
                   json_number_value(json_object_get(job, "rows_per_task")));
    for (; p.count < s.count && p.count < sizeof(p.values) / sizeof(p.values[0]); p.count++)
        p.values[p.count] = values[p.count];
    if (p.count == 0)
        return;
    size_t at = curve->count++; /* in order of work */
    for (; at > 0 && curve->points[at - 1].work > p.work; at--) {
        curve->points[at] = curve->points[at - 1];
        curve->cells[at] = curve->cells[at - 1];
    }
    curve->points[at] = p;
    curve->cells[at] = number;
}

static fr_status find_metg(struct fr_analysis *a, struct fr_error *err)
{
    const struct fr_experiment *x = a->x;
    a->peak = peak_of(x);
    a->curves = calloc(x->cell_count + 1, sizeof(*a->curves));
    if (!a->curves)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    for (size_t i = 0; i < x->cell_count; i++) {
        bool seen = false;
        for (size_t c = 0; c < a->curve_count; c++)
            seen |= same_curve(x, a->curves[c].cell, &x->cells[i]);
        if (seen)
            continue;
        struct fr_metg_curve *curve = &a->curves[a->curve_count];
        curve->cell = &x->cells[i];
        curve->points = calloc(x->cell_count, sizeof(*curve->points));
        curve->cells = calloc(x->cell_count, sizeof(*curve->cells));
        a->curve_count++;
        if (!curve->points || !curve->cells)
            return fr_fail(err, FR_ENOMEM, "out of memory");
        for (size_t j = i; j < x->cell_count; j++)
            if (same_curve(x, curve->cell, &x->cells[j]))
                add_point(x, curve, j);
        curve->result = fr_metg(curve->points, curve->count, a->peak, x->confidence,
                                seed_of(x, i, i, FR_MEASURE_COUNT + 2));
    }
    return FR_OK;
}

fr_status fr_analysis_make(const struct fr_experiment *x, struct fr_analysis *a_p,
                           struct fr_error *err)
{
    struct fr_analysis a = {.x = x, .peak = NAN};
    a.cells = calloc(x->cell_count + 1, sizeof(*a.cells));
    if (!a.cells)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    for (size_t i = 0; i < x->cell_count; i++) {
        a.cells[i].cell = &x->cells[i];
        fill_cell(x, &a.cells[i]);
    }
    /* A sweep over task lengths compares curves, not single points. */
    fr_status st = x->metg ? find_metg(&a, err) : find_differences(&a, err);
    if (st == FR_OK)
        *a_p = a;
    else
        fr_analysis_clear(&a);
    return st;
}

void fr_analysis_clear(struct fr_analysis *a)
{
    for (size_t i = 0; a->curves && i < a->curve_count; i++) {
        free(a->curves[i].points);
        free(a->curves[i].cells);
    }
    free(a->curves);
    free(a->cells);
    free(a->differences);
    *a = (struct fr_analysis){0};
}
