/* SPDX-License-Identifier: MIT
 * summary.c - what the analysis found, for results.json. It is never read back. */
#include "experiment/report.h"

#include <math.h>

static void set(json_t *to, const char *key, double value)
{
    if (isfinite(value))
        json_object_set_new(to, key, json_real(value));
}

static void set_estimate(json_t *to, const char *key, const struct fr_estimate *e)
{
    if (!isfinite(e->value))
        return;
    json_t *json = json_object();
    set(json, "value", e->value);
    set(json, "low", e->interval.low);
    set(json, "high", e->interval.high);
    set(json, "min", e->min);
    set(json, "max", e->max);
    json_object_set_new(to, key, json);
}

static json_t *cell_json(const struct fr_analysis *a, const struct fr_cell_result *r)
{
    char name[512];
    json_t *json = json_object();
    json_object_set_new(json, "cell", json_string(fr_cell_name(a->x, r->cell, name, sizeof(name))));
    json_object_set_new(json, "runs", json_integer((json_int_t)r->good));
    json_object_set_new(json, "failed", json_integer((json_int_t)r->failed));
    if (r->error)
        json_object_set_new(json, "error", json_string(r->error));
    set_estimate(json, "speedup", &r->speedup);
    set_estimate(json, "efficiency", &r->efficiency);
    set_estimate(json, "direct_speedup", &r->direct_speedup);
    set_estimate(json, "direct_efficiency", &r->direct_efficiency);
    set_estimate(json, "overhead", &r->overhead);
    for (int m = 0; m < FR_MEASURE_COUNT; m++)
        set_estimate(json, fr_measure_table[m].name, &r->measures[m]);
    return json;
}

static json_t *difference_json(const struct fr_analysis *a, const struct fr_difference *d)
{
    static const char *const verdicts[] = {[FR_FINDING_NONE] = "nothing to compare",
                                           [FR_FINDING_TOO_FEW] = "too few repeats",
                                           [FR_FINDING_NOISE] = "within the noise",
                                           [FR_FINDING_DIFFERENT] = "different"};
    char name[512];
    json_t *json = json_object();
    json_object_set_new(json, "a", json_string(fr_cell_name(a->x, d->a, name, sizeof(name))));
    json_object_set_new(json, "b", json_string(fr_cell_name(a->x, d->b, name, sizeof(name))));
    set(json, "ratio", d->result.ratio);
    set(json, "low", d->result.interval.low);
    set(json, "high", d->result.interval.high);
    set(json, "p", d->result.p);
    json_object_set_new(json, "verdict", json_string(verdicts[d->result.verdict]));
    return json;
}

static json_t *curve_json(const struct fr_analysis *a, const struct fr_metg_curve *c)
{
    char name[512];
    json_t *json = json_object(), *points = json_array();
    json_object_set_new(json, "first_cell",
                        json_string(fr_cell_name(a->x, c->cell, name, sizeof(name))));
    if (c->result.status == FR_METG_FOUND) {
        set(json, "metg_s", c->result.seconds);
        set(json, "low", c->result.interval.low);
        set(json, "high", c->result.interval.high);
    } else {
        json_object_set_new(json, "note", json_string(fr_metg_status_text(c->result.status)));
    }
    for (size_t i = 0; i < c->count; i++)
        json_array_append_new(points, json_pack("{s:f, s:f}", "task_s", c->points[i].granularity,
                                                "efficiency", c->points[i].efficiency));
    json_object_set_new(json, "points", points);
    return json;
}

json_t *fr_report_summary(const struct fr_analysis *a)
{
    json_t *json = json_object(), *cells = json_array(), *units = json_object();
    for (int m = 0; m < FR_MEASURE_COUNT; m++)
        json_object_set_new(units, fr_measure_table[m].name, json_string(fr_measure_table[m].unit));
    for (size_t i = 0; i < a->x->cell_count; i++)
        json_array_append_new(cells, cell_json(a, &a->cells[i]));
    json_object_set_new(json, "units", units);
    json_object_set_new(json, "cells", cells);
    if (a->x->metg) {
        json_t *curves = json_array();
        for (size_t i = 0; i < a->curve_count; i++)
            json_array_append_new(curves, curve_json(a, &a->curves[i]));
        set(json, "peak_updates_per_s", a->peak);
        json_object_set_new(json, "metg", curves);
    } else {
        json_t *differences = json_array();
        for (size_t i = 0; i < a->difference_count; i++)
            json_array_append_new(differences, difference_json(a, &a->differences[i]));
        json_object_set_new(json, "different", json_integer((json_int_t)a->different));
        json_object_set_new(json, "differences", differences);
    }
    return json;
}
