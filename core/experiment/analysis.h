/* SPDX-License-Identifier: MIT
 * analysis.h - what the runs of an experiment say: for each cell, between cells, and METG. Worked
 * out from the document alone, with its seed, so that drawing again gives the same numbers. */
#ifndef FR_EXPERIMENT_ANALYSIS_H
#define FR_EXPERIMENT_ANALYSIS_H
#include "experiment/experiment.h"
#include "experiment/measure.h"
#include "experiment/metg.h"
#include "experiment/stats.h"

/* NaN where nothing is known. */
struct fr_estimate {
    double value; /* the median, or a ratio of medians */
    struct fr_interval interval;
    double min, max; /* of the repeats; NaN for ratios */
};

struct fr_cell_result {
    const struct fr_cell *cell;
    size_t good, failed;
    const char *error; /* the last failure's, or NULL */
    struct fr_estimate measures[FR_MEASURE_COUNT];
    const struct fr_cell *scale_base, *direct, *direct_base; /* NULL: there is none */
    /* Of render: against the cell with the fewest workers of the same configuration ... */
    struct fr_estimate speedup, efficiency;
    /* ... against direct with as few threads ... */
    struct fr_estimate direct_speedup, direct_efficiency;
    /* ... and against direct with as many threads: 0.1 is ten per cent more time. */
    struct fr_estimate overhead;
};

/* Two cells that differ in one thing only: the configuration, or one axis, where b is at its first
 * value. a's render over b's. */
struct fr_difference {
    const struct fr_cell *a, *b;
    struct fr_comparison result;
};

/* METG of one configuration, worker count and point (without job.iters). */
struct fr_metg_curve {
    const struct fr_cell *cell; /* the first of its points */
    struct fr_metg_point *points;
    size_t *cells; /* of each point: its place in x->cells */
    size_t count;
    struct fr_metg_result result;
};

struct fr_analysis {
    const struct fr_experiment *x;
    struct fr_cell_result *cells; /* as x->cells */
    struct fr_difference *differences;
    size_t difference_count, different; /* different: how many are called so */
    double peak;                        /* METG: z-updates a second of one thread; NaN: unknown */
    struct fr_metg_curve *curves;
    size_t curve_count;
};

fr_status fr_analysis_make(const struct fr_experiment *x, struct fr_analysis *a_p,
                           struct fr_error *err);
void fr_analysis_clear(struct fr_analysis *a);

/* The values of one measure over a cell's counted runs, into values[FR_STATS_MAX]. */
struct fr_sample fr_cell_sample(const struct fr_cell *cell, enum fr_measure measure,
                                double *values);
#endif
