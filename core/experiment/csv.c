/* SPDX-License-Identifier: MIT
 * csv.c - results.csv. */
#include "experiment/escape.h"
#include "experiment/report.h"

#include <math.h>

/* Twelve digits: more than any clock here has. Not known: empty. */
static void number(double value, FILE *to)
{
    if (isfinite(value))
        fprintf(to, ",%.12g", value);
    else
        fputc(',', to);
}

static void estimate(const struct fr_estimate *e, FILE *to)
{
    number(e->value, to);
    number(e->interval.low, to);
    number(e->interval.high, to);
}

void fr_report_csv(const struct fr_analysis *a, FILE *to)
{
    static const char *const ratios[] = {"speedup", "efficiency", "direct_speedup",
                                         "direct_efficiency", "overhead"};
    const struct fr_experiment *x = a->x;
    fputs("configuration,file,workers,threads", to);
    for (size_t i = 0; i < x->axis_count; i++) {
        fputc(',', to);
        fr_escape_csv(x->axes[i].key, to);
    }
    fputs(",runs,failed,error", to);
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++)
        fprintf(to, ",%s,%s_low,%s_high", ratios[i], ratios[i], ratios[i]);
    for (int m = 0; m < FR_MEASURE_COUNT; m++) {
        const char *n = fr_measure_table[m].name;
        const char *u = fr_measure_table[m].unit;
        fprintf(to, ",%s [%s],%s_low,%s_high,%s_min,%s_max", n, u, n, n, n, n);
    }
    fputs("\r\n", to);
    for (size_t c = 0; c < x->cell_count; c++) {
        const struct fr_cell_result *r = &a->cells[c];
        fr_escape_csv(r->cell->label, to);
        fputc(',', to);
        fr_escape_csv(r->cell->file, to);
        fprintf(to, ",%u,%u", r->cell->workers, r->cell->threads);
        for (size_t i = 0; i < x->axis_count; i++) {
            fputc(',', to);
            fr_escape_csv(r->cell->values[i] ? r->cell->values[i] : "", to);
        }
        fprintf(to, ",%zu,%zu,", r->good, r->failed);
        fr_escape_csv(r->error ? r->error : "", to);
        estimate(&r->speedup, to);
        estimate(&r->efficiency, to);
        estimate(&r->direct_speedup, to);
        estimate(&r->direct_efficiency, to);
        estimate(&r->overhead, to);
        for (int m = 0; m < FR_MEASURE_COUNT; m++) {
            estimate(&r->measures[m], to);
            number(r->measures[m].min, to);
            number(r->measures[m].max, to);
        }
        fputs("\r\n", to);
    }
}
