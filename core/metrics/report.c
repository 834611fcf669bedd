/* SPDX-License-Identifier: MIT
 * report.c - METRICS lines: who, name, value; `time` and `rows` as the Go program's users know
 * them, the rest named as Go's runtime/metrics are. */
#include "metrics/report.h"

#include "metrics/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

void fr_counters_take(struct fr_counters *c, const struct fr_usage *usage,
                      const struct fr_stats *net)
{
    c->cpu_user_ns = usage->user_ns;
    c->cpu_system_ns = usage->system_ns;
    c->max_rss_bytes = usage->max_rss_bytes;
    c->allocated_bytes = usage->allocated_bytes;
    c->minor_faults = usage->minor_faults;
    c->major_faults = usage->major_faults;
    c->voluntary_switches = usage->voluntary_switches;
    c->involuntary_switches = usage->involuntary_switches;
    c->tx_msgs = net->tx_msgs;
    c->tx_bytes = net->tx_bytes;
    c->rx_msgs = net->rx_msgs;
    c->rx_bytes = net->rx_bytes;
    c->tx_again = net->tx_again;
    c->copied_bytes = net->copied_bytes;
}

bool fr_report_take_spans(struct fr_report *r)
{
    for (int i = 0; i < FR_SPANS; i++) {
        r->spans[i] = fr_histogram_new();
        if (!r->spans[i])
            return false;
    }
    return true;
}

static void print_counters(const char *who, const struct fr_counters *c, FILE *to)
{
    for (const struct fr_counter_name *n = fr_counter_names; n->field; n++) {
        uint64_t value = fr_counter_value(c, n);
        if (fr_name_is_time(n->field))
            fprintf(to, "%s %s: %.6f\n", who, n->metric, seconds(value));
        else
            fprintf(to, "%s %s: %" PRIu64 "\n", who, n->metric, value);
    }
}

static void print_worker(const struct fr_report_worker *w, FILE *to)
{
    static const char worker[] = "METRICS WORKER ";
    char who[128];
    snprintf(who, sizeof(who), "%s%s/%u", worker, w->host, w->pid);
    for (char *c = who + strlen(worker); *c; c++)
        if (*c == ' ') /* its name for itself must stay one word */
            *c = '_';
    if (w->has_stats)
        fprintf(to, "%s time: %.3fs\n", who, seconds(w->stats.wall_ns));
    fprintf(to, "%s rows: %" PRIu64 "\n", who, w->rows);
    fprintf(to, "%s tasks: %" PRIu64 "\n", who, w->tasks);
    fprintf(to, "%s threads: %u\n", who, w->threads);
    fprintf(to, "%s kernel: %s\n", who, *w->kernel ? w->kernel : "unknown");
    if (w->has_stats) /* else it left without a word */
        print_counters(who, &w->stats, to);
}

static void print_span(enum fr_span span, const struct fr_histogram *h, FILE *to)
{
    static const struct {
        const char *name;
        double q;
    } quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
    const char *name = fr_span_names[span];
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
        fprintf(to, "METRICS LEADER /task/%s/%s:seconds: %.9f\n", name, quantiles[i].name,
                seconds(fr_histogram_quantile(h, quantiles[i].q)));
}

void fr_report_print(const struct fr_report *r, FILE *to)
{
    static const char leader[] = "METRICS LEADER";
    fprintf(to, "%s time: %.3fs\n", leader, seconds(r->own.wall_ns));
    fprintf(to, "%s rows: %" PRIu64 "\n", leader, r->own.rows);
    fprintf(to, "%s image: %ux%u\n", leader, r->job.width, r->job.height);
    fprintf(to, "%s iters: %u\n", leader, r->job.iters);
    fprintf(to, "%s transport: %s\n", leader, r->mechanism);
    fprintf(to, "%s rows-per-task: %u\n", leader, r->rows_per_task);
    fprintf(to, "%s window-rows: %u\n", leader, r->window_rows);
    fprintf(to, "%s pixel-hash: %016" PRIx64 "\n", leader, r->pixel_hash);
    fprintf(to, "%s workers: %zu\n", leader, r->worker_count);
#define X(phase)                                                                                   \
    fprintf(to, "%s /phase/" #phase ":seconds: %.6f\n", leader, seconds(r->phases.phase##_ns));
    FR_PHASES(X)
#undef X
    print_counters(leader, &r->own, to);
    fprintf(to, "%s /schedule/leases:leases: %" PRIu64 "\n", leader, r->schedule.leases);
    fprintf(to, "%s /schedule/late:results: %" PRIu64 "\n", leader, r->schedule.late);
    fprintf(to, "%s /schedule/expired:leases: %" PRIu64 "\n", leader, r->schedule.expired);
    fprintf(to, "%s /schedule/copies:leases: %" PRIu64 "\n", leader, r->schedule.copies);
    fprintf(to, "%s /schedule/returned:leases: %" PRIu64 "\n", leader, r->schedule.returned);
    for (int i = 0; i < FR_SPANS; i++)
        if (r->spans[i] && r->spans[i]->count > 0)
            print_span((enum fr_span)i, r->spans[i], to);
    for (size_t i = 0; i < r->worker_count; i++)
        print_worker(&r->workers[i], to);
}

void fr_report_clear(struct fr_report *r)
{
    for (int i = 0; i < FR_SPANS; i++)
        free(r->spans[i]);
    free(r->workers);
    *r = (struct fr_report){0};
}
