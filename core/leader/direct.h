/* SPDX-License-Identifier: MIT
 * direct.h - the job without any transport: threads that compute straight into the raster. What the
 * other runs are compared with. */
#ifndef FR_LEADER_DIRECT_H
#define FR_LEADER_DIRECT_H
#include "job/job.h"
#include "kernel/kernel.h"
#include "leader/plan.h"
#include "metrics/report.h"
#include "raster/raster.h"

struct fr_direct_args {
    const struct fr_job *job;
    const struct fr_colour *colour;
    const struct fr_sink *sinks;
    size_t sink_count;
    struct fr_plan_options plan; /* rows_per_task and window_rows count */
    const struct fr_kernel *kernel;
    uint32_t threads;
};

/* As fr_leader_run; the report has no workers. */
fr_status fr_direct_run(const struct fr_direct_args *args, struct fr_report *report_p,
                        struct fr_error *err);
#endif
