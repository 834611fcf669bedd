/* SPDX-License-Identifier: MIT
 * metg.h - the minimum effective task granularity: the shortest task with which a runtime still
 * reaches half of the peak rate (Slaughter et al., Task Bench, SC20). Pure. */
#ifndef FR_EXPERIMENT_METG_H
#define FR_EXPERIMENT_METG_H
#include "experiment/stats.h"

/* Work per task is fixed at a point; each repeat took so long for all of its tasks. */
struct fr_metg_point {
    double work;           /* units of all tasks                    */
    double tasks, threads; /* that shared them                      */
    double values[64];     /* seconds, one a repeat                 */
    size_t count;
    double granularity; /* filled in: median seconds a task      */
    double efficiency;  /* filled in: share of the peak          */
};

enum fr_metg_status {
    FR_METG_FOUND,
    FR_METG_NO_POINTS,
    FR_METG_ALL_ABOVE, /* the shortest is not below 50 %: it is less than the shortest task */
    FR_METG_ALL_BELOW, /* no point reaches 50 %: it is more than the longest task */
};
struct fr_metg_result {
    enum fr_metg_status status;
    double seconds;              /* FR_METG_FOUND */
    struct fr_interval interval; /* FR_METG_FOUND: NaN ends where resamples fell off that side */
};

#define FR_METG_EFFICIENCY 0.5

/* The granularity at which efficiency first reaches 50 %, on a straight line between the two points
 * around it, over the logarithm of granularity. */
enum fr_metg_status fr_metg_cross(const double *granularity, const double *efficiency, size_t count,
                                  double *seconds_p);
/* points: in order of work, filled in. peak: units a second of one thread with no runtime at all.
 * The interval resamples each point's repeats. */
struct fr_metg_result fr_metg(struct fr_metg_point *points, size_t count, double peak,
                              double confidence, uint64_t seed);
const char *fr_metg_status_text(enum fr_metg_status status);
#endif
