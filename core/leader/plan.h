/* SPDX-License-Identifier: MIT
 * plan.h - how a job is cut up: task size and window, where they were left to the core. */
#ifndef FR_LEADER_PLAN_H
#define FR_LEADER_PLAN_H
#include "job/job.h"
#include "schedule/schedule.h"

struct fr_plan_options { /* as in [schedule] */
    enum fr_policy policy;
    uint32_t rows_per_task; /* 0: chosen */
    uint32_t window_rows;   /* 0: chosen */
    uint64_t lease_ms;
    uint32_t tail_copies;
};

struct fr_plan {
    struct fr_schedule_args schedule;
    uint64_t max_result_bytes; /* the longest message a worker may send */
};

/* FR_EINVAL, naming the key, where the options contradict each other or the job. */
fr_status fr_plan_make(const struct fr_job *job, const struct fr_plan_options *options,
                       struct fr_plan *plan_p, struct fr_error *err);
#endif
