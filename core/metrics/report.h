/* SPDX-License-Identifier: MIT
 * report.h - what one run did, and how it is told: METRICS lines and JSON. */
#ifndef FR_METRICS_REPORT_H
#define FR_METRICS_REPORT_H
#include "base/histogram.h"
#include "base/usage.h"
#include "schedule/schedule.h"
#include "wire/wire.h"

#include <fractal/transport.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One worker that was welcomed, whatever became of it. */
struct fr_report_worker {
    char host[64], kernel[32];
    uint32_t pid, threads;
    uint64_t rows, tasks; /* accepted from it, by the leader's own count */
    bool has_stats;       /* it told its own before it left              */
    struct fr_counters stats;
};

/* Of a task, by the leader's clock and what its Result says. */
enum fr_span {
    FR_SPAN_ROUND_TRIP, /* assigned until the result came                    */
    FR_SPAN_NETWORK,    /* of that: neither waiting at the worker nor computed */
    FR_SPAN_QUEUE,      /* waiting for a thread at the worker                */
    FR_SPAN_COMPUTE,
    FR_SPANS,
};

/* Parts of the leader's time; in ns. Those of other threads run beside the rest. */
#define FR_PHASES(X)                                                                               \
    X(wait)      /* from opening the transport until the workers waited for were there */          \
    X(first_row) /* from the first assignment to the first result                      */          \
    X(render)    /* from the first assignment to the last row                          */          \
    X(drain)     /* from the last row until the workers had gone                       */          \
    X(write)     /* from the last row to the finished image                            */          \
    X(colour)    /* colouring, in all                                                  */          \
    X(encode)    /* in the outputs, in all; another thread                             */

struct fr_report {
    struct fr_counters own; /* the leader's; wall_ns: from opening the transport to the image */
    struct {
#define X(phase) uint64_t phase##_ns;
        FR_PHASES(X)
#undef X
    } phases;
    struct fr_job job;
    uint32_t rows_per_task, window_rows;
    uint64_t pixel_hash; /* of the RGBA image, rows in order */
    char mechanism[128];
    struct fr_schedule_counts schedule;
    struct fr_histogram *spans[FR_SPANS]; /* NULL: none were taken */
    struct fr_report_worker *workers;
    size_t worker_count;
};

/* Fills what a process and a transport count; the rest of *counters is left alone. */
void fr_counters_take(struct fr_counters *counters, const struct fr_usage *usage,
                      const struct fr_stats *net);

bool fr_report_take_spans(struct fr_report *report); /* makes the histograms; false: no memory */
void fr_report_print(const struct fr_report *report, FILE *to);
/* Members leader, schedule, job, pixel_hash, workers, histograms. NULL: out of memory. */
json_t *fr_report_json(const struct fr_report *report);
void fr_report_clear(struct fr_report *report);
#endif
