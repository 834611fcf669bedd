/* SPDX-License-Identifier: MIT
 * report.h - what one run did, and the METRICS lines that tell it. */
#ifndef FR_METRICS_REPORT_H
#define FR_METRICS_REPORT_H
#include "base/usage.h"
#include "schedule/schedule.h"
#include "wire/wire.h"

#include <fractal/transport.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One worker that was welcomed, whatever became of it. */
struct fr_report_worker {
    char host[64];
    uint32_t pid, threads;
    uint64_t rows, tasks;          /* accepted from it, by the leader's own count            */
    uint64_t round_trip_ns;        /* sums over its tasks: assigned until the result came,    */
    uint64_t queue_ns, compute_ns; /* of that: waiting for a thread there, computing          */
    bool has_stats;                /* it told its own before it left                         */
    struct fr_worker_stats stats;
};

struct fr_report {
    uint64_t wall_ns;   /* from opening the transport to the finished image                    */
    uint64_t wait_ns;   /* of that: until the workers waited for were there                    */
    uint64_t render_ns; /* from the first assignment to the last row                           */
    uint64_t write_ns;  /* from the last row to the finished image                             */
    uint32_t width, height, iters, rows_per_task, window_rows;
    uint64_t pixel_hash; /* of the RGBA image, rows in order */
    struct fr_usage usage;
    struct fr_stats net;
    char mechanism[128];
    struct fr_schedule_counts schedule;
    struct fr_report_worker *workers;
    size_t worker_count;
};

void fr_report_print(const struct fr_report *report, FILE *to);
void fr_report_clear(struct fr_report *report);
#endif
