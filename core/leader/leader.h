/* SPDX-License-Identifier: MIT
 * leader.h - the leader's role: bind, wait for workers, hand out rows, write the image. */
#ifndef FR_LEADER_LEADER_H
#define FR_LEADER_LEADER_H
#include "job/job.h"
#include "leader/plan.h"
#include "metrics/report.h"
#include "plugin/endpoint.h"
#include "raster/raster.h"

struct fr_leader_args {
    struct fr_transport_use transport;
    const char *address; /* "": the transport's default                                    */
    bool any_address;    /* take any free one instead                                      */
    const char *token;   /* that workers must know; "": none                                 */
    const struct fr_job *job;
    const struct fr_colour *colour;
    const struct fr_sink *sinks;
    size_t sink_count;
    struct fr_plan_options plan;
    uint32_t wait_workers; /* before the first assignment, >= 1                              */
    uint64_t drain_ms;     /* how long workers may take to say their statistics              */
    const char *title;     /* what is rendered, for the progress line                        */
    /* Called once the address is bound (attr->address); starts local workers. May be NULL.    */
    fr_status (*on_open)(void *ctx, const struct fr_attr *attr, struct fr_error *err);
    /* Called now and then until all rows are there, with the number of workers that are: an error
     * ends the job. May be NULL.                                                              */
    fr_status (*on_tick)(void *ctx, uint32_t workers, struct fr_error *err);
    void *ctx;
};

/* Renders one job. *report_p is set on FR_OK only; clear it. FR_ECLOSED: stopped by a signal. */
fr_status fr_leader_run(const struct fr_leader_args *args, struct fr_report *report_p,
                        struct fr_error *err);
#endif
