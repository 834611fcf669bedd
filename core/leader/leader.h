/* SPDX-License-Identifier: MIT
 * leader.h - the leader's role: bind, wait for workers, hand out rows, write the image. The
 * endpoint and the workers stay; jobs come and go. One thread, but for fr_leader_wake. */
#ifndef FR_LEADER_LEADER_H
#define FR_LEADER_LEADER_H
#include "job/job.h"
#include "leader/desk.h"
#include "leader/plan.h"
#include "metrics/report.h"
#include "plugin/endpoint.h"
#include "raster/raster.h"

#include <stdatomic.h>

struct fr_leader;

struct fr_leader_args {
    struct fr_transport_use transport;
    const char *address;     /* "": the transport's default                                     */
    bool any_address;        /* take any free one instead                                       */
    const char *token;       /* that workers must know; "": none                                */
    uint32_t wait_workers;   /* before the first assignment of a job, >= 1                      */
    uint64_t drain_ms;       /* how long workers may take to say their statistics               */
    uint64_t max_recv_bytes; /* at least every job's fr_plan's max_result_bytes                 */
    const char *title;       /* what this is, for the line about the address                    */
    /* Called once the address is bound (attr->address); starts local workers. May be NULL.     */
    fr_status (*on_open)(void *ctx, const struct fr_attr *attr, struct fr_error *err);
    /* Called now and then, but not once all rows of the only job are there, with the number of
     * workers that are: an error is the end. May be NULL.                                      */
    fr_status (*on_tick)(void *ctx, uint32_t workers, struct fr_error *err);
    /* Called for every accepted result. May be NULL.                                           */
    void (*on_result)(void *ctx, const struct fr_desk_result *result);
    void *ctx;
};

struct fr_leader_job {
    uint32_t id; /* greater than those before, > 0                                              */
    const struct fr_job *job;
    const struct fr_colour *colour;
    const struct fr_sink *sinks;
    size_t sink_count;
    struct fr_plan_options plan;
    bool only; /* there is no other: workers are sent home while it is written, and the report
                * counts from opening on                                                        */
    const atomic_bool *cancel; /* ends it when set, with FR_ECLOSED; then wake. May be NULL      */
};

/* Binds; workers may come. FR_ECLOSED here and below: stopped by a signal. */
fr_status fr_leader_open(const struct fr_leader_args *args, struct fr_leader **leader_p,
                         struct fr_error *err);
/* Renders one job. *report_p is set on FR_OK only; clear it. After an error the next job may do,
 * unless fr_leader_over. */
fr_status fr_leader_render(struct fr_leader *leader, const struct fr_leader_job *job,
                           struct fr_report *report_p, struct fr_error *err);
/* Between jobs: lets workers come and go until enough() is true; asked after every wake. */
fr_status fr_leader_wait(struct fr_leader *leader, bool (*enough)(void *ctx), void *ctx,
                         struct fr_error *err);
/* There is nothing more to be had: the transport broke, a signal came, on_tick failed. */
bool fr_leader_over(const struct fr_leader *leader);
void fr_leader_wake(struct fr_leader *leader); /* any thread */
/* Sends the workers home. */
void fr_leader_close(struct fr_leader *leader);

/* Open, render, close: for a process with one job; job->only is set. */
fr_status fr_leader_run(const struct fr_leader_args *args, const struct fr_leader_job *job,
                        struct fr_report *report_p, struct fr_error *err);

/* What there is to see. Pointers are good until the leader goes on. */
struct fr_leader_look {
    bool rendering, started; /* started: enough workers are there  */
    uint32_t accepted_rows, written_rows, workers;
    uint64_t begun_ns, started_ns;      /* of the job                         */
    const struct fr_report *report;     /* of the job, its spans; else NULL   */
    const struct fr_member *first;      /* the peers, by ->next               */
    struct fr_schedule_counts schedule; /* of the job                         */
    struct fr_stats net;
    const struct fr_attr *attr;
};
void fr_leader_look(struct fr_leader *leader, struct fr_leader_look *look_p);
#endif
